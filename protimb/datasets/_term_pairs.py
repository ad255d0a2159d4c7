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
    numbered = [(n, line.split("\t")) for n, line in enumerate(lines, 1) if line][start:]
    for number, fields in numbered:
        if len(fields) < 2 or not (fields[0].strip() and fields[1].strip()):
            raise AnnotationError(
                f"{path}, line {number}: an annotation needs a protein and a term, separated by "
                f"a tab; found {fields[:3]}."
            )
    table = pd.DataFrame([fields[:2] for _, fields in numbered], columns=_PAIR, dtype=str)
    table["term"] = each(str.strip, table["term"])
    return positive_and_unique(table.assign(aspect=""))[_PAIR]
