"""Losses of terms that look at how many training rows each term has."""

from numbers import Real
from typing import ClassVar

import numpy as np
import torch

from protimb.nn._term_losses_base import (
    ABOVE_ZERO,
    AT_LEAST_ZERO,
    BaseTermLoss,
    agreement,
    cross_entropy,
    doubt,
)
from protimb.utils._sklearn_compat import Interval


class ClassBalancedLoss(BaseTermLoss):
    """Weigh positive cells by the inverse of their term's effective number of rows.

    Rows resemble each other, so that n of them tell as much as (1 - beta^n) / (1 - beta) that did
    not: nearly n where n is small, never more than 1 / (1 - beta). ``sigmoid(logits)`` is too high
    as a probability of rare terms.

    Parameters
    ----------
    beta : float in [0, 1)
        0 weighs all alike; close to 1 it weighs a term by one over its number of rows.
    gamma : float
        Of focal loss, which the weight then multiplies; 0 is cross-entropy.
    hierarchy : float
        Weight of the hierarchy penalty, see :class:`BaseTermLoss`.

    See Also
    --------
    DistributionBalancedLoss : Looks at the company that a term keeps in its rows.

    Notes
    -----
    In the paper a row has one class, whose weight is on all of the row's cells: against negatives
    a class then counts by its weight over the mean weight of a row. Where rows have many terms that
    ratio is the weight of a positive cell, and negative ones weigh 1.

    References
    ----------
    Cui, Jia, Lin, Song & Belongie, Class-balanced loss based on effective number of samples. CVPR
    (2019). https://doi.org/10.1109/CVPR.2019.00949

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import ClassBalancedLoss, make_loss
    >>> criterion = make_loss(ClassBalancedLoss(beta=0.5), n_positive=[1, 2], n_rows=4)
    >>> criterion.columns()["weight"]  # 1 and 1.5 effective rows
    tensor([1.2857, 0.8571])
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseTermLoss._parameter_constraints,
        "beta": [Interval(Real, 0, 1, closed="left")],
        "gamma": AT_LEAST_ZERO,
    }
    balances = True

    def __init__(self, beta=0.9, *, gamma=0.0, hierarchy=0.0):
        self.beta = beta
        self.gamma = gamma
        self.hierarchy = hierarchy

    def columns(self, counts):
        effective = (1 - self.beta ** _at_least_one(counts.n_positive)) / (1 - self.beta)
        weight = 1 / effective
        if counts.n_positive.any():
            weight /= np.average(weight, weights=counts.n_positive)  # of a positive cell
        return {"weight": weight}

    def cells(self, logits, labels, columns):
        agreed = agreement(logits, labels)
        cells = cross_entropy(agreed) * (1 + (columns["weight"] - 1) * labels)
        return cells * doubt(agreed, self.gamma) if self.gamma else cells


class DistributionBalancedLoss(BaseTermLoss):
    """Weigh a cell by what its row was drawn for, and let negatives saturate early.

    Drawing rows term by term also draws what else they carry, frequent terms most of all. The
    weight of a cell sets the share with which its term would have its row drawn against the share
    of all of the row's terms. Beyond that, logits are moved by each term's log-odds, and negatives
    that are right are left alone sooner. ``sigmoid(logits)`` is no calibrated probability.

    Parameters
    ----------
    alpha : float
        Least weight of a cell; the largest is ``alpha + 1``.
    beta : float
        Steepness of the step between them.
    mu : float
        Ratio of shares at which the step is half way.
    kappa : float
        How far logits are moved, in units of a term's log-odds.
    negative_scale : float
        How much sooner negatives saturate: their logits are multiplied by it, their loss divided.
    hierarchy : float
        Weight of the hierarchy penalty, see :class:`BaseTermLoss`.

    See Also
    --------
    ClassBalancedLoss : Weights by the number of rows alone.

    Notes
    -----
    In the paper every row has a term. A row without any is taken for one of a term that all rows
    have. With ``kappa=0``, ``negative_scale=1`` and ``beta=0`` all cells weigh ``alpha + 0.5``.

    References
    ----------
    Wu, Huang, Liu, Wang & Lin, Distribution-balanced loss for multi-label classification in
    long-tailed datasets. ECCV (2020). https://doi.org/10.1007/978-3-030-58548-8_10

    Examples
    --------
    A row of both terms is drawn for the rare one four times out of five: weights are
    0.1 + sigmoid(10 (0.8 - 0.2)) and 0.1 + sigmoid(10 (0.2 - 0.2)).

    >>> import torch
    >>> from protimb.nn import DistributionBalancedLoss, make_loss
    >>> loss = DistributionBalancedLoss(kappa=0.0, negative_scale=1.0)
    >>> criterion = make_loss(loss, n_positive=[1, 4], n_rows=8)
    >>> criterion(torch.zeros(1, 2), torch.tensor([[1, 1]])) / 0.693147
    tensor([0.8488])
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseTermLoss._parameter_constraints,
        "alpha": AT_LEAST_ZERO,
        "beta": AT_LEAST_ZERO,
        "mu": [Real],
        "kappa": AT_LEAST_ZERO,
        "negative_scale": ABOVE_ZERO,
    }
    balances = True

    def __init__(
        self, *, alpha=0.1, beta=10.0, mu=0.2, kappa=0.05, negative_scale=2.0, hierarchy=0.0
    ):
        self.alpha = alpha
        self.beta = beta
        self.mu = mu
        self.kappa = kappa
        self.negative_scale = negative_scale
        self.hierarchy = hierarchy

    def columns(self, counts):
        share = 1 / _at_least_one(counts.n_positive)
        least = 1 / _at_least_one(counts.n_rows)
        return {"share": share, "least": least, "log_odds": counts.log_odds}

    def cells(self, logits, labels, columns):
        moved = logits + self.kappa * columns["log_odds"]
        positive = cross_entropy(moved)
        negative = cross_entropy(-self.negative_scale * moved) / self.negative_scale
        return torch.where(labels > 0, positive, negative) * self._weights(labels, columns)

    def _weights(self, labels, columns):
        """Weigh each cell by its term's share in drawing the row: (batch, n_terms)."""
        share = columns["share"].to(labels.dtype)
        of_row = (labels @ share).clamp_min(columns["least"].min())
        return self.alpha + torch.sigmoid(self.beta * (share / of_row[:, None] - self.mu))


class LDAMLoss(BaseTermLoss):
    """Ask a wider margin of the side of a term that has few rows.

    A generalisation bound is least where margins go as n^(-1/4): the logit of a positive cell must
    exceed zero by a margin before it counts as right, and a negative one fall short of it by
    another, each by the number of rows on its side. Small sets are pushed further from the border.

    Parameters
    ----------
    max_margin : float
        Margin of the smallest side of any term, in units of the logits.
    scale : float
        Factor of logits and margins in the loss. ``sigmoid(logits)`` leaves it out, and is too
        unsure where the scale is above 1.
    hierarchy : float
        Weight of the hierarchy penalty, see :class:`BaseTermLoss`.

    See Also
    --------
    LogitAdjustmentLoss : Moves a term's logits by its log-odds.

    Notes
    -----
    The paper has one class a row and a softmax; here each term is a problem of two classes, "has"
    and "has not". With a margin of 0 this is cross-entropy of scaled logits.

    References
    ----------
    Cao, Wei, Gaidon, Arechiga & Ma, Learning imbalanced datasets with label-distribution-aware
    margin loss. NeurIPS (2019). https://doi.org/10.48550/arXiv.1906.07413

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import LDAMLoss, make_loss
    >>> criterion = make_loss(LDAMLoss(max_margin=1.0), n_positive=[1, 16], n_rows=32)
    >>> criterion.columns()["positive_margin"]
    tensor([1.0000, 0.5000])
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseTermLoss._parameter_constraints,
        "max_margin": AT_LEAST_ZERO,
        "scale": ABOVE_ZERO,
    }

    def __init__(self, max_margin=0.5, *, scale=1.0, hierarchy=0.0):
        self.max_margin = max_margin
        self.scale = scale
        self.hierarchy = hierarchy

    def columns(self, counts):
        sides = np.stack([counts.n_positive, counts.n_negative])
        margins = _at_least_one(sides) ** -0.25
        margins *= self.max_margin / margins.max()
        return {"positive_margin": margins[0], "negative_margin": margins[1]}

    def cells(self, logits, labels, columns):
        margin = torch.where(labels > 0, columns["positive_margin"], columns["negative_margin"])
        return cross_entropy(self.scale * (agreement(logits, labels) - margin))


class LogitAdjustmentLoss(BaseTermLoss):
    """Add each term's log-odds to its logits while training, and leave them off afterwards.

    The network then need not learn how rare a term is, and ``sigmoid(logits)`` is the probability
    that a protein would have if half of all proteins had the term: made for balanced accuracy, far
    too high as a probability. Add ``tau`` times the log-odds back for one.

    Parameters
    ----------
    tau : float
        Share of the log-odds that is added; 0 is cross-entropy.
    hierarchy : float
        Weight of the hierarchy penalty, see :class:`BaseTermLoss`; taken of the logits with the
        log-odds, as a rare child may exceed its parent where both are made equally frequent.

    See Also
    --------
    LDAMLoss : Margins by the number of rows.

    Notes
    -----
    A term's log-odds are one number for all rows. Each term being a yes or no of its own, they move
    its cut and its rank among other terms; the order of proteins under a term changes only as far
    as training differs (weight decay pulls a bias towards another place).

    References
    ----------
    Menon et al., Long-tail learning via logit adjustment. ICLR (2021).
    https://doi.org/10.48550/arXiv.2007.07314

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import make_loss
    >>> criterion = make_loss("logit_adjustment", n_positive=[50, 1], n_rows=100)
    >>> criterion(torch.zeros(1, 2), torch.tensor([[0, 0]]))  # log 2, and next to nothing
    tensor([0.3541])
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseTermLoss._parameter_constraints,
        "tau": AT_LEAST_ZERO,
    }
    balances = True

    def __init__(self, tau=1.0, *, hierarchy=0.0):
        self.tau = tau
        self.hierarchy = hierarchy

    def columns(self, counts):
        return {"shift": self.tau * counts.log_odds}

    def cells(self, logits, labels, columns):
        return cross_entropy(agreement(self.in_training(logits, columns), labels))

    def in_training(self, logits, columns):
        return logits + columns["shift"]

    def start(self, prior):
        return (1 - self.tau) * prior


def _at_least_one(counts):
    return np.maximum(counts, 1)
