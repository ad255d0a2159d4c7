"""Real training rows and rows to be judged against them, with distances computed once."""

from functools import cached_property

import numpy as np
from sklearn.cluster import KMeans

from protimb.utils._labelsets import count_members, members_by_term
from protimb.utils._nearest import nearest

N_NEIGHBORS = 5
_BLOCK = 2**23  # float32 cells of one block of distances: 32 MiB


class RealRows:
    """Training rows: X float32 (n_real, n_features), y csr (n_real, n_terms), and their core."""

    def __init__(self, X, y, core, core_terms, closure=None):
        self.X, self.y, self.core, self.core_terms = X, y, core, core_terms
        self.counts = count_members(y)
        # Rows (n_terms,) that each term implies, by an ontology; None without one.
        self.closure = closure
        self._members = members_by_term(y)

    def members(self, term):
        """Give the numbers of rows that carry a term, ascending."""
        return self._members[term]

    @cached_property
    def nearest(self):
        """Distances of each row to its nearest other rows, (n_real, N_NEIGHBORS), and which."""
        return nearest(self.X, self.X, N_NEIGHBORS, same=True)

    @cached_property
    def core_rows(self):
        """The core as rows of its own."""
        return Rows(self.X[self.core], self.y[self.core], self.core_terms, self)

    @cached_property
    def core_radii(self):
        """Distances from each core row to the fifth nearest other one: (n_core,)."""
        return radii(self.core_rows.among)


class Rows:
    """Rows to judge: X float32 (n_rows, n_features), y csr, terms int (n_rows,)."""

    def __init__(self, X, y, terms, real, *, is_zero=None, pool=None, places=None, rest=None):
        self.X, self.y, self.terms, self.real = X, y, terms, real
        # Rows all of whose features were 0 as they were given.
        self.is_zero = np.zeros(len(X), dtype=bool) if is_zero is None else is_zero
        self._pool, self._places = pool, places
        self.rest = rest  # held-out rows that have no part in these, or None

    def __len__(self):
        return len(self.X)

    def take(self, places, rest=None):
        """Give some of the rows, which share the distances of all."""
        parts = (self.X[places], self.y[places], self.terms[places], self.real)
        is_zero = self.is_zero[places]
        return Rows(*parts, is_zero=is_zero, pool=self, places=places, rest=rest)

    @cached_property
    def nearest(self):
        """Distances to the nearest training rows, (n_rows, N_NEIGHBORS), and which they are."""
        return nearest(self.X, self.real.X, N_NEIGHBORS)

    @cached_property
    def to_core(self):
        """Distances to the core: (n_rows, n_core)."""
        if self._pool is not None:
            return self._pool.to_core[self._places]
        return distances(self.X, self.real.X[self.real.core])

    @cached_property
    def among(self):
        """Distances between the rows, infinite to themselves: (n_rows, n_rows)."""
        if self._pool is not None:
            return self._pool.among[np.ix_(self._places, self._places)]
        between = distances(self.X, self.X)
        np.fill_diagonal(between, np.inf)
        return between

    def to(self, others):
        """Distances to other rows: (n_rows, n_others)."""
        return distances(self.X, others.X)


def find_clusters(X, n_clusters, random_state):
    """Fit k-means, quickly, in at most as many clusters as X has distinct rows."""
    distinct = np.unique(X, axis=0)  # equal rows would make empty clusters, and a warning
    n_clusters = min(n_clusters, len(distinct))
    return KMeans(n_clusters, init="random", n_init=1, max_iter=10, random_state=random_state).fit(
        distinct
    )


def radii(among):
    """Distances to the fifth nearest other row: (n_rows,), from (n_rows, n_rows)."""
    place = min(N_NEIGHBORS, len(among) - 1) - 1
    return np.partition(among, place, axis=1)[:, place]


def distances(X, Y):
    """Euclidean distances as float32: (n_rows, n_others)."""
    squares = np.einsum("ij,ij->i", Y, Y)
    blocks = [np.sqrt(np.maximum(squared, 0)) for _, squared in _blocks(X, Y, squares)]
    return np.concatenate(blocks) if blocks else np.empty((0, len(Y)), dtype=np.float32)


def _blocks(X, Y, squares):
    n_rows = max(1, _BLOCK // max(len(Y), 1))
    turned = -2 * Y.T
    for start in range(0, len(X), n_rows):
        block = X[start : start + n_rows]
        squared = block @ turned
        squared += squares
        squared += np.einsum("ij,ij->i", block, block)[:, None]
        yield start, squared
