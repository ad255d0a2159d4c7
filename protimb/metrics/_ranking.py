"""Average precision of each term, and its mean over terms of similar frequency."""

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import gen_batches

from protimb.metrics._validation import (
    check_protein_weights,
    check_term_values,
    check_truth_and_scores,
    ratio,
)

# Cells of columns that are copied at a time.
_CELLS_A_BLOCK = 2**22

# Terms by number of training proteins: label -> first, and first no longer in the bin.
FREQUENCY_BINS = {
    "<20": (0, 20),
    "20-49": (20, 50),
    "50-199": (50, 200),
    "200-1999": (200, 2000),
    ">=2000": (2000, np.inf),
}


def average_precision_by_frequency(y_true, y_score, n_train, *, bins=FREQUENCY_BINS):
    """Average the precision of terms within bins of training frequency.

    One mean over all terms hides who gains: resampling is meant to help terms with few
    proteins, and may cost the others.

    Parameters
    ----------
    y_true : array or sparse of shape (n_proteins, n_terms)
        Binary indicators of the test proteins.
    y_score : array of shape (n_proteins, n_terms)
        Finite scores; only their order within a term matters.
    n_train : array of shape (n_terms,)
        Real training proteins of each term.
    bins : dict of str to (low, high)
        Terms with ``low <= n_train < high`` make the bin of that label.

    Returns
    -------
    table : DataFrame of shape (1 + n_bins, 3)
        Indexed by ``bin``, ``"all"`` first; columns ``n_terms`` (evaluated), ``n_left_out`` (terms
        without a positive in ``y_true``, whose precision is undefined) and ``average_precision``
        (mean over the terms evaluated, NaN where there are none).

    Raises
    ------
    InvalidLabelsError
        If ``y_true`` is not binary.
    ValueError
        If shapes differ, or a score or count is NaN, infinite or (counts) negative.

    See Also
    --------
    term_average_precision : The figures that are averaged.
    evaluate : Adds bootstrap intervals.

    Examples
    --------
    >>> from protimb.metrics import average_precision_by_frequency
    >>> y_true = [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0]]
    >>> y_score = [[0.9, 0.1, 0.3], [0.8, 0.2, 0.1], [0.7, 0.6, 0.2], [0.1, 0.1, 0.4]]
    >>> average_precision_by_frequency(y_true, y_score, [300, 10, 12]).loc[["all", "<20"]]
         n_terms  n_left_out  average_precision
    bin
    all        2           1           0.666667
    <20        1           1           0.500000
    """
    precision = term_average_precision(y_true, y_score)
    n_train = check_term_values(n_train, len(precision), "n_train", y_true)
    return pd.DataFrame(
        [_bin_row(precision[terms]) for terms in bin_members(n_train, bins).values()],
        index=pd.Index(["all", *bins], name="bin"),
    )


def term_average_precision(y_true, y_score, *, sample_weight=None):
    """Compute the average precision of every term.

    Average precision is the area under a term's precision-recall steps: the mean, over its
    proteins, of the precision among all proteins that score at least as high.

    Parameters
    ----------
    y_true : array or sparse of shape (n_proteins, n_terms)
        Binary indicators.
    y_score : array of shape (n_proteins, n_terms)
        Finite scores; only their order within a term matters.
    sample_weight : array of shape (n_proteins,), optional
        Non-negative weight of each protein.

    Returns
    -------
    average_precision : ndarray of shape (n_terms,)
        NaN for terms without a positive, where scikit-learn returns 0.

    Raises
    ------
    InvalidLabelsError
        If ``y_true`` is not binary.
    ValueError
        If shapes differ, or a score is NaN or infinite.

    See Also
    --------
    sklearn.metrics.average_precision_score : Equal, one term at a time.
    average_precision_by_frequency : Means over terms of similar frequency.

    Examples
    --------
    The second protein is the only one of its term, and another scores as high.

    >>> from protimb.metrics import term_average_precision
    >>> term_average_precision([[0], [1], [0]], [[0.7], [0.7], [0.1]])
    array([0.5])
    """
    truth, score = check_truth_and_scores(y_true, y_score)
    weights = check_protein_weights(sample_weight, len(truth), y_true)
    return weighted_average_precision(truth, score, weights[:, None])[:, 0]


def weighted_average_precision(truth, score, weights):
    """Compute the average precision of each term under each weighting: (n_terms, n_columns)."""
    # weights: (n_proteins, n_columns), one column a weighting; sums are of their dtype.
    # NaN stays where a term has no positive of any weight.
    result = np.full((truth.shape[1], weights.shape[1]), np.nan, dtype=weights.dtype)
    n_terms = max(1, _CELLS_A_BLOCK // max(1, len(truth)))
    for terms in gen_batches(max(1, truth.shape[1]), n_terms):
        positives, scores = truth[:, terms].T.copy(), score[:, terms].T.copy()  # contiguous by term
        for term in np.flatnonzero(positives.any(axis=1)):
            found = _average_precision(positives[term], scores[term], weights)
            result[terms.start + term] = found
    return result


def bin_members(n_train, bins):
    """Mark the terms of each bin, (n_terms,) bool, by training proteins; all terms come first."""
    members = {name: (n_train >= low) & (n_train < high) for name, (low, high) in bins.items()}
    return {"all": np.ones(len(n_train), dtype=bool), **members}


def _average_precision(positive, score, weights):
    """Average the precision of one term: (n_columns,), one figure a weighting."""
    levels = np.unique(score[positive])  # only here do recall and so the area change
    # The best level is number 0; proteins below every positive are number len(levels).
    level = len(levels) - np.searchsorted(levels, score, side="right")
    hits = _sum_by_level(level, positive, len(levels), weights)  # (n_levels, n_columns)
    seen = _sum_by_level(level, level < len(levels), len(levels), weights).cumsum(axis=0)
    found = hits.cumsum(axis=0)
    area = (hits * ratio(found, seen)).sum(axis=0)
    return np.where(found[-1] > 0, ratio(area, found[-1]), np.nan)


def _sum_by_level(level, counted, n_levels, weights):
    # A sparse product sums rows of `weights` by level faster than sorting or np.add.at; by column,
    # where each holds one level or none, the matrix is there without being sorted either.
    levels = level[counted]
    starts = np.concatenate([[0], np.cumsum(counted)])
    ones = np.ones(len(levels), dtype=weights.dtype)
    return sparse.csc_array((ones, levels, starts), shape=(n_levels, len(level))) @ weights


def _bin_row(precision):
    evaluated = ~np.isnan(precision)
    mean = precision[evaluated].mean() if evaluated.any() else np.nan
    return {
        "n_terms": evaluated.sum(),
        "n_left_out": (~evaluated).sum(),
        "average_precision": mean,
    }
