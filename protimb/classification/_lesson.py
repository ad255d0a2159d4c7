"""What resampled rows teach a classifier: which labels, with which weight, and who can be told."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import has_fit_parameter

from protimb.classification._balance import check_row_weights
from protimb.classification._base import BaseTermClassifier
from protimb.classification._targets import dense_labels, is_multilabel
from protimb.exceptions import TeachingWarning
from protimb.utils._containers import take_rows
from protimb.utils._judge import naming_several_labels
from protimb.utils._sklearn_compat import num_samples
from protimb.utils._validation import check_indicator
from protimb.utils._warnings import users_level

# Classifiers that learn one term at a time: each term can be fitted on the rows that know it.
TERM_BY_TERM = (MultiOutputClassifier, OneVsRestClassifier)


@dataclass
class Lesson:
    """Rows to fit a classifier on, with weights (n_rows,) and known labels (n_rows, n_terms)."""

    X: Any
    y: Any
    weights: np.ndarray | None = None
    known: np.ndarray | None = None

    def teach(self, classifier):
        """Fit the classifier, telling it as much as it can be told."""
        if not isinstance(classifier, BaseTermClassifier):
            if sparse.issparse(self.y):
                self.y = dense_labels(check_indicator(self.y)[0]).astype(self.y.dtype)
            if is_multilabel(self.y):
                self.y = readable_labels(self.y)
        if isinstance(classifier, TERM_BY_TERM) and self._needs_terms_apart(classifier):
            return fit_by_term(classifier, self)
        options = self._options(classifier)
        if not is_multilabel(self.y):
            return classifier.fit(self.X, self.y, **options)
        with naming_several_labels(classifier, np.shape(self.y)[1]):
            return classifier.fit(self.X, self.y, **options)

    def _needs_terms_apart(self, classifier):
        silent = self.weights is not None and not has_fit_parameter(classifier, "sample_weight")
        return is_multilabel(self.y) and (self.known is not None or silent)

    def _options(self, classifier):
        options = {}
        if self.weights is not None:
            options["sample_weight"] = _require_weights(classifier, self.weights)
        if self.known is not None and has_fit_parameter(classifier, "label_mask"):
            options["label_mask"] = self.known
        elif self.known is not None:
            _say_that_all_labels_teach(classifier)
        return options


def readable_labels(y):
    """Give label columns in a dtype that any classifier can work with."""
    y = np.asarray(y) if isinstance(y, list | tuple) else y
    dtype = dtype_of(y)
    readable = readable_dtype(dtype)
    if readable == dtype:
        return y
    return y.astype(readable) if hasattr(y, "astype") else np.asarray(y).astype(readable)


def readable_dtype(dtype):
    """Give the dtype in which any classifier can work with labels of a dtype.

    Some of scikit-learn's write -1 for 0, which is True among booleans and does not fit into
    unsigned integers; others make a sparse matrix of y, and scipy has not all dtypes.
    """
    if dtype.kind in "bu":
        return np.result_type(dtype, np.int8)
    return np.dtype("f4") if dtype == np.float16 else dtype.newbyteorder("=")


def dtype_of(y):
    """Give the one dtype of label columns in any container."""
    return y.dtype if sparse.issparse(y) else np.asarray(y).dtype


def fit_by_term(classifier, lesson):
    """Fit a multi-output or one-versus-rest classifier, each term on the rows that know it."""
    # The stand-in learns what the terms have in common: their number, the names of features.
    fitted = clone(classifier).set_params(estimator=DummyClassifier()).fit(lesson.X, lesson.y)
    y = np.asarray(lesson.y)
    # One-versus-rest keeps a constant in place of a classifier where all rows agree.
    constant = isinstance(classifier, OneVsRestClassifier) & ~_varies(y)
    terms = np.flatnonzero(~constant)
    parts = Parallel(n_jobs=classifier.n_jobs)(
        delayed(_fit_term)(clone(classifier.estimator), lesson, y[:, term], term) for term in terms
    )
    for term, part in zip(terms, parts, strict=True):
        fitted.estimators_[term] = part
    if isinstance(classifier, MultiOutputClassifier):
        fitted.classes_ = [part.classes_ for part in fitted.estimators_]
    return fitted.set_params(estimator=classifier.estimator)


def _fit_term(estimator, lesson, labels, term):
    """Fit one term, labels (n_rows,), on the rows whose label is known."""
    rows = np.arange(len(labels))
    if lesson.known is not None and _varies(labels[lesson.known[:, term]]):
        rows = np.flatnonzero(lesson.known[:, term])
    options = {}
    if lesson.weights is not None:
        options["sample_weight"] = _require_weights(estimator, lesson.weights)[rows]
    return estimator.fit(take_rows(lesson.X, rows), labels[rows], **options)


def find_new_rows(sampler, X, X_res):
    """Tell which rows (n_resampled,) were made or copied; None if the sampler does not say."""
    if hasattr(sampler, "synthetic_mask_"):
        return sampler.synthetic_mask_
    if hasattr(sampler, "sample_indices_"):
        return _repeats(sampler.sample_indices_)
    n_rows = num_samples(X)
    if len(X_res) >= n_rows and np.array_equal(np.asarray(X_res)[:n_rows], np.asarray(X)):
        return np.arange(len(X_res)) >= n_rows  # as imbalanced-learn's over-samplers do
    return None


def find_origins(sampler, new, n_rows):
    """Name the real row behind each row (n_resampled,); None if the sampler does not say."""
    if hasattr(sampler, "sample_indices_"):
        return sampler.sample_indices_
    if hasattr(sampler, "conditioning_indices_"):
        return np.concatenate([np.arange(n_rows), sampler.conditioning_indices_])
    return np.arange(n_rows) if new is not None and not new.any() else None


def carry_weights(sampler, X, X_res, sample_weight, synthetic_weight):
    """Weigh rows (n_resampled,): a new one like the real one behind it, times a factor."""
    if sample_weight is None and synthetic_weight == 1:
        return None
    new = find_new_rows(sampler, X, X_res)
    if new is None:
        raise ValueError(
            f"{type(sampler).__name__} does not tell new rows from real ones, so they cannot be "
            "weighed. Give it an attribute synthetic_mask_, or leave out sample_weight and "
            "synthetic_weight."
        )
    factor = np.where(new, synthetic_weight, 1.0)
    if sample_weight is None:
        return factor if new.any() else None
    n_rows = num_samples(X)
    weights = check_row_weights(sample_weight, n_rows)
    return weights[_require_origins(sampler, new, n_rows)] * factor


def _require_origins(sampler, new, n_rows):
    origins = find_origins(sampler, new, n_rows)
    if origins is None:
        raise ValueError(
            f"{type(sampler).__name__} does not say which real row a new one was made from "
            "(sample_indices_ or conditioning_indices_), so sample_weight cannot be carried over. "
            f"Pass LabelwiseSampler({type(sampler).__name__}()), which says so."
        )
    return origins


def _require_weights(classifier, weights):
    if not has_fit_parameter(classifier, "sample_weight"):
        raise ValueError(
            f"{type(classifier).__name__}.fit takes no sample_weight. Leave out sample_weight and "
            "synthetic_weight, or choose a classifier that weighs rows."
        )
    return weights


def _say_that_all_labels_teach(classifier):
    warnings.warn(
        f"{type(classifier).__name__}.fit takes no label_mask: it learns from all labels of new "
        "rows, those of frequent terms included. synthetic_labels='all' asks for that; "
        "GOTermClassifier, MultiOutputClassifier and OneVsRestClassifier can learn from the "
        "targeted terms alone.",
        TeachingWarning,
        stacklevel=users_level(),
    )


def _varies(labels):
    """Tell for each column, or for one, whether it holds both 0 and 1."""
    return labels.max(axis=0) != labels.min(axis=0)


def _repeats(rows):
    """Mark every occurrence (n_resampled,) of a row but its first."""
    repeated = np.ones(len(rows), dtype=bool)
    repeated[np.unique(rows, return_index=True)[1]] = False
    return repeated
