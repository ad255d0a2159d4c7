"""What every reader of protein vectors gives, and what several of them check."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from protimb.exceptions import EmbeddingFileError
from protimb.utils._validation import a_few

# What arrays or columns of ids are called, and arrays of vectors, in lower case.
ID_NAMES = (
    *("entryid", "entry_id", "entry", "id", "ids", "protein", "protein_id", "proteins"),
    *("protein_ids", "accession", "accessions", "uniprot_id", "uniprot", "target_id"),
)
MATRIX_NAMES = ("embeddings", "embedding", "embeds", "x", "vectors", "vector", "features")


class Vectors(NamedTuple):
    """A file of vectors, of which only what tells its rows apart has been read."""

    names: Sequence | None  # of the proteins, one a row; None where the file has none
    n_rows: int
    take: Callable[[np.ndarray], np.ndarray]  # row numbers -> float32 (n, width)
    mapped: Callable[[], np.ndarray] | None = None  # -> (n_rows, width), where it can be mapped


def as_float32(array):
    """Convert numbers; what float32 cannot hold becomes infinite, and is refused later."""
    with np.errstate(over="ignore"):
        return np.asarray(array, dtype=np.float32)


def check_matrix(shape, dtype, source, advice=""):
    """Refuse an array that is no matrix of numbers, or an empty one."""
    if len(shape) != 2 or dtype.kind not in "fiu":
        hint = " Average per-residue vectors over the residues first." if len(shape) == 3 else ""
        raise EmbeddingFileError(
            f"{source}: expected a matrix of numbers, one row a protein, found shape {shape} of "
            f"{dtype}.{hint}{advice}"
        )
    if 0 in shape:
        raise EmbeddingFileError(f"{source}: empty, its shape is {shape}.")


def check_vector(shape, dtype, protein, path, advice):
    """Refuse an array that is not the vector of one protein."""
    if len(shape) == 2:
        raise EmbeddingFileError(
            f"{path}: protein {protein!r} has an array of shape {shape}, a row a residue. Use the "
            "file of one vector a protein, which is often published beside it, or average."
            f"{advice}"
        )
    if len(shape) != 1 or not shape[0] or dtype.kind not in "fiu":
        raise EmbeddingFileError(
            f"{path}: expected a vector of numbers for protein {protein!r}, found shape {shape} "
            f"of {dtype}."
        )


def check_width(width, expected, protein, path):
    """Refuse a protein whose vector has another width than those before it."""
    if width != expected:
        raise EmbeddingFileError(
            f"{path}: the vector of protein {protein!r} has {width} numbers, others have "
            f"{expected}. All need to come from one encoder."
        )


def find_pair(names, path):
    """Find the names of an array of ids and of one of vectors, or None where one is missing."""
    ids = [name for name in names if name.lower() in ID_NAMES]
    matrices = [name for name in names if name.lower() in MATRIX_NAMES]
    if not (ids and matrices):
        return None
    if len(ids) > 1 or len(matrices) > 1:
        raise EmbeddingFileError(
            f"{path}: {a_few(ids)} may name proteins and {a_few(matrices)} may be their vectors. "
            "Keep one of each."
        )
    return ids[0], matrices[0]
