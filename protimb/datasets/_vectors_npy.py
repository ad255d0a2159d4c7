"""Vectors from an .npy file: a matrix, one row a protein, whose ids are in another file."""

import math
import tokenize
from pathlib import Path

import numpy as np

from protimb.datasets._vectors import Vectors, as_float32, check_matrix
from protimb.exceptions import EmbeddingFileError
from protimb.utils._conversions import advise


def read_npy(path):
    """Look at a matrix of numbers; its rows are read from the file when they are taken."""
    shape, dtype = check_npy(path, "vectors")
    check_matrix(shape, dtype, path)

    def take(rows):
        return as_float32(np.load(path, mmap_mode="r", allow_pickle=False)[rows])

    return Vectors(None, shape[0], take)


def check_npy(path, what):
    """Return shape and dtype of an .npy file whose size is what its header claims."""
    with Path(path).open("rb") as file:
        return check_header(
            file,
            Path(path).stat().st_size,
            path,
            what,
            lambda shape: advise(what, len(shape), path),
        )


def check_header(file, n_bytes, source, what, advice):
    """Return shape and dtype of an array in .npy format, all of whose n_bytes its header claims."""
    shape, dtype = _npy_header(file, source)
    if dtype.hasobject:
        raise EmbeddingFileError(
            f"{source}: holds Python objects, which only pickle can read, and unpickling runs "
            f"code. Where you trust the file, convert it once.{advice(shape)}"
        )
    if not all(type(n) is int and n >= 0 for n in shape):
        raise EmbeddingFileError(f"{source}: damaged, its header claims shape {shape}.")
    if not dtype.itemsize:  # any number of rows would fit into no bytes
        raise EmbeddingFileError(f"{source}: its {math.prod(shape):,} {what} are all empty.")
    claimed = file.tell() + math.prod(shape) * dtype.itemsize  # Python integers: no overflow
    if n_bytes != claimed:
        raise EmbeddingFileError(
            f"{source}: its header claims {claimed:,} bytes (shape {shape}, {dtype}), the file has "
            f"{n_bytes:,}. It is truncated or damaged: fetch it again."
        )
    return shape, dtype


def _npy_header(file, source):
    header_readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        shape, _, dtype = header_readers[np.lib.format.read_magic(file)](file)
    except (ValueError, KeyError, EOFError, tokenize.TokenError) as error:
        raise EmbeddingFileError(
            f"{source}: not an .npy file, or cut off within its header ({error})."
        ) from error
    return shape, dtype
