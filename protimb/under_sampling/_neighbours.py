"""Nearest rows, and how far apart the labels of two rows are."""

from numbers import Integral

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from scipy import sparse
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import gen_batches, gen_even_slices

from protimb.neighbors._search import search_among
from protimb.utils._memory import rows_a_block
from protimb.utils._nearest_pairs import without


def nearest_rows(X, rows, n_neighbors, n_jobs=None):
    """Find the nearest other rows of some rows, nearest first: int, (n_queries, n_found).

    There are ``n_neighbors`` of them, or as many as there are other rows; an object that searches
    has its own number.
    """
    return Nearest(X, n_neighbors, n_jobs, len(rows)).of(rows)


class Nearest:
    """What finds the nearest other rows of some of X; ``n_asked`` are about as many as these."""

    def __init__(self, X, n_neighbors, n_jobs=None, n_asked=0, parameter="n_neighbors"):
        self.X, self.n_jobs = X, n_jobs
        self.n_neighbors = getattr(n_neighbors, "n_neighbors", n_neighbors)
        if sparse.issparse(X):
            self._search = self._make_sparse(n_neighbors)
            return
        self._search, _ = search_among(X, n_neighbors, asked=(n_asked, parameter))

    def of(self, rows):
        """Find the neighbours of rows, their positions, nearest first: int, (n_rows, n_found)."""
        n_found = min(self.n_neighbors, self.X.shape[0] - 1)
        if not (len(rows) and n_found):
            return np.empty((len(rows), n_found), dtype=np.int64)
        return (self._among_sparse if sparse.issparse(self.X) else self._among_dense)(rows)

    def _among_dense(self, rows):
        n_parts = max(1, min(effective_n_jobs(self.n_jobs), len(rows)))
        found = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(self._near)(rows[part]) for part in gen_even_slices(len(rows), n_parts)
        )
        return np.concatenate(found)

    def _near(self, rows):
        """Search for some rows at a time: the rows asked for are copied."""
        found = [
            self._search.nearest(self.X[rows[block]], self.n_neighbors, rows[block])[1]
            for block in gen_batches(len(rows), rows_a_block(self.X))
        ]
        return np.concatenate(found)

    def _make_sparse(self, n_neighbors):
        if isinstance(n_neighbors, Integral):
            n_neighbors = NearestNeighbors(n_neighbors=n_neighbors, n_jobs=self.n_jobs)
        return clone(n_neighbors).fit(self.X)

    def _among_sparse(self, rows):
        n_asked = min(self.n_neighbors + 1, self.X.shape[0])
        found = self._search.kneighbors(self.X[rows], n_neighbors=n_asked, return_distance=False)
        return without(found, rows)


def adjusted_hamming(indicator, left, right):
    """Divide the labels that rows of two lists, pair by pair, do not share by those they have.

    Float, (n_pairs,): 0 if both have the same labels, or none; 1 if they share none.
    """
    sizes = np.diff(indicator.indptr).astype(np.int64)
    total = sizes[left] + sizes[right]
    common = indicator[left].multiply(indicator[right]).sum(axis=1).astype(np.int64)
    return np.divide(total - 2 * common, total, out=np.zeros(len(total)), where=total > 0)
