"""Classifiers of several labels made of scikit-learn's, that bear terms without any positive."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from protimb.exceptions import TeachingWarning
from protimb.utils._warnings import users_level

_FEWEST = 10  # rows of each class with which a classifier should cope
_MAX_WEIGHT = 100.0  # of a positive cell, as the network's max_pos_weight
_FOREST_BYTES = 2**31  # that the leaves of all trees may take


class OneTermAtATime(ClassifierMixin, BaseEstimator):
    """Fit a classifier for each term, on standardized vectors and on the rows that know it."""

    # ``columns`` are those to fit, None for all: what is not judged need not be learned.

    def __init__(self, estimator, *, class_weight=None, columns=None):
        self.estimator = estimator
        self.class_weight = class_weight
        self.columns = columns

    def fit(self, X, y, sample_weight=None, label_mask=None):
        """Fit one estimator a column of y (n_rows, n_terms), leaving out what label_mask hides."""
        X, y = np.asarray(X), np.asarray(y)
        self._scaler = StandardScaler().fit(X)
        X = self._scaler.transform(X)
        fitted = np.zeros(y.shape[1], dtype=bool)
        fitted[slice(None) if self.columns is None else self.columns] = True
        self.estimators_, refused = [], list[ValueError]()
        with warnings.catch_warnings():
            # A term of hundreds that stops early keeps its ranking.
            warnings.simplefilter("ignore", ConvergenceWarning)
            for term, labels in enumerate(y.T):
                if not fitted[term]:
                    self.estimators_.append(float(labels.mean()))
                    continue
                rows = _known_rows(label_mask, term, labels)
                weights = None if sample_weight is None else np.asarray(sample_weight)[rows]
                self.estimators_.append(self._fit_term(X[rows], labels[rows], weights, refused))
        if refused:
            _say_who_was_refused(self.estimator, refused)
        return self

    def _fit_term(self, X, labels, weights, refused):
        """Fit one term; a number, its share, stands for it where it cannot be fitted."""
        share = float(labels.mean())
        if share in (0, 1):
            return share
        if self.class_weight == "balanced":
            weights = balance_rows(labels, weights)
        options = {} if weights is None else {"sample_weight": weights}
        try:
            return clone(self.estimator).fit(X, labels.astype(int), **options)
        except ValueError as error:  # cross-validation inside wants more rows of a class
            if min(share, 1 - share) * len(labels) >= _FEWEST:
                raise
            refused.append(error)
            return share

    def predict_proba(self, X):
        """Give probabilities (n_rows, n_terms)."""
        X = self._scaler.transform(np.asarray(X))
        return np.column_stack([_probability(one, X) for one in self.estimators_])


class TermForest(ClassifierMixin, BaseEstimator):
    """Trees that split for all terms at once; leaves hold each term's share of their rows."""

    # Squared error of 0/1 labels splits as Gini impurity does, and takes half the memory.

    def __init__(self, n_estimators=100, *, class_weight=None, random_state=None):
        self.n_estimators = n_estimators
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        """Grow the trees for the columns of y (n_rows, n_terms) that vary."""
        X, y = np.asarray(X), np.asarray(y)
        if self.class_weight == "balanced":
            sample_weight = weigh_by_rarest(y, sample_weight)
        self._constant = y[0].astype(float)
        self._varies = y.min(axis=0) != y.max(axis=0)
        if self._varies.any():
            self.forest_ = RandomForestRegressor(
                self.n_estimators,
                max_features="sqrt",
                max_leaf_nodes=self._most_leaves(len(X)),
                random_state=self.random_state,
            ).fit(X, y[:, self._varies].astype(float), sample_weight)
        return self

    def _most_leaves(self, n_rows):
        # Half of a tree's nodes are leaves, and every node keeps a float a term.
        n_bytes = 2 * 8 * self.n_estimators * self._varies.sum()
        most = max(int(_FOREST_BYTES // n_bytes), 64)
        return most if most < n_rows else None  # a bound is memory taken at once

    def predict_proba(self, X):
        """Give probabilities (n_rows, n_terms)."""
        X = np.asarray(X)
        scores = np.tile(self._constant, (len(X), 1))
        if self._varies.any():
            scores[:, self._varies] = self.forest_.predict(X).reshape(len(X), -1)
        return np.clip(scores, 0, 1)


def balance_rows(labels, weights=None):
    """Weigh the rows (n_rows,) of a term so that positives and negatives count alike, in mean 1."""
    weights = np.ones(len(labels)) if weights is None else np.asarray(weights, dtype=float)
    positive = labels == 1
    ratio = weights[~positive].sum() / max(weights[positive].sum(), np.finfo(float).tiny)
    balanced = weights * np.where(positive, min(ratio, _MAX_WEIGHT), 1.0)
    return balanced * (weights.sum() / balanced.sum())


def weigh_by_rarest(y, weights=None):
    """Weigh each row (n_rows,) as its rarest term would be: a tree has one weight a row."""
    weights = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=float)
    n_positive = np.maximum(y.sum(axis=0), 1)
    ratio = np.clip((len(y) - n_positive) / n_positive, 1, _MAX_WEIGHT)
    return weights * np.where(y == 1, ratio, 1.0).max(axis=1)


def _known_rows(label_mask, term, labels):
    """Find the rows that know a term, or all (n_rows,) where those have but one label."""
    rows = np.arange(len(labels))
    known = rows if label_mask is None else np.flatnonzero(np.asarray(label_mask)[:, term])
    varies = len(known) and labels[known].min() != labels[known].max()
    return known if varies else rows


def _say_who_was_refused(estimator, errors):
    warnings.warn(
        f"{type(estimator).__name__} refused {len(errors)} terms with few positives, which get "
        f"one score for all proteins. Its first reason: {errors[0]}",
        TeachingWarning,
        stacklevel=users_level(),
    )


def _probability(estimator, X):
    if isinstance(estimator, float):
        return np.full(len(X), estimator)
    positive = list(estimator.classes_).index(1)
    return estimator.predict_proba(X)[:, positive]
