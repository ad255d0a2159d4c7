"""Annotations of any layout, and what their reader left out, by reason."""

from protimb.datasets import read_annotations, read_gaf, read_gpad
from protimb.datasets._term_pairs import layout_of
from protimb.exceptions import AnnotationError
from protimb.utils._files import read_text


def read_any_annotations(path, filters, notes):
    """Read a file whose content says what it is: a frame, and {what was left out: how many}."""
    layout = layout_of(read_text(path, AnnotationError).split("\n", 200)[:200])
    table = _READERS[layout](path, notes=notes, **filters)
    found = _counts(table.attrs, layout)
    if table.empty:
        raise AnnotationError(
            f"{path}: no annotation is left. Left out were: "
            f"{', '.join(f'{n:,} {what}' for what, n in found.items() if n) or 'none'}."
        )
    return table, found


def _read_gaf(path, notes, evidence, taxon, eco):
    return read_gaf(path, evidence=evidence, taxon=taxon, dates=True)


def _read_gpad(path, notes, evidence, taxon, eco):
    _refuse_taxon(path, taxon, "GPAD")
    return read_gpad(path, evidence=evidence, eco=eco, dates=True)


def _read_table(path, notes, evidence, taxon, eco):
    _refuse_taxon(path, taxon, "a table of proteins and terms")
    if evidence != "all":
        notes.append(
            "A table of proteins and terms does not say what evidence there is: all of its "
            "annotations were taken."
        )
    return read_annotations(path, dates=True)


_READERS = {"gaf": _read_gaf, "gpad": _read_gpad, "table": _read_table}


def _refuse_taxon(path, taxon, layout):
    if taxon is not None:
        raise AnnotationError(
            f"{path}: {layout} does not say the species. Leave taxon out: proteins without a "
            "sequence are dropped, so a FASTA file of one species does it."
        )


def _counts(attrs, layout):
    filtered = dict(attrs.get("filtered", {}))
    filtered.pop("evidence", None)
    counts = {f"lines of another {name}": n for name, n in filtered.items()}
    for code, n in attrs.get("evidence_dropped", {}).items():
        counts[f"lines of evidence {code or 'none'}, not wanted"] = n
    for code, n in attrs.get("evidence_kept", {}).items():
        counts[f"lines of evidence {code or 'none'}, kept"] = n
    if attrs.get("n_undated"):
        counts["annotations without a date"] = attrs["n_undated"]
    return counts | {
        "annotations qualified by NOT": attrs["n_negated"],
        "annotations named more than once": attrs["n_duplicates"],
        "protein ids reduced to accessions": attrs["n_renamed"],
        "lines of isoforms or chains, given to their protein": attrs.get("n_isoforms", 0),
    }
