"""Losses of terms that ask nothing of the training rows: cross-entropy and its relatives."""

from numbers import Real
from typing import ClassVar

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
