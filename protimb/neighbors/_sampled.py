"""Neighbours among a sample of the rows: time grows with the rows, not with their square."""

from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.utils import check_random_state

from protimb.neighbors._base import BaseNeighbors
from protimb.utils._nearest import Reference
from protimb.utils._nearest_pairs import measured, without
from protimb.utils._sklearn_compat import Interval


class SampledNeighbors(BaseNeighbors):
    """Find neighbours among a random sample of the rows.

    Exact searches compare every row with every other: ten times the rows take a hundred times as
    long. Against a sample of fixed size they take ten times as long. Neighbours are then farther
    away than the nearest ones, and a term of few proteins may have none in the sample.

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbours of a row; a row is never its own.
    max_reference : int, default=10_000
        Rows that neighbours are found among; all of them where there are no more.
    random_state : int, RandomState instance or None, default=None
        Which rows are drawn.

    Attributes
    ----------
    sample_indices_ : ndarray of int, shape (n_reference,)
        The rows that can be found, in order.
    is_sample_ : bool
        Whether that is a sample; False says that the search is exact.
    n_samples_fit_ : int
        Rows that ``fit`` got.
    n_features_in_ : int
        Width of ``X``.

    See Also
    --------
    FaissNeighbors : All rows, by an index.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.neighbors import SampledNeighbors
    >>> X = np.arange(8.0)[:, None]
    >>> search = SampledNeighbors(n_neighbors=2, max_reference=4, random_state=0).fit(X)
    >>> search.sample_indices_
    array([1, 2, 6, 7])
    >>> search.kneighbors([[6.1]])
    (array([[0.1, 0.9]]), array([[6, 7]]))
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseNeighbors._parameter_constraints,
        "max_reference": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(self, n_neighbors=5, *, max_reference=10_000, random_state=None):
        self.n_neighbors = n_neighbors
        self.max_reference = max_reference
        self.random_state = random_state

    def _fit(self, X):
        rng, n_reference = check_random_state(self.random_state), min(self.max_reference, len(X))
        self.is_sample_ = n_reference < len(X)
        self.sample_indices_ = np.arange(len(X))
        if self.is_sample_:
            self.sample_indices_ = np.sort(rng.choice(len(X), n_reference, replace=False))
        self._rows, self._reference = X, Reference(X[self.sample_indices_])

    def _n_searched(self):
        return len(self.sample_indices_)

    def _find(self, X, n_neighbors, own):
        distances, found = self._reference.nearest(X, n_neighbors + (own is not None))
        if own is None:
            return distances, self.sample_indices_[found]
        return measured(X, self._rows, without(self.sample_indices_[found], own))
