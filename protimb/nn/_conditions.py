"""Conditions: what tells a network which labels a row carries."""

from abc import ABC, abstractmethod
from numbers import Integral
from typing import ClassVar

import torch
from sklearn.base import BaseEstimator
from torch import nn

from protimb.nn._conditionings import ConcatConditioning
from protimb.nn._layers import seeded_linear
from protimb.nn._pooling import POOLINGS
from protimb.nn._term_table import MISSING_POLICIES, term_table
from protimb.utils._sklearn_compat import Interval, StrOptions, check_params

_TERM_VECTOR_CONSTRAINTS: dict = {
    "pooling": [StrOptions(set(POOLINGS))],
    "missing": [StrOptions(set(MISSING_POLICIES))],
}


class BaseCondition(BaseEstimator, ABC):
    """Base of all conditions: a configuration that builds a network's view of the labels.

    Attributes
    ----------
    needs_term_vectors : bool
        Whether ``build`` needs ``term_vectors``.
    """

    needs_term_vectors = False

    @abstractmethod
    def build(self, n_terms, rng, term_vectors=None):
        """Build the module that turns label rows into condition vectors.

        Parameters
        ----------
        n_terms : int
            Columns of the label rows.
        rng : torch.Generator
            Source of the initial weights.
        term_vectors : array of shape (n_terms, n_dims) or None
            One vector a column, NaN where a term has none; see
            :func:`~protimb.ontology.align_term_vectors`.

        Returns
        -------
        conditioner : torch.nn.Module
            Maps (batch, n_terms) to (batch, n_condition); has ``n_condition``, and
            ``conditioning``, the way in which a backbone should let the condition in.
        """


class MultiHotCondition(BaseCondition):
    """Describe a row by its label indicators, through a learned linear embedding.

    A sum of one learned vector a term: the order of labels cannot matter, and terms that
    occur together share the sum. The sum is divided by the root of the number of labels,
    so that a deep term with thirty ancestors speaks no louder than a shallow one.

    Parameters
    ----------
    n_condition : int, default=128
        Width of the embedding.

    See Also
    --------
    TermVectorCondition : Knows which terms are related before it has seen a protein.

    Notes
    -----
    The vector of a term that no training row carries is never learned and stays as it was
    initialised, so this condition says nothing about such a term.

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import MultiHotCondition
    >>> conditioner = MultiHotCondition(n_condition=4).build(3, torch.Generator().manual_seed(0))
    >>> conditioner(torch.tensor([[1, 0, 1], [0, 0, 0]])).shape
    torch.Size([2, 4])
    """

    _parameter_constraints: ClassVar[dict] = {
        "n_condition": [Interval(Integral, 1, None, closed="left")]
    }

    def __init__(self, n_condition=128):
        self.n_condition = n_condition

    def build(self, n_terms, rng, term_vectors=None):
        """Build the embedding; term vectors are not read."""
        check_params(self)
        return _MultiHotConditioner(n_terms, self.n_condition, rng)


class TermVectorCondition(BaseCondition):
    """Describe a row by vectors of its terms, pooled over the terms that it carries.

    Terms that are related have similar vectors, so what a network learns about one serves the
    other: a rare term borrows from its relatives, and a term without any training protein can be
    asked for. The vectors stay fixed; the linear map from pooled vector to condition is learned.

    Parameters
    ----------
    pooling : {"mean", "sum", "max", "min", "attention"}, default="mean"
        How a row's term vectors become one vector. ``"mean"``; ``"sum"`` over the root of the
        number of terms, so that deep terms speak no louder; ``"max"`` or ``"min"`` of each
        dimension; or ``"attention"``, a mean with weights learned from the vectors [1]_. None of
        them depends on the order of labels, and a row without labels gives zeros.
    n_condition : int, default=128
        Width of the condition.
    missing : {"mean", "zero", "raise"}, default="mean"
        What describes a term without a vector: the mean of all known vectors, zeros, or nothing:
        an error.

    See Also
    --------
    protimb.ontology.TermVectorizer : Makes vectors from the ontology alone.
    protimb.ontology.read_term_vectors : Reads vectors from a file.
    JointCondition : These vectors next to indicators.

    Notes
    -----
    Vectors are centred on the mean of the known ones and scaled to unit variance, all dimensions
    by one factor, so that embeddings of any origin suit one learning rate.

    References
    ----------
    .. [1] M. Ilse, J. Tomczak, M. Welling, "Attention-based deep multiple instance learning",
       ICML 2018, PMLR 80:2127-2136, arXiv:1802.04712.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from protimb.nn import TermVectorCondition
    >>> vectors = np.array([[0.0, 1.0], [1.0, 0.0], [np.nan, np.nan]])
    >>> condition = TermVectorCondition(n_condition=4, missing="zero")
    >>> conditioner = condition.build(3, torch.Generator().manual_seed(0), vectors)
    >>> conditioner(torch.tensor([[1, 1, 0]])).shape
    torch.Size([1, 4])
    """

    needs_term_vectors = True
    _parameter_constraints: ClassVar[dict] = {
        **_TERM_VECTOR_CONSTRAINTS,
        "n_condition": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, pooling="mean", n_condition=128, missing="mean"):
        self.pooling = pooling
        self.n_condition = n_condition
        self.missing = missing

    def build(self, n_terms, rng, term_vectors=None):
        """Build the pooling and the map behind it."""
        check_params(self)
        table = term_table(term_vectors, n_terms, self.missing, type(self).__name__)
        return _TermVectorConditioner(table, self.pooling, self.n_condition, rng)


class JointCondition(BaseCondition):
    """Describe a row by its label indicators and by vectors of its terms, side by side.

    Indicators tell every term apart, also two whose vectors are alike; vectors tell which terms
    are related. One half of the condition comes from each.

    Parameters
    ----------
    pooling : {"mean", "sum", "max", "min", "attention"}, default="mean"
        See :class:`TermVectorCondition`.
    n_condition : int, default=128
        Width of the condition, both halves together; at least 2.
    missing : {"mean", "zero", "raise"}, default="mean"
        See :class:`TermVectorCondition`.

    Notes
    -----
    The half that comes from indicators knows nothing about a term that no training row carries
    and adds the noise of its initial weights there. For such terms use
    :class:`TermVectorCondition`.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from protimb.nn import JointCondition
    >>> vectors = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> conditioner = JointCondition(n_condition=6).build(2, torch.Generator(), vectors)
    >>> conditioner(torch.tensor([[1, 1]])).shape
    torch.Size([1, 6])
    """

    needs_term_vectors = True
    _parameter_constraints: ClassVar[dict] = {
        **_TERM_VECTOR_CONSTRAINTS,
        "n_condition": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(self, pooling="mean", n_condition=128, missing="mean"):
        self.pooling = pooling
        self.n_condition = n_condition
        self.missing = missing

    def build(self, n_terms, rng, term_vectors=None):
        """Build one conditioner of each kind."""
        check_params(self)
        table = term_table(term_vectors, n_terms, self.missing, type(self).__name__)
        half = self.n_condition // 2
        return _JointConditioner(
            _MultiHotConditioner(n_terms, half, rng),
            _TermVectorConditioner(table, self.pooling, self.n_condition - half, rng),
        )


class NoCondition(BaseCondition):
    """Say nothing about labels: a GAN that makes proteins, whatever they do.

    What rows of a rare term have in common is then lost, unless they start from members
    (``generate_from``). A control, and the plain WGAN.

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import NoCondition
    >>> conditioner = NoCondition().build(3, torch.Generator())
    >>> conditioner(torch.tensor([[1, 0, 1], [0, 0, 0]]))
    tensor([[1.],
            [1.]])
    """

    def build(self, n_terms, rng, term_vectors=None):
        """Build a condition of width 1 that is always 1: one more bias."""
        return _Nothing(1)


# A string is shorthand for an object: condition="both" means JointCondition().
CONDITIONS: dict[str, type[BaseCondition]] = {
    "multihot": MultiHotCondition,
    "term_vectors": TermVectorCondition,
    "both": JointCondition,
    "none": NoCondition,
}


class _Conditioner(nn.Module):
    def __init__(self, n_condition):
        super().__init__()
        self.n_condition = n_condition
        self.conditioning = ConcatConditioning()


class _Nothing(_Conditioner):
    def forward(self, labels):
        return torch.ones(len(labels), 1, device=labels.device)


class _MultiHotConditioner(_Conditioner):
    def __init__(self, n_terms, n_condition, rng):
        super().__init__(n_condition)
        # Each label row has unit length after scaling, so LeCun's 1 / n_in would be too small.
        self.embed = seeded_linear(n_terms, n_condition, rng, gain=n_terms**0.5)

    def forward(self, labels):
        labels = labels.to(self.embed.weight.dtype)
        n_labels = labels.sum(dim=1, keepdim=True).clamp(min=1.0)
        return self.embed(labels * n_labels.rsqrt())


class _TermVectorConditioner(_Conditioner):
    def __init__(self, table, pooling, n_condition, rng):
        super().__init__(n_condition)
        self.pool = POOLINGS[pooling](table, rng)
        self.embed = seeded_linear(table.shape[1], n_condition, rng)

    def forward(self, labels):
        return self.embed(self.pool(labels.to(self.embed.weight.dtype)))


class _JointConditioner(_Conditioner):
    def __init__(self, multihot, term_vectors):
        super().__init__(multihot.n_condition + term_vectors.n_condition)
        self.multihot = multihot
        self.term_vectors = term_vectors

    def forward(self, labels):
        return torch.cat([self.multihot(labels), self.term_vectors(labels)], dim=1)
