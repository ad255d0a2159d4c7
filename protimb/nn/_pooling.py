"""Pooling: from the vectors of all terms to one vector for each label row."""

import torch
from torch import nn

from protimb.nn._layers import seeded_linear


class _Pooling(nn.Module):
    """Holds the table of term vectors, (n_terms, n_dims); labels are floats, 0 or 1."""

    table: torch.Tensor

    def __init__(self, table, rng):
        super().__init__()
        self.register_buffer("table", table.clone())


class SumPooling(_Pooling):
    """Sum over the root of the number of labels: unrelated vectors keep their length."""

    def forward(self, labels):
        """Map (batch, n_terms) to (batch, n_dims)."""
        n_labels = labels.sum(dim=1, keepdim=True).clamp(min=1.0)
        return (labels @ self.table) * n_labels.rsqrt()


class MeanPooling(_Pooling):
    """Mean over the labels of a row."""

    def forward(self, labels):
        """Map (batch, n_terms) to (batch, n_dims)."""
        n_labels = labels.sum(dim=1, keepdim=True).clamp(min=1.0)
        return (labels @ self.table) / n_labels


class _ExtremePooling(_Pooling):
    reduce: str

    def forward(self, labels):
        """Map (batch, n_terms) to (batch, n_dims)."""
        # Over the labels that are there only: (batch, n_terms, n_dims) would not fit in memory.
        rows, terms = labels.nonzero(as_tuple=True)
        pooled = self.table.new_zeros(len(labels), self.table.shape[1])
        rows = rows.unsqueeze(1).expand(-1, self.table.shape[1])
        return pooled.scatter_reduce(0, rows, self.table[terms], self.reduce, include_self=False)


class MaxPooling(_ExtremePooling):
    """Maximum of each dimension over the labels of a row."""

    reduce = "amax"


class MinPooling(_ExtremePooling):
    """Minimum of each dimension over the labels of a row."""

    reduce = "amin"


class AttentionPooling(_Pooling):
    """Mean with weights learned from the vectors."""

    def __init__(self, table, rng):
        super().__init__(table, rng)
        self.score = seeded_linear(table.shape[1], 1, rng)

    def forward(self, labels):
        """Map (batch, n_terms) to (batch, n_dims)."""
        scores = self.score(self.table).T.masked_fill(labels == 0, -torch.inf)
        # One softmax with a zero vector of score zero: a row with a single label can learn how loud
        # the label speaks, and a row with none gives zeros.
        nothing = scores.new_zeros(len(scores), 1)
        weights = torch.cat([scores, nothing], dim=1).softmax(dim=1)  # (batch, n_terms + 1)
        return weights[:, :-1] @ self.table


POOLINGS = {
    "mean": MeanPooling,
    "sum": SumPooling,
    "max": MaxPooling,
    "min": MinPooling,
    "attention": AttentionPooling,
}
