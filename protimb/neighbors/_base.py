"""What searches share: the interface of scikit-learn's, and rows that are checked."""

from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from protimb.utils._sklearn_compat import Interval, KNeighborsMixin, fit_context, validate_data


class BaseNeighbors(KNeighborsMixin, BaseEstimator):
    """Base of searches; a subclass writes ``_fit(X)`` and ``_find(X, n_neighbors)``."""

    _parameter_constraints: ClassVar[dict] = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")]
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Remember the rows that neighbours are found among.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Vectors.
        y : ignored

        Returns
        -------
        self : object
        """
        X = validate_data(self, X, dtype=[np.float64, np.float32])
        self.n_samples_fit_ = len(X)
        self._fit(X)
        return self

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        """Find the nearest of the rows remembered.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), optional
            Rows whose neighbours are wanted; by default those that were remembered, none of which
            is then its own neighbour.
        n_neighbors : int, optional
            By default that of the constructor.
        return_distance : bool
            Whether to give distances too.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            Euclidean, the nearest first. Only with ``return_distance``.
        rows : ndarray of int, shape (n_queries, n_neighbors)
            Numbers of the rows remembered.

        Raises
        ------
        ValueError
            If there are not as many rows to be found.
        """
        check_is_fitted(self)
        n_neighbors = self.n_neighbors if n_neighbors is None else n_neighbors
        own = np.arange(self.n_samples_fit_) if X is None else None
        X = self._rows if X is None else self._read(X)
        n_others = self._n_searched() - (own is not None)
        if not 1 <= n_neighbors <= n_others:
            raise ValueError(
                f"n_neighbors={n_neighbors} must be 1 or more, and no more than the "
                f"{n_others} rows that {type(self).__name__} can find."
            )
        distances, rows = self._find(X, n_neighbors, own)
        return (distances, rows) if return_distance else rows

    def _read(self, X):
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
