"""One slope for all terms, one intercept each: cosines become probabilities."""

import numpy as np
from scipy.special import expit

# Cosines are counted in this many bins: what is learned from them does not grow with the rows.
N_BINS = 128
CENTRES = (np.arange(N_BINS) + 0.5) * (2 / N_BINS) - 1

_MIN_SLOPE = 1.0  # where cosines tell nothing, they still rank
_MAX_SLOPE = 200.0  # where they tell all: a step of a bin is a factor of 20
_MAX_ROUNDS = 50


class CosineCounts:
    """How many rows have which cosine with each term's prototype: members, and other rows."""

    def __init__(self, n_terms):
        self.members = np.zeros((n_terms, N_BINS))
        self.others = np.zeros((n_terms, N_BINS))
        self.unplaced = np.zeros(n_terms)  # members of unknown cosine

    def add_members(self, terms, cosines):
        """Count members of ``terms`` (n,) at cosines (n,), NaN where these are unknown."""
        known = ~np.isnan(cosines)
        self.members += _histogram(terms[known], cosines[known], len(self.members))
        self.unplaced += np.bincount(terms[~known], minlength=len(self.unplaced))

    def add_others(self, cosines, members):
        """Count the rows of a block (n_rows, n_terms) that are no ``members``, bool, alike."""
        rows, terms = np.nonzero(~members)
        self.others += _histogram(terms, cosines[rows, terms], len(self.others))

    def smoothed(self):
        """Add half a member and half another row to each term, at the cosines usual for them."""
        placed = (self.unplaced[:, None] + 0.5) * _share_of(self.members, self.others)
        return self.members + placed, self.others + 0.5 * _share_of(self.others, self.members)


def fit_logistic(counts):
    """Fit P(member) = expit(slope * cosine + intercept of the term); slope, intercepts (n_terms,).

    Newton's method on a concave likelihood: the slope is solved for after the intercepts, each of
    which touches its own term alone.
    """
    members, others = counts.smoothed()
    weights = members + others
    slope, intercepts = _MIN_SLOPE, np.log(members.sum(axis=1) / others.sum(axis=1))
    loss = _loss(members, weights, slope, intercepts)
    for _ in range(_MAX_ROUNDS):
        step = _newton_step(members, weights, slope, intercepts)
        slope, intercepts = _walk(members, weights, slope, intercepts, step, loss)
        before, loss = loss, _loss(members, weights, slope, intercepts)
        if before - loss <= 1e-9 * abs(loss):
            break
    return slope, intercepts


def _newton_step(members, weights, slope, intercepts):
    p = expit(slope * CENTRES + intercepts[:, None])
    error, curvature = weights * p - members, weights * p * (1 - p)
    own, mixed = curvature.sum(axis=1) + 1e-12, curvature @ CENTRES
    gradient = error.sum(axis=1)
    steep = (error @ CENTRES).sum() - (mixed * gradient / own).sum()
    bent = (curvature @ CENTRES**2).sum() - (mixed**2 / own).sum() + 1e-12
    new_slope = np.clip(slope - steep / bent, _MIN_SLOPE, _MAX_SLOPE)
    return new_slope - slope, -(gradient + mixed * (new_slope - slope)) / own


def _walk(members, weights, slope, intercepts, step, loss):
    """Go along a step, or the part of it that lowers the loss; nowhere if none does."""
    for length in (1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125):
        new_slope, new_intercepts = slope + length * step[0], intercepts + length * step[1]
        if _loss(members, weights, new_slope, new_intercepts) < loss:
            return new_slope, new_intercepts
    return slope, intercepts


def _loss(members, weights, slope, intercepts):
    logits = slope * CENTRES + intercepts[:, None]
    return float((weights * np.logaddexp(0, logits) - members * logits).sum())


def _histogram(terms, cosines, n_terms):
    bins = np.clip(((cosines + 1) * (N_BINS / 2)).astype(np.int64), 0, N_BINS - 1)
    counts = np.bincount(terms * N_BINS + bins, minlength=n_terms * N_BINS)
    return counts.reshape(n_terms, N_BINS)


def _share_of(counts, fallback):
    total = counts.sum(axis=0)
    total = total if total.any() else fallback.sum(axis=0)
    return total / total.sum()
