"""Vectors from a parquet file: a column of ids beside columns of numbers, or one of lists."""

import numpy as np

from protimb.datasets._parquet_footer import claimed_bytes
from protimb.datasets._vectors import (
    ID_NAMES,
    Vectors,
    as_float32,
    check_width,
)
from protimb.exceptions import EmbeddingFileError
from protimb.utils._array_files import check_unfolded
from protimb.utils._optional import import_optional
from protimb.utils._validation import a_few

_INDEX = "__index_level_0__"  # as pandas calls an index without a name


def read_parquet(path, max_bytes=None):
    """Read a table; only its schema and sizes are looked at before."""
    table = _table(path, max_bytes)
    ids = _id_column(table, path)
    names = _texts(table, ids, path)
    others = [n for n in range(table.num_columns) if n != ids and not _is_index(table, n)]
    lists = [n for n in others if _is_list(table.column(n).type)]
    if len(lists) > 1:
        raise EmbeddingFileError(
            f"{path}: the columns {_named(table, lists)} all hold lists. Keep that of the vectors."
        )
    if lists:
        X = _stacked_lists(table.column(lists[0]), names, path)
    else:
        X = _stacked_columns(table, others, path)
    return Vectors(names, len(names), lambda rows: X[rows])


def _table(path, max_bytes):
    pyarrow = import_optional("pyarrow")
    from pyarrow import parquet

    try:
        claimed = claimed_bytes(path)
        check_unfolded(claimed, path.stat().st_size, path, EmbeddingFileError, max_bytes)
        with parquet.ParquetFile(path) as file:
            return file.read()
    except (EmbeddingFileError, FileNotFoundError, PermissionError):
        raise
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise EmbeddingFileError(
            f"{path}: not a parquet file, or truncated or damaged ({error}). Fetch it again."
        ) from error


def _id_column(table, path):
    """Find the first column of text that is called like ids, else an index, else the first."""
    text = [n for n in range(table.num_columns) if _is_text(table.column(n).type)]
    called = [n for n in text if table.field(n).name.lower() in ID_NAMES]
    index = [n for n in text if table.field(n).name == _INDEX]
    found = [*called, *index, *text]
    if not found:
        raise EmbeddingFileError(
            f"{path}: no column of text that names proteins, among "
            f"{_named(table, range(table.num_columns))}. Add one, called EntryID."
        )
    return found[0]


def _texts(table, column, path):
    try:
        return table.column(column).to_pylist()
    except UnicodeDecodeError as error:
        raise EmbeddingFileError(
            f"{path}: the column {table.field(column).name!r} holds text that is not UTF-8 "
            f"({error}). Fetch it again."
        ) from error


def _is_text(kind):
    types = import_optional("pyarrow").types
    kind = kind.value_type if types.is_dictionary(kind) else kind
    return types.is_string(kind) or types.is_large_string(kind)


def _is_list(kind):
    types = import_optional("pyarrow").types
    kinds = (types.is_list, types.is_large_list, types.is_fixed_size_list)
    return any(one(kind) for one in kinds) and _is_number(kind.value_type)


def _is_number(kind):
    types = import_optional("pyarrow").types
    return types.is_integer(kind) or types.is_floating(kind)


def _is_index(table, column):
    """Tell row numbers, as pandas keeps them, from a feature."""
    return table.field(column).name == _INDEX


def _named(table, columns):
    return a_few([table.field(n).name for n in columns])


def _stacked_columns(table, columns, path):
    """Stack columns of numbers into float32 (n_rows, width)."""
    bad = [n for n in columns if not _is_number(table.column(n).type) or table.column(n).null_count]
    if bad or not columns:
        raise EmbeddingFileError(
            f"{path}: expected numbers in each column beside that of ids, and none missing; not so "
            f"in {_named(table, bad) or 'this file, which has no other column'}. Leave out columns "
            "that are no part of the vectors."
        )
    X = np.empty((table.num_rows, len(columns)), dtype=np.float32)
    for place, column in enumerate(columns):
        X[:, place] = as_float32(table.column(column).to_numpy())
    return X


def _stacked_lists(column, names, path):
    """Stack a column of lists of one length into float32 (n_rows, width)."""
    from pyarrow import compute

    widths = compute.list_value_length(column).fill_null(0).to_numpy()
    expected = int(widths[0]) if len(widths) else 0
    for row in np.flatnonzero(widths != expected)[:1]:
        check_width(int(widths[row]), expected, names[row], path)
    if not expected:
        raise EmbeddingFileError(f"{path}: its lists are empty, or there are none.")
    parts = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
    return as_float32(np.concatenate(parts)).reshape(-1, expected)
