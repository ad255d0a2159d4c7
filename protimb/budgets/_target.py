"""A target as samplers see it: label rows, names of terms, and classes where y means those."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from protimb.exceptions import InvalidLabelsError, UnknownTermError
from protimb.utils._validation import a_few, as_array, check_indicator

# What a user may say that columns are.
READINGS = ("auto", "multilabel", "classes")


@dataclass(frozen=True)
class Target:
    """A target in the one form that samplers work on."""

    indicator: sparse.csr_array  # uint8 (n_rows, n_terms): 1 where a row has a term, or class
    terms: list  # (n_terms,): columns of a DataFrame, column numbers, or the classes
    # (n_rows,): what imbalanced-learn knows the rows by where y means classes, else None
    classes: np.ndarray | None = None
    one_hot: bool = False  # classes were given as columns: their names are column numbers
    # Read as terms although each row has exactly one label, and nobody said which of the two.
    may_be_classes: bool = False

    @cached_property
    def _number_of(self):
        return {term: number for number, term in enumerate(self.terms)}

    @cached_property
    def _names_are_numbers(self):
        return any(isinstance(term, int | np.integer) for term in self.terms)

    @property
    def is_matrix(self):
        """Whether y has a column for each term or class."""
        return self.classes is None or self.one_hot

    def as_classes(self):
        """Give the same target with columns that are classes."""
        n_labels = np.diff(self.indicator.indptr)
        wrong = np.flatnonzero(n_labels != 1)
        if len(wrong):
            raise InvalidLabelsError(
                f"target='classes' wants exactly one label in every row; {len(wrong)} of "
                f"{len(n_labels)} rows have none or several, first row {wrong[0]}, which has "
                f"{n_labels[wrong[0]]}. Use target='multilabel'."
            )
        classes = self.indicator.indices.astype(np.int64)
        return Target(self.indicator, self.terms, classes, one_hot=True)

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


def read_target(y, reading="auto", *, suits_terms=True):
    """Read any target that a sampler accepts: classes, (n_rows,), or indicators, (n_rows, n_terms).

    Several columns are terms, one column holds classes, unless ``reading`` says otherwise or the
    strategy does not suit terms and each row has exactly one label.
    """
    if y is None:
        raise ValueError("This estimator requires y to be passed, but the target y is None.")
    y = as_array(y)
    if y.ndim < 2 or (y.shape[1] == 1 and reading != "multilabel"):
        return _read_classes(y, reading)
    indicator, terms = check_indicator(y)
    one_each = bool((np.diff(indicator.indptr) == 1).all())
    target = Target(indicator, terms, may_be_classes=one_each and reading == "auto")
    as_classes = reading == "classes" or (target.may_be_classes and not suits_terms)
    return target.as_classes() if as_classes else target


def _read_classes(y, reading):
    if reading == "multilabel":
        raise InvalidLabelsError(
            "target='multilabel' wants a matrix with a column for each term; y has one dimension. "
            "Leave target out, or give indicators."
        )
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
