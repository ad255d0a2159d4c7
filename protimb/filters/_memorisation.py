"""Memorisation: a generated row nearer to a training row than real rows are to each other."""

from numbers import Real
from typing import ClassVar

import numpy as np
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted, validate_data

from protimb.base import BaseFilter
from protimb.exceptions import InvalidLabelsError
from protimb.filters._thresholds import check_claims
from protimb.utils._sklearn_compat import Interval, fit_context
from protimb.utils._validation import check_indicator


class MemorisationFilter(BaseFilter):
    """Reject generated rows that repeat a training row.

    A row that is nearer to some training row than real rows are to their nearest neighbours is
    a copy with noise: it adds weight to one protein, and nothing that was not known.

    Parameters
    ----------
    quantile : float, default=0.01
        Share of real rows whose nearest other real row may be as near as what is rejected.

    Attributes
    ----------
    threshold_ : float
        Distance that a row must exceed.
    n_features_in_ : int
        Width of ``X``.

    See Also
    --------
    CosineFilter : Rejects rows that are too far away; a copy passes it.

    Notes
    -----
    Distances are Euclidean, on standardised features. A row that occurs twice among the real
    ones counts once, so that duplicates do not lower the threshold to 0. Labels play no part.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.filters import MemorisationFilter
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> quality = MemorisationFilter().fit(X, np.ones((4, 1)))
    >>> quality.select([[0.0, 0.9], [2.0, 3.0]], [[1], [1]])
    array([False,  True])
    """

    _parameter_constraints: ClassVar[dict] = {"quantile": [Interval(Real, 0, 1, closed="both")]}

    def __init__(self, *, quantile=0.01):
        self.quantile = quantile

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Learn how near real rows are to each other.

        Parameters
        ----------
        X : array of shape (n_rows, n_features)
            Real protein vectors, those that the generator was trained on.
        y : array or sparse of shape (n_rows, n_terms)
            Binary indicators; only their number is checked.

        Returns
        -------
        self : MemorisationFilter

        Raises
        ------
        InvalidLabelsError
            If ``y`` is not binary.
        ValueError
            If ``X`` holds NaN or infinite values, lengths differ, or all rows are equal.
        """
        X = validate_data(self, X, dtype=np.float32)
        indicator, _ = check_indicator(y)
        check_consistent_length(X, indicator)
        self._n_terms = indicator.shape[1]
        self._scaler = StandardScaler().fit(X)
        self._real = np.unique(self._scaler.transform(X), axis=0)
        if len(self._real) < 2:
            raise InvalidLabelsError(
                "All real rows are equal, so there is no distance to compare with. Pass "
                "quality_filter=None, or rows that differ."
            )
        between = NearestNeighbors(n_neighbors=1).fit(self._real).kneighbors()[0].ravel()
        self.threshold_ = float(np.quantile(between, self.quantile))
        return self

    def score(self, X_new, y_new):
        """Compute each row's distance to the nearest real row.

        Parameters
        ----------
        X_new : array of shape (n_new, n_features)
            Generated vectors.
        y_new : array or sparse of shape (n_new, n_terms)
            The labels that they claim; not used.

        Returns
        -------
        distance : ndarray of shape (n_new,)
            In standard deviations; 0 for a copy.
        """
        check_is_fitted(self)
        X_new = validate_data(self, X_new, dtype=np.float32, reset=False)
        check_consistent_length(X_new, check_claims(y_new, self._n_terms, self))
        _, distance = pairwise_distances_argmin_min(self._scaler.transform(X_new), self._real)
        return distance

    def select(self, X_new, y_new):
        """Keep rows farther from every real row than near real rows are from each other.

        Parameters
        ----------
        X_new : array of shape (n_new, n_features)
            Generated vectors.
        y_new : array or sparse of shape (n_new, n_terms)
            The labels that they claim; not used.

        Returns
        -------
        keep : ndarray of bool, shape (n_new,)
        """
        return self.score(X_new, y_new) > self.threshold_
