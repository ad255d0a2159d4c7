"""Labels of real rows and of generated ones, in the same columns whatever holds them."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils.multiclass import check_classification_targets

from protimb.exceptions import InvalidLabelsError
from protimb.utils._alignment import align_columns, column_names
from protimb.utils._validation import a_few, as_array, check_indicator


@dataclass(frozen=True)
class TermColumns:
    """What the columns of a filter's target are: so many, and their names or classes."""

    n_terms: int
    names: list | None = None
    classes: np.ndarray | None = None

    def read(self, y, owner):
        """Read what generated rows claim as a csr_array (n_new, n_terms), columns as in ``fit``."""
        y = as_array(align_columns(y, self.names))
        if self.classes is not None and y.ndim == 1:
            return _one_hot(_number_of(y, self.classes, owner), self.n_terms)
        claims, _ = check_indicator(y)
        if claims.shape[1] != self.n_terms:
            raise InvalidLabelsError(
                f"y has {claims.shape[1]} terms, but {owner} was fitted on "
                f"{self.n_terms}. Pass the same columns in the same order."
            )
        return claims


def read_labels(y):
    """Read the labels of real rows: a csr_array (n_rows, n_terms), and what its columns are."""
    if y is None:
        raise ValueError("This filter requires y to be passed, but the target y is None.")
    names, y = column_names(y), as_array(y)
    if y.ndim == 1:
        check_classification_targets(y)
        classes, numbers = np.unique(y, return_inverse=True)
        return _one_hot(numbers, len(classes)), TermColumns(len(classes), classes=classes)
    indicator, _ = check_indicator(y)
    return indicator, TermColumns(indicator.shape[1], names)


def _number_of(labels, classes, owner):
    """Find the column of each row's class: (n_new,)."""
    unknown = np.setdiff1d(labels, classes)
    if len(unknown):
        raise InvalidLabelsError(
            f"y has {len(unknown)} class(es) that {owner} was not fitted on: "
            f"{a_few(unknown)}. It knows {a_few(classes)}."
        )
    return np.searchsorted(classes, labels)


def _one_hot(numbers, n_terms):
    ones, rows = np.ones(len(numbers), dtype=np.uint8), np.arange(len(numbers))
    return sparse.csr_array((ones, (rows, numbers)), shape=(len(numbers), n_terms))
