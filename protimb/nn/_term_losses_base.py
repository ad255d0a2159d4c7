"""The contract of a loss of terms: a small object that holds parameters and builds a criterion."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch import nn
from torch.nn.functional import softplus

from protimb.utils._sklearn_compat import Interval, check_params

AT_LEAST_ZERO = [Interval(Real, 0, None, closed="left")]
AT_LEAST_ONE = [Interval(Integral, 1, None, closed="left")]
ABOVE_ZERO = [Interval(Real, 0, None, closed="neither")]


class BaseTermLoss(BaseEstimator, ABC):
    """Base of all losses of terms: subclass it, say what a cell costs, pass an instance.

    A loss is a configuration: its constructor stores parameters and nothing else, so ``clone``,
    ``set_params(loss__gamma=1)`` and grid search reach inside. A subclass needs no registration; a
    parameter ``hierarchy``, if it has one, is the weight of the hierarchy penalty.

    Attributes
    ----------
    needs_features : bool
        Whether its criterion is called with ``features`` and ``weight`` besides logits and labels.
    balances : bool
        Whether it already weighs rare positives against frequent negatives, so that
        ``class_weight="balanced"`` would do so twice.

    See Also
    --------
    LOSSES : Those that have a name.
    make_loss : Builds the criterion.

    Notes
    -----
    After every loss ``sigmoid(logits)`` is the score of a term, in [0, 1] and in the order of the
    logits. What the number means is said by each loss.

    The hierarchy penalty is ``hierarchy`` times the mean over edges of max(0, p_child - p_parent),
    so that a term is not more probable than what it is a kind of.

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import BaseTermLoss, make_loss
    >>> class Brier(BaseTermLoss):
    ...     def cells(self, logits, labels, columns):
    ...         return (torch.sigmoid(logits) - labels) ** 2
    >>> criterion = make_loss(Brier(), n_positive=[1, 2], n_rows=4)
    >>> criterion(torch.zeros(1, 2), torch.tensor([[1, 0]]))
    tensor([0.2500])
    """

    _parameter_constraints: ClassVar[dict] = {"hierarchy": AT_LEAST_ZERO}

    needs_features: ClassVar[bool] = False
    balances: ClassVar[bool] = False

    @abstractmethod
    def cells(self, logits, labels, columns):
        """Give the loss of each cell.

        Parameters
        ----------
        logits : Tensor of shape (batch, n_terms)
        labels : Tensor of shape (batch, n_terms)
            0 or 1, of the dtype of the logits.
        columns : dict of str to Tensor
            What :meth:`columns` gave, on the device of the logits.

        Returns
        -------
        losses : Tensor of shape (batch, n_terms)
        """

    def columns(self, counts):
        """Say what is computed once from the counts of training rows.

        Parameters
        ----------
        counts : TermCounts
            ``n_positive`` and ``n_rows``, each (n_terms,), and ``log_odds``.

        Returns
        -------
        columns : dict of str to ndarray
            Arrays of shape (n_terms,), for :meth:`cells`; none by default.
        """
        return {}

    def rows(self, logits, labels, columns, *, known=None, pos_weight=None):
        """Give the loss of each row: the mean of its cells, of which unknown ones cost nothing.

        Parameters
        ----------
        logits, labels, columns
            As for :meth:`cells`; labels of any dtype.
        known : Tensor of bool, shape (batch, n_terms), optional
            The mean is over all columns, so that a cell weighs the same in every row.
        pos_weight : Tensor of shape (n_terms,), optional
            Factor of the loss of positive cells.

        Returns
        -------
        losses : Tensor of shape (batch,)
        """
        labels = labels.to(logits.dtype)
        if known is not None:
            labels = labels * known  # whatever stands where nothing is known
        cells = self.cells(logits, labels, columns)
        if pos_weight is not None:
            cells = cells * torch.where(labels > 0, pos_weight.to(cells.dtype), 1)
        return (cells if known is None else cells * known).mean(dim=1)

    def in_training(self, logits, columns):
        """Give the logits whose sigmoid is a probability among the training rows.

        Parameters
        ----------
        logits, columns
            As for :meth:`cells`.

        Returns
        -------
        logits : Tensor of shape (batch, n_terms)
            As they are, unless the loss adds something to them.
        """
        return logits

    def start(self, prior):
        """Give the logits from which training had best start.

        Parameters
        ----------
        prior : ndarray of shape (n_terms,)
            Log-odds of each term among the training rows.

        Returns
        -------
        logits : ndarray of shape (n_terms,)
            The prior, unless the loss adds it to the logits by itself.
        """
        return prior

    def build(self, counts, edges=None):
        """Build the module that :func:`make_loss` gives.

        Parameters
        ----------
        counts : TermCounts
            As for :meth:`columns`.
        edges : Tensor of int64, shape (n_edges, 2), optional
            Columns of a child and of its parent.

        Returns
        -------
        criterion : TermCriterion
        """
        check_params(self)
        return TermCriterion(self, counts, edges)


class TermCriterion(nn.Module):
    """A loss that knows how many rows each term has, and which terms lie above which.

    Parameters
    ----------
    loss : BaseTermLoss
    counts : TermCounts
    edges : Tensor of shape (n_edges, 2), optional
        Columns of a child and of its parent.
    """

    def __init__(self, loss, counts, edges=None):
        super().__init__()
        self.loss = loss
        self._names = [*(columns := loss.columns(counts))]
        for name, column in columns.items():
            self.register_buffer(f"column_{name}", torch.as_tensor(column, dtype=torch.float32))
        self.hierarchy = getattr(loss, "hierarchy", 0.0)
        self.register_buffer("edges", edges if self.hierarchy else None)

    def forward(self, logits, labels, *, known=None, pos_weight=None, features=None, weight=None):
        """Give each row its loss.

        Parameters
        ----------
        logits : Tensor of shape (batch, n_terms)
        labels : Tensor of shape (batch, n_terms)
            0 or 1, of any dtype.
        known : Tensor of bool, shape (batch, n_terms), optional
            Cells that count; all by default.
        pos_weight : Tensor of shape (n_terms,), optional
            Factor of the loss of positive cells.
        features : Tensor of shape (batch, d), optional
            What the last layer read, for losses that say ``needs_features``.
        weight : Tensor of shape (n_terms, d), optional
            The last layer's weights, for the same.

        Returns
        -------
        losses : Tensor of shape (batch,)
        """
        if self.loss.needs_features:
            seen = labels if known is None else labels * known
            logits = self._moved(logits, seen, features, weight)
        columns = self.columns()
        losses = self.loss.rows(logits, labels, columns, known=known, pos_weight=pos_weight)
        if self.edges is None:
            return losses
        likely = self.loss.in_training(logits, columns)
        return losses + self.hierarchy * violations(likely, self.edges, known)

    def _moved(self, logits, labels, features, weight):
        """Say what becomes of the logits of a loss that needs features."""
        raise NotImplementedError(f"{type(self.loss).__name__} needs a criterion of its own.")

    def columns(self):
        """Give what the loss computed from the counts.

        Returns
        -------
        columns : dict of str to Tensor
            Of shape (n_terms,) each, on the device of the criterion.
        """
        return {name: getattr(self, f"column_{name}") for name in self._names}


@dataclass(frozen=True)
class TermCounts:
    """How many training rows have each term, and how many are known to have it or not.

    Parameters
    ----------
    n_positive : ndarray of float64, shape (n_terms,)
    n_rows : ndarray of float64, shape (n_terms,)
    """

    n_positive: np.ndarray
    n_rows: np.ndarray

    @property
    def n_negative(self):
        """Rows without the term: (n_terms,)."""
        return self.n_rows - self.n_positive

    @property
    def log_odds(self):
        """Log-odds of each term, half a row added to both sides so that they are finite."""
        return np.log((self.n_positive + 0.5) / (self.n_negative + 0.5))


def read_counts(n_positive, n_rows):
    """Check counts of positives (n_terms,) and of rows, a number or (n_terms,)."""
    n_positive = np.asarray(n_positive, dtype=np.float64)
    if n_positive.ndim != 1 or not len(n_positive):
        raise ValueError(
            f"n_positive has shape {n_positive.shape}; give one count of training rows a term."
        )
    n_rows = np.broadcast_to(np.asarray(n_rows, dtype=np.float64), n_positive.shape)
    possible = (n_positive >= 0) & (n_positive <= n_rows * (1 + 1e-9))
    if not possible.all():
        column = int(np.argmin(possible))
        raise ValueError(
            f"n_positive[{column}] is {n_positive[column]:g} of {n_rows[column]:g} rows; it "
            "must lie between 0 and n_rows."
        )
    return TermCounts(np.minimum(n_positive, n_rows), n_rows)


def read_edges(edges, n_terms):
    """Check edges (n_edges, 2) of columns, child first; give a tensor of int64."""
    edges = np.asarray(edges)
    if edges.size == 0:
        return torch.zeros((0, 2), dtype=torch.int64)
    if edges.ndim != 2 or edges.shape[1] != 2 or edges.dtype.kind not in "iu":
        raise ValueError(
            f"edges is {edges.dtype} of shape {edges.shape}; give integers of shape (n_edges, 2), "
            "the column of a child and that of its parent."
        )
    outside = edges[(edges < 0) | (edges >= n_terms)]
    if len(outside):
        raise ValueError(f"edges names column {outside[0]}; there are {n_terms}, from 0.")
    return torch.from_numpy(edges.astype(np.int64))


def violations(logits, edges, known=None):
    """Average over edges (n_edges, 2) by how much a child exceeds its parent: (batch,)."""
    if not len(edges):
        return logits.new_zeros(len(logits))
    children, parents = edges.T
    scores = torch.sigmoid(logits)
    excess = torch.relu(_take(scores, children) - _take(scores, parents))
    if known is not None:
        excess = excess * (known[:, children] & known[:, parents])
    return excess.mean(dim=1)


def _take(scores, columns):
    """Take columns (n,) of (batch, n_terms) so that slopes are summed up in a fixed order."""
    # Of the two ways the one is ordered on a GPU only, the other on a CPU only.
    return scores[:, columns] if scores.is_cuda else scores.T.index_select(0, columns).T


def agreement(logits, labels):
    """Turn logits so that a right answer is positive: (batch, n_terms)."""
    return (2 * labels - 1) * logits


def cross_entropy(agreed):
    """Give the cross-entropy of each cell from what ``agreement`` gave."""
    return softplus(-agreed)


def doubt(agreed, power):
    """Raise the probability of the wrong answer to a power, without a slope that is infinite."""
    if not power:
        return 1.0
    # sigmoid(-a) = exp(-softplus(a)): a power of it below 1 has no pole where it rounds to zero.
    return torch.exp(-power * softplus(agreed))
