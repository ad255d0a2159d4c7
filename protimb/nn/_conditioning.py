"""Conditions: what tells a network which labels a row carries."""

from sklearn.base import BaseEstimator
from torch import nn

from protimb.nn._layers import seeded_linear


class MultiHotCondition(BaseEstimator):
    """Describe a row by its label indicators, through a learned linear embedding.

    A sum of one learned vector a term: the order of labels cannot matter, and terms that
    occur together share the sum. The sum is divided by the root of the number of labels,
    so that a deep term with thirty ancestors speaks no louder than a shallow one.

    Parameters
    ----------
    n_condition : int, default=128
        Width of the embedding.
    """

    def __init__(self, n_condition=128):
        self.n_condition = n_condition

    def build(self, n_terms, rng):
        """Build the module that turns label rows into condition vectors.

        Parameters
        ----------
        n_terms : int
            Columns of the label rows.
        rng : torch.Generator
            Source of the initial weights.

        Returns
        -------
        conditioner : torch.nn.Module
            Maps (batch, n_terms) to (batch, n_condition); has ``n_condition``.
        """
        return _MultiHotConditioner(n_terms, self.n_condition, rng)


class _MultiHotConditioner(nn.Module):
    def __init__(self, n_terms, n_condition, rng):
        super().__init__()
        self.n_condition = n_condition
        # Each label row has unit length after scaling, so LeCun's 1 / n_in would be too small.
        self.embed = seeded_linear(n_terms, n_condition, rng, gain=n_terms**0.5)

    def forward(self, labels):
        labels = labels.to(self.embed.weight.dtype)
        n_labels = labels.sum(dim=1, keepdim=True).clamp(min=1.0)
        return self.embed(labels * n_labels.rsqrt())
