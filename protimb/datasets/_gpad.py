"""The Gene Ontology's annotations without the description of genes (GPAD)."""

import re
from functools import partial

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
from protimb.datasets._evidence import CODES, judge_evidence, read_eco_codes, wanted_codes
from protimb.datasets._ids import is_isoform, normalise_protein_id
from protimb.exceptions import AnnotationError
from protimb.utils._files import local_path

GPAD_HEADER = re.compile(r"!\s*gpad?-version:\s*(\d)", re.IGNORECASE)
_N_REQUIRED = 10  # of twelve: extensions and properties may be left out

# Position of each column, counted from 0, by the first number of the version. Of 1.x, columns 1
# and 2 are a database and an id; of 2.0, column 1 is both, and NOT has a column of its own.
_LAST = {"date": 8, "properties": 11}
_COLUMNS = {
    1: {"EntryID": 1, "qualifier": 2, "relation": 2, "term": 3, "eco": 5, **_LAST},
    2: {"EntryID": 0, "qualifier": 1, "relation": 2, "term": 3, "eco": 5, **_LAST},
}
_GO_EVIDENCE = re.compile(r"(?:^|\|)\s*go_evidence=([A-Z]+)")
_CHAIN = re.compile(r":PRO_\d+$")  # a part of a protein, after cleavage

# Of the Relation Ontology: what an annotation says of protein and term.
RELATIONS = {
    "RO:0002327": "enables",
    "RO:0002326": "contributes_to",
    "RO:0002331": "involved_in",
    "RO:0002263": "acts_upstream_of",
    "RO:0004034": "acts_upstream_of_positive_effect",
    "RO:0004035": "acts_upstream_of_negative_effect",
    "RO:0002264": "acts_upstream_of_or_within",
    "RO:0004032": "acts_upstream_of_or_within_positive_effect",
    "RO:0004033": "acts_upstream_of_or_within_negative_effect",
    "BFO:0000050": "part_of",
    "RO:0001025": "located_in",
    "RO:0002432": "is_active_in",
    "RO:0002325": "colocalizes_with",
}


def read_gpad(
    path,
    *,
    evidence="experimental",
    eco=None,
    isoforms="join",
    encoding="utf-8",
    truncated="raise",
    dates=False,
    max_bytes=None,
):
    r"""Read a Gene Product Association Data file (GPAD 1.1, 1.2 or 2.0).

    GPAD says what GAF says, without aspect, species and kind of molecule: terms know their
    aspect, and proteins are those that you have sequences of. Evidence is a term of the Evidence
    and Conclusion Ontology (ECO).

    Parameters
    ----------
    path : str or path-like
        Plain or gzipped. The version is that of the header, or what the first line looks like.
    evidence : {"experimental", "curated", "all"} or collection of str
        As for ``read_gaf``. The code of a line is the ``go_evidence`` of its properties, if it is
        there, or else the one that its term of ECO stands for.
    eco : mapping of str to str or path-like, optional
        More terms of ECO with their codes, such as ``{"ECO:0001232": "IDA"}``, or the file
        ``gaf-eco-mapping-derived.txt`` that ECO publishes. Known without it are the terms of
        ``gaf-eco-mapping.txt``.
    isoforms : {"join", "keep"}
        Give annotations of an isoform or a chain to its protein (``P12345-2`` and
        ``P12345:PRO_0000012345`` to ``P12345``), or name it.
    encoding : str
        Of the text, such as ``"latin-1"``.
    truncated : {"raise", "drop"}
        What to do about a file that was cut, gzipped or plain: read it without its last line?
    dates : bool
        Keep the day of each annotation as a column ``date``, as ``read_gaf`` does.
    max_bytes : int, optional
        Most bytes that a compressed file may unfold to; by default 100 times its size, or 32 MiB
        where that is more.

    Returns
    -------
    annotations : DataFrame
        Columns ``EntryID`` and ``term``. ``attrs`` count as those of ``read_gaf``; besides,
        ``relations`` counts the lines kept by what they say, such as ``enables``.

    Raises
    ------
    AnnotationError
        If the file is empty or a header alone; if a line has too few fields, or no protein, term
        or evidence, or names with invisible characters; if what says NOT says anything else; if an
        evidence code does not exist, or no line is of the preset.

    Warns
    -----
    AnnotationWarning
        If lines were left out because no code is known for their term of ECO, or the file was cut.

    See Also
    --------
    read_gaf : Read the older format.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from protimb.datasets import read_gpad
    >>> fields = ["UniProtKB:P12345", "", "RO:0002327", "GO:0003674", "PMID:1", "ECO:0000314"]
    >>> fields += ["", "", "2024-01-01", "UniProt", "", ""]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "human.gpad")
    ...     _ = path.write_text("!gpad-version: 2.0\n" + "\t".join(fields) + "\n")
    ...     read_gpad(path)
      EntryID        term
    0  P12345  GO:0003674
    """
    codes = wanted_codes(evidence)
    if isoforms not in ("join", "keep"):
        raise ValueError(f"isoforms must be 'join' or 'keep', got {isoforms!r}.")
    code_of = read_eco_codes(eco)
    path = local_path(path, AnnotationError)
    lines, n_truncated = read_lines(path, _is_whole, encoding, truncated, max_bytes)
    table = _table(lines, path)
    table["evidence"] = _codes(table, code_of)
    table["fails"] = ""
    fate = judge_evidence(table, codes, evidence, path)
    passed = table[table["fails"] == ""]
    kept, n_isoforms = _join_isoforms(passed, isoforms)
    annotations = positive_and_unique(with_days(kept, dates, lines, path), lines, path)
    n_filtered = len(table) - len(passed)
    annotations.attrs |= fate | {
        "relations": each(_relation, passed["relation"]).value_counts().to_dict(),
        "n_filtered": n_filtered,
        "filtered": {"evidence": n_filtered} if n_filtered else {},
        "n_isoforms": n_isoforms,
        "n_truncated": n_truncated,
        "n_not_ascii": count_not_ascii(lines),
    }
    return annotations


def _is_whole(line, first):
    return line.startswith("!") or line.count("\t") + 1 >= _N_REQUIRED


def _table(lines, path):
    refuse_without_rows([one for one in lines if one and one[0] != "!"], path)
    version = _version(lines, path)
    columns = _COLUMNS[version]
    numbered = enumerate(lines, 1)
    rows = [
        _fields(n, line, lines, columns, path) for n, line in numbered if line and line[0] != "!"
    ]
    table = pd.DataFrame(rows, columns=list(columns), dtype=str)
    if version == 2:
        table["EntryID"] = each(_without_database, table["EntryID"])
    return table


def _version(lines, path):
    """Return 1 or 2: what the header says, or what the first annotation looks like."""
    for line in lines:
        if header := GPAD_HEADER.match(line):
            if int(header[1]) not in _COLUMNS:
                raise AnnotationError(f"{path}: {line[:60]!r}; read are versions 1.1, 1.2 and 2.0.")
            return int(header[1])
        if line and line[0] != "!":
            return 2 if ":" in line.partition("\t")[0] else 1
    return 2


def _fields(number, line, lines, columns, path):
    fields = [field.strip() for field in line.split("\t")]
    if len(fields) < _N_REQUIRED:
        raise AnnotationError(
            f"{path}, line {number}: {len(fields)} fields, but GPAD has at least {_N_REQUIRED}. "
            f"Is this a GPAD file, and complete?{advice_if_last(number - 1, lines)}"
        )
    row = {name: fields[place] if place < len(fields) else "" for name, place in columns.items()}
    if not (row["EntryID"] and row["term"] and row["eco"]):
        raise AnnotationError(
            f"{path}, line {number}: an annotation needs a protein, a term and evidence; found "
            f"{line[:60]!r}."
        )
    if columns is _COLUMNS[2] and row["qualifier"].upper() not in ("", "NOT"):
        raise AnnotationError(
            f"{path}, line {number}: column 2 of GPAD 2.0 is empty or says NOT; found "
            f"{row['qualifier']!r}. Is this another version?"
        )
    return tuple(row.values())


def _without_database(entry):
    """Leave the id of ``UniProtKB:P12345`` or ``MGI:MGI:88276``, as GAF's second column has it."""
    return entry.partition(":")[2] or entry


def _codes(table, code_of):
    """Give each line its evidence code, or its term of ECO where none is known."""
    said = each(_go_evidence, table["properties"])
    return said.where(said.isin(CODES), each(lambda term: code_of.get(term, term), table["eco"]))


def _go_evidence(properties):
    found = _GO_EVIDENCE.search(properties)
    return found[1] if found else ""


def _relation(qualifier):
    words = [word.strip() for word in qualifier.split("|")]
    named = [RELATIONS.get(word, word) for word in words if word.upper() != "NOT"]
    return "|".join(named) or "none"


def _join_isoforms(table, isoforms):
    """Name the protein, or the isoform or chain, in each line; count lines that speak of one."""
    entries = each(normalise_protein_id, table["EntryID"])
    whole = each(partial(_CHAIN.sub, ""), entries)
    is_part = (whole != entries) | each(is_isoform, whole).astype(bool)
    proteins = each(partial(normalise_protein_id, canonical=True), whole)
    return table.assign(EntryID=entries if isoforms == "keep" else proteins), int(is_part.sum())
