"""Tables for people, as CSV that spreadsheets show and do not run."""

import re

import pandas as pd

from protimb.utils._new_folder import whole_file

# Text of any origin can be written: what UTF-8 cannot hold, a byte of a file's name, is spelled.
UTF8 = {"encoding": "utf-8", "errors": "backslashreplace"}
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)")


def write_csv(table, path, **options):
    """Write a DataFrame (n_rows, n_columns) whole; an apostrophe precedes what looks a formula."""
    safe = table.apply(_safe).set_axis(_safe_index(table.index), axis=0)
    safe = safe.set_axis(table.columns.map(harmless), axis=1)
    with whole_file(path) as draft:
        safe.to_csv(draft, **options)


def harmless(value):
    """Put an apostrophe before text that a spreadsheet would run; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    text = value.encode(**UTF8).decode()
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _safe(column):
    """Spell a Series or Index (n_rows,) so that nothing in it is run; numbers hold no text."""
    return column if pd.api.types.is_numeric_dtype(column) else column.map(harmless)


def _safe_index(index):
    if isinstance(index, pd.MultiIndex):
        return index.set_levels([_safe(level) for level in index.levels])
    return _safe(index)
