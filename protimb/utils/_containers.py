"""Containers in, the same containers out: lists, arrays, pandas, polars and scipy.sparse."""

from functools import singledispatch
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import gen_batches

from protimb.exceptions import InvalidLabelsError
from protimb.utils._foreign import is_polars, polars_like
from protimb.utils._memory import free_rows, rows_a_block


@singledispatch
def append_copies(y, rows):
    """Give the rows of y, then copies of some (n_new,), in its container and dtype."""
    y = y if hasattr(y, "__getitem__") else np.asarray(y)
    return take_rows(y, np.concatenate([np.arange(len(y)), rows]))


@append_copies.register(pd.DataFrame)
@append_copies.register(pd.Series)
def _copies_in_pandas(y, rows):
    copies = y.iloc[rows]
    copies.index = ids_after(y.index, len(rows))
    return pd.concat([y, copies])


@append_copies.register(sparse.sparray)
@append_copies.register(sparse.spmatrix)
def _copies_in_sparse(y, rows):
    # COO and DIA cannot be sliced by row, CSR can.
    return sparse.vstack([y, y.tocsr()[rows]], format=y.format, dtype=y.dtype)


@singledispatch
def labels_like(y, labels, ids=None):
    """Put labels, a csr_array (n_new, n_terms), into the container and dtype of y.

    Only a DataFrame has ``ids`` (n_new,).
    """
    labels = labels.toarray()
    if is_polars(y):
        return polars_like(y, list(labels.T))
    return labels.astype(np.asarray(y).dtype)


@labels_like.register(list)
@labels_like.register(tuple)
def _labels_in_list(y, labels, ids=None):
    return type(y)(_rows_like(y, labels.toarray().astype(np.asarray(y).dtype)))


@labels_like.register(pd.DataFrame)
def _labels_in_frame(y, labels, ids=None):
    frame = pd.DataFrame(labels.toarray(), index=ids, columns=y.columns)
    dtypes = list(y.dtypes)
    alike = all(dtype == dtypes[0] for dtype in dtypes)  # thousands of columns, one cast
    for column, dtype in zip(y.columns, dtypes, strict=True):
        if isinstance(dtype, pd.CategoricalDtype):
            _check_categories(frame[column], dtype)
    return frame.astype(dtypes[0] if alike else dict(zip(y.columns, dtypes, strict=True)))


@labels_like.register(sparse.sparray)
@labels_like.register(sparse.spmatrix)
def _labels_in_sparse(y, labels, ids=None):
    return type(y)(labels.astype(y.dtype))


def label_frame(y, terms, ids=None):
    """Name the columns of labels (n_rows, n_terms); a sparse matrix becomes sparse columns."""
    frames: Any = pd.DataFrame  # whose accessor pandas does not declare
    make = frames.sparse.from_spmatrix if sparse.issparse(y) else frames
    return make(y, index=ids, columns=terms)


def append_labels(y, labels):
    """Give the rows of y, then labels that were made, a csr_array (n_new, n_terms), alike."""
    ids = ids_after(y.index, labels.shape[0]) if isinstance(y, pd.DataFrame) else None
    return _join(y, labels_like(y, labels, ids))


def append_vectors(X, X_new):
    """Give the rows of X, then new ones (n_new, n_features), in its container and dtypes.

    What is new is rounded where X holds integers, and kept to the range of a narrow dtype; text
    becomes as wide as the longest number. It is an array, csr where X is sparse, or a frame where
    columns of X are no numbers; or a list of such, which is emptied while the result is filled, so
    that new rows are in memory once.
    """
    parts = parts_of(X_new)
    if type(X) in (np.ndarray, np.memmap):
        return _filled(X, parts)
    return _append_joined(X, stack_rows(parts))


def parts_of(X_new):
    """Give new rows as a list of their parts."""
    return X_new if isinstance(X_new, list) else [X_new]


def _filled(X, parts):
    """Put rows below those of an array, the last first: each is let go of once it is copied."""
    if X.dtype.kind in "US":  # numbers as text: cut to the width of the others 1.5e-05 would be 1.5
        return np.concatenate([X, *(np.asarray(part).astype(X.dtype.kind) for part in parts)])
    end = len(X) + sum(map(len, parts))
    X_res = np.empty((end, *X.shape[1:]), dtype=X.dtype)
    while parts:
        part = np.asarray(parts.pop())
        for block in reversed([*gen_batches(max(1, len(part)), rows_a_block(part))]):
            end -= len(part[block])
            X_res[end : end + len(part[block])] = cast_values(part[block], X.dtype)
            free_rows(part, block.start)
        del part
    X_res[:end] = X
    return X_res


@singledispatch
def _append_joined(X, X_new):
    if is_polars(X):
        dtypes = [X[name].to_numpy().dtype for name in X.columns]
        columns = [cast_values(_column(X_new, n), dtype) for n, dtype in enumerate(dtypes)]
        return _join(X, polars_like(X, [_with_none(column) for column in columns]))
    return _filled(np.asarray(X), [X_new])


@_append_joined.register(list)
@_append_joined.register(tuple)
def _vectors_in_list(X, X_new):
    return _join(X, _rows_like(X, cast_values(X_new, np.asarray(X).dtype)))


@_append_joined.register(pd.DataFrame)
def _vectors_in_frame(X, X_new):
    columns = [
        pd.Series(cast_values(_column(X_new, number), dtype)).astype(dtype)
        for number, dtype in enumerate(X.dtypes)
    ]
    frame = pd.concat(columns, axis=1)
    frame.columns = X.columns
    frame.index = ids_after(X.index, len(X_new))
    return pd.concat([X, frame])


@_append_joined.register(sparse.sparray)
@_append_joined.register(sparse.spmatrix)
def _vectors_in_sparse(X, X_new):
    X_new = sparse.csr_array(X_new, copy=True)
    X_new.data = cast_values(X_new.data, X.dtype)
    X_new.eliminate_zeros()
    return _join(X, type(X)(X_new))


def stack_rows(parts):
    """Put the rows of frames, sparse matrices or arrays, all of one kind, below one another."""
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], pd.DataFrame):
        return pd.concat(parts, ignore_index=True)
    if sparse.issparse(parts[0]):
        return sparse.vstack(parts, format="csr")
    return np.concatenate(parts)


@singledispatch
def take_rows(table, rows):
    """Keep some rows (n_kept,), in the container and dtype of the table; pandas keeps their ids."""
    return table[rows] if is_polars(table) else np.asarray(table)[rows]


@take_rows.register(list)
@take_rows.register(tuple)
def _rows_of_list(table, rows):
    return type(table)(_unshared(table[row]) for row in rows)


@take_rows.register(pd.DataFrame)
@take_rows.register(pd.Series)
def _rows_of_pandas(table, rows):
    return table.iloc[rows]


@take_rows.register(pd.Index)
@take_rows.register(pd.api.extensions.ExtensionArray)
def _rows_of_extension(table, rows):
    return table.take(rows)


@take_rows.register(sparse.sparray)
@take_rows.register(sparse.spmatrix)
def _rows_of_sparse(table, rows):
    # COO and DIA cannot be sliced by row, CSR can.
    return table.tocsr()[rows].asformat(table.format)


def ids_after(index, n_new):
    """Name new rows, none as in the index: numbers continue, others become synthetic-0 and on."""
    if isinstance(index, pd.RangeIndex):
        start = index.start + index.step * len(index)
        return pd.RangeIndex(start, start + index.step * n_new, index.step, name=index.name)
    if pd.api.types.is_integer_dtype(index.dtype):
        start = int(index.max()) + 1
        ids = pd.RangeIndex(start, start + n_new, name=index.name)
        narrow = ids.astype(index.dtype)  # wraps around where the ids outgrow a narrow type
        return narrow if narrow.equals(ids) else ids
    first = _first_free_number(index)
    names = [f"synthetic-{number}" for number in range(first, first + n_new)]
    if isinstance(index, pd.MultiIndex):
        return pd.MultiIndex.from_arrays([names] * index.nlevels, names=index.names)
    return pd.Index(names, name=index.name, dtype=_text_dtype(index))


def _first_free_number(index):
    # Resampling a resampled table must not give two rows one id.
    names = pd.Series(index.get_level_values(0).astype(str))
    taken = names.str.extract(r"^synthetic-(\d{1,15})$", expand=False).dropna()
    return int(taken.astype("int64").max()) + 1 if len(taken) else 0


def _text_dtype(index):
    return index.dtype if pd.api.types.is_string_dtype(index.dtype) else object


def _join(table, new):
    """Put new rows below those of a table of the same type."""
    if isinstance(table, list | tuple):
        return type(table)([*map(_unshared, table), *new])
    if isinstance(table, pd.DataFrame):
        return pd.concat([table, new])
    if sparse.issparse(table):
        return sparse.vstack([table, new], format=table.format, dtype=table.dtype)
    if is_polars(table):
        return table.vstack(new)
    return np.concatenate([table, new], dtype=table.dtype)  # in its byte order


def _check_categories(labels, dtype):
    lost = labels[~labels.isin(dtype.categories)]
    if len(lost):
        raise InvalidLabelsError(
            f"Column {labels.name!r} of y is categorical without a category for {lost.iloc[0]}, "
            "which a new row needs. Pass y.astype(int)."
        )


def cast_values(values, dtype):
    """Fit values of any float dtype into one of numpy or pandas, as near as it allows."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return values  # names and dates: pandas casts them, or numpy
    if isinstance(dtype, pd.CategoricalDtype):
        return _nearest_category(values, dtype)
    # Of sparse columns, of nullable and of Arrow ones, in this order.
    dtype = getattr(dtype, "subtype", getattr(dtype, "numpy_dtype", dtype))
    if pd.api.types.is_integer_dtype(dtype) or pd.api.types.is_bool_dtype(dtype):
        values = np.rint(values)
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biuf":
        return values  # pandas casts its own dtypes, numpy any other
    if dtype.kind == "b":
        return values.astype(bool)
    if np.can_cast(values.dtype, dtype):
        return values.astype(dtype, copy=False)
    # A vector just outside the range of a narrow type must not wrap around or become inf.
    return np.clip(values, *_limits(dtype)).astype(dtype, copy=False)


def _limits(dtype):
    """Give the least and greatest number of a dtype, of integers such that float64 holds it."""
    if dtype.kind == "f":
        return np.finfo(dtype).min, np.finfo(dtype).max
    least, greatest = np.float64(np.iinfo(dtype).min), np.float64(np.iinfo(dtype).max)
    rounded_up = int(greatest) > np.iinfo(dtype).max  # 2**63 is no int64
    return least, np.nextafter(greatest, 0) if rounded_up else greatest


def _with_none(values):
    """Give objects (n_new,) with None where they are missing; polars takes NaN for a number."""
    return np.where(pd.isna(values), None, values) if values.dtype == object else values


def _column(table, number):
    return table.iloc[:, number].to_numpy() if isinstance(table, pd.DataFrame) else table[:, number]


def _nearest_category(values, dtype):
    """Give each value (n_new,) the category that it is nearest to, as a Categorical."""
    categories = dtype.categories.to_numpy(dtype=float)
    codes = np.abs(values[:, None] - categories).argmin(axis=1)
    return pd.Categorical.from_codes(codes, dtype=dtype)


def _rows_like(table, rows):
    """Give rows (n_new, n_columns) as a list of what the rows of a list are."""
    kind = type(table[0])
    return [row if kind is np.ndarray else kind(row.tolist()) for row in rows]


def _unshared(row):
    return row.copy() if isinstance(row, list | np.ndarray) else row
