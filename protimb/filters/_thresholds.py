"""What filters share: the term that judges a row, and thresholds learned from held-out rows."""

import warnings

import numpy as np

from protimb.exceptions import InvalidLabelsError, UndefinedSimilarityWarning
from protimb.utils._validation import check_indicator


def learn_thresholds(held_out, n_members, quantile, shrinkage):
    """Learn what nearly all held-out real rows of each term reach.

    Parameters
    ----------
    held_out : list of ndarray
        Figures of each term's held-out rows, any number of them.
    n_members : ndarray of int, shape (n_terms,)
        Real rows of each term.
    quantile : float
        Share of held-out rows that a threshold may lose.
    shrinkage : float
        Rows that a term's own quantile needs to weigh as much as the pooled one, that of all
        terms of similar size.

    Returns
    -------
    thresholds : ndarray of shape (n_terms,)
        NaN for terms without members.
    """
    pooled = _pooled_thresholds(held_out, n_members, quantile)
    own = np.array([np.quantile(values, quantile) if len(values) else 0 for values in held_out])
    n_held_out = np.array([len(values) for values in held_out])
    borrowed = shrinkage / np.maximum(n_held_out + shrinkage, 1)
    borrowed[n_held_out == 0] = 1
    thresholds = borrowed * pooled + (1 - borrowed) * own
    return np.where(n_members > 0, thresholds, np.nan)


def check_claims(y_new, n_terms, quality):
    """Read the labels that generated rows claim; they need the columns of ``fit``.

    Parameters
    ----------
    y_new : array or sparse of shape (n_new, n_terms)
    n_terms : int
    quality : BaseFilter
        Named in the message.

    Returns
    -------
    claims : csr_array of uint8, shape (n_new, n_terms)

    Raises
    ------
    InvalidLabelsError
        If they are not binary indicators, or not of so many terms.
    """
    claims, _ = check_indicator(y_new, "y_new")
    if claims.shape[1] != n_terms:
        raise InvalidLabelsError(
            f"y_new has {claims.shape[1]} terms, but {type(quality).__name__} was fitted on "
            f"{n_terms}. Pass the same columns in the same order."
        )
    return claims


def warn_undefined(undefined, consequence):
    """Warn once of all rows that cannot be rated.

    Parameters
    ----------
    undefined : ndarray of bool, shape (n_rows,)
    consequence : str
        What becomes of them.
    """
    if undefined.any():
        message = f"{undefined.sum()} of {len(undefined)} {consequence}."
        warnings.warn(message, UndefinedSimilarityWarning, stacklevel=3)


def _pooled_thresholds(held_out, n_members, quantile):
    """Take the quantile over all terms of similar size, or of the nearest size there is."""
    size = np.maximum(np.log2(np.maximum(n_members, 1)).astype(int), 1)
    pools = {
        s: np.concatenate([held_out[t] for t in np.flatnonzero(size == s)]) for s in np.unique(size)
    }
    known = {s: np.quantile(pool, quantile) for s, pool in pools.items() if len(pool)}
    return np.array([known[min(known, key=lambda k: abs(k - s))] for s in size])
