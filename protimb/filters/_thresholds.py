"""What filters share: the term that judges a row, and thresholds learned from held-out rows."""

import warnings

import numpy as np

from protimb.exceptions import InvalidLabelsError, UndefinedSimilarityWarning
from protimb.utils._warnings import users_level

# Real rows that a threshold is learned from; of more, so many are asked for their neighbours.
MOST_ASKED = 20_000


def some_of_all(n_rows, n_most):
    """Choose at most so many rows, evenly from first to last: sorted positions."""
    n_asked = min(n_rows, n_most)
    return np.arange(n_asked) * n_rows // max(1, n_asked)


def rows_to_ask(terms):
    """Choose at most MOST_ASKED rows, evenly from those of each judging term: sorted positions.

    Terms, (n_rows,), give up rows from the most frequent down; -1, no term, is left out first.
    """
    if len(terms) <= MOST_ASKED:
        return np.arange(len(terms))
    order = np.argsort(terms, kind="stable")[np.count_nonzero(terms < 0) :]
    _, begins, counts = np.unique(terms[order], return_index=True, return_counts=True)
    kept = np.minimum(counts, _cap(counts))
    place = np.arange(len(order)) - np.repeat(begins, counts)
    kept, counts = np.repeat(kept, counts), np.repeat(counts, counts)
    is_asked = (place + 1) * kept // counts > place * kept // counts
    return np.sort(order[is_asked])


def _cap(counts):
    """Give the largest number that all groups can be cut to for MOST_ASKED rows; at least 1."""
    sizes = np.arange(1, counts.max() + 1)
    at_least = len(counts) - np.searchsorted(np.sort(counts), sizes)
    return max(1, int(np.searchsorted(at_least.cumsum(), MOST_ASKED, side="right")))


def learn_thresholds(held_out, n_members, quantile, shrinkage):
    """Learn what nearly all held-out rows of each term reach: (n_terms,), NaN without members."""
    # held_out: the figures of each term's held-out rows. A term's own quantile weighs as much as
    # the pooled one, that of all terms of similar size, where it has `shrinkage` of them.
    pooled = _pooled_thresholds(held_out, n_members, quantile)
    own = np.array([np.quantile(values, quantile) if len(values) else 0 for values in held_out])
    n_held_out = np.array([len(values) for values in held_out])
    borrowed = shrinkage / np.maximum(n_held_out + shrinkage, 1)
    borrowed[n_held_out == 0] = 1
    thresholds = borrowed * pooled + (1 - borrowed) * own
    return np.where(n_members > 0, thresholds, np.nan)


def group_by_term(values, terms, n_terms):
    """List the values of each term; those of rows without a term are left out."""
    defined = ~np.isnan(values)
    return [values[(terms == term) & defined] for term in range(n_terms)]


def check_some_tell_apart(n_members, n_rows):
    """Tell which terms, (n_terms,), some but not all rows carry; refuse rows without any."""
    known = (n_members > 0) & (n_members < n_rows)
    if not known.any():
        raise InvalidLabelsError(
            "No term is carried by some, but not all, rows of non-zero length, so there is "
            "nothing to recognise. Pass quality_filter=None, or more rows."
        )
    return known


def keep_rows(kept, *tables):
    """Keep rows marked, bool (n_rows,), of each table; all of them without a copy."""
    return tables if kept.all() else tuple(table[kept] for table in tables)


def warn_undefined(undefined, consequence):
    """Warn once of all rows, (n_rows,) bool, that cannot be rated, and say what becomes of them."""
    if undefined.any():
        message = f"{undefined.sum()} of {len(undefined)} {consequence}."
        warnings.warn(message, UndefinedSimilarityWarning, stacklevel=users_level())


def _pooled_thresholds(held_out, n_members, quantile):
    """Take the quantile over all terms of similar size, or of the nearest size there is."""
    size = np.maximum(np.log2(np.maximum(n_members, 1)).astype(int), 1)
    pools = {
        s: np.concatenate([held_out[t] for t in np.flatnonzero(size == s)]) for s in np.unique(size)
    }
    known = {s: np.quantile(pool, quantile) for s, pool in pools.items() if len(pool)}
    return np.array([known[min(known, key=lambda k: abs(k - s))] for s in size])
