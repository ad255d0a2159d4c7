"""Rows written to files block by block, and mapped: never all of them in memory."""

import inspect
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

from protimb.exceptions import ArtifactWriteError
from protimb.utils._array_files import write_npy
from protimb.utils._containers import cast_values
from protimb.utils._memory import gather_rows, is_large, release_pages, rows_a_block
from protimb.utils._new_folder import check_new, new_folder

VECTORS, LABELS, CLASSES = "X.npy", "y.npz", "y.npy"
_OUT = """out : path-like, optional
    Folder to write the result to, new or empty, where memory does not hold it: the rows of X, an
    array or a memory map, are copied by blocks into ``X.npy``, and new ones put below them;
    ``y.npz`` holds sparse indicators, ``y.npy`` classes. It appears whole or not at all;
    ``np.load(out / "X.npy", mmap_mode="r")`` and ``scipy.sparse.load_npz(out / "y.npz")`` read it
    again."""


def documents_out(fit_resample):
    """Put what ``out`` is in the place of ``{out}``, the same for every sampler."""
    if fit_resample.__doc__:  # python -OO leaves none
        fit_resample.__doc__ = inspect.cleandoc(fit_resample.__doc__).replace("{out}", _OUT)
    return fit_resample


class Part(NamedTuple):
    """Rows to be written: an array (n_all, n_features), and which of its rows; None for all."""

    X: np.ndarray
    rows: np.ndarray | None = None

    def __len__(self):
        return len(self.X if self.rows is None else self.rows)

    def blocks(self, dtype):
        """Yield blocks of the rows in a dtype, letting go of what a memory map has read."""
        for block in gen_batches(max(1, len(self)), rows_a_block(self.X)):
            rows = self.X[block] if self.rows is None else gather_rows(self.X, self.rows[block])
            yield cast_values(rows, dtype)
            release_pages(self.X)


def check_out(out, X):
    """Refuse a folder that cannot be written, and X that no matrix in a file can stand for."""
    if out is None:
        return
    check_new(out)
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "biuf":
        return
    what = f"an array of {X.dtype}" if isinstance(X, np.ndarray) else type(X).__name__
    raise TypeError(
        f"out= writes a matrix of numbers, such as np.load(path, mmap_mode='r') maps; X is {what}. "
        "Pass X.to_numpy() of a table, X.toarray() of a sparse matrix, np.array(X, dtype=float) of "
        "a list or of text, or leave out= out."
    )


def write_rows(out, parts, y):
    """Write the rows of Parts, in the dtype of the first, and their labels; give both, X mapped.

    ``y`` is a csr_array (n_rows, n_terms), or classes (n_rows,).
    """
    X, n_rows = parts[0].X, sum(map(len, parts))
    with new_folder(out) as draft:
        write_matrix(draft / VECTORS, parts, X.dtype, (n_rows, X.shape[1]))
        if sparse.issparse(y):
            sparse.save_npz(draft / LABELS, y)
        else:
            np.save(draft / CLASSES, y.astype(str) if y.dtype == object else y)
    return np.load(Path(out) / VECTORS, mmap_mode="r"), y


def spilled(X, rows, dtype=None):
    """Copy rows (n_rows,) of X to a temporary file; give a map of it, with which it vanishes."""
    part, dtype = Part(X, rows), np.dtype(dtype or X.dtype)
    with tempfile.TemporaryFile() as file:
        for block in part.blocks(dtype):
            file.write(np.ascontiguousarray(block).data)
        file.flush()
        return np.memmap(file, dtype=dtype, mode="r", shape=(len(part), X.shape[1]))


def take_mapped(X, rows):
    """Give rows (n_rows,) of an array; of a memory map, if they are many, mapped again."""
    if isinstance(X, np.memmap) and is_large((len(rows), X.shape[1]), X.itemsize):
        return spilled(X, rows)
    return gather_rows(X, rows) if isinstance(X, np.memmap) else X[rows]


def write_matrix(path, parts, dtype, shape):
    """Write the rows of Parts to an .npy file, unless the disk has no room for them."""
    n_bytes, free = shape[0] * shape[1] * dtype.itemsize, shutil.disk_usage(path.parent).free
    if n_bytes > free:
        raise ArtifactWriteError(
            f"{path.parent.parent}: {shape[0]:,} rows take {n_bytes / 2**20:,.1f} MiB, and "
            f"{free / 2**20:,.1f} MiB of the disk are free. Name a place elsewhere."
        )
    write_npy(path, (block for part in parts for block in part.blocks(dtype)), shape, dtype)
