"""Label vectors as sums of rows, one row a term and one each of those above it."""

from typing import NamedTuple

import torch
from torch import nn

from protimb.nn._tale_encoder import sinusoids


class TermPaths(NamedTuple):
    """Rows that make up each label: those of term t are ``rows[starts[t] : starts[t + 1]]``."""

    starts: torch.Tensor  # (n_terms + 1,), int64
    rows: torch.Tensor  # int64: from the root down, the term itself the last

    @property
    def n_rows(self):
        """Count the rows that there have to be."""
        return int(self.rows.max()) + 1


class _LabelRows(nn.Module):
    """Trained rows, and which of them make up each label."""

    starts: torch.Tensor
    rows: torch.Tensor

    def __init__(self, paths, n_hidden, generator):
        super().__init__()
        rows = torch.empty(paths.n_rows, n_hidden).normal_(std=n_hidden**-0.5, generator=generator)
        self.weight = nn.Parameter(rows)
        self.register_buffer("starts", paths.starts)
        self.register_buffer("rows", paths.rows)
        self.scale = n_hidden**0.5

    def forward(self):
        """Give the label vectors, (n_terms, n_hidden)."""
        return self.scale * self.sums()

    def sums(self):
        """Add up the rows of each label."""
        return nn.functional.embedding_bag(self.rows, self.weight, self.starts[:-1], mode="sum")


class IndexListLabels(_LabelRows):
    """Each label is a list of row numbers, which are looked up and added."""


class MultiHotLabels(_LabelRows):
    """Each label is a row of zeros and ones, multiplied with the rows: the same vectors."""

    members: torch.Tensor

    def __init__(self, paths, n_hidden, generator):
        super().__init__(paths, n_hidden, generator)
        terms = torch.arange(len(paths.starts) - 1).repeat_interleave(paths.starts.diff())
        members = torch.zeros(len(paths.starts) - 1, paths.n_rows)
        members[terms, paths.rows] = 1
        self.register_buffer("members", members, persistent=False)

    def sums(self):
        """Multiply the matrix of zeros and ones with the rows."""
        return self.members @ self.weight


class DepthFirstLabels(_LabelRows):
    """Each label is read as a sentence from the root down: rows, each turned by its place in it."""

    terms: torch.Tensor
    sines: torch.Tensor
    cosines: torch.Tensor

    def __init__(self, paths, n_hidden, generator):
        super().__init__(paths, n_hidden, generator)
        lengths = paths.starts.diff()
        terms = torch.arange(len(lengths)).repeat_interleave(lengths)
        places = torch.arange(len(paths.rows)) - paths.starts[:-1].repeat_interleave(lengths)
        # A sum alone forgets the order of what is added, so each row is rotated, as by RoPE.
        sines, cosines = sinusoids(int(lengths.max()), n_hidden)[places].chunk(2, dim=1)
        for name, table in {"terms": terms, "sines": sines, "cosines": cosines}.items():
            self.register_buffer(name, table, persistent=False)

    def sums(self):
        """Add up the turned rows of each label."""
        left, right = self.weight[self.rows].chunk(2, dim=1)
        turned = torch.cat(
            [
                left * self.cosines - right * self.sines,
                left * self.sines + right * self.cosines,
            ],
            dim=1,
        )
        empty = turned.new_zeros(len(self.starts) - 1, turned.shape[1])
        return empty.index_add(0, self.terms, turned)


# How a label is written -> the module that makes vectors of it.
LABEL_CODINGS = {
    "index_lists": IndexListLabels,
    "multi_hot": MultiHotLabels,
    "depth_first": DepthFirstLabels,
}
