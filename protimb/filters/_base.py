"""The contract of quality control: learn from real rows, rate generated ones, keep the best."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from protimb.filters._claims import read_labels
from protimb.utils._alignment import check_same_order
from protimb.utils._restoring import unchanged_on_failure
from protimb.utils._sklearn_compat import fit_context, validate_data
from protimb.utils._validation import IN_SINGLE, LARGEST, as_vectors, refuse_beyond


class BaseFilter(BaseEstimator, ABC):
    """Base of all quality control: learn from real rows, judge generated ones.

    A filter is fitted on real proteins only. ``score`` gives each generated row a number, higher
    is better, and ``select`` keeps the rows whose score reaches a threshold. A subclass writes
    ``_fit(X, indicator)`` and ``_score(X_new, claims)``, both of which get inputs that were
    checked: float32 vectors, and a csr_array of uint8 with the columns of ``fit``. Its threshold is
    the attribute ``threshold_``, or what ``_threshold(claims)`` gives for each row.

    Attributes
    ----------
    n_features_in_ : int
        Width of ``X``.

    See Also
    --------
    protimb.base.BaseMultilabelOverSampler : The contract of samplers, whose rows are judged.

    Notes
    -----
    Rows are paired by position, so frames whose ids differ in order are refused. Columns are found
    by name where both targets are frames, and by position elsewhere.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.filters import BaseFilter
    >>> class NormFilter(BaseFilter):
    ...     '''Keep rows no longer than the longest real one.'''
    ...
    ...     def _fit(self, X, indicator):
    ...         self.threshold_ = -np.linalg.norm(X, axis=1).max()
    ...
    ...     def _score(self, X_new, claims):
    ...         return -np.linalg.norm(X_new, axis=1)
    >>> quality = NormFilter().fit([[3.0, 4.0], [1.0, 0.0]], [[1, 0], [0, 1]])
    >>> quality.select([[0.0, 5.0], [0.0, 6.0]], [[1, 0], [1, 0]])
    array([ True, False])
    """

    _parameter_constraints: ClassVar[dict] = {}

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Learn what real rows look like.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Real protein vectors, those that the generator was trained on.
        y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
            Binary indicators, or one class a row: each class is then a term.

        Returns
        -------
        self : BaseFilter

        Raises
        ------
        InvalidLabelsError
            If ``y`` is not binary, its ids stand in another order than those of ``X``, or the rows
            leave nothing to learn.
        ValueError
            If ``X`` holds NaN or infinite values, lengths differ, or a parameter is out of range.
        """
        check_same_order(X=X, y=y)
        with unchanged_on_failure(self):
            X = self._read_vectors(X, reset=True)
            indicator, self._columns = read_labels(y)
            check_consistent_length(X, indicator)
            self._fit(X, indicator)
        return self

    def score(self, X, y):
        """Rate generated rows against the labels that they claim.

        Parameters
        ----------
        X : array-like of shape (n_new, n_features)
            Generated vectors.
        y : array-like or sparse of shape (n_new, n_terms) or (n_new,)
            The labels that they claim.

        Returns
        -------
        scores : ndarray of shape (n_new,)
            Higher is better; NaN where a row cannot be rated.

        Raises
        ------
        InvalidLabelsError
            If ``y`` is not binary, has other terms than the real rows, or its ids stand in another
            order than those of ``X``.
        ValueError
            If ``X`` holds NaN or infinite values, or shapes do not fit.

        Warns
        -----
        UndefinedSimilarityWarning
            Once, with the number of rows that have no direction to compare.
        """
        return self._score(*self._read_new(X, y))

    def select(self, X, y):
        """Decide which generated rows to keep.

        Parameters
        ----------
        X : array-like of shape (n_new, n_features)
            Generated vectors.
        y : array-like or sparse of shape (n_new, n_terms) or (n_new,)
            The labels that they claim.

        Returns
        -------
        keep : ndarray of bool, shape (n_new,)
            Whether the score reaches the threshold; False for rows that cannot be rated.

        Raises
        ------
        InvalidLabelsError
            If ``y`` is not binary, has other terms than the real rows, or its ids stand in another
            order than those of ``X``.
        ValueError
            If ``X`` holds NaN or infinite values, or shapes do not fit.

        Warns
        -----
        UndefinedSimilarityWarning
            Once, with the number of rows that have no direction to compare.
        """
        X_new, claims = self._read_new(X, y)
        return self._score(X_new, claims) >= self._threshold(claims)

    @abstractmethod
    def _fit(self, X, indicator):
        """Learn from float32 vectors (n_rows, n_features) and a csr_array (n_rows, n_terms)."""

    @abstractmethod
    def _score(self, X_new, claims):
        """Rate checked rows: (n_new,), NaN where that is impossible."""

    def _threshold(self, claims):
        """Give the least score that is kept: a number, or one of each row."""
        return self.threshold_

    def _read_new(self, X, y):
        """Check generated rows and give ``X_new, claims``."""
        check_is_fitted(self)
        check_same_order(X=X, y=y)
        X_new, claims = self._read_vectors(X, reset=False), self._read_claims(y)
        check_consistent_length(X_new, claims)
        return X_new, claims

    def _read_vectors(self, X, *, reset):
        # float32 also for float16 input, whose squares overflow; one real row has no company.
        n_least = 2 if reset else 1
        X = as_vectors(X)
        refuse_beyond(X, LARGEST, IN_SINGLE)
        return validate_data(self, X, dtype=np.float32, reset=reset, ensure_min_samples=n_least)

    def _read_claims(self, y):
        return self._columns.read(y, type(self).__name__)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags
