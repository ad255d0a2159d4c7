"""Tables of GO annotations: CAFA's TSV and the Gene Ontology's GAF."""

from warnings import warn

import pandas as pd

from protimb.datasets._ids import normalise_protein_id
from protimb.exceptions import AnnotationError, AnnotationWarning
from protimb.ontology._files import local_path, read_text

COLUMNS = ["EntryID", "term", "aspect"]
# GAF writes an aspect as one letter, CAFA as three.
GAF_ASPECTS = {"F": "MFO", "P": "BPO", "C": "CCO"}
# Position of each column in GAF 2.x, counted from 0.
GAF_COLUMNS = {"EntryID": 1, "qualifier": 3, "term": 4, "evidence": 6, "aspect": 8}


def read_annotations(path):
    """Read a table of annotations in CAFA's layout.

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
    ...     _ = path.write_text("EntryID\\tterm\\taspect\\nNA\\tGO:0003674\\tMFO\\n")
    ...     read_annotations(path)
      EntryID        term aspect
    0      NA  GO:0003674    MFO
    """
    path = local_path(path, AnnotationError)
    header, *lines = read_text(path, AnnotationError).split("\n")
    rows = [line.split("\t") for line in lines]
    names = [name.strip() for name in header.split("\t")]
    _check_columns(names, path)
    _check_lengths(rows, len(names), path)
    columns = list(zip(*(row for row in rows if row != [""]), strict=True)) or [()] * len(names)
    table = pd.DataFrame(dict(zip(names, columns, strict=True)), dtype=str)
    annotations = _positive_and_unique(table)
    _warn_of_repairs(annotations, path)
    return annotations


def read_gaf(path, *, evidence=None):
    """Read a Gene Annotation File (GAF 2.x).

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
        If a line has fewer fields than GAF demands.

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
    ...     _ = path.write_text("!gaf-version: 2.2\\n" + "\\t".join(fields + [""] * 8) + "\\n")
    ...     read_gaf(path, evidence={"IDA"})
      EntryID        term aspect
    0  P12345  GO:0003674    MFO
    """
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


def _check_lengths(rows, n_columns, path):
    # A blank line is one empty field; text editors leave them at the end.
    for number, row in enumerate(rows, 2):
        if len(row) != n_columns and row != [""]:
            raise AnnotationError(
                f"{path}, line {number}: {len(row)} fields, but the header names {n_columns}: "
                f"{row!r}. Fields are separated by single tabs."
            )


def _positive_and_unique(table):
    negated = _is_negated(table)
    positive = table.loc[~negated, COLUMNS]
    proteins = positive["EntryID"].unique()
    accession = dict(zip(proteins, map(normalise_protein_id, proteins), strict=True))
    positive = positive.assign(EntryID=positive["EntryID"].map(accession).astype(table["term"].dtype))
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
    return table["qualifier"].str.upper().str.split("|").map(lambda words: "NOT" in words).astype(bool)


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
    return [fields[position] for position in GAF_COLUMNS.values()]
