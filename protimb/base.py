"""The two contracts of protimb: samplers for multilabel targets, filters for generated rows."""

from abc import ABC, abstractmethod

from sklearn.base import BaseEstimator

__all__ = ["BaseFilter"]


class BaseFilter(BaseEstimator, ABC):
    """Base of all quality control: learn from real rows, judge generated ones.

    A filter is fitted on real proteins only. ``score`` gives each generated row a number,
    higher is better; ``select`` turns it into a decision.
    """

    @abstractmethod
    def fit(self, X, y):
        """Learn what real members of each term look like.

        Parameters
        ----------
        X : array of shape (n_rows, n_features)
            Real protein vectors.
        y : array or CSR of shape (n_rows, n_terms)
            Binary indicators.

        Returns
        -------
        self : BaseFilter
        """

    @abstractmethod
    def score(self, X_new, y_new):
        """Rate generated rows against the labels that they claim.

        Parameters
        ----------
        X_new : array of shape (n_new, n_features)
        y_new : array or CSR of shape (n_new, n_terms)

        Returns
        -------
        scores : ndarray of shape (n_new,)
            Higher is better; NaN where a row cannot be rated.
        """

    @abstractmethod
    def select(self, X_new, y_new):
        """Decide which generated rows to keep.

        Parameters
        ----------
        X_new : array of shape (n_new, n_features)
        y_new : array or CSR of shape (n_new, n_terms)

        Returns
        -------
        keep : ndarray of bool, shape (n_new,)
        """
