"""Vectors in parts: matrices of some rows each, and a small index that makes one matrix of them.

``X.parts`` is the index, JSON; its parts lie in the folder ``X_parts``. A part is an ``.npy`` file
whose name ends in the fingerprint of what was embedded by what, so that parts of two runs are
never taken for each other's. Ids and the record of the encoder lie beside it, as beside ``X.npy``.
"""

import numpy as np
from sklearn.utils import gen_batches

from protimb.datasets._beside import beside
from protimb.datasets._vectors import Vectors
from protimb.exceptions import EmbeddingFileError
from protimb.utils._array_files import check_npy, map_npy
from protimb.utils._declared import Anything, Each, Integer, Text, check_declared
from protimb.utils._files import is_there, local_path
from protimb.utils._json_text import read_json
from protimb.utils._memory import release_pages
from protimb.utils._validation import a_few

FORMAT = "protimb parts 1"
DTYPES = ("float32", "float16")
INDEX = {
    "format": Text((FORMAT,)),
    "fingerprint": Text(),
    "fasta": Text(),
    "encoder": Anything(),
    "dtype": Text(DTYPES),
    "width": Integer(1),
    "parts": Each({"file": Text(), "rows": Integer(1)}),
}
_ROWS = 1024  # that are read at a time, so that few pages of a map are in memory
_CURE = "Put it back, or run protimb embed again with the same words: it makes what is missing."


def read_parts(path, max_bytes=None):
    """Look at an index and at the head of each part; rows are read from maps when taken."""
    index = read_index(path)
    folder = parts_folder(path)
    files = [folder / part["file"] for part in index["parts"]]
    _check_there(files, path)
    heights = [part["rows"] for part in index["parts"]]
    for file, n_rows in zip(files, heights, strict=True):
        _check_part(file, (n_rows, index["width"]), index["dtype"], path)
    starts = np.concatenate([[0], np.cumsum(heights)])
    matrix = _Matrix(files, starts, index["width"], np.dtype(index["dtype"]))
    return Vectors(None, len(matrix), matrix.__getitem__, lambda: matrix)


class _Matrix:
    """The rows of all parts, read when they are asked for."""

    def __init__(self, files, starts, width, dtype):
        self._files, self._starts = files, starts
        self.shape, self.dtype = (int(starts[-1]), width), dtype

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, rows):
        return _take(self._files, self._starts, self.shape[1], rows)


def read_index(path):
    """Read the index of parts, checked, as a dict."""
    index = read_json(local_path(path, EmbeddingFileError).read_bytes(), path, EmbeddingFileError)
    try:
        check_declared(index, INDEX)
    except ValueError as error:
        raise EmbeddingFileError(f"{path} is no index of vectors in parts: {error}.") from error
    if not index["parts"]:
        raise EmbeddingFileError(f"{path}: empty, it names no part.")
    for number, part in enumerate(index["parts"]):
        expected = part_name(number, index["fingerprint"])
        if part["file"] != expected:
            raise EmbeddingFileError(
                f"{path}: part {number} is called {part['file'][:60]!r}, where {expected} belongs. "
                "The index was changed; restore it from a copy."
            )
    return index


def parts_folder(path):
    """Name the folder of the parts of an index: X_parts for X.parts."""
    return beside(path, "parts")


def part_name(number, fingerprint):
    """Name the file of a part."""
    return f"part-{number:05d}-{fingerprint[:16]}.npy"


def _check_there(files, path):
    missing = [file.name for file in files if not is_there(file)]
    if missing:
        raise EmbeddingFileError(
            f"{path}: {len(missing)} of its {len(files)} parts are missing in {files[0].parent}: "
            f"{a_few(missing)}. {_CURE}"
        )


def _check_part(file, shape, dtype, path):
    found, kind = check_npy(local_path(file, EmbeddingFileError), EmbeddingFileError, "vectors")
    if found != shape or kind != np.dtype(dtype):
        raise EmbeddingFileError(
            f"{file}: a part of shape {found} of {kind}, where {path} has {shape} of {dtype}. "
            "Remove the part, and run protimb embed again with the same words."
        )


def _take(files, starts, width, rows):
    """Read rows of any parts, in any order, into float32 (n_rows, width)."""
    X = np.empty((len(rows), width), dtype=np.float32)
    part_of = np.searchsorted(starts, rows, side="right") - 1
    order = np.argsort(part_of, kind="stable")
    parts, firsts = np.unique(part_of[order], return_index=True)
    for part, places in zip(parts, np.split(order, firsts[1:]), strict=True):
        matrix = map_npy(files[part], EmbeddingFileError, "vectors")
        for some in gen_batches(len(places), _ROWS):
            X[places[some]] = matrix[rows[places[some]] - starts[part]]
            release_pages(matrix)
    return X
