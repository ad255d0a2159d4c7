"""Read the label rows that a fitted sampler is asked to generate for."""

import numpy as np
from scipy import sparse

from protimb.budgets._target import read_target
from protimb.exceptions import InvalidLabelsError, UnknownTermError
from protimb.utils._alignment import align_columns
from protimb.utils._validation import a_few, check_indicator


def read_label_rows(y_rows, terms, fitted_on_classes):
    """Read indicators with the columns of fit, or classes where fit saw those: csr of uint8."""
    if fitted_on_classes:
        return _read_class_rows(y_rows, terms)
    indicator, _ = check_indicator(align_columns(y_rows, terms, "y_rows"), "y_rows")
    if indicator.shape[1] != len(terms):
        raise InvalidLabelsError(
            f"y_rows has {indicator.shape[1]} columns, but CGANSampler was fitted with "
            f"{len(terms)} terms."
        )
    return indicator


def _read_class_rows(y_rows, terms):
    rows = read_target(y_rows)
    unknown = [name for name in rows.terms if name not in terms]
    if unknown:
        raise UnknownTermError(
            f"Classes {a_few(unknown)} were not seen in fit, which saw {a_few(terms)}."
        )
    columns = np.array([terms.index(name) for name in rows.terms])
    data, numbers, starts = rows.indicator.data, rows.indicator.indices, rows.indicator.indptr
    return sparse.csr_array((data, columns[numbers], starts), (len(starts) - 1, len(terms)))
