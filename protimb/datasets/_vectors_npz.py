"""Vectors from an .npz archive: a matrix and its ids, or one array a protein."""

from functools import partial

import numpy as np

from protimb.datasets._vectors import (
    Vectors,
    as_float32,
    check_matrix,
    check_vector,
    check_width,
    find_pair,
)
from protimb.exceptions import EmbeddingFileError
from protimb.utils._array_files import open_archive
from protimb.utils._conversions import advise


def read_npz(path, max_bytes=None):
    """Look into an archive; vectors are read when their rows are taken."""
    hint = advise("vectors .npz", "objects", path)
    asked = path, EmbeddingFileError, max_bytes
    opened = partial(open_archive, *asked, objects=lambda shape: hint)
    with opened() as arrays:
        names = arrays.names
        pair = find_pair(names, path)
        if pair:
            ids, matrix = pair
            return _matrix(opened, arrays, matrix, arrays.read(ids, "ids"))
        shape, _ = arrays.check(names[0], "vectors")
        if len(names) == 1 and len(shape) == 2:
            return _matrix(opened, arrays, names[0], None)
    return Vectors(names, len(names), lambda rows: _stack(opened, path, [names[r] for r in rows]))


def _matrix(opened, arrays, matrix, names):
    shape, dtype = arrays.check(matrix, "vectors")
    check_matrix(shape, dtype, arrays.source(matrix))

    def take(rows):
        with opened() as arrays:
            return as_float32(arrays.read(matrix, "vectors")[rows])

    return Vectors(names, shape[0], take)


def _stack(opened, path, names):
    """Stack the arrays of some proteins, one vector each, into float32 (n_names, width)."""
    X = None
    with opened() as arrays:
        for row, name in enumerate(names):
            shape, dtype = arrays.check(name, "numbers")
            per_residue = advise("vectors .npz", "residues", path) if len(shape) == 2 else ""
            check_vector(shape, dtype, name, path, per_residue)
            X = np.empty((len(names), *shape), dtype=np.float32) if X is None else X
            check_width(shape[0], X.shape[1], name, path)
            X[row] = as_float32(arrays.read(name, "numbers"))
    return X
