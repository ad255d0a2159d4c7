"""Tables of GO annotations: CAFA's TSV and the Gene Ontology's GAF."""

import csv
import io
from typing import Any
from warnings import warn

import pandas as pd

from protimb.datasets._ids import normalise_protein_id
from protimb.exceptions import AnnotationError, AnnotationWarning
from protimb.utils._files import local_path, read_text

COLUMNS = ["EntryID", "term", "aspect"]
# GAF writes an aspect as one letter, CAFA as three.
GAF_ASPECTS = {"F": "MFO", "P": "BPO", "C": "CCO"}
# Position of each column in GAF 2.x, counted from 0.
GAF_COLUMNS = {"EntryID": 1, "qualifier": 3, "term": 4, "evidence": 6, "aspect": 8}

_TAB = "\t"
# Every field is what is written: no missing values, no numbers, no quotes.
_VERBATIM: dict[str, Any] = {
    "sep": "\t",
    "dtype": str,
    "na_filter": False,
    "quoting": csv.QUOTE_NONE,
}


def read_annotations(path):
    r"""Read a table of annotations in CAFA's layout.

    Parameters
    ----------
    path : str or path-like
        Tab-separated, plain or gzipped, with a header that names ``EntryID``, ``term`` and
        ``aspect``. A column ``qualifier``, if there is one, may say ``NOT``.

    Returns
    -------
    annotations : DataFrame
        Columns ``EntryID``, ``term`` and ``aspect``, all strings: an id such as ``NA`` or
        ``1E5`` stays what it is. ``annotations.attrs`` counts what was left out:
        ``n_duplicates`` and ``n_negated``.

    Raises
    ------
    AnnotationError
        If a column is missing, or a line has too few or too many fields.

    Warns
    -----
    AnnotationWarning
        If rows were left out because they repeat another or are qualified by ``NOT``.

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
    text = read_text(path, AnnotationError)
    header, *lines = text.split("\n")
    _check_columns(header.split("\t"), path)
    _check_lines(header, lines, path)
    table = pd.read_csv(io.StringIO(text), **_VERBATIM)
    _check_filled(table, path)
    annotations = _positive_and_unique(table)
    _warn_of_repairs(annotations, path)
    return annotations


def read_gaf(path, *, evidence=None):
    r"""Read a Gene Annotation File (GAF 2.x).

    Parameters
    ----------
    path : str or path-like
        Plain or gzipped.
    evidence : collection of str, optional
        Evidence codes to keep, such as ``{"EXP", "IDA"}``; all by default.

    Returns
    -------
    annotations : DataFrame
        As from ``read_annotations``. A GAF names an annotation once for each paper, so
        duplicates are counted in ``attrs`` but not warned of.

    Raises
    ------
    AnnotationError
        If a line has fewer fields than GAF demands, or no protein, term or known aspect; if
        ``evidence`` is a string rather than a collection of them.

    See Also
    --------
    read_annotations : Read CAFA's layout.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from protimb.datasets import read_gaf
    >>> fields = ["UniProtKB", "P12345", "X", "enables", "GO:0003674", "PMID:1", "IDA", "", "F"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "human.gaf")
    ...     _ = path.write_text("!gaf-version: 2.2\n" + "\t".join(fields + [""] * 8) + "\n")
    ...     read_gaf(path, evidence={"IDA"})
      EntryID        term aspect
    0  P12345  GO:0003674    MFO
    """
    if isinstance(evidence, str):
        raise AnnotationError(
            f"evidence is a collection of codes, got the string {evidence!r}. "
            f"Pass {{{evidence!r}}} instead."
        )
    path = local_path(path, AnnotationError)
    rows = [_gaf_fields(line, number, path) for number, line in _gaf_lines(path)]
    table = pd.DataFrame(rows, columns=list(GAF_COLUMNS), dtype=str)
    table["aspect"] = table["aspect"].map(GAF_ASPECTS)
    if evidence is not None:
        table = table[table["evidence"].isin(list(evidence))]
    return _positive_and_unique(table)


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
            )


def _check_filled(table, path):
    empty = (table[COLUMNS] == "").any(axis=1)
    if empty.any():
        record = int(empty.argmax())
        raise AnnotationError(
            f"{path}: {empty.sum()} records have an empty field, the first is record "
            f"{record + 1}, {table[COLUMNS].iloc[record].tolist()}. Complete or remove them."
        )


def _positive_and_unique(table):
    negated = _is_negated(table)
    positive = table.loc[~negated, COLUMNS].copy()
    proteins = positive["EntryID"].unique()
    accession = dict(zip(proteins, map(normalise_protein_id, proteins), strict=True))
    positive["EntryID"] = positive["EntryID"].map(accession)
    unique = positive.drop_duplicates(["EntryID", "term"], ignore_index=True)
    unique.attrs = {
        "n_duplicates": len(positive) - len(unique),
        "n_negated": int(negated.sum()),
    }
    return unique


def _is_negated(table):
    if "qualifier" not in table:
        return pd.Series(False, index=table.index)
    # GAF joins qualifiers by a bar: NOT|contributes_to
    return (
        table["qualifier"].str.upper().str.split("|").map(lambda words: "NOT" in words).astype(bool)
    )


def _warn_of_repairs(annotations, path):
    n_duplicates, n_negated = annotations.attrs["n_duplicates"], annotations.attrs["n_negated"]
    if n_duplicates or n_negated:
        warn(
            f"{path}: left out {n_duplicates} duplicate annotations and {n_negated} qualified "
            "by NOT.",
            AnnotationWarning,
            stacklevel=3,
        )


def _gaf_lines(path):
    lines = read_text(path, AnnotationError).split("\n")
    return [(n, line) for n, line in enumerate(lines, 1) if line and not line.startswith("!")]


def _gaf_fields(line, number, path):
    fields = line.split("\t")
    if len(fields) < 15:
        raise AnnotationError(
            f"{path}, line {number}: {len(fields)} fields, but GAF has at least 15. "
            "Is this a GAF file, and complete?"
        )
    row = {name: fields[position] for name, position in GAF_COLUMNS.items()}
    if not row["EntryID"] or not row["term"] or row["aspect"] not in GAF_ASPECTS:
        raise AnnotationError(
            f"{path}, line {number}: an annotation needs a protein, a term and an aspect "
            f"{', '.join(GAF_ASPECTS)}; found {row}."
        )
    return list(row.values())
