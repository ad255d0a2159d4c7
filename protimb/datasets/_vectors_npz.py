"""Vectors from an .npz archive: a matrix and its ids, or one array a protein."""

import zipfile
import zlib
from contextlib import contextmanager

import numpy as np

from protimb.datasets._vectors import (
    Vectors,
    as_float32,
    check_matrix,
    check_unfolded,
    check_vector,
    check_width,
    find_pair,
)
from protimb.datasets._vectors_npy import check_header
from protimb.exceptions import EmbeddingFileError
from protimb.utils._conversions import advise

_DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError),
    *(RuntimeError, OSError, ValueError),
)


def read_npz(path):
    """Look into an archive; vectors are read when their rows are taken."""
    with _opened(path) as archive:
        members = _members(archive, path)
        pair = find_pair(members, path)
        if pair:
            ids, matrix = (members[name] for name in pair)
            names = _read(archive, ids, path, "ids")
            return _matrix(archive, matrix, names, path)
        shape, _ = _check(archive, next(iter(members.values())), path, "vectors")
        if len(members) == 1 and len(shape) == 2:
            (entry,) = members.values()
            return _matrix(archive, entry, None, path)
    names = list(members)
    return Vectors(names, len(names), lambda rows: _stack(path, members, [names[r] for r in rows]))


@contextmanager
def _opened(path):
    path.stat()  # a missing file is no damaged one
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except EmbeddingFileError:
        raise
    except _DAMAGES as error:
        raise EmbeddingFileError(
            f"{path}: not an .npz archive, or truncated or damaged ({error}). Fetch it again."
        ) from error


def _members(archive, path):
    """Return {name of an array: its entry}, once the sizes that the entries claim are bearable."""
    entries = archive.infolist()
    check_unfolded(sum(entry.file_size for entry in entries), path.stat().st_size, path)
    members = {entry.filename.removesuffix(".npy"): entry for entry in entries}
    if not members:
        raise EmbeddingFileError(f"{path}: empty, it holds no array.")
    if len(members) < len(entries):
        raise EmbeddingFileError(f"{path}: two of its arrays have one name. Keep one of each.")
    return members


def _matrix(archive, member, names, path):
    shape, dtype = _check(archive, member, path, "vectors")
    check_matrix(shape, dtype, _source(path, member))

    def take(rows):
        with _opened(path) as archive:
            return as_float32(_read(archive, member, path, "vectors")[rows])

    return Vectors(names, shape[0], take)


def _stack(path, members, names):
    """Stack the arrays of some proteins, one vector each, into float32 (n_names, width)."""
    X = None
    with _opened(path) as archive:
        for row, name in enumerate(names):
            shape, dtype = _check(archive, members[name], path, "numbers")
            advice = advise("vectors .npz", "residues", path) if len(shape) == 2 else ""
            check_vector(shape, dtype, name, path, advice)
            X = np.empty((len(names), *shape), dtype=np.float32) if X is None else X
            check_width(shape[0], X.shape[1], name, path)
            X[row] = as_float32(_read(archive, members[name], path, "numbers"))
    return X


def _check(archive, member, path, what):
    with archive.open(member) as file:
        return check_header(
            file,
            member.file_size,
            _source(path, member),
            what,
            lambda shape: advise("vectors .npz", "objects", path),
        )


def _read(archive, member, path, what):
    _check(archive, member, path, what)
    with archive.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _source(path, member):
    return f"{path}, array {member.filename.removesuffix('.npy')!r}"
