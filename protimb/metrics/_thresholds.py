"""Terms predicted at every threshold, protein by protein: the tables behind Fmax and Smin."""

from dataclasses import dataclass, replace

import numpy as np

from protimb.exceptions import InvalidLabelsError
from protimb.metrics._validation import (
    check_term_values,
    check_truth_and_scores,
    check_unit_interval,
    ratio,
)

# The steps of cafaeval, from the same expression: the thirtieth entry is not 0.3 but the next
# float above it, and `score >= threshold` sees the difference.
THRESHOLDS = np.arange(0.01, 1, 0.01)

CELLS_A_BLOCK = 100_000  # of y_score counted at a time: temporaries stay in the cache
MAX_CELLS = 2**16  # of the grid that stands in for a search; 256 are enough for THRESHOLDS


@dataclass(frozen=True)
class ThresholdCounts:
    """What each protein has, is predicted to have, and both, at every threshold."""

    # "Terms" count as 1 each or, where an information accretion was given, in bits.
    thresholds: np.ndarray  # (n_thresholds,), increasing
    known: np.ndarray  # (n_proteins,) bool: those with a true term, the rows of what follows
    true: np.ndarray  # (n_known, 1)
    predicted: np.ndarray  # (n_known, n_thresholds): terms whose score reaches the threshold
    correct: np.ndarray  # (n_known, n_thresholds): those of them that are true
    covered: np.ndarray  # (n_known, n_thresholds): 1 where any term is predicted, else 0

    @classmethod
    def from_scores(
        cls, y_true, y_score, thresholds=None, information_accretion=None, n_unpredicted=0
    ):
        """Check y_true and y_score, (n_proteins, n_terms), as smin_score has them, and count.

        Each protein has ``n_unpredicted`` true terms beside, (n_proteins,), which score 0.
        """
        truth, score = check_truth_and_scores(y_true, y_score)
        check_unit_interval(score)
        thresholds = check_thresholds(thresholds)
        bits = _bits(information_accretion, truth.shape[1], y_true)
        true, predicted, correct = _count(truth, score, thresholds, bits)
        known = _check_known(truth.any(axis=1) | (n_unpredicted > 0))
        true = true + np.reshape(n_unpredicted, (-1, 1))
        return cls(
            thresholds=thresholds,
            known=known,
            true=true[known],
            predicted=predicted[known],
            correct=correct[known],
            covered=(score.max(axis=1)[known, None] >= thresholds).astype(float),
        )

    def forget(self, n_unpredicted):
        """Take back the true terms, (n_proteins,), that ``from_scores`` added, without a count."""
        true = self.true - np.reshape(n_unpredicted, (-1, 1))[self.known]
        known = self.known.copy()
        known[known] = kept = true.ravel() > 0
        return replace(self.take(kept), true=true[kept], known=_check_known(known))

    def take(self, proteins):
        """Keep the counts of some proteins, (n_known,) bool."""
        return ThresholdCounts(
            thresholds=self.thresholds,
            known=np.ones(int(proteins.sum()), dtype=bool),
            true=self.true[proteins],
            predicted=self.predicted[proteins],
            correct=self.correct[proteins],
            covered=self.covered[proteins],
        )

    def precision_recall(self, weights):
        """Average precision, recall and coverage, (n_thresholds, n_columns), by weighting."""
        weights = weights[self.known].astype(float)  # (n_known, n_columns)
        # Precision is over proteins with predictions that weigh something, recall over all.
        covered, total = (self.predicted > 0).T @ weights, weights.sum(axis=0)
        precision = ratio(ratio(self.correct, self.predicted).T @ weights, covered)
        recall = ratio(ratio(self.correct, self.true).T @ weights, total)
        return precision, recall, ratio(covered, total)

    def uncertainty_misinformation(self, weights):
        """Average what is missed, wrong, covered, (n_thresholds, n_columns), by weighting."""
        weights = weights[self.known].astype(float)  # (n_known, n_columns)
        total = weights.sum(axis=0)
        missed = ratio((self.true - self.correct).T @ weights, total)
        wrong = ratio((self.predicted - self.correct).T @ weights, total)
        return missed, wrong, ratio(self.covered.T @ weights, total)


def best_f(precision, recall):
    """Take the best harmonic mean over thresholds: (n_thresholds, n_columns) to (n_columns,)."""
    return harmonic_mean(precision, recall).max(axis=0)


def least_distance(missed, wrong, coverage):
    """Take the least semantic distance: (n_thresholds, n_columns) to (n_columns,)."""
    distance = np.hypot(missed, wrong)
    # Only thresholds at which anything is predicted count; where that is none, the distance is the
    # whole information content of the truth.
    covered = coverage > 0
    smin = np.where(covered, distance, np.inf).min(axis=0)
    return np.where(covered.any(axis=0), smin, distance.max(axis=0))


def harmonic_mean(precision, recall):
    """Compute 2pr / (p + r) of two arrays of one shape; 0 where both are 0."""
    return ratio(2 * precision * recall, precision + recall)


def _count(truth, score, thresholds, bits):
    """Sum terms that are true, predicted and both: (n_proteins, 1), then n_thresholds wide."""
    n_rows = max(1, CELLS_A_BLOCK // truth.shape[1])
    blocks = [slice(start, start + n_rows) for start in range(0, len(truth), n_rows)]
    counted = [_count_block(truth[rows], score[rows], thresholds, bits) for rows in blocks]
    return tuple(np.concatenate(parts) for parts in zip(*counted, strict=True))


def _count_block(truth, score, thresholds, bits):
    # A score reaches the first so many thresholds: one look at it serves them all.
    reached = count_reached(score, thresholds)
    shape = len(score), len(thresholds) + 1
    cells = (reached + shape[1] * np.arange(shape[0])[:, None]).ravel()
    hits = np.flatnonzero(truth)
    protein, term = np.divmod(hits, truth.shape[1])
    true = np.bincount(protein, weights=bits[term], minlength=shape[0])
    predicted = sum_by_threshold(cells, np.tile(bits, shape[0]), shape)
    return true[:, None], predicted, sum_by_threshold(cells[hits], bits[term], shape)


def count_reached(score, thresholds):
    """Count the thresholds at or below each score, as searchsorted would, but without a search."""
    # Scores fall into cells so narrow that at most one threshold lies inside, and that one is
    # compared. Cells are a power of two wide, hence free of rounding.
    gap = np.diff(thresholds).min(initial=1)
    if gap < 2 / MAX_CELLS:
        return np.searchsorted(thresholds, score.ravel(), side="right").reshape(score.shape)
    n_cells = 2 ** int(np.ceil(np.log2(2 / gap)))
    edges = np.arange(n_cells + 1) / n_cells
    below = np.searchsorted(thresholds, edges, side="right")[(score * n_cells).astype(np.int32)]
    return below + (score >= np.append(thresholds, np.inf)[below])


def sum_by_threshold(cells, bits, shape):
    """Sum bits by cell of (protein, thresholds reached), then over all that reach as many."""
    by_reached = np.bincount(cells, weights=bits, minlength=shape[0] * shape[1]).reshape(shape)
    return by_reached[:, :0:-1].cumsum(axis=1)[:, ::-1]


def check_thresholds(thresholds):
    """Return thresholds (n_thresholds,) that increase, those of cafaeval where None."""
    if thresholds is None:
        return THRESHOLDS
    thresholds = np.asarray(thresholds, dtype=float)
    increasing = thresholds.ndim == 1 and len(thresholds) > 0 and (np.diff(thresholds) > 0).all()
    if not (increasing and np.isfinite(thresholds).all()):
        raise ValueError(f"thresholds must be a list of increasing numbers, got {thresholds!r}.")
    return thresholds


def _bits(information_accretion, n_terms, y_true):
    if information_accretion is None:
        return np.ones(n_terms)
    return check_term_values(information_accretion, n_terms, "information_accretion", y_true)


def _check_known(known):
    if not known.any():
        raise InvalidLabelsError(
            f"None of the {len(known)} proteins in y_true has a term: Fmax and Smin compare "
            "predictions with true terms and are undefined without any."
        )
    return known
