"""ResampledClassifier: resample, hand on what new rows teach, and predict, as one estimator."""

from numbers import Real
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import assert_all_finite, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from protimb.classification._balance import check_row_weights
from protimb.classification._lesson import (
    Lesson,
    carry_weights,
    dtype_of,
    readable_dtype,
    readable_labels,
)
from protimb.classification._mixin import FittedClassifierMixin
from protimb.classification._targets import is_multilabel, term_names
from protimb.exceptions import InvalidLabelsError
from protimb.utils._alignment import align_columns, check_same_order, column_names
from protimb.utils._restoring import unchanged_on_failure
from protimb.utils._sklearn_compat import (
    HasMethods,
    Interval,
    StrOptions,
    num_samples,
    validate_data,
)


def _classifier_has(name):
    def has(self):
        # The fitted one decides: a search inside may offer what its best estimator offers.
        return getattr(getattr(self, "classifier_", self.classifier), name) is not None

    return has


class ResampledClassifier(
    FittedClassifierMixin, MetaEstimatorMixin, ClassifierMixin, BaseEstimator
):
    """Resample the training rows, fit a classifier on them, and predict with it.

    A pipeline hands rows and labels from a sampler to a classifier and nothing else. A sampler
    knows more: which rows are new, which terms each was made for, which real row it came from.
    This estimator hands that on. A new row of a rare term then says nothing about frequent ones,
    which have real rows enough, and weighs as much as it is trusted.

    Parameters
    ----------
    sampler : object with ``fit_resample(X, y)``, or None
        An over- or under-sampler of protimb or imbalanced-learn; it is cloned. None leaves the
        rows as they are, the baseline of a grid search.
    classifier : estimator
        Any classifier; it is cloned. See Notes for what can be handed on to which.
    synthetic_labels : {"targeted", "all"}, default="targeted"
        What a new row of a multilabel target teaches: the terms that lacked rows, as
        ``label_mask()`` of the sampler says, or all of its labels. Samplers without that method
        teach all labels.
    synthetic_weight : float, default=1.0
        Weight of a new row, where a real one weighs 1.

    Attributes
    ----------
    sampler_ : object or None
        The sampler after ``fit_resample``, with all that it reports.
    classifier_ : estimator
        The fitted classifier.
    classes_ : ndarray or list of ndarray
        Of the classifier.
    terms_ : ndarray of object or None
        Names of the label columns, where the classifier knows them or y is a DataFrame.
    n_features_in_ : int
        Features seen in ``fit``.
    feature_names_in_ : ndarray of str, shape (n_features,)
        Names of the features, where all columns of X have text for a name.

    See Also
    --------
    imblearn.pipeline.Pipeline : Hands on rows and labels alone, between any number of steps.
    GOTermClassifier : Learns from the labels that ``label_mask`` leaves.
    protimb.comparison.compare : Measures what this estimator reaches, sampler by sampler.

    Notes
    -----
    The mask of labels goes to classifiers whose ``fit`` takes ``label_mask``, as that of
    `GOTermClassifier` does. scikit-learn's ``MultiOutputClassifier`` and ``OneVsRestClassifier``
    fit each term by itself, here on the rows whose label is known, which amounts to the same. Any
    other classifier (a forest, neighbours, a pipeline) learns from all labels of new rows, and a
    `TeachingWarning` says so; ``synthetic_labels="all"`` asks for that.

    ``sample_weight`` weighs rows for the classifier. The sampler counts rows: a row of weight 2
    is no two rows to it. A copy or a generated row weighs as much as the real row it came from,
    times ``synthetic_weight``; rows that stay keep their weights.

    Rows to predict are never resampled.

    Examples
    --------
    >>> from protimb.classification import GOTermClassifier, ResampledClassifier
    >>> from protimb.datasets import make_longtail_multilabel
    >>> from protimb.over_sampling import RandomLabelsetOverSampler
    >>> toy = make_longtail_multilabel(n_samples=120, random_state=0)
    >>> model = ResampledClassifier(
    ...     RandomLabelsetOverSampler(sampling_strategy=30, random_state=0),
    ...     GOTermClassifier(max_epochs=2, early_stopping=False, random_state=0),
    ... ).fit(toy.X, toy.y)
    >>> model.predict_proba(toy.X).shape
    (120, 12)
    >>> model.sampler_.n_synthetic_ > 0
    True
    """

    _dtype = None  # labels as the classifier gives them: a loaded one is ours, and restores y's

    _parameter_constraints: ClassVar = {
        "sampler": [HasMethods("fit_resample"), None],
        "classifier": [HasMethods(["fit", "predict"])],
        "synthetic_labels": [StrOptions({"targeted", "all"})],
        "synthetic_weight": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, sampler, classifier, *, synthetic_labels="targeted", synthetic_weight=1.0):
        self.sampler = sampler
        self.classifier = classifier
        self.synthetic_labels = synthetic_labels
        self.synthetic_weight = synthetic_weight

    def fit(self, X, y, sample_weight=None):
        """Resample the rows, and fit the classifier on what came of them.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Vectors, in any container that the sampler takes.
        y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
            Binary indicators, or one class a row.
        sample_weight : array-like of shape (n_rows,), optional
            Weight of each real row; see Notes.

        Returns
        -------
        self : ResampledClassifier

        Raises
        ------
        InvalidLabelsError
            If indicators are not 0 or 1, or cannot be resampled.
        ValueError
            If weights are to be handed on, and the sampler does not say which rows are new or
            where they come from, or the classifier takes no ``sample_weight``.
        """
        self._validate_params()
        check_same_order(X=X, y=y, sample_weight=sample_weight)
        with unchanged_on_failure(self):
            validate_data(self, X, y, reset=True, skip_check_array=True)
            _check_classes(y)
            self.classifier_ = self._teach(self._resample(X, y, sample_weight))
            self._dtype = _dtype_to_restore(y)
            self.terms_ = getattr(self.classifier_, "terms_", _names_of_columns(y))
        return self

    def predict(self, X):
        """Predict with the classifier.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)

        Returns
        -------
        labels : ndarray of shape (n_rows, n_terms) or (n_rows,)
        """
        labels = self._fitted().predict(X)
        return labels if self._dtype is None else labels.astype(self._dtype)

    @available_if(_classifier_has("predict_proba"))
    def predict_proba(self, X):
        """Give the probabilities of the classifier.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)

        Returns
        -------
        probabilities : ndarray or list of ndarray
            What the classifier gives: protimb's give one array (n_rows, n_terms), forests of
            scikit-learn a list of (n_rows, 2), one a term.
        """
        return self._fitted().predict_proba(X)

    @available_if(_classifier_has("decision_function"))
    def decision_function(self, X):
        """Give the scores of the classifier before they become decisions.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)

        Returns
        -------
        scores : ndarray
        """
        return self._fitted().decision_function(X)

    @available_if(_classifier_has("score"))
    def score(self, X, y, sample_weight=None):
        """Rate the classifier on labelled rows by its own measure.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
        y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
            True labels. Columns of a table are found by name where ``fit`` saw names.
        sample_weight : array-like of shape (n_rows,), optional

        Returns
        -------
        score : float

        Raises
        ------
        InvalidLabelsError
            If tables differ in the ids of their rows or from ``fit`` in their terms.
        """
        check_is_fitted(self)
        check_same_order(X=X, y=y, sample_weight=sample_weight)
        y = align_columns(y, self.terms_)
        y = readable_labels(y) if is_multilabel(y) else y
        options = {} if sample_weight is None else {"sample_weight": sample_weight}
        return self._fitted().score(X, y, **options)

    @property
    def classes_(self):
        """Classes of the fitted classifier."""
        return self.classifier_.classes_

    def _resample(self, X, y, sample_weight):
        """Run the sampler, and collect what its rows teach."""
        self.sampler_ = clone(self.sampler, safe=False)
        if self.sampler_ is None:
            return Lesson(X, y, _checked(sample_weight, X))
        X_res, y_res = self.sampler_.fit_resample(X, y)
        if is_multilabel(y) and not is_multilabel(y_res):
            raise InvalidLabelsError(
                f"{type(self.sampler_).__name__} gives one column back for two of y, as "
                "imbalanced-learn does with one-hot classes. Pass classes in one dimension, or "
                f"LabelwiseSampler({type(self.sampler_).__name__}()), which keeps columns."
            )
        weights = carry_weights(self.sampler_, X, X_res, sample_weight, self.synthetic_weight)
        return Lesson(X_res, y_res, weights, self._known_labels(y_res))

    def _teach(self, lesson):
        """Fit the classifier on the rows of a lesson."""
        return lesson.teach(clone(self.classifier))

    def _known_labels(self, y_res):
        targeted = self.synthetic_labels == "targeted" and hasattr(self.sampler_, "label_mask")
        if not targeted or not is_multilabel(y_res):
            return None
        known = self.sampler_.label_mask()
        # A table of one column is one term to classifiers, and two classes to samplers.
        in_classes = known.shape[1] != np.shape(y_res)[1]
        return None if in_classes or known.all() else known

    def _fitted(self):
        check_is_fitted(self)
        return self.classifier_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.classifier)
        tags.classifier_tags = inner.classifier_tags
        tags.target_tags = inner.target_tags
        tags.input_tags.allow_nan = False
        tags.input_tags.sparse = inner.input_tags.sparse and _takes_sparse(self.sampler)
        return tags


def _takes_sparse(sampler):
    says_so = hasattr(sampler, "__sklearn_tags__") and get_tags(sampler).input_tags.sparse
    return sampler is None or says_so


def _dtype_to_restore(y):
    """Give the dtype of label columns where the classifier gets them in another; else None."""
    if not is_multilabel(y):
        return None
    dtype = dtype_of(y)
    return None if readable_dtype(dtype) == dtype else dtype


def _names_of_columns(y):
    names = column_names(y)
    return None if names is None else term_names(names, len(names))


def _check_classes(y):
    # Samplers count classes of any kind: one called NaN or inf must not reach them.
    if not is_multilabel(y) and np.asarray(y).dtype.kind == "f":
        assert_all_finite(np.asarray(y), input_name="y")


def _checked(sample_weight, X):
    return None if sample_weight is None else check_row_weights(sample_weight, num_samples(X))
