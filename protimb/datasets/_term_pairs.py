"""Annotations in any of the layouts in which a truth is handed over: GAF, CAFA's table, pairs."""

import pandas as pd

from protimb.datasets._annotations import each, positive_and_unique, read_annotations
from protimb.datasets._gaf import read_gaf
from protimb.exceptions import AnnotationError
from protimb.utils._files import local_path, read_text

_PAIR = ["EntryID", "term"]
_HEADERS = {"entryid", "protein", "protein_id", "target", "target_id"}


def read_term_pairs(path):
    """Read (protein, term) of GAF, CAFA's table or bare pairs into a frame EntryID, term."""
    path = local_path(path, AnnotationError)
    lines = read_text(path, AnnotationError).rstrip("\n").split("\n")
    fields = lines[0].split("\t")
    if lines[0].startswith("!") or len(fields) >= 15:
        pairs = read_gaf(path)[_PAIR]
    elif {*_PAIR, "aspect"} <= set(fields):
        pairs = read_annotations(path)[_PAIR]
    else:
        pairs = _bare_pairs(lines, path)
    if pairs.empty:
        raise AnnotationError(f"{path}: no annotation in this file.")
    return pairs


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
    return positive_and_unique(table.assign(aspect=""))[_PAIR]


def _check_filled(table, lines, path):
    empty = (table == "").any(axis=1).to_numpy()
    if empty.any():
        line = [line for line in lines if line][-len(table) :][empty.argmax()]
        raise AnnotationError(
            f"{path}, line {lines.index(line) + 1}: an annotation needs a protein and a term, "
            f"separated by a tab; found {line[:60]!r}."
        )
