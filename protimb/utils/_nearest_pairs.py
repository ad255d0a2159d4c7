"""Pairs of a row and one that it was held against: their gaps, the smallest, their order."""

import numpy as np
from sklearn.utils import gen_batches

# Groups that wide rows of gaps are cut into, each with its least, and how wide rows must be.
_GROUPS = 256
_WIDE = 4

# Candidates for each value wanted; more of them are slower to sort than a row to partition.
_CANDIDATES = 16

# Pairs compared exactly at a time hold so many numbers, which stay in the cache.
_EXACT_NUMBERS = 2**16


def pairs(columns):
    """List pairs of a row and each of its columns: two of (n_rows * n_found,)."""
    return np.repeat(np.arange(len(columns)), columns.shape[1]), columns.ravel()


def few_rows(rows):
    """Give slices of rows whose float64 copies are small."""
    return gen_batches(len(rows), max(1, _EXACT_NUMBERS // max(1, rows.shape[1])))


def exact_distances(X, reference, rows, columns):
    """Give distances of pairs of rows, by differences in double precision: (n_pairs,)."""
    return np.sqrt(over_pairs(X, reference, rows, columns, _difference))


def over_pairs(X, reference, rows, columns, function):
    """Sum the product of what a function makes of two rows: (n_pairs,)."""
    sums = np.empty(len(rows))
    n_pairs = max(1, _EXACT_NUMBERS // max(1, X.shape[1]))
    for pairs in gen_batches(max(1, len(rows)), n_pairs):
        one, other = X.take(rows[pairs], axis=0), reference.take(columns[pairs], axis=0)
        sums[pairs] = np.einsum("ij,ij->i", *function(one, other))
    return sums


def _difference(one, other):
    difference = one.astype(np.float64)
    difference -= other
    return difference, difference


def measured(X, reference, rows, exact=exact_distances):
    """Order the rows found for each of X, int (n_rows, n_found), by their gaps, which it gives."""
    return in_order(exact(X, reference, *pairs(rows)).reshape(rows.shape), rows)


def in_order(gaps, columns):
    """Order what was found of each row, both (n_rows, n_found), by its gap."""
    order = np.argsort(gaps, axis=1, kind="stable")
    return np.take_along_axis(gaps, order, axis=1), np.take_along_axis(columns, order, axis=1)


def without(rows, own):
    """Leave the row itself out of what was found for it: (n_rows, n_found - 1)."""
    is_own = rows == own[:, None]
    # Among many copies a row may not find itself: then the last one found is one too many.
    is_own[~is_own.any(axis=1), -1] = True
    return rows[~is_own].reshape(len(rows), rows.shape[1] - 1)


def smallest(values, n):
    """Give the columns of the n smallest values of each row, smallest first: int, (n_rows, n).

    >>> smallest(np.array([[3.0, 1.0, 2.0]]), 2).tolist()
    [[1, 2]]
    """
    is_wide = values.shape[1] >= _WIDE * _GROUPS and n <= _GROUPS
    few = _few_smallest(values, n) if is_wide else None
    if few is not None:
        return few
    columns = np.argpartition(values, n - 1, axis=1)[:, :n]
    return in_order(np.take_along_axis(values, columns, axis=1), columns)[1]


def _few_smallest(values, n):
    """Do the same in two passes, since few values are at most the n-th of the groups' minima.

    None where they are many, because values repeat, or where some are no numbers.
    """
    n_rows, n_columns = values.shape
    n_even = n_columns - n_columns % _GROUPS
    minima = values[:, :n_even].reshape(n_rows, -1, _GROUPS).min(axis=1)
    rest = values[:, n_even:]
    np.minimum(minima[:, : rest.shape[1]], rest, out=minima[:, : rest.shape[1]])
    limits = np.partition(minima, n - 1, axis=1)[:, n - 1 : n]
    rows, columns = np.divmod(np.flatnonzero(values <= limits), n_columns)
    n_found = np.bincount(rows, minlength=n_rows)
    if n_found.min() < n or len(rows) > _CANDIDATES * n * n_rows:
        return None
    order = np.lexsort((values[rows, columns], rows))
    begins = np.cumsum(n_found) - n_found
    return columns[order[begins[:, None] + np.arange(n)]]


def first_of_each(row_of, columns, gaps, n_found, n_rows):
    """Take of pairs, sorted by row, each row's nearest: gaps and columns, (n_rows, n_found).

    Rows that have fewer get infinity.
    """
    order = np.lexsort((gaps, row_of))  # stable: the first of equals stays first
    begins = np.searchsorted(row_of, np.arange(n_rows + 1))
    place = np.arange(len(order)) - begins[row_of]
    order, at = order[place < n_found], (row_of[place < n_found], place[place < n_found])
    found = np.full((n_rows, n_found), np.inf), np.zeros((n_rows, n_found), dtype=columns.dtype)
    found[0][at], found[1][at] = gaps[order], columns[order]
    return found


def within(values, reach):
    """Find the values that are no larger than the reach of their row: rows and columns."""
    return np.divmod(np.flatnonzero(values <= reach[:, None]), values.shape[1])


def leave_out(values, own):
    """Put the row's own entry out of reach."""
    if own is not None:
        values[np.arange(len(values)), own] = np.inf
    return values
