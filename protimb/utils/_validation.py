"""Read what users pass: vectors as finite floats, targets as one sparse indicator."""

from collections.abc import Hashable
from numbers import Number

import numpy as np
import pandas as pd
from scipy import sparse

from protimb.exceptions import InvalidLabelsError
from protimb.utils._foreign import read_table
from protimb.utils._memory import read_blocks
from protimb.utils._shorten import shorten
from protimb.utils._sklearn_compat import check_array


def check_indicator(y, name="y"):
    """Read binary indicators (n_rows, n_terms), whatever holds them, as csr of uint8, and terms."""
    y = as_array(y, name)
    if y.ndim != 2 or 0 in y.shape:
        raise InvalidLabelsError(
            f"{name} must hold binary indicators in shape (n_rows, n_terms); its shape is "
            f"{y.shape}. "
            "GOTermBinarizer or MultiLabelBinarizer make them from lists of terms."
        )
    return _binary_csr(y, name), _column_names(y)


def dense_indicator(y, name="y"):
    """Read binary indicators (n_rows, n_terms) as a dense array of bool."""
    is_array = type(y) in (np.ndarray, np.memmap)
    is_plain = is_array and y.ndim == 2 and y.size and y.dtype.kind in "bu"
    if is_plain and y.max() <= 1:  # what our own data sets hold is spared the way over CSR
        return y.astype(bool)
    return check_indicator(y, name)[0].toarray().view(bool)


def check_vectors(X, *, keep_half=False, sparse_too=False, or_else=""):
    """Read X (n_rows, n_features) as finite float32 or float64; the caller must not write into it.

    float16 becomes float32, because a sum of its squares overflows at 65,504, unless
    ``keep_half`` leaves it to a caller who computes by blocks; integers become float64.
    Sparse X is refused, or with ``sparse_too`` becomes a csr matrix or array. What is refused for
    not being numbers, or dense, is told what to do, ``or_else`` what the caller knows besides.
    """
    if sparse.issparse(X):
        return _check_sparse(X, sparse_too, or_else)
    X = as_vectors(X, or_else=or_else)
    names = X.columns if isinstance(X, pd.DataFrame) else None
    is_half = getattr(X, "dtype", None) == np.float16
    half = np.float16 if keep_half else np.float32
    dtype = half if is_half else [np.float64, np.float32]
    try:
        X = check_array(X, dtype=dtype, ensure_all_finite=False, input_name="X")
    except ValueError as error:
        if "could not convert string" not in str(error):
            raise
        encode = "Encode this column, for example with OneHotEncoder, or leave it out."
        raise ValueError(f"X: {error}. {encode}{or_else}") from error
    _check_finite(X, names)
    return X


def refuse_beyond(X, limit, why):
    """Refuse numbers of X (n_rows, n_features) beyond a limit, which infinity is for others to."""
    values = X.to_numpy() if isinstance(X, pd.DataFrame) else X
    is_matrix = isinstance(values, np.ndarray) and values.ndim == 2 and values.size
    if not is_matrix or values.dtype.kind != "f" or values.dtype.itemsize < 8:
        return  # what is no number is refused elsewhere, and single precision holds what it holds
    if values.max() <= limit and values.min() >= -limit:
        return
    places = np.argwhere(np.isfinite(values) & (np.abs(values) > limit))
    if len(places):
        row, column = places[0]
        name = X.columns[column] if isinstance(X, pd.DataFrame) else column
        raise ValueError(
            f"X holds {values[row, column]:.3g} in row {row} (counted from 0), column {name}: "
            f"{why}. Divide this column by its largest value, or look for a mistake in it."
        )


# What of a number vectors computed in single precision have room for.
LARGEST = float(np.finfo(np.float32).max)
IN_SINGLE = "vectors are computed in single precision, which ends at 3.4e38"


def check_rows(X):
    """Read X (n_rows, n_columns) for samplers that move rows and compute nothing with them.

    Numbers become what `check_vectors` makes of them. Other cells, such as names and dates, are
    numbered column by column, those that miss as -1: identical rows stay identical.
    """
    table = as_table(X)
    if isinstance(table, pd.DataFrame):
        table = _column_by_column(table, lambda column, label: _codes_of(column, label, "X"))
    return check_vectors(table, sparse_too=True)


def as_table(X, name="X"):
    """Give X as a frame if it has names, or cells that may be none: polars, arrays of objects."""
    X = read_table(X, name)
    has_odd_cells = isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "OUSMm"
    if has_odd_cells or _has_text(X):
        return pd.DataFrame(np.asarray(X, dtype=None if has_odd_cells else object))
    return X


def has_numbers(X):
    """Tell whether X has a column of numbers."""
    table = as_table(X)
    if not isinstance(table, pd.DataFrame):
        return True
    columns = (table.iloc[:, number] for number in range(table.shape[1]))
    return any(numbers_of(column) is not None for column in columns)


def refuse_string(values, name, error_type=ValueError):
    """Refuse one string where a collection of them is wanted: its letters would be read."""
    if isinstance(values, str):
        raise error_type(
            f"{name} is a collection, got the string {values!r}. Pass [{values!r}] instead."
        )


def as_vectors(X, name="X", or_else=""):
    """Give X (n_rows, n_features) as check_array reads it: a frame's columns are plain numbers."""
    X = read_table(X, name)
    if not isinstance(X, pd.DataFrame):
        return X
    return _column_by_column(X, lambda column, label: _numbers_of(column, label, name, or_else))


def numbers_of(column):
    """Give a column (n_rows,) as numbers if all of its cells are some, else None."""
    if _is_plain(column.dtype):
        return column
    if isinstance(column.dtype, pd.SparseDtype):
        return column.sparse.to_dense()
    is_category = isinstance(column.dtype, pd.CategoricalDtype)
    if is_category and pd.api.types.is_numeric_dtype(column.dtype.categories.dtype):
        return column.astype(float)
    if column.dtype == object and all(_is_number(cell) for cell in column):
        return column.where(column.notna(), np.nan).astype(float)
    return None


def a_few(values, limit=5):
    """List the first values for a message, and say if there are more.

    >>> a_few(range(8))
    '0, 1, 2, 3, 4, ...'
    """
    values = list(values)
    text = ", ".join(shorten(value) for value in values[:limit])
    return text + (", ..." if len(values) > limit else "")


def as_array(y, name="y"):
    """Give a target as a frame, a sparse matrix or an array, no class of which is missing."""
    y = read_table(y, name)
    if isinstance(y, pd.DataFrame) or sparse.issparse(y):
        return y
    try:
        array = np.asarray(y)
    except ValueError as error:  # rows of different length
        raise InvalidLabelsError(
            f"{name} must hold binary indicators in shape (n_rows, n_terms), or one class a row; "
            "its rows differ in length. GOTermBinarizer or MultiLabelBinarizer turn lists of terms "
            "into indicators."
        ) from error
    if array.ndim == 1 and array.dtype.kind in "Of":
        _check_none_missing(array, y, name)
    return array


def _is_plain(dtype):
    return pd.api.types.is_numeric_dtype(dtype) and not isinstance(dtype, pd.SparseDtype)


def _column_by_column(X, read):
    """Replace the columns of a frame that are not plain numbers by what ``read`` makes of them."""
    odd = [number for number, dtype in enumerate(X.dtypes) if not _is_plain(dtype)]
    if not odd:
        return X
    columns = [X.iloc[:, number] for number in range(X.shape[1])]
    for number in odd:
        columns[number] = read(columns[number], X.columns[number])
    return pd.concat(columns, axis=1).set_axis(X.columns, axis=1)


def _numbers_of(column, label, name, or_else):
    """Give a column (n_rows,) of sparse, categorical or object numbers as floats."""
    numbers = numbers_of(column)
    if numbers is None:
        odd = next((cell for cell in column if not _is_number(cell)), column.dtype)
        _refuse_container(odd, label, name)
        raise ValueError(
            f"Column {label!r} of {name} holds {odd!r}, which is not a number. Encode it, for "
            f"example with OneHotEncoder, or leave it out.{or_else}"
        )
    return numbers


def _codes_of(column, label, name):
    """Give a column (n_rows,) as floats: numbers as they are, other cells numbered."""
    numbers = numbers_of(column)
    if numbers is not None:
        return numbers
    if column.dtype == object:
        for cell in column:
            _refuse_container(cell, label, name)
    return pd.Series(pd.factorize(column)[0], index=column.index, dtype=float)


def _refuse_container(cell, label, name):
    holds = f"Column {label!r} of {name} holds cells of type {type(cell).__name__}, "
    is_row = isinstance(cell, list | tuple | np.ndarray)
    if is_row:
        way = f"If it holds the vectors, pass np.stack({name}[{label!r}])."
        raise ValueError(f"{holds}which is not a number. {way}")
    if not isinstance(cell, Hashable):
        way = "argument must be a string, a date or a number. Leave the column out."
        raise TypeError(f"{holds}where an {way}")


def _has_text(X):
    """Tell a list of rows that some text is in."""
    is_rows = isinstance(X, list | tuple) and len(X) and isinstance(X[0], list | tuple)
    return bool(is_rows) and any(isinstance(cell, str) for row in X for cell in row)


def _check_sparse(X, allowed, or_else):
    if not allowed:
        raise TypeError(
            f"X is sparse ({type(X).__name__}), and dense vectors are needed here. Pass "
            "X.toarray() or, if that would not fit, fewer features: "
            f"TruncatedSVD(n_components=100).fit_transform(X).{or_else}"
        )
    X = check_array(X, accept_sparse="csr", dtype=[np.float64, np.float32], ensure_all_finite=False)
    wrong = ~np.isfinite(X.data)
    if wrong.any():
        _report_not_finite_cells(X.tocoo(), wrong)
    return X


def _report_not_finite_cells(X, wrong):
    columns, rows = np.unique(X.col[wrong]).tolist(), X.row[wrong]
    kind = "NaN" if np.isnan(X.data).any() else "inf (infinity)"
    raise ValueError(
        f"Input X contains {kind} in {len(columns)} column(s) ({a_few(columns)}), first in row "
        f"{rows.min()} counted from 0. Impute the values or drop the rows."
    )


def _is_number(cell):
    return isinstance(cell, Number | np.bool_) or cell is None or cell is pd.NA


def _binary_csr(y, name):
    if _is_sparse_frame(y):
        numbers = y.sparse.to_coo()
    else:
        numbers = y if sparse.issparse(y) else _plain_numbers(y, name)
    indicator = sparse.csr_array(numbers, copy=sparse.issparse(y))  # what follows works in place
    indicator.sum_duplicates()
    _check_binary(indicator, y, name)
    indicator.eliminate_zeros()
    # Sums of products wrap at 256: widen before multiplying. The matrix itself copies its indices.
    indicator.data = indicator.data.astype(np.uint8, copy=False)
    return indicator


def _is_sparse_frame(y):
    """Tell a frame all columns of which are sparse, with zeros where nothing is stored."""
    return isinstance(y, pd.DataFrame) and all(
        isinstance(dtype, pd.SparseDtype) and dtype.fill_value == 0 and dtype.subtype.kind in "biuf"
        for dtype in y.dtypes
    )


def _plain_numbers(y, name):
    values = y.to_numpy() if isinstance(y, pd.DataFrame) else y
    if values.dtype == object:  # a frame of mixed dtypes: let numpy find what they have in common
        _check_none_missing(values, y, name)
        values = np.array(values.tolist())
    if values.dtype.kind not in "biuf":
        raise InvalidLabelsError(
            f"{name} must hold binary indicators, 0 or 1; its values are of type {values.dtype}. "
            "GOTermBinarizer or MultiLabelBinarizer turn names of terms into indicators."
        )
    # scipy.sparse has neither float16 nor the byte order of other machines
    native = np.float32 if values.dtype == np.float16 else values.dtype.newbyteorder("=")
    return values.astype(native, copy=False)


def _check_none_missing(values, y, name):
    """Refuse NaN, None and NA among values (n_rows,) or (n_rows, n_terms); y knows their names."""
    missing = np.argwhere(pd.isna(values))
    if len(missing):
        _report_missing(len(missing), missing[0], y, name)


def _report_missing(n_missing, position, y, name):
    is_matrix = len(position) == 2
    what = "binary indicators, 0 or 1" if is_matrix else "one class a row"
    fill = f", or fill the cells: {name}.fillna(0) of a table says not annotated"
    raise InvalidLabelsError(
        f"{name} must hold {what}; {n_missing} missing (NaN, None or NA), the first in "
        f"{_place(position, y)}. Drop these rows{fill if is_matrix else ''}."
    )


def _place(position, y):
    """Name a cell: by the id and column of a table, by numbers counted from 0 elsewhere."""
    axes = [getattr(y, "index", None), getattr(y, "columns", None)]
    words = [
        f"{kind} {number if axis is None or callable(axis) else axis[number]}"
        for kind, number, axis in zip(["row", "column"], position, axes, strict=False)
    ]
    return ", ".join(words)


def _check_binary(indicator, y, name):
    wrong = np.flatnonzero(~((indicator.data == 0) | (indicator.data == 1)))
    if not len(wrong):
        return
    missing = wrong[np.isnan(indicator.data[wrong])]
    first = (missing if len(missing) else wrong)[0]
    row = np.searchsorted(indicator.indptr, first, side="right") - 1
    position = [int(row), int(indicator.indices[first])]
    if len(missing):
        _report_missing(len(missing), position, y, name)
    raise InvalidLabelsError(
        f"{name} must hold binary indicators, 0 or 1; {len(wrong)} of its values are something "
        f"else ({a_few(np.unique(indicator.data[wrong]).tolist())}), the first in "
        f"{_place(position, y)}. Threshold probabilities first, e.g. "
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
