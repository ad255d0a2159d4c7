"""Targets of a classifier: indicators, classes or a column become one label matrix."""

import os
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from protimb.exceptions import InvalidLabelsError, MemoryEstimateError


@dataclass(frozen=True)
class TargetCoding:
    """How label columns map back to what the user gave.

    Attributes
    ----------
    multilabel : bool
        Whether the target was a matrix of indicators.
    classes : ndarray
        The classes of a single label; column numbers for multilabel targets.
    terms : ndarray of object or None
        Names of the columns, where they are known.
    """

    multilabel: bool
    classes: np.ndarray
    terms: np.ndarray | None = None

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
            return (probabilities > 0.5).astype(np.int8)
        return self.classes[probabilities.argmax(axis=1)]


def encode_targets(y, terms=None):
    """Turn a target into a matrix of indicators and the coding that leads back.

    Parameters
    ----------
    y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
        Binary indicators, or one class a row. A table or a sparse matrix with one column is
        one term; an array with one column is one class a row, as in scikit-learn.
    terms : sequence of str, optional
        Names of the columns; a DataFrame brings its own.

    Returns
    -------
    labels : ndarray or CSR of uint8, shape (n_rows, n_columns)
        Two classes make one column, more make one each.
    coding : TargetCoding

    Raises
    ------
    InvalidLabelsError
        If indicators are not 0 or 1, or names and columns differ in number.
    ValueError
        If all rows have the same class.
    """
    if y is None:
        raise ValueError("This classifier requires y to be passed, but the target y is None.")
    if not _is_multilabel(y):
        return _encode_classes(column_or_1d(y, warn=True), terms)
    if terms is None and hasattr(y, "columns"):
        terms = list(y.columns)
    labels = _sparse_indicators(y) if sparse.issparse(y) else _dense_indicators(y)
    names = None if terms is None else _term_names(terms, labels.shape[1])
    return labels, TargetCoding(True, np.arange(labels.shape[1]), names)


def dense_labels(labels):
    """Return labels as a dense uint8 array, or say how much memory that would take.

    Parameters
    ----------
    labels : ndarray or CSR of uint8, shape (n_rows, n_columns)

    Returns
    -------
    labels : ndarray of uint8, shape (n_rows, n_columns)

    Raises
    ------
    MemoryEstimateError
        If one byte a cell is more than this machine's memory.
    """
    if not sparse.issparse(labels):
        return labels
    n_bytes = labels.shape[0] * labels.shape[1]
    if n_bytes > _physical_memory():
        raise MemoryEstimateError(
            f"y of shape {labels.shape} takes {n_bytes / 2**30:.1f} GiB at one byte a cell, "
            f"and this machine has {_physical_memory() / 2**30:.1f} GiB. "
            "Keep fewer terms, for example those with at least 10 proteins."
        )
    return labels.toarray()


def _is_multilabel(y):
    if sparse.issparse(y):
        return True
    shape = getattr(y, "shape", None) or np.shape(y)
    return len(shape) == 2 and (shape[1] > 1 or hasattr(y, "columns"))


def _encode_classes(y, terms):
    check_classification_targets(y)
    if terms is not None:
        raise InvalidLabelsError(
            "terms names the columns of a matrix of indicators, but y has one class a row."
        )
    binarizer = LabelBinarizer()
    labels = binarizer.fit_transform(y).astype(np.uint8)
    if len(binarizer.classes_) < 2:
        raise ValueError(
            f"All rows have one class, {binarizer.classes_[0]!r}; there is nothing to learn. "
            "Pass rows of at least 2 classes."
        )
    return labels, TargetCoding(False, binarizer.classes_)


def _dense_indicators(y):
    y = np.asarray(y)
    if y.dtype == object or y.dtype.kind not in "biuf":
        try:
            y = y.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise InvalidLabelsError(
                f"y must hold binary indicators, 0 or 1; it holds {y.dtype} values. "
                "Binarize the terms first."
            ) from error
    bad = (y != 0) & (y != 1)  # NaN differs from both
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise _not_binary(y[row, column], row, column, int(bad.sum()))
    return y.astype(np.uint8)


def _sparse_indicators(y):
    y = sparse.csr_array(y)
    y.eliminate_zeros()
    bad = np.flatnonzero(y.data != 1)
    if len(bad):
        row = np.searchsorted(y.indptr, bad[0], side="right") - 1
        raise _not_binary(y.data[bad[0]], row, y.indices[bad[0]], len(bad))
    return y.astype(np.uint8)


def _not_binary(value, row, column, n_bad):
    return InvalidLabelsError(
        f"y must hold binary indicators, 0 or 1; row {row}, column {column} holds "
        f"{value.item()!r} ({n_bad} such values). Threshold probabilities, recode -1 as 0."
    )


def _term_names(terms, n_columns):
    if len(terms) != n_columns:
        raise InvalidLabelsError(
            f"terms has {len(terms)} names and y has {n_columns} columns; they must agree."
        )
    return np.array(list(terms), dtype=object)


def _physical_memory():
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return float("inf")
