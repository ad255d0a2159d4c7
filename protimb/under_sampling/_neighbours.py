"""Nearest rows, and how far apart the labels of two rows are."""

import numpy as np
from sklearn.neighbors import NearestNeighbors


def nearest_rows(X, rows, n_neighbors, n_jobs=None):
    """Find the nearest other rows of some rows.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
    rows : ndarray of int, shape (n_queries,)
        Positions in ``X``.
    n_neighbors : int
        Shrinks to the number of other rows.
    n_jobs : int or None

    Returns
    -------
    neighbours : ndarray of int, shape (n_queries, n_found)
        Positions in ``X``, nearest first; never the row itself.
    """
    n_found = min(n_neighbors, len(X) - 1)
    if not (len(rows) and n_found):
        return np.empty((len(rows), n_found), dtype=np.int64)
    search = NearestNeighbors(n_neighbors=n_found + 1, n_jobs=n_jobs).fit(X)
    found = search.kneighbors(X[rows], return_distance=False)
    own = found == rows[:, None]
    # Among many copies a row may not find itself: then the last one found is one too many.
    own[~own.any(axis=1), -1] = True
    return found[~own].reshape(len(rows), n_found)


def adjusted_hamming(indicator, left, right):
    """Count the labels that two rows do not share, by the labels that they have.

    Parameters
    ----------
    indicator : csr_array of shape (n_rows, n_terms)
    left, right : ndarray of int, shape (n_pairs,)
        Rows to compare.

    Returns
    -------
    distances : ndarray of float, shape (n_pairs,)
        0 if both have the same labels, or none; 1 if they share none.
    """
    sizes = np.diff(indicator.indptr).astype(np.int64)
    total = sizes[left] + sizes[right]
    common = indicator[left].multiply(indicator[right]).sum(axis=1).astype(np.int64)
    return np.divide(total - 2 * common, total, out=np.zeros(len(total)), where=total > 0)
