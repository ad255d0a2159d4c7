"""MultilabelBalancedBagging: many draws of the rows, each balanced by a sampler, one voice."""

import warnings
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.multioutput import MultiOutputClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from protimb.classification import ResampledClassifier
from protimb.classification._targets import encode_targets
from protimb.exceptions import DuplicateRowsWarning, RareTermWarning
from protimb.metrics import term_average_precision
from protimb.utils._alignment import check_same_order
from protimb.utils._containers import take_rows
from protimb.utils._groups import number_groups
from protimb.utils._judge import probabilities_by_term
from protimb.utils._restoring import unchanged_on_failure
from protimb.utils._sklearn_compat import HasMethods, Interval, StrOptions, validate_data
from protimb.utils._warnings import users_level

MAX_SEED = np.iinfo(np.int32).max


class MultilabelBalancedBagging(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Average classifiers, each fitted on a bootstrap of the rows that a sampler has balanced.

    A resampler draws or makes a few dozen rows for each rare term, and what a classifier learns of
    the term hangs on that draw. Bagging draws many times and averages. imbalanced-learn does so
    for one target of classes; here a row can have many labels, and each bag can be balanced by any
    sampler of protimb or imbalanced-learn.

    Parameters
    ----------
    sampler : object with ``fit_resample(X, y)``, or None
        Balances each bag; it is cloned. None leaves bags as they are drawn: plain bagging.
    estimator : estimator, default=None
        Any classifier that takes the target; it is cloned. None is a ``DecisionTreeClassifier``,
        in ``MultiOutputClassifier`` for several labels.
    n_estimators : int, default=10
        Number of bags.
    max_samples : float, default=1.0
        Rows (or groups) drawn for a bag, as a share of those there are.
    bootstrap : bool, default=True
        Draw with replacement.
    synthetic_labels : {"targeted", "all"}, default="targeted"
        What a new row teaches, as in `ResampledClassifier`.
    oob_score : bool, default=False
        Judge every training row by the bags that it is not in.
    n_jobs : int or None, default=None
        Bags fitted at once.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws, and of every sampler and classifier: their own seeds are replaced.

    Attributes
    ----------
    estimators_ : list of ResampledClassifier
        One a bag, each with the fitted ``sampler_`` and ``classifier_``.
    estimators_samples_ : list of ndarray of int
        Rows of each bag, before the sampler.
    classes_ : ndarray
        Classes, or numbers of the label columns.
    terms_ : ndarray of object or None
        Names of the label columns, where y is a DataFrame.
    oob_decision_function_ : ndarray of shape (n_rows, n_terms) or (n_rows, n_classes)
        Mean over the bags without the row; NaN for rows in every bag. With ``oob_score``.
    oob_score_ : float
        Mean of `term_average_precision` over terms; for classes, the accuracy. With ``oob_score``.
    n_features_in_ : int
        Features seen in ``fit``.
    feature_names_in_ : ndarray of str, shape (n_features,)
        Names of the features, where all columns of X have text for a name.

    See Also
    --------
    imblearn.ensemble.BalancedBaggingClassifier : For one target of classes.
    ResampledClassifier : One bag.

    Notes
    -----
    Every bag holds a member and a non-member of each term: where a draw missed one, it is added, so
    that each classifier knows every term, whichever classifier that is. With ``groups``, such as
    sequence clusters, groups are drawn and come whole, and rows out of a bag have no relative in
    it. A classifier without ``predict_proba`` votes. What samplers say of terms with one member and
    of rows that are copies is not repeated for each bag: a bootstrap makes both.

    References
    ----------
    .. [1] L. Breiman, "Bagging predictors", Machine Learning 24 (1996), doi 10.1007/BF00058655.
    .. [2] S. Hido, H. Kashima and Y. Takahashi, "Roughly balanced bagging for imbalanced data",
       Statistical Analysis and Data Mining 2 (2009), doi 10.1002/sam.10061.

    Examples
    --------
    >>> from protimb.datasets import make_longtail_multilabel
    >>> from protimb.ensemble import MultilabelBalancedBagging
    >>> from protimb.over_sampling import RandomLabelsetOverSampler
    >>> toy = make_longtail_multilabel(120, random_state=0)
    >>> sampler = RandomLabelsetOverSampler(sampling_strategy=30)
    >>> bagging = MultilabelBalancedBagging(sampler, n_estimators=5, random_state=0)
    >>> bagging.fit(toy.X, toy.y).predict_proba(toy.X).shape
    (120, 12)
    """

    _parameter_constraints: ClassVar = {
        "sampler": [HasMethods("fit_resample"), None],
        "estimator": [HasMethods(["fit", "predict"]), None],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "max_samples": [Interval(Real, 0, 1, closed="right")],
        "bootstrap": ["boolean"],
        "synthetic_labels": [StrOptions({"targeted", "all"})],
        "oob_score": ["boolean"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        sampler,
        estimator=None,
        n_estimators=10,
        *,
        max_samples=1.0,
        bootstrap=True,
        synthetic_labels="targeted",
        oob_score=False,
        n_jobs=None,
        random_state=None,
    ):
        self.sampler = sampler
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.bootstrap = bootstrap
        self.synthetic_labels = synthetic_labels
        self.oob_score = oob_score
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X, y, groups=None):
        """Draw the bags, balance each, and fit a classifier on it.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Vectors, in any container that sampler and classifier take.
        y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
            Binary indicators, or one class a row.
        groups : array-like of shape (n_rows,), optional
            Groups that are drawn whole.

        Returns
        -------
        self : MultilabelBalancedBagging

        Raises
        ------
        InvalidLabelsError
            If indicators are not 0 or 1.
        ValueError
            If X, y and groups differ in length.
        """
        self._validate_params()
        check_same_order(X=X, y=y, groups=groups)
        with unchanged_on_failure(self):
            validate_data(self, X, y, reset=True, skip_check_array=True)
            labels, self._coding = encode_targets(y)
            check_consistent_length(X, labels, groups)
            self.classes_, self.terms_ = self._coding.classes, self._coding.terms
            rng = check_random_state(self.random_state)
            self.estimators_samples_ = self._draw_bags(labels, groups, rng)
            self.estimators_ = self._fit_bags(X, y, rng)
            if self.oob_score:
                self._judge_out_of_bag(X, y, labels)
        return self

    def predict_proba(self, X):
        """Average the probabilities of the bags' classifiers.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_rows, n_terms) or (n_rows, n_classes)
        """
        check_is_fitted(self)
        given = Parallel(n_jobs=self.n_jobs)(
            delayed(_probabilities)(one, X, self._coding) for one in self.estimators_
        )
        return np.mean(given, axis=0)

    def predict(self, X):
        """Give the labels whose mean probability is above 0.5, or the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)

        Returns
        -------
        labels : ndarray of shape (n_rows, n_terms) or (n_rows,)
        """
        probabilities = self.predict_proba(X)
        return self._coding.decide(probabilities)

    def _draw_bags(self, labels, groups, rng):
        """Draw rows of each bag; a list of (n_drawn,)."""
        units = np.arange(labels.shape[0])
        if groups is not None:
            units = number_groups(groups, labels.shape[0], sort=True)
        rows_of = np.split(np.argsort(units, kind="stable"), np.cumsum(np.bincount(units))[:-1])
        n_drawn = max(1, round(self.max_samples * len(rows_of)))
        bags = []
        for _ in range(self.n_estimators):
            drawn = rng.choice(len(rows_of), n_drawn, replace=self.bootstrap)
            drawn = _complete(drawn, labels, units, rng)
            bags.append(np.concatenate([rows_of[unit] for unit in drawn]))
        return bags

    def _fit_bags(self, X, y, rng):
        bag = ResampledClassifier(
            self.sampler,
            self._default() if self.estimator is None else self.estimator,
            synthetic_labels=self.synthetic_labels,
        )
        members = [_reseed(clone(bag), rng) for _ in self.estimators_samples_]
        fitted = Parallel(n_jobs=self.n_jobs)(
            delayed(_fit_bag)(member, take_rows(X, rows), take_rows(y, rows))
            for member, rows in zip(members, self.estimators_samples_, strict=True)
        )
        for category, message in dict.fromkeys(one for _, said in fitted for one in said):
            warnings.warn(message, category, stacklevel=users_level())
        return [member for member, _ in fitted]

    def _default(self):
        # A tree of all terms cannot be told which labels of a new row to learn from.
        tree = DecisionTreeClassifier()
        return MultiOutputClassifier(tree) if self._coding.multilabel else tree

    def _judge_out_of_bag(self, X, y, labels):
        """Set the mean over the bags without a row, and its score."""
        n_rows = labels.shape[0]
        width = labels.shape[1] if self._coding.multilabel else len(self.classes_)
        total, n_bags = np.zeros((n_rows, width)), np.zeros((n_rows, 1))
        for member, rows in zip(self.estimators_, self.estimators_samples_, strict=True):
            out = np.setdiff1d(np.arange(n_rows), rows)
            if len(out):
                total[out] += _probabilities(member, take_rows(X, out), self._coding)
                n_bags[out] += 1
        self.oob_decision_function_ = np.divide(
            total, n_bags, out=np.full_like(total, np.nan), where=n_bags > 0
        )
        self.oob_score_ = self._score_out_of_bag(y, labels, np.flatnonzero(n_bags > 0))

    def _score_out_of_bag(self, y, labels, judged):
        if not len(judged):
            return np.nan
        scores = self.oob_decision_function_[judged]
        if not self._coding.multilabel:
            truth = np.asarray(y).ravel()[judged]
            return float((self._coding.decide(scores) == truth).mean())
        precision = term_average_precision(labels[judged], scores)
        known = np.isfinite(precision)
        return float(precision[known].mean()) if known.any() else np.nan

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        estimator = DecisionTreeClassifier() if self.estimator is None else self.estimator
        inner = get_tags(ResampledClassifier(self.sampler, estimator))
        tags.classifier_tags = inner.classifier_tags
        tags.target_tags = inner.target_tags
        tags.input_tags = inner.input_tags
        return tags


def _complete(drawn, labels, units, rng):
    """Add units (n_drawn,) until each term that varies has members and others in the bag."""
    n_members = labels.sum(axis=0, dtype=np.int64)
    varies = (n_members > 0) & (n_members < labels.shape[0])
    columns = labels.tocsc()
    inside = np.isin(units, drawn)
    for wanted in (1, 0):
        held = _count(labels, inside)
        held = held if wanted else inside.sum() - held
        for term in np.flatnonzero(varies & (held == 0)):
            rows = columns.indices[columns.indptr[term] : columns.indptr[term + 1]]
            if not wanted:
                rows = np.setdiff1d(np.arange(len(units)), rows)
            if not inside[rows].any():
                unit = units[rng.choice(rows)]
                drawn = np.append(drawn, unit)
                inside |= units == unit
    return drawn


def _fit_bag(member, X, y):
    """Fit one bag, in which a row drawn twice and a lone member are usual; also what it said."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for usual in (DuplicateRowsWarning, RareTermWarning):
            warnings.simplefilter("ignore", usual)
        member.fit(X, y)
    return member, [(one.category, str(one.message)) for one in caught]


def _count(labels, inside):
    """Count the members of each term, (n_terms,), among the rows inside (n_rows,)."""
    return labels[np.flatnonzero(inside)].sum(axis=0, dtype=np.int64)


def _reseed(member, rng):
    """Give a seed of its own to everything in it that takes one."""
    names = sorted(name for name in member.get_params() if name.split("__")[-1] == "random_state")
    return member.set_params(**{name: rng.randint(MAX_SEED) for name in names})


def _probabilities(member, X, coding):
    """Predict (n_rows, n_terms) or (n_rows, n_classes) with the classifier of one bag."""
    if coding.multilabel:
        return probabilities_by_term(member, X, coding.n_columns)
    if hasattr(member, "predict_proba"):
        return member.predict_proba(X)
    return (np.asarray(member.predict(X))[:, None] == coding.classes).astype(float)
