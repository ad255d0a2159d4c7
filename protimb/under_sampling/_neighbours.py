"""Nearest rows, and how far apart the labels of two rows are."""

from numbers import Integral

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from scipy import sparse
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import gen_even_slices

from protimb.neighbors._search import search_among
from protimb.utils._nearest import without


def nearest_rows(X, rows, n_neighbors, n_jobs=None):
    """Find the nearest other rows of some rows, nearest first: int, (n_queries, n_found).

    There are ``n_neighbors`` of them, or as many as there are other rows; an object that searches
    has its own number.
    """
    if isinstance(n_neighbors, Integral):
        n_found = min(n_neighbors, X.shape[0] - 1)
        if not (len(rows) and n_found):
            return np.empty((len(rows), n_found), dtype=np.int64)
    search = _among_sparse if sparse.issparse(X) else _among_dense
    return search(X, rows, n_neighbors, n_jobs)


def _among_dense(X, rows, n_neighbors, n_jobs):
    reference, n_neighbors = search_among(X, n_neighbors)
    parts = gen_even_slices(len(rows), max(1, min(effective_n_jobs(n_jobs), len(rows))))
    found = Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(reference.nearest)(X[rows[part]], n_neighbors, rows[part]) for part in parts
    )
    return np.concatenate([part for _, part in found])


def _among_sparse(X, rows, n_neighbors, n_jobs):
    if isinstance(n_neighbors, Integral):
        n_neighbors = NearestNeighbors(n_neighbors=n_neighbors, n_jobs=n_jobs)
    search = clone(n_neighbors).fit(X)
    n_asked = min(search.n_neighbors + 1, X.shape[0])
    found = search.kneighbors(X[rows], n_neighbors=n_asked, return_distance=False)
    return without(found, rows)


def adjusted_hamming(indicator, left, right):
    """Divide the labels that rows of two lists, pair by pair, do not share by those they have.

    Float, (n_pairs,): 0 if both have the same labels, or none; 1 if they share none.
    """
    sizes = np.diff(indicator.indptr).astype(np.int64)
    total = sizes[left] + sizes[right]
    common = indicator[left].multiply(indicator[right]).sum(axis=1).astype(np.int64)
    return np.divide(total - 2 * common, total, out=np.zeros(len(total)), where=total > 0)
