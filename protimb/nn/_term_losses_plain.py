"""Losses of terms that ask nothing of the training rows: cross-entropy and its relatives."""

from numbers import Real
from typing import ClassVar

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from protimb.nn._label_losses import mean_label_loss
from protimb.nn._term_losses_base import (
    AT_LEAST_ZERO,
    BaseTermLoss,
    agreement,
    cross_entropy,
    doubt,
)
from protimb.utils._sklearn_compat import Interval


class CrossEntropyLoss(BaseTermLoss):
    """Binary cross-entropy: each term is a yes or no of its own, and all cells weigh the same.

    What every other loss is held against. ``sigmoid(logits)`` is a probability, calibrated as far
    as the network generalises.

    Parameters
    ----------
    hierarchy : float
        Weight of the hierarchy penalty, see :class:`BaseTermLoss`.

    See Also
    --------
    FocalLoss : Turns down the cells that are right already.

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import make_loss
    >>> criterion = make_loss("bce", n_positive=[1, 2], n_rows=4)
    >>> criterion(torch.zeros(1, 2), torch.tensor([[1, 0]]))  # log 2
    tensor([0.6931])
    """

    def __init__(self, *, hierarchy=0.0):
        self.hierarchy = hierarchy

    def cells(self, logits, labels, columns):
        return cross_entropy(agreement(logits, labels))

    def rows(self, logits, labels, columns, *, known=None, pos_weight=None):
        if known is None and pos_weight is None:
            return mean_label_loss(logits, labels)
        labels = labels.to(logits.dtype)  # uint8 until here: a quarter the memory
        cells = binary_cross_entropy_with_logits(
            logits, labels, pos_weight=pos_weight, reduction="none"
        )
        return (cells if known is None else cells * known).mean(dim=1)


class FocalLoss(BaseTermLoss):
    """Cross-entropy in which cells that are right already hardly count.

    A cell costs (1 - q)^gamma times its cross-entropy -log q, where q is the probability given to
    the right answer. Thousands of easy negatives of a rare term then no longer outweigh its few
    positives. ``sigmoid(logits)`` is drawn towards 0.5 and is no calibrated probability.

    Parameters
    ----------
    gamma : float
        How fast a cell fades as it becomes right; 0 is cross-entropy.
    alpha : float in (0, 1) or None
        Weight of positive cells, where negative ones weigh ``1 - alpha``; None weighs both 1.
    hierarchy : float
        Weight of the hierarchy penalty, see :class:`BaseTermLoss`.

    See Also
    --------
    AsymmetricLoss : Fades negatives and positives at rates of their own.

    References
    ----------
    Lin, Goyal, Girshick, He & Dollar, Focal loss for dense object detection. ICCV (2017).
    https://doi.org/10.1109/ICCV.2017.324

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import FocalLoss, make_loss
    >>> criterion = make_loss(FocalLoss(gamma=2.0), n_positive=[1, 2], n_rows=4)
    >>> criterion(torch.zeros(1, 2), torch.tensor([[1, 0]]))  # a quarter of log 2
    tensor([0.1733])
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseTermLoss._parameter_constraints,
        "gamma": AT_LEAST_ZERO,
        "alpha": [Interval(Real, 0, 1, closed="neither"), None],
    }

    def __init__(self, gamma=2.0, *, alpha=None, hierarchy=0.0):
        self.gamma = gamma
        self.alpha = alpha
        self.hierarchy = hierarchy

    def cells(self, logits, labels, columns):
        agreed = agreement(logits, labels)
        cells = doubt(agreed, self.gamma) * cross_entropy(agreed)
        if self.alpha is None:
            return cells
        return cells * (1 - self.alpha + (2 * self.alpha - 1) * labels)


class AsymmetricLoss(BaseTermLoss):
    """Fade easy negatives fast, easy positives slowly, and drop the easiest negatives.

    As focal loss, with a rate for negative cells and another for positive ones; and negatives whose
    probability is below ``clip`` cost nothing at all. ``sigmoid(logits)`` is too high as a
    probability, the more so the larger ``gamma_negative`` is.

    Parameters
    ----------
    gamma_negative : float
        How fast negative cells fade as they become right.
    gamma_positive : float
        The same of positive cells.
    clip : float in [0, 1)
        Taken off the probability of a negative cell.
    hierarchy : float
        Weight of the hierarchy penalty, see :class:`BaseTermLoss`.

    See Also
    --------
    FocalLoss : One rate for both.

    Notes
    -----
    With both rates and ``clip`` 0 this is cross-entropy.

    References
    ----------
    Ridnik et al., Asymmetric loss for multi-label classification. ICCV (2021).
    https://doi.org/10.1109/ICCV48922.2021.00015

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import AsymmetricLoss, make_loss
    >>> loss = AsymmetricLoss(gamma_negative=1.0, gamma_positive=0.0, clip=0.0)
    >>> criterion = make_loss(loss, n_positive=[1, 2], n_rows=4)
    >>> criterion(torch.zeros(1, 2), torch.tensor([[1, 0]]))  # log 2 and half of it, averaged
    tensor([0.5199])
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseTermLoss._parameter_constraints,
        "gamma_negative": AT_LEAST_ZERO,
        "gamma_positive": AT_LEAST_ZERO,
        "clip": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(self, gamma_negative=4.0, gamma_positive=0.0, *, clip=0.05, hierarchy=0.0):
        self.gamma_negative = gamma_negative
        self.gamma_positive = gamma_positive
        self.clip = clip
        self.hierarchy = hierarchy

    def cells(self, logits, labels, columns):
        positive = doubt(logits, self.gamma_positive) * cross_entropy(logits)
        return torch.where(labels > 0, positive, self._negative(logits))

    def _negative(self, logits):
        if not self.clip:
            return doubt(-logits, self.gamma_negative) * cross_entropy(-logits)
        shifted = (torch.sigmoid(logits) - self.clip).clamp_min(torch.finfo(logits.dtype).tiny)
        # 1 - shifted, without the difference that rounds to zero where the logit is large.
        kept = (torch.sigmoid(-logits) + self.clip).clamp_max(1)
        return shifted**self.gamma_negative * -torch.log(kept)


class ZLPRLoss(BaseTermLoss):
    """Rank a row's terms above zero and its other columns below it, all in one log-sum.

    A row costs log(1 + sum of exp(-z) over its terms) + log(1 + sum of exp(z) over the others),
    smooth maxima of what is wrong: the worst cells take the slope, however many others there are.
    The cut is at logit 0, that is at ``sigmoid(logits)`` = 0.5; the number is no probability.

    Parameters
    ----------
    hierarchy : float
        Weight of the hierarchy penalty, see :class:`BaseTermLoss`; the loss of a row is here the
        sum of two logarithms, and no mean over cells, so that a weight means less.

    See Also
    --------
    CrossEntropyLoss : All cells by themselves.

    Notes
    -----
    The weight of a positive cell multiplies its exponential, as that many cells would.

    References
    ----------
    Su et al., ZLPR: a novel loss for multi-label classification. arXiv (2022).
    https://doi.org/10.48550/arXiv.2208.02955

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import make_loss
    >>> criterion = make_loss("zlpr", n_positive=[1, 2], n_rows=4)
    >>> criterion(torch.zeros(1, 2), torch.tensor([[1, 0]]))  # twice log 2
    tensor([1.3863])
    """

    def __init__(self, *, hierarchy=0.0):
        self.hierarchy = hierarchy

    def cells(self, logits, labels, columns):
        """Give the logits so signed that a cell is wrong above zero; `rows` sums them up."""
        return -agreement(logits, labels)

    def rows(self, logits, labels, columns, *, known=None, pos_weight=None):
        wrong = self.cells(logits, labels.to(logits.dtype), columns)
        if known is not None:
            wrong = wrong.masked_fill(~known, -torch.inf)
        positive = wrong if pos_weight is None else wrong + torch.log(pos_weight.to(wrong.dtype))
        sides = (labels > 0, positive), (labels == 0, wrong)
        return sum(_log_one_and_sum(cells.masked_fill(~side, -torch.inf)) for side, cells in sides)


class HierarchyLoss(CrossEntropyLoss):
    """Cross-entropy, and a price for a term that is more probable than its parent.

    The name for :class:`CrossEntropyLoss` with a ``hierarchy``, which every loss has.

    Parameters
    ----------
    hierarchy : float
        Weight of the mean over edges of max(0, p_child - p_parent).

    See Also
    --------
    protimb.classification.GOTermClassifier : Its ``ontology`` also lifts parents afterwards.

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import HierarchyLoss, make_loss
    >>> criterion = make_loss(HierarchyLoss(0.5), n_positive=[1, 2], n_rows=4, edges=[[0, 1]])
    >>> plain = make_loss("bce", n_positive=[1, 2], n_rows=4)
    >>> logits, labels = torch.tensor([[100.0, 0.0]]), torch.tensor([[1, 1]])
    >>> criterion(logits, labels) - plain(logits, labels)  # half of 1 - 0.5
    tensor([0.2500])
    """

    def __init__(self, hierarchy=1.0):
        super().__init__(hierarchy=hierarchy)


def _log_one_and_sum(exponents):
    """Give log(1 + sum of exp) of each row (batch, n); -inf adds nothing."""
    return torch.logsumexp(torch.nn.functional.pad(exponents, (1, 0)), dim=1)
