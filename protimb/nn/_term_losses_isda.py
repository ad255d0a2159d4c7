"""Implicit semantic augmentation: the loss of infinitely many rows that nobody generates."""

from typing import ClassVar

import torch
from torch.nn.functional import one_hot

from protimb.nn._term_losses_base import (
    AT_LEAST_ONE,
    AT_LEAST_ZERO,
    BaseTermLoss,
    TermCriterion,
    agreement,
    check_params,
    cross_entropy,
)
from protimb.training._shares import gather_batch

_MEMORY = 2  # passes over the training rows after which older features fade


class ISDALoss(BaseTermLoss):
    """Train on infinitely many Gaussian neighbours of each row, in closed form.

    What members of one term differ in is no reason to doubt the term. Around the features of each
    row a Gaussian is laid whose directions are those in which members of terms differ, and the
    expected loss of all rows that could be drawn from it has an upper bound: cross-entropy with
    the logit moved against the right answer by half of ``strength`` times w' S w, the variance of
    the logit. Nothing is generated. ``sigmoid(logits)`` is a probability, a little too unsure.

    Parameters
    ----------
    strength : float
        Variance of the Gaussian in units of the covariance S; 0 is cross-entropy.
    min_members, max_members : int
        Training rows of a term from which the covariance is learned.
    hierarchy : float
        Weight of the hierarchy penalty, see :class:`BaseTermLoss`.

    See Also
    --------
    protimb.preprocessing.WithinTermWhitening : Borrows the same covariance for cosines.
    protimb.over_sampling.CGANSampler : Generates the rows instead.

    Notes
    -----
    A covariance of a term's own is of no use where the term is rare, as the authors found, so that
    S is borrowed: it is pooled over each row's deviation from the mean of its rarest term. Means
    and S follow the features through training, older ones fading after two passes over the rows;
    S comes in with the number of rows n that were seen, by n / (n + n_rows).

    Where no term is in range nothing is learned, and the loss is cross-entropy. So it is in
    evaluation mode.

    References
    ----------
    Wang et al., Implicit semantic data augmentation for deep networks. NeurIPS (2019).
    https://doi.org/10.48550/arXiv.1909.12220

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import ISDALoss, make_loss
    >>> criterion = make_loss(ISDALoss(), n_positive=[8, 8], n_rows=16)
    >>> features, weight = torch.eye(4), torch.zeros(2, 4)  # of the last layer
    >>> labels = torch.tensor([[1, 0], [1, 0], [0, 1], [0, 1]])
    >>> criterion(features @ weight.T, labels, features=features, weight=weight).shape
    torch.Size([4])
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseTermLoss._parameter_constraints,
        "strength": AT_LEAST_ZERO,
        "min_members": AT_LEAST_ONE,
        "max_members": AT_LEAST_ONE,
    }
    needs_features = True

    def __init__(self, strength=0.5, *, min_members=5, max_members=200, hierarchy=0.0):
        self.strength = strength
        self.min_members = min_members
        self.max_members = max_members
        self.hierarchy = hierarchy

    def columns(self, counts):
        n_members = counts.n_positive
        inside = (n_members >= self.min_members) & (n_members <= self.max_members)
        return {"rarity": 1 / (1 + n_members) * inside, "n_members": n_members}

    def cells(self, logits, labels, columns):
        return cross_entropy(agreement(logits, labels))

    def build(self, counts, edges=None):
        check_params(self)
        return ISDACriterion(self, counts, edges)


class ISDACriterion(TermCriterion):
    """Cross-entropy of moved logits, and the covariance of features that moves them."""

    column_rarity: torch.Tensor  # (n_terms,), 0 out of range
    column_n_members: torch.Tensor  # (n_terms,)
    n_seen: torch.Tensor  # rows so far that had a term in range
    # Without rows before the first batch, which tells d.
    means: torch.Tensor  # (n_terms, d)
    n_members_seen: torch.Tensor  # (n_terms,)
    covariance: torch.Tensor  # (d, d)

    def __init__(self, loss, counts, edges=None):
        super().__init__(loss, counts, edges)
        self.n_rows = float(counts.n_rows.max())
        self.register_buffer("n_seen", torch.zeros(()))
        self.register_buffer("means", torch.zeros(0, 0))
        self.register_buffer("n_members_seen", torch.zeros(0))
        self.register_buffer("covariance", torch.zeros(0, 0))

    def _moved(self, logits, labels, features, weight):
        """Learn from features (batch, d), and move logits by the variance of w (n_terms, d)."""
        if features is None or weight is None:
            raise ValueError(f"{self.loss} is called with features= and weight= of the last layer.")
        if not self.training or not self.loss.strength:
            return logits
        # What all processes see of the batch: means and covariance are those of all rows.
        self.learn(gather_batch(features.detach().float()), gather_batch(labels))
        return against(logits, labels, self.loss.strength * self.variances(weight))

    @torch.no_grad()
    def learn(self, features, labels):
        """Take in a batch (batch, d) with its labels (batch, n_terms), unknown ones 0."""
        if not len(self.means):
            self._allocate(len(self.column_rarity), features.shape[1])
        rarity, terms = (labels * self.column_rarity).max(dim=1)
        rows = rarity > 0
        if not rows.any():
            return
        features, terms = features[rows], terms[rows]
        deviations = self._deviations(features, terms)
        self._move_means(features, terms)
        self._move_covariance(deviations)

    def variances(self, weight):
        """Give the variance of each term's logit, as far as S has come in: (n_terms,)."""
        share = self.n_seen / (self.n_seen + self.n_rows)
        covariance = (share * self.covariance).to(weight.dtype)
        # The slope of w' S w is 2 S w, which is at hand: autograd would multiply once more.
        variances = ((weight.detach() @ covariance) * weight).sum(dim=1)
        return 2 * variances - variances.detach()

    def _deviations(self, features, terms):
        """Take features less the means of their terms, of rows whose term was seen: (n, d)."""
        seen = self.n_members_seen[terms]
        # A mean of n rows is off by a share 1 / n of the variance, which adds to the deviation's.
        shrunk = torch.sqrt(seen / (seen + 1))
        return ((features - self.means[terms]) * shrunk[:, None])[seen > 0]

    def _move_means(self, features, terms):
        # Summed up by a product: a scattered sum has no fixed order on a GPU.
        touched, numbers = terms.unique(return_inverse=True)
        members = one_hot(numbers, len(touched)).T.to(features.dtype)  # (n_touched, n)
        n_new = members.sum(dim=1)
        limit = torch.maximum(_MEMORY * self.column_n_members[touched], n_new)
        n_seen = torch.minimum(self.n_members_seen[touched] + n_new, limit)
        self.means[touched] += members @ (features - self.means[terms]) / n_seen[:, None]
        self.n_members_seen[touched] = n_seen

    def _move_covariance(self, deviations):
        if not len(deviations):
            return
        self.n_seen = self.n_seen + len(deviations)
        share = len(deviations) / self.n_seen.clamp_max(_MEMORY * self.n_rows)
        here = deviations.T @ deviations / len(deviations)
        self.covariance.lerp_(here, share.clamp_max(1))

    def _allocate(self, n_terms, n_features):
        self.means = self.n_seen.new_zeros(n_terms, n_features)
        self.n_members_seen = self.n_seen.new_zeros(n_terms)
        self.covariance = self.n_seen.new_zeros(n_features, n_features)

    def _allocate_like(self, means, state_dict, prefix):
        n_terms, n_features = means.shape
        if n_terms not in (0, len(self.column_rarity)):
            raise ValueError(f"{prefix}means of {n_terms} terms, not {len(self.column_rarity)}")
        # Sizes are those of a tensor that is there: no number asks for more memory.
        if state_dict[f"{prefix}covariance"].shape != (n_features, n_features):
            raise ValueError(f"{prefix}covariance is not one of {n_features} features")
        self._allocate(n_terms, n_features)

    def _load_from_state_dict(self, state_dict, prefix, *args):
        if (saved := state_dict.get(f"{prefix}means")) is not None:
            self._allocate_like(saved, state_dict, prefix)  # to be filled
        super()._load_from_state_dict(state_dict, prefix, *args)


def against(logits, labels, variances):
    """Move logits against the labels by half of their variance (n_terms,): (batch, n_terms).

    Cross-entropy of these is at least the expectation of that of Gaussian logits: the mean of
    exp(-z) over z ~ N(m, v) is exp(-m + v / 2), and the logarithm of 1 + u is concave in u.
    """
    return logits - (2 * labels.to(logits.dtype) - 1) * variances / 2
