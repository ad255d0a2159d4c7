"""Targets of a classifier: indicators, classes or a column become one label matrix."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from protimb.classification._balance import ROWS_CHANGED
from protimb.exceptions import InvalidLabelsError, MemoryEstimateError
from protimb.utils._alignment import align_columns, column_names
from protimb.utils._memory import available_memory
from protimb.utils._validation import as_array, check_indicator


@dataclass(frozen=True)
class TargetCoding:
    """How label columns map back to what the user gave."""

    multilabel: bool  # whether the target was a matrix of indicators
    classes: np.ndarray  # of a single label; column numbers for multilabel targets
    dtype: np.dtype  # of the target, and so of what predict returns
    terms: np.ndarray | None = None  # names of the columns, where they are known

    @property
    def n_columns(self):
        """Columns of the encoded labels."""
        return 1 if not self.multilabel and len(self.classes) == 2 else len(self.classes)

    def probabilities(self, scores):
        """Turn scores (n_rows, n_columns) into what ``predict_proba`` promises."""
        if self.multilabel:
            return scores
        scores = scores.astype(np.float64)
        if len(self.classes) == 2:
            return np.hstack([1 - scores, scores])
        # One-versus-rest scores of a row that no class wants may all underflow to zero.
        scores = np.maximum(scores, np.finfo(np.float32).tiny)
        return scores / scores.sum(axis=1, keepdims=True)

    def decide(self, probabilities):
        """Turn probabilities into indicators or classes."""
        if self.multilabel:
            return (probabilities > 0.5).astype(self.dtype)
        return self.classes[probabilities.argmax(axis=1)]


def encode_targets(y, terms=None):
    """Turn a target into indicators (n_rows, n_columns), and the coding that leads back."""
    # A table or a sparse matrix with one column is one term; an array with one column is one
    # class a row, as in scikit-learn. Two classes make one column, more make one each. Columns of
    # a frame are put into the order of ``terms``.
    if y is None:
        raise ValueError("This classifier requires y to be passed, but the target y is None.")
    y = as_array(y)
    if not is_multilabel(y):
        return _encode_classes(column_or_1d(y, warn=True), terms)
    y = align_columns(y, terms, reference="terms", relabel=True)
    terms = column_names(y) if terms is None else terms
    labels, _ = check_indicator(y)
    names = None if terms is None else term_names(terms, labels.shape[1])
    return labels, TargetCoding(True, np.arange(labels.shape[1]), _indicator_dtype(y), names)


def dense_labels(labels):
    """Return labels (n_rows, n_columns) dense, or say how much memory that would take."""
    n_bytes, available = math.prod(labels.shape), available_memory()
    if available is not None and n_bytes > available:
        raise MemoryEstimateError(
            f"y of shape {labels.shape} takes {n_bytes / 2**30:,.1f} GiB at one byte a cell; "
            f"{available / 2**30:,.1f} GiB are available. Keep fewer terms, for example those "
            "with at least 10 proteins."
        )
    return labels.toarray()


def check_label_mask(label_mask, labels, coding):
    """Return which labels are known, bool of the shape of ``labels``, or None where all are."""
    if label_mask is None:
        return None
    if not coding.multilabel:
        raise InvalidLabelsError(
            "label_mask tells which cells of a matrix of indicators are known, but y has one class "
            "a row. Leave out rows of unknown class."
        )
    label_mask = align_columns(label_mask, coding.terms, "label_mask", "those of y")
    known = label_mask.toarray() if sparse.issparse(label_mask) else np.asarray(label_mask)
    is_boolean = known.dtype == bool or np.isin(known, (0, 1)).all()
    if known.shape != labels.shape or not is_boolean:
        raise InvalidLabelsError(
            f"label_mask must hold True or False for every cell of y, shape {labels.shape}; got "
            f"{known.dtype} of shape {known.shape}."
            + (ROWS_CHANGED if len(known) != labels.shape[0] else "")
        )
    known = np.require(known, bool, "W")  # torch does not take what pandas lends to read
    if not known.any():
        raise InvalidLabelsError("label_mask is False everywhere: there is nothing to learn from.")
    return None if known.all() else known


def is_multilabel(y):
    """Tell a matrix of indicators, one column tables and sparse ones included, from classes."""
    y = as_array(y)
    is_table = sparse.issparse(y) or hasattr(y, "columns")
    return is_table or (y.ndim == 2 and y.shape[1] > 1)


def _encode_classes(y, terms):
    if y.dtype.kind == "f":
        assert_all_finite(y, input_name="y")
    check_classification_targets(y)
    if terms is not None:
        raise InvalidLabelsError(
            "terms names the columns of a matrix of indicators, but y has one class a row."
        )
    binarizer = LabelBinarizer()
    labels = sparse.csr_array(binarizer.fit_transform(y), dtype=np.uint8)
    if len(binarizer.classes_) < 2:
        raise ValueError(
            f"All rows have one class, {binarizer.classes_.tolist()[0]!r}, so there is nothing to "
            "learn. Pass rows of at least 2 classes."
        )
    return labels, TargetCoding(False, binarizer.classes_, y.dtype)


def _indicator_dtype(y):
    dtype = y.dtype if sparse.issparse(y) else np.asarray(y[:1]).dtype
    return dtype if dtype.kind in "biuf" else np.dtype(np.int8)


def term_names(terms, n_columns):
    """Give names of columns as an array of objects, (n_columns,)."""
    if len(terms) != n_columns:
        raise InvalidLabelsError(
            f"terms has {len(terms)} names and y has {n_columns} columns; they must agree."
        )
    return np.array(list(terms), dtype=object)
