"""A target as samplers see it: label rows, names of terms, and classes where rows have one each."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from protimb.exceptions import UnknownTermError
from protimb.utils._validation import a_few, as_array, check_indicator


@dataclass(frozen=True)
class Target:
    """A target in the one form that samplers work on.

    Attributes
    ----------
    indicator : csr_array of uint8, shape (n_rows, n_terms)
        1 where a row carries a term, or belongs to a class.
    terms : list of length n_terms
        Names: columns of a DataFrame, column numbers, or the classes.
    classes : ndarray of shape (n_rows,) or None
        What imbalanced-learn knows the rows by if each has exactly one label, else None.
    one_hot : bool
        Whether ``classes`` were given as columns; they are then known by column number.
    """

    indicator: sparse.csr_array
    terms: list
    classes: np.ndarray | None = None
    one_hot: bool = False

    @cached_property
    def _number_of(self):
        return {term: number for number, term in enumerate(self.terms)}

    @cached_property
    def _names_are_numbers(self):
        return any(isinstance(term, int | np.integer) for term in self.terms)

    def column(self, key):
        """Find the column of a term by its name, or by its number where names are text."""
        if key in self._number_of:
            return self._number_of[key]
        is_number = isinstance(key, int | np.integer)
        if is_number and not self._names_are_numbers and 0 <= key < len(self.terms):
            return int(key)
        raise UnknownTermError(
            f"sampling_strategy names {key!r}, which is not among the {len(self.terms)} terms of "
            f"y ({a_few(self.terms)}). Use a column name, or a column number."
        )


def read_target(y):
    """Read any target that a sampler accepts.

    Parameters
    ----------
    y : array-like of shape (n_rows,), (n_rows, 1) or (n_rows, n_terms)
        Classes, or binary indicators: list, ndarray, DataFrame, Series, sparse matrix.

    Returns
    -------
    target : Target
        Single-label if ``y`` has one column, or exactly one label in every row.

    Raises
    ------
    InvalidLabelsError
        If a matrix holds anything but binary indicators.
    """
    y = as_array(y)
    if y.ndim < 2 or y.shape[1] == 1:
        return _read_classes(y)
    indicator, terms = check_indicator(y)
    if (indicator.sum(axis=1) == 1).all():
        return Target(indicator, terms, indicator.indices.astype(np.int64), one_hot=True)
    return Target(indicator, terms)


def _read_classes(y):
    if isinstance(y, pd.DataFrame):
        y = y.iloc[:, 0]
    elif sparse.issparse(y):
        y = y.toarray()
    y = column_or_1d(y)
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    n_rows = len(codes)
    ones = np.ones(n_rows, dtype=np.uint8)
    shape = (n_rows, len(classes))
    return Target(sparse.csr_array((ones, (np.arange(n_rows), codes)), shape), list(classes), y)
