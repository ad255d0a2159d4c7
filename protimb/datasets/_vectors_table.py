"""Vectors from a table of text: a column of ids, and one a number."""

import csv
import io
from typing import Any

import numpy as np
import pandas as pd

from protimb.datasets._vectors import ID_NAMES, Vectors, as_float32
from protimb.exceptions import EmbeddingFileError
from protimb.utils._files import read_text

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_SIGNS = {",": "commas", "\t": "tabs"}
_INDEX_NAMES = ("", "unnamed: 0")  # of a column of row numbers, as pandas writes one


def read_text_table(path, max_bytes=None):
    """Read a table whose fields are parted by commas or tabs, by the suffix of its name."""
    suffix = next(one for one in reversed(path.suffixes) if one.lower() != ".gz").lower()
    separator = _SEPARATORS[suffix]
    lines = read_text(path, EmbeddingFileError, max_bytes=max_bytes).rstrip("\n").split("\n")
    quoting = _quoting(lines, separator)
    first = _cells(lines[0], separator, quoting)
    has_header = _is_header(first, path)
    _check_lengths(lines, separator, quoting, len(first), path)
    ids = _id_column(first) if has_header else 0
    body = lines[1:] if has_header else lines
    if len(first) < 2 or not any(body):
        raise EmbeddingFileError(
            f"{path}: no vectors in it. A line is a protein and its numbers, parted by "
            f"{_SIGNS[separator]}."
        )
    table = _numbers(body, separator, quoting, ids, len(first), path)
    left_out = _row_numbers(first, ids) if has_header else []
    X = as_float32(table.drop(columns=[ids, *left_out]).to_numpy())
    return Vectors(table[ids].tolist(), len(table), lambda rows: X[rows])


def _quoting(lines, separator):
    """Take quotes for what they are in tables of tabs, and where a table of commas has none."""
    is_quoted = separator == "," and any('"' in line for line in lines)
    return csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE


def _cells(line, separator, quoting):
    (cells,) = csv.reader([line], delimiter=separator, quoting=quoting) if line else [[""]]
    return [one.strip() for one in cells]


def _is_header(cells, path):
    """Tell names of columns from a protein's vector."""
    is_named = cells[0].lower() in (*ID_NAMES, *_INDEX_NAMES)
    if is_named or not all(map(_is_number, cells[1:])):
        return True
    if cells[1:] == [str(n) for n in range(len(cells) - 1)]:
        raise EmbeddingFileError(
            f"{path}, line 1: names of columns, or the vector of protein {cells[0]!r}? Call the "
            "column of proteins EntryID if it is the former, write 0.0 for 0 if the latter."
        )
    return False


def _is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _id_column(header):
    """Return the place of the first column that is called like ids, or 0."""
    return next((n for n, name in enumerate(header) if name.lower() in ID_NAMES), 0)


def _row_numbers(header, ids):
    return [0] if ids and header[0].lower() in _INDEX_NAMES else []


def _check_lengths(lines, separator, quoting, n_cells, path):
    """Refuse what pandas would fill up, cut or shift."""
    for number, line in enumerate(lines, 1):
        found = line.count(separator) + 1
        if found != n_cells and line:
            found = len(_cells(line, separator, quoting))
        if found != n_cells and line:
            raise EmbeddingFileError(
                f"{path}, line {number}: {found} fields, but the first line has {n_cells}: "
                f"{line[:60]!r}. Is the file cut off?"
            )


def _numbers(lines, separator, quoting, ids, n_cells, path):
    """Parse lines into a table whose columns are numbered, all float32 but that of ids."""
    layout: dict[str, Any] = {
        "sep": separator,
        "header": None,
        "na_filter": False,  # an id NA is one, and no number is missing
        "quoting": quoting,
    }
    text = "\n".join(lines)
    types = {n: str if n == ids else np.float32 for n in range(n_cells)}
    try:
        return pd.read_csv(io.StringIO(text), dtype=types, **layout)
    except (ValueError, OverflowError) as error:
        raise _bad_cell(_as_text(text, layout, path), ids, path) from error


def _as_text(text, layout, path):
    """Parse a text into a table of texts, where it has no numbers to say where."""
    try:
        return pd.read_csv(io.StringIO(text), dtype=str, **layout)
    except ValueError as error:
        raise EmbeddingFileError(
            f"{path}: {error}. Does a quote open in it that is never closed?"
        ) from error


def _bad_cell(table, ids, path):
    """Say where a table holds something else than numbers."""
    bad = ~table.drop(columns=ids).map(_is_number)
    if not bad.to_numpy().any():
        return EmbeddingFileError(f"{path}: some number in it is too large.")
    column = bad.any().idxmax()
    row = int(bad[column].to_numpy().argmax())
    return EmbeddingFileError(
        f"{path}, record {row + 1}: column {column + 1} of protein {table[ids].iloc[row]!r} is "
        f"{table[column].iloc[row]!r}, which is no number. Leave out columns that are no part of "
        "the vectors, and complete those that are."
    )
