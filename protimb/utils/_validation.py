"""Read what users pass: vectors as finite floats, targets as one sparse indicator."""

import numpy as np
import pandas as pd
from scipy import sparse

from protimb.exceptions import InvalidLabelsError
from protimb.utils._memory import read_blocks
from protimb.utils._sklearn_compat import check_array


def check_indicator(y, name="y"):
    """Read a matrix of binary indicators, whatever holds it.

    Parameters
    ----------
    y : array-like or sparse matrix of shape (n_rows, n_terms)
        0 and 1 in any dtype, booleans included.
    name : str
        What messages call it.

    Returns
    -------
    indicator : csr_array of uint8, shape (n_rows, n_terms)
        Without explicit zeros. Sums of uint8 products wrap at 256: widen before multiplying.
    terms : list of length n_terms
        Column names of a DataFrame, else column numbers.

    Raises
    ------
    InvalidLabelsError
        If ``y`` has another shape, or values other than 0 and 1.

    Examples
    --------
    >>> indicator, terms = check_indicator([[1, 0, 1], [0, 0, 1]])
    >>> terms
    [0, 1, 2]
    >>> indicator.sum(axis=0)
    array([1, 0, 2], dtype=uint64)
    """
    y = as_array(y)
    if y.ndim != 2 or 0 in y.shape:
        raise InvalidLabelsError(
            f"{name} must hold binary indicators in shape (n_rows, n_terms); its shape is "
            f"{y.shape}. "
            "GOTermBinarizer or MultiLabelBinarizer make them from lists of terms."
        )
    return _binary_csr(y, name), _column_names(y)


def dense_indicator(y, name="y"):
    """Read a matrix of binary indicators as a dense one.

    Parameters
    ----------
    y : array-like or sparse matrix of shape (n_rows, n_terms)
        0 and 1 in any dtype.
    name : str
        What messages call it.

    Returns
    -------
    indicator : ndarray of bool, shape (n_rows, n_terms)

    Raises
    ------
    InvalidLabelsError
        If ``y`` has another shape, or values other than 0 and 1.
    """
    is_plain = isinstance(y, np.ndarray) and y.ndim == 2 and y.size and y.dtype.kind in "bu"
    if is_plain and y.max() <= 1:  # what our own data sets hold is spared the way over CSR
        return y.astype(bool)
    return check_indicator(y, name)[0].toarray().astype(bool)


def check_vectors(X, *, keep_half=False):
    """Read X as finite floats in the precision to compute in.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features)
        Numbers. float16 becomes float32, because a sum of its squares overflows at 65,504;
        integers become float64. Sparse columns of a DataFrame become dense.
    keep_half : bool
        Leave float16 as it is: the caller computes in float32, a block of rows at a time.

    Returns
    -------
    X : ndarray of float32 or float64 (or float16), shape (n_rows, n_features)
        Not a copy where ``X`` already is one: do not write into it.

    Raises
    ------
    ValueError
        If ``X`` holds NaN or inf (names the columns), or is not a dense matrix of numbers.
    """
    names = X.columns if isinstance(X, pd.DataFrame) else None
    if names is not None and all(isinstance(dtype, pd.SparseDtype) for dtype in X.dtypes):
        X = X.sparse.to_dense()
    is_half = getattr(X, "dtype", None) == np.float16
    half = np.float16 if keep_half else np.float32
    dtype = half if is_half else [np.float64, np.float32]
    X = check_array(X, dtype=dtype, ensure_all_finite=False, input_name="X")
    _check_finite(X, names)
    return X


def refuse_string(values, name, error_type=ValueError):
    """Refuse one string where a collection of them is wanted: its letters would be read."""
    if isinstance(values, str):
        raise error_type(
            f"{name} is a collection, got the string {values!r}. Pass [{values!r}] instead."
        )


def a_few(values, limit=5):
    """List the first values for a message, and say if there are more.

    Parameters
    ----------
    values : iterable
    limit : int

    Returns
    -------
    text : str

    Examples
    --------
    >>> a_few(range(8))
    '0, 1, 2, 3, 4, ...'
    """
    values = list(values)
    text = ", ".join(str(value) for value in values[:limit])
    return text + (", ..." if len(values) > limit else "")


def as_array(y):
    if isinstance(y, pd.DataFrame) or sparse.issparse(y):
        return y
    try:
        return np.asarray(y)
    except ValueError as error:  # rows of different length
        raise InvalidLabelsError(
            "y must hold binary indicators in shape (n_rows, n_terms), or one class a row; its "
            "rows differ in length. GOTermBinarizer or MultiLabelBinarizer turn lists of terms "
            "into indicators."
        ) from error


def _binary_csr(y, name):
    if not sparse.issparse(y):
        y = _plain_numbers(y, name)
    indicator = sparse.csr_array(y, copy=sparse.issparse(y))  # what follows works in place
    indicator.sum_duplicates()
    _check_binary(indicator, name)
    indicator.eliminate_zeros()
    return indicator.astype(np.uint8)


def _plain_numbers(y, name):
    y = y.to_numpy() if isinstance(y, pd.DataFrame) else y
    if y.dtype == object:  # a frame of mixed dtypes: let numpy find what they have in common
        y = np.array(y.tolist())
    if y.dtype.kind not in "biuf":
        raise InvalidLabelsError(
            f"{name} must hold binary indicators, 0 or 1; its values are of type {y.dtype}. "
            "GOTermBinarizer or MultiLabelBinarizer turn names of terms into indicators."
        )
    return y.astype(np.float32) if y.dtype == np.float16 else y  # scipy.sparse has no float16


def _check_binary(indicator, name):
    wrong = np.flatnonzero(~((indicator.data == 0) | (indicator.data == 1)))
    if not len(wrong):
        return
    row = np.searchsorted(indicator.indptr, wrong[0], side="right") - 1
    raise InvalidLabelsError(
        f"{name} must hold binary indicators, 0 or 1; {len(wrong)} of its values are something "
        f"else ({a_few(np.unique(indicator.data[wrong]).tolist())}), the first in row {row}, "
        f"column {indicator.indices[wrong[0]]}. Threshold probabilities first, e.g. "
        "y = (y >= 0.5); recode {-1, 1} as y = (y > 0)."
    )


def _column_names(y):
    if not isinstance(y, pd.DataFrame):
        return list(range(y.shape[1]))
    if not y.columns.is_unique:
        repeated = y.columns[y.columns.duplicated()].unique()
        raise InvalidLabelsError(
            f"Columns of y must be distinct terms; repeated: {a_few(repeated)}. Merge them first."
        )
    return y.columns.tolist()


def _check_finite(X, names):
    # In blocks: the answers for a large memory map would fill the memory.
    if not all(np.isfinite(block).all() for block in read_blocks(X)):
        _report_not_finite(X, names)


def _report_not_finite(X, names):
    finite = np.isfinite(X)
    numbers = np.flatnonzero(~finite.all(axis=0))
    columns = numbers if names is None else names[numbers]
    kind = "NaN" if np.isnan(X).any() else "inf (infinity)"
    first_row = np.flatnonzero(~finite.all(axis=1))[0]
    raise ValueError(
        f"Input X contains {kind} in {len(columns)} column(s) ({a_few(columns)}), first in row "
        f"{first_row} counted from 0. Impute the values or drop the rows."
    )
