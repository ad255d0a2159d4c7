"""Annotations in any layout, told apart by what is in the file: GAF, GPAD, CAFA's table, pairs."""

from collections.abc import Callable
from functools import partial
from warnings import warn

import pandas as pd

from protimb.datasets._annotations import ALIASES, each, positive_and_unique, read_annotations
from protimb.datasets._evidence import PRESETS
from protimb.datasets._gaf import read_gaf
from protimb.datasets._gpad import GPAD_HEADER, read_gpad
from protimb.exceptions import AnnotationError, AnnotationWarning
from protimb.utils._files import local_path, read_text
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level

_PAIR = ["EntryID", "term"]
_HEADERS = set(ALIASES["EntryID"])
_EXPERIMENTAL = set(PRESETS["experimental"] or ())


def read_term_pairs(path):
    """Read (protein, term) of GAF, GPAD, CAFA's table or bare pairs: a frame EntryID, term."""
    path = local_path(path, AnnotationError)
    lines = read_text(path, AnnotationError).rstrip("\n").split("\n")
    kind = layout_of(lines)
    if kind != "table":
        table = _READERS[kind](path)
        _warn_of_evidence(table.attrs["evidence_kept"], path)
        pairs = table[_PAIR]
    elif {*_PAIR, "aspect"} <= set(lines[0].split("\t")):
        pairs = read_annotations(path)[_PAIR]
    else:
        pairs = _bare_pairs(lines, path)
    if pairs.empty:
        raise AnnotationError(f"{path}: no annotation in this file.")
    return pairs


_READERS: dict[str, Callable] = {
    "gaf": partial(read_gaf, evidence="all"),
    "gpad": partial(read_gpad, evidence="all"),
}


def _warn_of_evidence(n_by_code, path):
    """Say how much of a file no experiment shows: what is judged by it may be judged by guesses."""
    others = {code: n for code, n in n_by_code.items() if code not in _EXPERIMENTAL}
    if others:
        codes = a_few(f"{code or 'none'}: {n:,}" for code, n in others.items())
        warn(
            f"{path}: {sum(others.values()):,} of {sum(n_by_code.values()):,} lines are of "
            f"evidence that is not experimental ({codes}), and are taken too. The file "
            "train_terms.tsv of protimb ingest has those of an evidence of your choice.",
            AnnotationWarning,
            stacklevel=users_level(),
        )


def layout_of(lines):
    """Return what a file of annotations is, by its lines: "gaf", "gpad" or "table"."""
    for line in lines:
        if GPAD_HEADER.match(line):
            return "gpad"
        if line and line[0] != "!":
            return _layout_of_row(line.split("\t"))
    return "gaf"


def _layout_of_row(fields):
    if len(fields) >= 10 and fields[5].startswith("ECO:"):
        return "gpad"
    return "gaf" if len(fields) >= 15 else "table"


def _bare_pairs(lines, path):
    """Read lines of a protein and a term; what follows is passed over, as cafaeval does."""
    start = lines[0].partition("\t")[0].strip().lower() in _HEADERS
    rows = [line for line in lines[start:] if line]
    # One list of all fields: a list a line takes ten times as long to make and to collect.
    fields = "\t".join(rows).split("\t") if rows else []
    if {line.count("\t") for line in rows} - {1}:
        fields = [field for line in rows for field in [*line.split("\t"), ""][:2]]
    table = pd.DataFrame({"EntryID": fields[::2], "term": fields[1::2]}, dtype=str)
    for name in _PAIR:
        table[name] = each(str.strip, table[name])
    _check_filled(table, lines, path)
    return positive_and_unique(table.assign(aspect=""), lines, path)[_PAIR]


def _check_filled(table, lines, path):
    empty = (table == "").any(axis=1).to_numpy()
    if empty.any():
        line = [line for line in lines if line][-len(table) :][empty.argmax()]
        raise AnnotationError(
            f"{path}, line {lines.index(line) + 1}: an annotation needs a protein and a term, "
            f"separated by a tab; found {line[:60]!r}."
        )
