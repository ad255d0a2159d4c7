"""Vectors from an HDF5 file: one dataset a protein, or a dataset of ids and one of vectors."""

from contextlib import contextmanager

import numpy as np

from protimb.datasets._h5_heaps import check_heaps, check_lengths
from protimb.datasets._vectors import (
    Vectors,
    check_matrix,
    check_vector,
    check_width,
    find_pair,
)
from protimb.exceptions import EmbeddingFileError
from protimb.utils._array_files import check_unfolded
from protimb.utils._conversions import advise
from protimb.utils._optional import import_optional
from protimb.utils._validation import a_few

_DAMAGES = (OSError, RuntimeError, KeyError, TypeError, ValueError)  # what h5py raises
_BLOCK = 2**26  # bytes of a matrix that are read at once


def read_h5(path, max_bytes=None):
    """Look into a file; it is closed at once, and opened again when rows are taken.

    A process that forks would share the handle, and two that share one read nonsense.
    """
    with open_h5(path) as file:
        keys = _hard_links(file, path)
        pair = find_pair(keys, path)
        if pair:
            ids, matrix = pair
            return _two_datasets(file, ids, matrix, path, max_bytes)
        names = [_name_of(file, key, path) for key in keys]
    return Vectors(names, len(names), lambda rows: _stack(path, keys, names, rows, max_bytes))


@contextmanager
def open_h5(path, *, has_text=True):
    """Open an HDF5 file to read, whatever is wrong with it being an EmbeddingFileError.

    ``has_text=False`` says that no text will be read: then the file is not searched for heaps.
    """
    h5py = import_optional("h5py")
    with path.open("rb"):  # a missing file, or one that may not be read, is no damaged one
        pass
    try:
        if has_text:
            check_heaps(path)
        with h5py.File(path, "r") as file:
            yield file
    except EmbeddingFileError:
        raise
    except _DAMAGES as error:
        raise EmbeddingFileError(
            f"{path}: not an HDF5 file, or truncated or damaged ({error}). Fetch it again."
        ) from error


def _hard_links(file, path):
    """List the names in the root; a link leads elsewhere, perhaps to a file that is secret."""
    found = []
    file.id.links.iterate(lambda name, info: found.append((name, info.type)), info=True)
    hard = import_optional("h5py").h5l.TYPE_HARD
    links = [name.decode("utf-8", "replace") for name, kind in found if kind != hard]
    if links:
        raise EmbeddingFileError(
            f"{path}: {len(links)} of its names are soft or external links, such as "
            f"{a_few(map(repr, links), 3)}, which lead to other places and perhaps to other files. "
            "None is followed. Copy what they lead to into one file (h5repack, or h5copy)."
        )
    if not found:
        raise EmbeddingFileError(f"{path}: empty, it holds no dataset.")
    return [name.decode("utf-8") for name, _ in found]


def _two_datasets(file, ids, matrix, path, max_bytes):
    is_text = _is_text(file, ids, path, max_bytes)
    if is_text:
        check_lengths(file[ids], path)
    names = file[ids].asstr()[:] if is_text else file[ids][:]
    dataset = _dataset(file, matrix, path, max_bytes)
    check_matrix(dataset.shape, dataset.dtype, f"{path}, dataset {matrix!r}")
    return Vectors(names, dataset.shape[0], lambda rows: _take(path, matrix, rows, max_bytes))


def _is_text(file, key, path, max_bytes):
    dataset = _dataset(file, key, path, max_bytes)
    if dataset.dtype.kind not in "OS" or len(dataset.shape) != 1:
        raise EmbeddingFileError(
            f"{path}, dataset {key!r}: expected ids as text, one a row, found shape "
            f"{dataset.shape} of {dataset.dtype}."
        )
    return dataset.dtype.kind == "O"


def _take(path, key, rows, max_bytes):
    """Read some rows of a matrix, a block of it at a time, into float32 (n_rows, width)."""
    with open_h5(path, has_text=False) as file:
        dataset = _dataset(file, key, path, max_bytes)
        n_rows, width = dataset.shape
        X = np.empty((len(rows), width), dtype=np.float32)
        step = max(1, _BLOCK // (width * dataset.dtype.itemsize))
        for start in range(0, n_rows, step):
            inside = np.flatnonzero((rows >= start) & (rows < start + step))
            if len(inside):
                X[inside] = dataset.astype(np.float32)[start : start + step][rows[inside] - start]
    return X


def _name_of(file, key, path):
    """Return the id of a dataset: that in its attribute original_id, or else its name."""
    attributes = _member(file, key, path).attrs
    if "original_id" not in attributes:
        return key
    name = attributes["original_id"]
    if not isinstance(name, str | bytes):
        raise EmbeddingFileError(
            f"{path}, dataset {key!r}: its original_id is no text but {type(name).__name__}."
        )
    return name


def _stack(path, keys, names, rows, max_bytes):
    """Read the datasets of some proteins, one vector each, into float32 (n_rows, width)."""
    X = None
    with open_h5(path, has_text=False) as file:
        for place, row in enumerate(rows):
            dataset = _dataset(file, keys[row], path, max_bytes)
            shape, dtype = dataset.shape, dataset.dtype
            advice = advise("vectors .h5", "residues", path) if len(shape) == 2 else ""
            check_vector(shape, dtype, names[row], path, advice)
            X = _room(len(rows), shape[0], path, max_bytes) if X is None else X
            check_width(shape[0], X.shape[1], names[row], path)
            dataset.read_direct(X, dest_sel=np.s_[place])
    return X


def _room(n_rows, width, path, max_bytes):
    # A file may name one dataset many times.
    check_unfolded(4 * n_rows * width, path.stat().st_size, path, EmbeddingFileError, max_bytes)
    return np.empty((n_rows, width), dtype=np.float32)


def _member(file, key, path):
    member = file[key]
    if not isinstance(member, import_optional("h5py").Dataset):
        inside = f", which holds {a_few(map(repr, member), 3)}" if hasattr(member, "keys") else ""
        raise EmbeddingFileError(
            f"{path}: {key!r} is a {type(member).__name__.lower()}{inside}. Expected one dataset a "
            "protein, or a dataset of ids and one of vectors, none of them in groups. An id that "
            "holds '/' belongs into the attribute original_id of a numbered dataset."
        )
    return member


def _dataset(file, key, path, max_bytes):
    """Return a dataset all of whose numbers are in this file."""
    dataset = _member(file, key, path)
    if dataset.external or dataset.is_virtual:
        raise EmbeddingFileError(
            f"{path}, dataset {key!r}: its numbers are in other files, which are not read. Copy "
            "them into this one (h5repack)."
        )
    stored = dataset.id.get_storage_size()
    if not stored:
        raise EmbeddingFileError(f"{path}, dataset {key!r}: nothing was written to it.")
    source = f"{path}, dataset {key!r}"
    check_unfolded(dataset.nbytes, stored, source, EmbeddingFileError, max_bytes)
    return dataset
