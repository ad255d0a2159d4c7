"""The Gene Ontology's own files of annotations (GAF)."""

from functools import partial
from numbers import Integral
from operator import itemgetter

import pandas as pd

from protimb.datasets._annotations import (
    advice_if_last,
    count_not_ascii,
    each,
    positive_and_unique,
    read_lines,
    refuse_without_rows,
    with_days,
)
from protimb.datasets._evidence import judge_evidence, wanted_codes
from protimb.datasets._ids import is_isoform, normalise_protein_id
from protimb.exceptions import AnnotationError
from protimb.utils._files import local_path
from protimb.utils._validation import a_few, refuse_string

# GAF writes an aspect as one letter; what comes back has CAFA's three.
GAF_ASPECTS = {"F": "MFO", "P": "BPO", "C": "CCO"}

# Position of each column in GAF 2.x, counted from 0; the last is missing from GAF 1.
GAF_COLUMNS = {
    "database": 0,
    "EntryID": 1,
    "qualifier": 3,
    "term": 4,
    "evidence": 6,
    "aspect": 8,
    "object_type": 11,
    "taxon": 12,
    "date": 13,
    "isoform": 16,
}
_N_REQUIRED = 15
_MISSING = [""] * (max(GAF_COLUMNS.values()) + 1 - _N_REQUIRED)
_PICK = itemgetter(*GAF_COLUMNS.values())
_PROTEIN, _TERM, _ASPECT = map(list(GAF_COLUMNS).index, ("EntryID", "term", "aspect"))


def read_gaf(
    path,
    *,
    evidence="experimental",
    taxon=None,
    object_type=None,
    database=None,
    isoforms="join",
    encoding="utf-8",
    truncated="raise",
    dates=False,
    max_bytes=None,
):
    r"""Read a Gene Annotation File (GAF 2.x).

    One file may hold proteins beside RNA and complexes, and several species; the filters below
    pick what is wanted, and a line has to pass them all.

    Parameters
    ----------
    path : str or path-like
        Plain or gzipped.
    evidence : {"experimental", "curated", "all"} or collection of str
        What to believe. ``"experimental"``: EXP IDA IPI IMP IGI IEP, of high throughput HTP HDA
        HMP HGI HEP, and TAS and IC, as CAFA does. ``"curated"``: besides, what a person looked at:
        IBA IBD IKR IRD ISS ISO ISA ISM IGC RCA NAS; not IEA and ND. Or codes by name, such as
        ``{"EXP", "IDA"}``.
    taxon : int or collection of int, optional
        NCBI's numbers of the species to keep, such as 9606. Of two taxa in one line, the first
        is that of the protein, the second that of an organism it interacts with.
    object_type : collection of str, optional
        What to keep, such as ``{"protein"}``.
    database : collection of str, optional
        Whose ids to keep, such as ``{"UniProtKB"}``.
    isoforms : {"join", "keep"}
        Give an isoform's annotations to its protein (``Q9Z2D6-2`` to ``Q9Z2D6``), or name the
        isoform, also where only column 17 does.
    encoding : str
        Of the text, such as ``"latin-1"``.
    truncated : {"raise", "drop"}
        What to do about a file that was cut, gzipped or plain: read it without its last line?
    dates : bool
        Keep the day of each annotation as a column ``date`` (datetime64, NaT where there is none):
        the first, where several papers say the same.
    max_bytes : int, optional
        Most bytes that a compressed file may unfold to; by default 100 times its size, or 32 MiB
        where that is more.

    Returns
    -------
    annotations : DataFrame
        As from ``read_annotations``, with aspects ``MFO``, ``BPO`` and ``CCO``. A GAF names an
        annotation once for each paper, so duplicates are counted in ``attrs`` but not warned of.
        Besides, ``n_filtered`` counts lines that did not pass, ``filtered`` the same by the first
        filter that each failed, and ``n_isoforms`` those that passed and speak of an isoform;
        ``evidence_kept`` and ``evidence_dropped`` count lines that passed the other filters, by
        code.

    Raises
    ------
    AnnotationError
        If the file is empty or a header alone; if a line has fewer fields than GAF demands, or no
        protein, term or known aspect, or names with invisible characters; if an evidence code does
        not exist, no line passes another filter or is of the preset of evidence, or a filter is
        empty, or a string rather than a collection of them.

    Warns
    -----
    AnnotationWarning
        If lines were left out because their evidence code does not exist, or the file was cut.

    See Also
    --------
    read_gpad : Read the younger format of the Gene Ontology.
    read_annotations : Read CAFA's layout.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from protimb.datasets import read_gaf
    >>> fields = ["UniProtKB", "P12345", "X", "enables", "GO:0003674", "PMID:1", "IDA", "", "F"]
    >>> fields += ["", "", "protein", "taxon:9606", "20240101", "UniProt", "", ""]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "human.gaf")
    ...     _ = path.write_text("!gaf-version: 2.2\n" + "\t".join(fields) + "\n")
    ...     read_gaf(path, taxon=9606)
      EntryID        term aspect
    0  P12345  GO:0003674    MFO
    """
    wanted = _wanted(taxon, object_type, database)
    codes = wanted_codes(evidence)
    if isoforms not in ("join", "keep"):
        raise ValueError(f"isoforms must be 'join' or 'keep', got {isoforms!r}.")
    path = local_path(path, AnnotationError)
    lines, n_truncated = read_lines(path, _is_whole, encoding, truncated, max_bytes)
    table = _table(lines, path)
    table["fails"] = _first_failed(table, wanted, path)
    fate = judge_evidence(table, codes, evidence, path)
    kept, n_isoforms = _join_isoforms(table[table["fails"] == ""], isoforms)
    annotations = positive_and_unique(with_days(kept, dates, lines, path), lines, path)
    annotations["aspect"] = annotations["aspect"].map(GAF_ASPECTS)
    filtered = table.loc[table["fails"] != "", "fails"].value_counts().to_dict()
    annotations.attrs |= fate | {
        "n_filtered": sum(filtered.values()),
        "filtered": filtered,
        "n_isoforms": n_isoforms,
        "n_truncated": n_truncated,
        "n_not_ascii": count_not_ascii(lines),
    }
    return annotations


def _wanted(taxon, object_type, database):
    """Return {column: values to keep} of the filters that were set."""
    taxon = [taxon] if isinstance(taxon, Integral) else taxon
    filters = {"taxon": taxon, "object_type": object_type, "database": database}
    filters = {name: values for name, values in filters.items() if values is not None}
    for name, values in filters.items():
        refuse_string(values, name, AnnotationError)
    wanted = {name: {_plain(name, one) for one in values} for name, values in filters.items()}
    for name, values in wanted.items():
        if not values:
            raise AnnotationError(f"An empty {name} keeps no line. Leave it out to keep all.")
    return wanted


def _plain(name, value):
    return str(value).removeprefix("taxon:") if name == "taxon" else value


def _is_whole(line, first):
    return line.startswith("!") or line.count("\t") + 1 >= _N_REQUIRED


def _table(lines, path):
    numbered = enumerate(lines, 1)
    rows = [_fields(n, line, lines, path) for n, line in numbered if line and line[0] != "!"]
    refuse_without_rows(rows, path)
    table = pd.DataFrame(rows, columns=list(GAF_COLUMNS), dtype=str)
    table["taxon"] = each(_first_taxon, table["taxon"])
    return table


def _first_taxon(taxa):
    return taxa.partition("|")[0].removeprefix("taxon:")


def _fields(number, line, lines, path):
    fields = line.split("\t")
    if len(fields) < _N_REQUIRED:
        raise AnnotationError(
            f"{path}, line {number}: {len(fields)} fields, but GAF has at least {_N_REQUIRED}. "
            f"Is this a GAF file, and complete?{advice_if_last(number - 1, lines)}"
        )
    row = tuple(map(str.strip, _PICK(fields + _MISSING)))
    if not row[_PROTEIN] or not row[_TERM] or row[_ASPECT] not in GAF_ASPECTS:
        raise AnnotationError(
            f"{path}, line {number}: an annotation needs a protein, a term and an aspect "
            f"{', '.join(GAF_ASPECTS)}; found {dict(zip(GAF_COLUMNS, row, strict=True))}."
        )
    return row


def _first_failed(table, wanted, path):
    """Name the first filter that each line (n_lines,) fails, "" where it passes all."""
    fails = pd.Series("", index=table.index, dtype=object)
    for name, values in wanted.items():
        has = table[name].isin(values)
        if len(table) and not has.any():
            raise AnnotationError(
                f"{path}: no line has the {name} {a_few(sorted(values))}. There are "
                f"{a_few(table[name].value_counts().index)}."
            )
        fails[~has & (fails == "")] = name
    return fails


def _join_isoforms(table, isoforms):
    """Name the protein, or the isoform, in each line; count lines that speak of an isoform."""
    entries = each(normalise_protein_id, table["EntryID"])
    forms = each(normalise_protein_id, table["isoform"])
    forms = forms.where(each(is_isoform, forms).astype(bool), entries)
    proteins = each(partial(normalise_protein_id, canonical=True), entries)
    n_isoforms = int(each(is_isoform, forms).astype(bool).sum())
    return table.assign(EntryID=forms if isoforms == "keep" else proteins), n_isoforms
