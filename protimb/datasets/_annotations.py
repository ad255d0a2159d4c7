"""Tables of GO annotations in CAFA's layout."""

import csv
import io
from typing import Any
from warnings import warn

import pandas as pd

from protimb.datasets._ids import normalise_protein_id
from protimb.exceptions import AnnotationError, AnnotationWarning
from protimb.utils._files import local_path, read_text
from protimb.utils._warnings import users_level

COLUMNS = ["EntryID", "term", "aspect"]
_TAB = "\t"
_BLANKS = " \v\f\x1c\x1d\x1e\x1f"  # of ASCII, beside those that part fields and lines
# Every field is what is written: no missing values, no numbers, no quotes.
_VERBATIM: dict[str, Any] = {
    "sep": "\t",
    "dtype": str,
    "na_filter": False,
    "quoting": csv.QUOTE_NONE,
}


def read_annotations(path, *, encoding="utf-8", truncated="raise"):
    r"""Read a table of annotations in CAFA's layout.

    Parameters
    ----------
    path : str or path-like
        Tab-separated, plain or gzipped, with a header that names ``EntryID``, ``term`` and
        ``aspect``. A column ``qualifier``, if there is one, may say ``NOT``.
    encoding : str
        Of the text, such as ``"latin-1"``.
    truncated : {"raise", "drop"}
        What to do about a file that was cut, gzipped or plain: read it without its last line?

    Returns
    -------
    annotations : DataFrame
        Columns ``EntryID``, ``term`` and ``aspect``, all strings: an id such as ``NA`` or
        ``1E5`` stays what it is, and an aspect is spelt as in the file. ``annotations.attrs``
        counts what was left out, ``n_duplicates``, ``n_negated`` and ``n_truncated`` (1 if
        the end of the file is missing), and the lines that depend on the encoding, ``n_not_ascii``.

    Raises
    ------
    AnnotationError
        If a column is missing, or a line has too few or too many fields.

    Warns
    -----
    AnnotationWarning
        If rows were left out because they repeat another, are qualified by ``NOT``, or were
        cut off at the end of the file.

    See Also
    --------
    read_gaf : Read the Gene Ontology's own files.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from protimb.datasets import read_annotations
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "terms.tsv")
    ...     _ = path.write_text("EntryID\tterm\taspect\nNA\tGO:0003674\tMFO\n")
    ...     read_annotations(path)
      EntryID        term aspect
    0      NA  GO:0003674    MFO
    """
    path = local_path(path, AnnotationError)
    (header, *lines), n_truncated = read_lines(path, _is_whole, encoding, truncated)
    names = [_column_name(name) for name in header.split("\t")]
    _check_columns(names, path)
    _check_lines(header, lines, path)
    body = "\n".join(lines)
    table = pd.read_csv(io.StringIO(f"{_TAB.join(names)}\n{body}"), **_VERBATIM)
    table = _stripped(table) if _may_hold_blanks(body) else table
    _check_filled(table, path)
    annotations = positive_and_unique(table)
    annotations.attrs |= {"n_truncated": n_truncated, "n_not_ascii": count_not_ascii(lines)}
    _warn_of_repairs(annotations, path)
    return annotations


def read_lines(path, is_whole, encoding, truncated):
    """Return the lines of a file, and 1 if its end is missing and may be, 0 otherwise."""
    if truncated not in ("raise", "drop"):
        raise ValueError(f"truncated must be 'raise' or 'drop', got {truncated!r}.")
    cuts: list[EOFError] = []
    may_be_cut = truncated == "drop"
    on_cut = cuts.append if may_be_cut else None
    text = read_text(path, AnnotationError, encoding, on_cut=on_cut)
    lines = text.rstrip("\n").split("\n")
    # A line without an end may stop within an id, and look as good as any.
    is_bad = may_be_cut and not (text.endswith("\n") and is_whole(lines[-1], lines[0]))
    if cuts or is_bad:
        lost = f": {lines.pop()[:60]!r}" if is_bad and lines[1:] else ""
        warn(
            f"{path}: the file was cut off. It is read without its last line{lost}.",
            AnnotationWarning,
            stacklevel=users_level(),
        )
    return lines, int(bool(cuts) or is_bad)


def count_not_ascii(lines):
    """Count the lines whose text depends on the encoding."""
    return 0 if "".join(lines).isascii() else sum(not line.isascii() for line in lines)


def _is_whole(line, header):
    return line.count("\t") == header.count("\t")


def _column_name(name):
    """Strip blanks; a qualifier is one in any case, since to overlook a NOT inverts it."""
    name = name.strip()
    return "qualifier" if name.lower() == "qualifier" else name


def _may_hold_blanks(body):
    """Look once at all of a text for what ``strip`` would take off some field."""
    return not body.isascii() or any(blank in body for blank in _BLANKS)


def _stripped(table):
    """Take blanks off the ends of ids, terms and aspects, in which they mean nothing."""
    return table.assign(**{name: each(str.strip, table[name]) for name in COLUMNS})


def _check_columns(names, path):
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise AnnotationError(
            f"{path}, line 1: no column {', '.join(missing)}; found {', '.join(names)}. "
            f"The header must name {', '.join(COLUMNS)}, separated by tabs."
        )


def _check_lines(header, lines, path):
    """Refuse what pandas would fill up, cut or shift."""
    n_tabs = header.count("\t")
    for number, line in enumerate(lines, 2):
        if line.count("\t") != n_tabs and line:
            raise AnnotationError(
                f"{path}, line {number}: {line.count(_TAB) + 1} fields, but the header names "
                f"{n_tabs + 1}: {line[:60]!r}. Fields are separated by single tabs."
                f"{advice_if_last(number - 2, lines)}"
            )


def advice_if_last(position, lines):
    """Say what to do about a bad line where it is the last, hence perhaps cut."""
    return "" if any(lines[position + 1 :]) else " If the file was cut here, pass truncated='drop'."


def _check_filled(table, path):
    empty = (table[COLUMNS] == "").any(axis=1)
    if empty.any():
        record = int(empty.argmax())
        raise AnnotationError(
            f"{path}: {empty.sum()} records have an empty field, the first is record "
            f"{record + 1}, {table[COLUMNS].iloc[record].tolist()}. Complete or remove them."
        )


def positive_and_unique(table):
    """Leave out rows qualified by NOT and repeated ones, counted in attrs; reduce ids."""
    negated = _is_negated(table)
    positive = table.loc[~negated, COLUMNS].copy()
    positive["EntryID"] = each(normalise_protein_id, positive["EntryID"])
    unique = positive.drop_duplicates(["EntryID", "term"], ignore_index=True)
    unique.attrs = {
        "n_duplicates": len(positive) - len(unique),
        "n_negated": int(negated.sum()),
    }
    return unique


def each(function, names):
    """Apply a function to a Series of names that repeat, once a name."""
    return names.map({name: function(name) for name in names.unique().tolist()})


def _is_negated(table):
    if "qualifier" not in table:
        return pd.Series(False, index=table.index)
    # GAF joins qualifiers by a bar: NOT|contributes_to
    return each(_says_not, table["qualifier"]).astype(bool)


def _says_not(qualifier):
    return "NOT" in map(str.strip, qualifier.upper().split("|"))


def _warn_of_repairs(annotations, path):
    n_duplicates, n_negated = annotations.attrs["n_duplicates"], annotations.attrs["n_negated"]
    if n_duplicates or n_negated:
        warn(
            f"{path}: left out {n_duplicates} duplicate annotations and {n_negated} qualified "
            "by NOT.",
            AnnotationWarning,
            stacklevel=users_level(),
        )
