"""The Gene Ontology's own files of annotations (GAF)."""

from functools import partial
from numbers import Integral
from operator import itemgetter
from warnings import warn

import pandas as pd

from protimb.datasets._annotations import (
    advice_if_last,
    count_not_ascii,
    each,
    positive_and_unique,
    read_lines,
)
from protimb.datasets._ids import is_isoform, normalise_protein_id
from protimb.exceptions import AnnotationError, AnnotationWarning
from protimb.utils._files import local_path
from protimb.utils._validation import a_few, refuse_string
from protimb.utils._warnings import users_level

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
    "isoform": 16,
}
_N_REQUIRED = 15
_MISSING = [""] * (max(GAF_COLUMNS.values()) + 1 - _N_REQUIRED)
_PICK = itemgetter(*GAF_COLUMNS.values())
_PROTEIN, _TERM, _ASPECT = map(list(GAF_COLUMNS).index, ("EntryID", "term", "aspect"))

# https://geneontology.org/docs/guide-go-evidence-codes/
EVIDENCE_CODES = {
    "experiment": ("EXP", "IDA", "IPI", "IMP", "IGI", "IEP"),
    "high throughput": ("HTP", "HDA", "HMP", "HGI", "HEP"),
    "phylogeny": ("IBA", "IBD", "IKR", "IRD"),
    "computation": ("ISS", "ISO", "ISA", "ISM", "IGC", "RCA"),
    "author": ("TAS", "NAS"),
    "curator": ("IC", "ND"),
    "electronic": ("IEA",),
    "retired": ("IMR", "NR"),
}
_CODES = [code for codes in EVIDENCE_CODES.values() for code in codes]


def read_gaf(
    path,
    *,
    evidence=None,
    taxon=None,
    object_type=None,
    database=None,
    isoforms="join",
    encoding="utf-8",
    truncated="raise",
):
    r"""Read a Gene Annotation File (GAF 2.x).

    One file may hold proteins beside RNA and complexes, and several species; the filters below
    pick what is wanted, and a line has to pass them all.

    Parameters
    ----------
    path : str or path-like
        Plain or gzipped.
    evidence : collection of str, optional
        Evidence codes to keep, such as ``{"EXP", "IDA"}``; all by default.
    taxon : int or collection of int, optional
        NCBI's numbers of the species to keep, such as 9606. Of two taxa in one line, the first
        is that of the protein.
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

    Returns
    -------
    annotations : DataFrame
        As from ``read_annotations``, with aspects ``MFO``, ``BPO`` and ``CCO``. A GAF names an
        annotation once for each paper, so duplicates are counted in ``attrs`` but not warned of.
        Besides, ``n_filtered`` counts lines that did not pass, and ``n_isoforms`` those that
        passed and speak of an isoform.

    Raises
    ------
    AnnotationError
        If the file is empty; if a line has fewer fields than GAF demands, or no protein,
        term or known aspect; if an evidence code does not exist, no line passes another filter,
        or a filter is empty, or a string rather than a collection of them.

    Warns
    -----
    AnnotationWarning
        If lines were left out because their evidence code does not exist, or the file was cut.

    See Also
    --------
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
    ...     read_gaf(path, evidence={"IDA"}, taxon=9606)
      EntryID        term aspect
    0  P12345  GO:0003674    MFO
    """
    wanted = _wanted(evidence, taxon, object_type, database)
    if isoforms not in ("join", "keep"):
        raise ValueError(f"isoforms must be 'join' or 'keep', got {isoforms!r}.")
    path = local_path(path, AnnotationError)
    lines, n_truncated = read_lines(path, _is_whole, encoding, truncated)
    table = _filtered(_table(lines, path), wanted, path)
    kept, n_isoforms = _join_isoforms(table[table["passes"]], isoforms)
    annotations = positive_and_unique(kept)
    annotations["aspect"] = annotations["aspect"].map(GAF_ASPECTS)
    annotations.attrs |= {
        "n_filtered": int((~table["passes"]).sum()),
        "n_isoforms": n_isoforms,
        "n_truncated": n_truncated,
        "n_not_ascii": count_not_ascii(lines),
    }
    return annotations


def _wanted(evidence, taxon, object_type, database):
    """Return {column: values to keep} of the filters that were set."""
    taxon = [taxon] if isinstance(taxon, Integral) else taxon
    filters = {
        "evidence": evidence,
        "taxon": taxon,
        "object_type": object_type,
        "database": database,
    }
    filters = {name: values for name, values in filters.items() if values is not None}
    for name, values in filters.items():
        refuse_string(values, name, AnnotationError)
    wanted = {name: {_plain(name, one) for one in values} for name, values in filters.items()}
    for name, values in wanted.items():
        if not values:
            raise AnnotationError(f"An empty {name} keeps no line. Leave it out to keep all.")
    _check_codes(wanted.get("evidence", ()))
    return wanted


def _plain(name, value):
    return str(value).removeprefix("taxon:") if name == "taxon" else value


def _check_codes(codes):
    unknown = [code for code in codes if code not in _CODES]
    if unknown:
        meant = [str(code).upper() for code in unknown if str(code).upper() in _CODES]
        hint = f"Did you mean {a_few(meant)}? " if meant else ""
        raise AnnotationError(
            f"There is no evidence code {a_few(map(repr, unknown))}. {hint}Codes are "
            f"{', '.join(_CODES)}."
        )


def _is_whole(line, first):
    return line.startswith("!") or line.count("\t") + 1 >= _N_REQUIRED


def _table(lines, path):
    numbered = enumerate(lines, 1)
    rows = [_fields(n, line, lines, path) for n, line in numbered if line and line[0] != "!"]
    if not any(lines):
        raise AnnotationError(f"{path}: empty file. Fetch it again.")
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


def _filtered(table, wanted, path):
    """Add the column ``passes``: whether a line has what every filter wants."""
    table["passes"] = True
    for name, values in wanted.items():
        has = table[name].isin(values)
        if name != "evidence" and len(table) and not has.any():
            raise AnnotationError(
                f"{path}: no line has the {name} {a_few(sorted(values))}. There are "
                f"{a_few(table[name].value_counts().index)}."
            )
        table["passes"] &= has
    if "evidence" in wanted:
        _warn_of_unknown_codes(table["evidence"], path)
    return table


def _warn_of_unknown_codes(codes, path):
    unknown = codes[~codes.isin(_CODES)]
    if len(unknown):
        warn(
            f"{path}: left out {len(unknown)} lines whose evidence code does not exist: "
            f"{a_few(map(repr, unknown.unique()))}.",
            AnnotationWarning,
            stacklevel=users_level(),
        )


def _join_isoforms(table, isoforms):
    """Name the protein, or the isoform, in each line; count lines that speak of an isoform."""
    entries = each(normalise_protein_id, table["EntryID"])
    forms = each(normalise_protein_id, table["isoform"])
    forms = forms.where(each(is_isoform, forms).astype(bool), entries)
    proteins = each(partial(normalise_protein_id, canonical=True), entries)
    n_isoforms = int(each(is_isoform, forms).astype(bool).sum())
    return table.assign(EntryID=forms if isoforms == "keep" else proteins), n_isoforms
