"""Vectors from an .npy file: a matrix, one row a protein, whose ids are in another file."""

from functools import partial

from protimb.datasets._vectors import Vectors, as_float32, check_matrix
from protimb.exceptions import EmbeddingFileError
from protimb.utils._array_files import check_npy, map_npy
from protimb.utils._conversions import advise


def read_npy(path, max_bytes=None):
    """Look at a matrix of numbers; its rows are read from the file when taken, not unfolded."""
    asked = path, EmbeddingFileError, "vectors", lambda shape: advise("vectors", len(shape), path)
    shape, dtype = check_npy(*asked)
    check_matrix(shape, dtype, path)
    mapped = partial(map_npy, *asked)
    return Vectors(None, shape[0], lambda rows: as_float32(mapped()[rows]), mapped)
