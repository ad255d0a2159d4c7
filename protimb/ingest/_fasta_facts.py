"""What a FASTA file holds that its reader repairs without a word, or an encoder maps."""

from protimb.datasets import normalise_protein_id
from protimb.exceptions import FastaError
from protimb.utils._files import read_text

_RARE = set("BJOUXZ")
_MARKS = ("-", "*", ".")


def describe_fasta(path, sequences):
    """Return {what: ids, or how many} of a file that read_fasta has read as {protein: residues}."""
    records = [_parts(one) for one in read_text(path, FastaError)[1:].split("\n>")]
    names = [name for name, _ in records]
    rare = [one for one, residues in sequences.items() if _RARE & set(residues)]
    return {
        "ids reduced to accessions": [one for one in names if normalise_protein_id(one) != one],
        "records that repeat one": len(records) - len(sequences),
        "sequences with a stop at the end, which was cut": _where(records, _ends_in_stop),
        "sequences with gaps or inner stops, read as X": _where(records, _has_marks),
        "sequences in lower case": _where(records, lambda one: one != one.upper()),
        "sequences with rare residues (B J O U X Z), which were kept": rare,
    }


def _parts(record):
    header, _, residues = record.partition("\n")
    return header.split(None, 1)[0], residues.replace("\n", "").strip()


def _where(records, holds):
    return [name for name, residues in records if holds(residues)]


def _ends_in_stop(residues):
    return residues.endswith("*")


def _has_marks(residues):
    inner = residues.rstrip("*")
    return any(mark in inner for mark in _MARKS)
