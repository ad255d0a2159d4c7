"""Tables of GO annotations in CAFA's layout."""

import csv
import io
import re
from typing import Any
from warnings import warn

import pandas as pd

from protimb.datasets._aspects import namespace_of
from protimb.datasets._ids import check_protein_ids, normalise_protein_id
from protimb.exceptions import AnnotationError, AnnotationWarning
from protimb.utils._days import in_future, read_days
from protimb.utils._files import local_path, read_text
from protimb.utils._spelling import check_names, line_of
from protimb.utils._warnings import users_level

COLUMNS = ["EntryID", "term", "aspect"]
_NEEDED = COLUMNS[:2]
_TAB = "\t"
# A line that needs no header above it: a protein, a term's id, and perhaps an aspect.
_TERM_ID = re.compile(r"\s*[A-Za-z_]+:\w+\s*(;\s*[A-Za-z_]+:\w+\s*)*;?\s*")
# Other names that tables give to the two columns that are needed, in lower case.
ALIASES = {
    "EntryID": ("entryid", "protein", "protein_id", "target", "target_id", "accession", "entry"),
    "term": (
        *("term", "go", "go_id", "go_term", "goid", "term_id", "go id", "go term"),
        *("gene ontology ids", "go ids", "go_ids"),
    ),
}
_BLANKS = " \v\f\x1c\x1d\x1e\x1f"  # of ASCII, beside those that part fields and lines
# Every field is what is written: no missing values, no numbers, no quotes.
_VERBATIM: dict[str, Any] = {
    "sep": "\t",
    "dtype": str,
    "na_filter": False,
    "quoting": csv.QUOTE_NONE,
}


def read_annotations(path, *, encoding="utf-8", truncated="raise", dates=False, max_bytes=None):
    r"""Read a table of annotations in CAFA's layout.

    Parameters
    ----------
    path : str or path-like
        Tab-separated, plain or gzipped, with a header that names ``EntryID`` and ``term``, and
        perhaps ``aspect``; ``protein`` and ``go_id`` are understood too. Without a header, a line
        is a protein, a term such as ``GO:0003674``, and perhaps an aspect. A cell may list terms,
        ``GO:0003674; GO:0005488``, as UniProt's "Gene Ontology IDs" do. A column ``qualifier``,
        if there is one, may say ``NOT``, and a column ``date`` when it was made.
    encoding : str
        Of the text, such as ``"latin-1"``.
    truncated : {"raise", "drop"}
        What to do about a file that was cut, gzipped or plain: read it without its last line?
    dates : bool
        Keep the day of each annotation as a column ``date`` (datetime64, NaT where there is none),
        where the file has it: ``2024-01-31`` or ``20240131``. An annotation that is repeated has
        its first day.
    max_bytes : int, optional
        Most bytes that a compressed file may unfold to; by default 100 times its size, or 32 MiB
        where that is more.

    Returns
    -------
    annotations : DataFrame
        Columns ``EntryID``, ``term`` and, where the file has it, ``aspect``, all strings: an id
        such as ``NA`` or ``1E5`` stays what it is, and an aspect is spelt as in the file. The
        ontology knows aspects, so that nothing needs the column. ``annotations.attrs``
        counts what was left out, ``n_duplicates``, ``n_negated`` and ``n_truncated`` (1 if
        the end of the file is missing), ids reduced to accessions, ``n_renamed``, and the lines
        that depend on the encoding, ``n_not_ascii``.

    Raises
    ------
    AnnotationError
        If there is no column of proteins or of terms, no line of annotations, or a line has too
        few or too many fields; if an id of a protein or a term is blank, lacks its accession
        (``sp||X``), or has invisible characters.

    Warns
    -----
    AnnotationWarning
        If rows were left out because they repeat another, are qualified by ``NOT``, or were
        cut off at the end of the file; if dates that are kept are in the future.

    See Also
    --------
    read_gaf, read_gpad : Read the Gene Ontology's own files.

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
    lines, n_truncated = read_lines(path, _is_whole, encoding, truncated, max_bytes)
    names, start = _read_header(lines[0])
    _check_columns(names, path)
    _check_lines(lines, start, path)
    refuse_without_rows(lines[start:], path)
    body = "\n".join(lines[start:])
    table = pd.read_csv(io.StringIO(f"{_TAB.join(names)}\n{body}"), **_VERBATIM)
    table = _stripped(table) if _may_hold_blanks(body) else table
    table = _one_term_a_row(table) if ";" in body else table
    table = with_days(table, dates, lines, path)
    _check_filled(table, path)
    annotations = positive_and_unique(table, lines, path)
    annotations.attrs |= {"n_truncated": n_truncated, "n_not_ascii": count_not_ascii(lines[start:])}
    _warn_of_repairs(annotations, path)
    return annotations


def read_lines(path, is_whole, encoding, truncated, max_bytes):
    """Return the lines of a file, and 1 if its end is missing and may be, 0 otherwise."""
    if truncated not in ("raise", "drop"):
        raise ValueError(f"truncated must be 'raise' or 'drop', got {truncated!r}.")
    cuts: list[EOFError] = []
    may_be_cut = truncated == "drop"
    on_cut = cuts.append if may_be_cut else None
    text = read_text(path, AnnotationError, encoding, on_cut=on_cut, max_bytes=max_bytes)
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


def _read_header(line):
    """Return the names of columns, and how many lines they take: 0 where there is no header."""
    fields = line.split("\t")
    names = [_column_name(name) for name in fields]
    is_row = len(fields) in (2, 3) and "term" not in names and _TERM_ID.fullmatch(fields[1])
    if is_row and (len(fields) == 2 or namespace_of(fields[2].strip())):
        return COLUMNS[: len(fields)], 0
    for meant, aliases in ALIASES.items():
        places = [place for place, name in enumerate(names) if name.lower() in aliases]
        if meant not in names and len(places) == 1:
            names[places[0]] = meant
    return names, 1


def _column_name(name):
    """Strip blanks; a qualifier is one in any case, since to overlook a NOT inverts it."""
    name = name.strip()
    return name.lower() if name.lower() in ("qualifier", "date") else name


def _may_hold_blanks(body):
    """Look once at all of a text for what ``strip`` would take off some field."""
    return not body.isascii() or any(blank in body for blank in _BLANKS)


def _stripped(table):
    """Take blanks off the ends of ids, terms and aspects, in which they mean nothing."""
    return table.assign(**{name: each(str.strip, table[name]) for name in _present(table)})


def _one_term_a_row(table):
    """Part cells that list terms, "GO:0000001; GO:0000002", as UniProt's "Gene Ontology IDs" do."""
    has_list = table["term"].str.contains(";", regex=False)
    has_list &= each(lambda text: bool(_TERM_ID.fullmatch(text)), table["term"])
    if not has_list.any():
        return table
    table = table[table["term"].str.strip() != ""]  # a protein without terms, in such a table
    terms = table["term"].str.rstrip("; ").str.split(r"\s*;\s*", regex=True)
    terms = terms.where(has_list.loc[table.index], table["term"])
    return table.assign(term=terms).explode("term", ignore_index=True)


def _present(table):
    return [name for name in COLUMNS if name in table]


def _check_columns(names, path):
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise AnnotationError(
            f"{path}, line 1: no column {', '.join(missing)}; found {', '.join(names)}. "
            f"The header must name {', '.join(_NEEDED)}, separated by tabs; without a header, a "
            "line is a protein, a tab and a term."
        )
    repeated = [name for name in COLUMNS if names.count(name) > 1]
    if repeated:
        raise AnnotationError(f"{path}, line 1: two columns are called {repeated[0]}. Keep one.")


def _check_lines(lines, start, path):
    """Refuse what pandas would fill up, cut or shift."""
    n_tabs = lines[0].count("\t")
    for place, line in enumerate(lines):
        if line.count("\t") != n_tabs and line:
            said = "the header names" if start else "the first line has"
            raise AnnotationError(
                f"{path}, line {place + 1}: {line.count(_TAB) + 1} fields, but {said} "
                f"{n_tabs + 1}: {line[:60]!r}. Fields are separated by single tabs."
                f"{advice_if_last(place, lines)}"
            )


def advice_if_last(position, lines):
    """Say what to do about a bad line where it is the last, hence perhaps cut."""
    return "" if any(lines[position + 1 :]) else " If the file was cut here, pass truncated='drop'."


def _check_filled(table, path):
    empty = (table[_present(table)] == "").any(axis=1)
    if empty.any():
        record = int(empty.argmax())
        found = table[_present(table)].iloc[record].tolist()
        raise AnnotationError(
            f"{path}: {empty.sum()} records have an empty field, the first is record "
            f"{record + 1}, {found}. Complete or remove them."
        )


def with_days(table, dates, lines, path):
    """Read the column of dates, if there is one and it is wanted, or drop it."""
    if "date" not in table or not dates:
        return table.drop(columns="date", errors="ignore")
    days = read_days(table["date"])
    _warn_of_future(table["date"][in_future(days)], lines, path)
    return table.assign(date=days)


def _warn_of_future(dates, lines, path):
    """Say which line has the first of some dates (n_dates,), as written, that are yet to come."""
    if len(dates):
        first = dates.iloc[0].strip()
        place = next(
            n for n, one in enumerate(lines, 1) if first in map(str.strip, one.split(_TAB))
        )
        warn(
            f"{path}, line {place}: {first} is in the future, as are the dates of {len(dates)} "
            "annotations. Correct them: such data cannot be split by date.",
            AnnotationWarning,
            stacklevel=users_level(),
        )


def refuse_without_rows(rows, path):
    """Refuse a file of which no line is left below its header."""
    if not any(rows):
        raise AnnotationError(
            f"{path}: an empty file, or a header alone: no annotation in it. Fetch it again."
        )


def positive_and_unique(table, lines, path):
    """Leave out rows qualified by NOT and repeated ones, counted in attrs; reduce ids."""
    negated = _is_negated(table)
    dated = ["date"] if "date" in table else []
    positive = table.loc[~negated, [*_present(table), *dated]].copy()
    written = positive["EntryID"]
    positive["EntryID"] = each(normalise_protein_id, written)
    _check_spelling(positive, written, lines, path)
    unique = first_of_each(positive)
    unique.attrs = {
        "n_duplicates": len(positive) - len(unique),
        "n_negated": int(negated.sum()),
        "n_renamed": int((positive["EntryID"] != written).sum()),
    }
    if dated:
        unique.attrs["n_undated"] = int(unique["date"].isna().sum())
    return unique


def _check_spelling(table, written, lines, path):
    """Refuse proteins, written before they were reduced as (n_rows,), and terms that are none."""

    def where(protein):
        return line_of(written[table["EntryID"] == protein].iloc[0], lines, path)

    check_protein_ids(table["EntryID"].unique(), where, AnnotationError)
    check_names(
        table["term"].unique(), "term", lambda one: line_of(one, lines, path), AnnotationError
    )


def first_of_each(table):
    """Keep each annotation once, where it stands first, with its first day if there are days."""
    unique = table.drop_duplicates(_NEEDED, ignore_index=True)
    if "date" in table and len(unique) < len(table):
        first = table.groupby(_NEEDED, sort=False)["date"].min().to_numpy()
        return unique.assign(date=first)
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
