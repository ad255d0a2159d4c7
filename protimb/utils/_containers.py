"""Containers in, the same containers out: lists, arrays, pandas and scipy.sparse."""

from functools import singledispatch

import numpy as np
import pandas as pd
from scipy import sparse

from protimb.exceptions import InvalidLabelsError


@singledispatch
def append_copies(y, rows):
    """Extend a target by copies of its own rows, in the container and dtype it came in.

    Parameters
    ----------
    y : list, ndarray, DataFrame, Series or sparse matrix with n_rows rows
        Left untouched.
    rows : ndarray of int, shape (n_new,)
        Which rows to copy, repeats allowed.

    Returns
    -------
    y_res : same type, n_rows + n_new rows
        The rows of ``y``, then the copies.
    """
    y = np.asarray(y)
    return np.concatenate([y, y[rows]])


@append_copies.register(list)
def _copies_in_list(y, rows):
    return [_unshared(y[row]) for row in [*range(len(y)), *rows]]


@append_copies.register(pd.DataFrame)
@append_copies.register(pd.Series)
def _copies_in_pandas(y, rows):
    copies = y.iloc[rows]
    copies.index = new_ids(y.index, len(rows))
    return pd.concat([y, copies])


@append_copies.register(sparse.sparray)
@append_copies.register(sparse.spmatrix)
def _copies_in_sparse(y, rows):
    # COO and DIA cannot be sliced by row, CSR can.
    return sparse.vstack([y, y.tocsr()[rows]], format=y.format, dtype=y.dtype)


@singledispatch
def labels_like(y, labels, ids=None):
    """Put label rows into the container and dtype of a target.

    Parameters
    ----------
    y : list, ndarray, DataFrame or sparse matrix with n_terms columns
        What the result looks like; indicators of several terms.
    labels : csr_array of uint8, shape (n_new, n_terms)
    ids : pandas.Index of length n_new, optional
        Index of a DataFrame; other containers have none.

    Returns
    -------
    labels : same type as y, n_new rows
    """
    return labels.toarray().astype(np.asarray(y).dtype)


@labels_like.register(list)
def _labels_in_list(y, labels, ids=None):
    return labels.toarray().astype(np.asarray(y).dtype).tolist()


@labels_like.register(pd.DataFrame)
def _labels_in_frame(y, labels, ids=None):
    frame = pd.DataFrame(labels.toarray(), index=ids, columns=y.columns)
    dtypes = list(y.dtypes)
    alike = all(dtype == dtypes[0] for dtype in dtypes)  # thousands of columns, one cast
    return frame.astype(dtypes[0] if alike else dict(zip(y.columns, dtypes, strict=True)))


@labels_like.register(sparse.sparray)
@labels_like.register(sparse.spmatrix)
def _labels_in_sparse(y, labels, ids=None):
    return type(y)(labels.astype(y.dtype))


def append_labels(y, labels):
    """Extend a target by label rows that were made, in the container and dtype it came in.

    Parameters
    ----------
    y : list, ndarray, DataFrame or sparse matrix with n_rows rows
        Left untouched.
    labels : csr_array of uint8, shape (n_new, n_terms)

    Returns
    -------
    y_res : same type, n_rows + n_new rows
        The rows of ``y``, then the new ones.
    """
    ids = new_ids(y.index, labels.shape[0]) if isinstance(y, pd.DataFrame) else None
    new = labels_like(y, labels, ids)
    if isinstance(y, list):
        return [_unshared(row) for row in y] + new
    if isinstance(y, pd.DataFrame):
        return pd.concat([y, new])
    if sparse.issparse(y):
        return sparse.vstack([y, new], format=y.format, dtype=y.dtype)
    return np.concatenate([y, new])


@singledispatch
def append_vectors(X, X_new):
    """Extend a matrix of vectors by new ones, in the container and dtype it came in.

    Parameters
    ----------
    X : list, ndarray or DataFrame with n_rows rows
        Left untouched.
    X_new : ndarray of float, shape (n_new, n_features)
        Rounded where ``X`` holds integers.

    Returns
    -------
    X_res : same type, n_rows + n_new rows
        The rows of ``X``, then the new ones.
    """
    X = np.asarray(X)
    if X.dtype == object:
        return np.concatenate([X, X_new.astype(object)])
    return np.concatenate([X, _cast(X_new, X.dtype).astype(X.dtype, copy=False)])


@append_vectors.register(list)
def _vectors_in_list(X, X_new):
    dtype = np.asarray(X).dtype
    return [_unshared(row) for row in X] + _cast(X_new, dtype).tolist()


@append_vectors.register(pd.DataFrame)
def _vectors_in_frame(X, X_new):
    columns = [
        pd.Series(_cast(X_new[:, number], dtype)).astype(dtype)
        for number, dtype in enumerate(X.dtypes)
    ]
    frame = pd.concat(columns, axis=1)
    frame.columns = X.columns
    frame.index = new_ids(X.index, len(X_new))
    return pd.concat([X, frame])


@singledispatch
def take_rows(table, rows):
    """Keep some rows, in the container and dtype that they came in.

    Parameters
    ----------
    table : list, ndarray, DataFrame, Series or sparse matrix
        Left untouched.
    rows : ndarray of int, shape (n_kept,)

    Returns
    -------
    kept : same type, n_kept rows
        A DataFrame keeps the ids of its rows.
    """
    return np.asarray(table)[rows]


@take_rows.register(list)
def _rows_of_list(table, rows):
    return [_unshared(table[row]) for row in rows]


@take_rows.register(pd.DataFrame)
@take_rows.register(pd.Series)
def _rows_of_pandas(table, rows):
    return table.iloc[rows]


@take_rows.register(sparse.sparray)
@take_rows.register(sparse.spmatrix)
def _rows_of_sparse(table, rows):
    # COO and DIA cannot be sliced by row, CSR can.
    return table.tocsr()[rows].asformat(table.format)


def new_ids(index, n_new):
    """Name new rows: numbers continue, any other id becomes ``synthetic-0`` and on.

    Parameters
    ----------
    index : pandas.Index
        Ids of the real rows.
    n_new : int

    Returns
    -------
    ids : pandas.Index of length n_new
        None of them is in ``index``.

    Examples
    --------
    >>> import pandas as pd
    >>> new_ids(pd.Index(["P12345", "Q67890"]), 2).tolist()
    ['synthetic-0', 'synthetic-1']
    >>> new_ids(pd.Index([4, 9]), 2).tolist()
    [10, 11]
    """
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


def check_same_order(X, y):
    """Refuse pandas inputs whose rows are proteins by the same names, paired wrongly.

    Parameters
    ----------
    X, y : array-like
        Only looked at where both carry an index.

    Raises
    ------
    InvalidLabelsError
        If the ids are the same in another order, or are text and partly the same. Because rows
        are paired by position, such labels would go to other proteins.
    """
    pandas_types = (pd.DataFrame, pd.Series)
    if not (isinstance(X, pandas_types) and isinstance(y, pandas_types)):
        return
    if X.index.equals(y.index):
        return
    X_ids, y_ids = set(X.index), set(y.index)
    if X_ids == y_ids:
        raise InvalidLabelsError(
            "X and y have the same ids in a different order, and rows are paired by position. "
            "Align them first: y = y.loc[X.index]."
        )
    # Numbers may be mere positions, as after a split; a name in both tables is one protein.
    common = {name for name in X_ids & y_ids if isinstance(name, str)}
    if common:
        raise InvalidLabelsError(
            f"Only {len(common)} of {len(X_ids)} ids of X are among those of y, and rows are "
            "paired by position. Align them first: common = X.index.intersection(y.index), then "
            "X.loc[common], y.loc[common]."
        )


def check_supported(**tables):
    """Refuse tables of libraries whose rows and dtypes we cannot give back.

    Parameters
    ----------
    **tables : array-like
        Named as in the error message.

    Raises
    ------
    TypeError
        For polars and pyarrow tables; says how to convert.
    """
    for name, table in tables.items():
        library = type(table).__module__.partition(".")[0]
        if library != "pandas" and hasattr(table, "to_pandas"):
            raise TypeError(
                f"{name} is a {library} {type(table).__name__}, which cannot be given back row by "
                f"row. Pass {name}.to_pandas() or {name}.to_numpy()."
            )


def _first_free_number(index):
    # Resampling a resampled table must not give two rows one id.
    names = pd.Series(index.get_level_values(0).astype(str))
    taken = names.str.extract(r"^synthetic-(\d{1,15})$", expand=False).dropna()
    return int(taken.astype("int64").max()) + 1 if len(taken) else 0


def _text_dtype(index):
    return index.dtype if pd.api.types.is_string_dtype(index.dtype) else object


def _cast(values, dtype):
    if isinstance(dtype, pd.SparseDtype):
        dtype = dtype.subtype
    if pd.api.types.is_integer_dtype(dtype) or pd.api.types.is_bool_dtype(dtype):
        values = np.rint(values)
    if not isinstance(dtype, np.dtype) or dtype.kind not in "iuf":
        return values  # pandas casts its own dtypes, numpy any other
    if np.can_cast(values.dtype, dtype):
        return values.astype(dtype, copy=False)
    # A vector just outside the range of a narrow type must not wrap around or become inf.
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return np.clip(values, limits.min, limits.max).astype(dtype, copy=False)


def _unshared(row):
    return list(row) if isinstance(row, list) else row
