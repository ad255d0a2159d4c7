"""Labels of real rows and of generated ones, in the same columns whatever holds them."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils.multiclass import check_classification_targets

from protimb.exceptions import InvalidLabelsError
from protimb.utils._validation import a_few, as_array, check_indicator


@dataclass(frozen=True)
class TermColumns:
    """What the columns of a filter's target are: so many, and their names or classes."""

    n_terms: int
    names: list | None = None
    classes: np.ndarray | None = None

    def read(self, y, owner):
        """Read what generated rows claim as a csr_array (n_new, n_terms), columns as in ``fit``."""
        names, y = _names(y), as_array(y)
        if self.classes is not None and y.ndim == 1:
            return _one_hot(_number_of(y, self.classes, owner), self.n_terms)
        claims, _ = check_indicator(y)
        if self.names is not None and names is not None:
            return _in_order(claims, names, self.names, owner)
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
    names, y = _names(y), as_array(y)
    if y.ndim == 1:
        check_classification_targets(y)
        classes, numbers = np.unique(y, return_inverse=True)
        return _one_hot(numbers, len(classes)), TermColumns(len(classes), classes=classes)
    indicator, _ = check_indicator(y)
    return indicator, TermColumns(indicator.shape[1], names)


def _in_order(claims, names, fitted, owner):
    """Put columns with names, (n_new, n_terms), into the order of ``fit``."""
    if names == fitted:
        return claims
    missing, unknown = set(fitted) - set(names), set(names) - set(fitted)
    if missing or unknown:
        raise InvalidLabelsError(
            f"y has {len(names)} terms, but {owner} was fitted on {len(fitted)} others: "
            f"{len(missing)} of them are missing ({a_few(sorted(map(str, missing)))}), "
            f"{len(unknown)} are new ({a_few(sorted(map(str, unknown)))}). Pass the columns "
            "of the real rows, in any order."
        )
    place = {name: number for number, name in enumerate(names)}
    claims = claims[:, [place[name] for name in fitted]]
    claims.sort_indices()
    return claims


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


def _names(y):
    """List the column names of a frame; None for an array, and for a frame's default numbers."""
    names = list(getattr(y, "columns", ()))
    return None if names == list(range(len(names))) else names
