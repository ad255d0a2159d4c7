"""Protein vectors from files, joined to proteins by id and never by position."""

import math
import tokenize
from os import PathLike
from pathlib import Path
from warnings import warn

import numpy as np
import pandas as pd

from protimb.datasets._ids import normalise_protein_id
from protimb.exceptions import EmbeddingFileError, EmbeddingWarning
from protimb.utils._conversions import advise
from protimb.utils._files import local_path
from protimb.utils._warnings import users_level


def read_embeddings(path, ids, *, select=None, missing="raise"):
    """Read protein vectors, and pick those of given proteins.

    Parameters
    ----------
    path : str or path-like
        Matrix of shape (n_rows, width), one protein a row; the suffix names the format, a key
        of ``READERS``.
    ids : str, path-like or sequence of str
        Protein of each row, or a ``.npy`` file that holds them.
    select : sequence of str, optional
        Proteins wanted, in the order wanted; every row in the order of the file by default.
    missing : {"raise", "drop"}
        What to do about selected proteins that have no vector.

    Returns
    -------
    X : ndarray of float32, shape (n_proteins, width)
    protein_ids : ndarray of str, shape (n_proteins,)
        Protein of each row of ``X``.

    Raises
    ------
    EmbeddingFileError
        If the file is truncated, is not a matrix of finite numbers, needs pickle, has more or
        fewer rows than there are ids, names an id twice or a row not at all, or lacks a selected
        protein.

    Warns
    -----
    EmbeddingWarning
        With ``missing="drop"``, if selected proteins have no vector; gives the coverage.

    See Also
    --------
    read_cafa : Reads vectors, annotations and ontology together.

    Notes
    -----
    The size that the header claims is compared with the size of the file before any memory is
    allocated. Files of Python objects are refused, because reading them runs code.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import numpy as np
    >>> from protimb.datasets import read_embeddings
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "train_embeds.npy")
    ...     np.save(path, np.array([[0.0, 1.0], [2.0, 3.0]], dtype=np.float16))
    ...     read_embeddings(path, ["P1", "P2"], select=["P2"])
    (array([[2., 3.]], dtype=float32), array(['P2'], dtype='<U2'))
    """
    path = local_path(path, EmbeddingFileError)
    vectors = _reader(path)(path)
    protein_ids = _read_ids(ids)
    _check_ids(protein_ids, vectors, path)
    rows = _select_rows(protein_ids, select, missing, path)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        X = np.asarray(vectors[rows], dtype=np.float32)
    _check_finite(X, protein_ids[rows], path)
    return X, protein_ids[rows]


def _reader(path):
    if path.suffix not in READERS:
        raise EmbeddingFileError(
            f"{path}: protein vectors are read from {', '.join(READERS)}, not from "
            f"{path.suffix or 'a file without suffix'!r}."
        )
    return READERS[path.suffix]


def _read_npy(path):
    """Map a matrix of numbers into memory, once its size is known to be right."""
    shape, dtype = _checked_header(path, "vectors")
    if len(shape) != 2 or dtype.kind not in "fiu":
        hint = " Average per-residue vectors over the residues first." if len(shape) == 3 else ""
        raise EmbeddingFileError(
            f"{path}: expected a matrix of numbers, one row a protein, found shape {shape} of "
            f"{dtype}.{hint}"
        )
    if 0 in shape:
        raise EmbeddingFileError(f"{path}: empty, its shape is {shape}.")
    return np.load(path, mmap_mode="r", allow_pickle=False)


READERS = {".npy": _read_npy}


def _checked_header(path, what):
    """Return shape and dtype of an .npy file whose size is what its header claims."""
    with Path(path).open("rb") as file:
        shape, dtype = _npy_header(file, path)
        n_header = file.tell()
    if dtype.hasobject:
        raise EmbeddingFileError(
            f"{path}: holds Python objects, which only pickle can read, and unpickling runs code. "
            f"Where you trust the file, convert it once.{advise(what, len(shape), path)}"
        )
    if not all(type(n) is int and n >= 0 for n in shape):
        raise EmbeddingFileError(f"{path}: damaged, its header claims shape {shape}.")
    if not dtype.itemsize:  # any number of rows would fit into no bytes
        raise EmbeddingFileError(f"{path}: its {math.prod(shape):,} {what} are all empty.")
    claimed = n_header + math.prod(shape) * dtype.itemsize  # Python integers: no overflow
    found = Path(path).stat().st_size
    if found != claimed:
        raise EmbeddingFileError(
            f"{path}: its header claims {claimed:,} bytes (shape {shape}, {dtype}), the file has "
            f"{found:,}. It is truncated or damaged: fetch it again."
        )
    return shape, dtype


def _npy_header(file, path):
    header_readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        shape, _, dtype = header_readers[np.lib.format.read_magic(file)](file)
    except (ValueError, KeyError, EOFError, tokenize.TokenError) as error:
        raise EmbeddingFileError(
            f"{path}: not an .npy file, or cut off within its header ({error})."
        ) from error
    return shape, dtype


def _read_ids(ids):
    if isinstance(ids, str | PathLike):
        path = local_path(ids, EmbeddingFileError)
        _checked_header(path, "ids")
        ids = np.load(path, allow_pickle=False)
    return _protein_ids(ids)


def _protein_ids(names):
    if np.ndim(names) != 1:
        raise EmbeddingFileError(
            f"Protein ids must be one-dimensional, one a row, found shape {np.shape(names)}."
        )
    # Not by way of an array: it would turn a missing id into the text "nan".
    ids = [_protein_id(name, row) for row, name in enumerate(list(names))]
    return np.array(ids, dtype=str)


def _protein_id(name, row):
    if isinstance(name, str) and name.isalnum():
        return name
    text = _text_of(name, row)
    if pd.isna(name) or not text.strip():
        raise EmbeddingFileError(
            f"Row {row}, counted from 0, has no protein id (found {name!r}). Name every row."
        )
    return normalise_protein_id(text)


def _text_of(name, row):
    try:
        return name.decode("utf-8") if isinstance(name, bytes) else str(name)
    except UnicodeDecodeError as error:
        raise EmbeddingFileError(
            f"Row {row}, counted from 0: the protein id {name!r} is not valid UTF-8. Decode the "
            "ids first, such as by np.char.decode(ids, 'latin-1')."
        ) from error


def _check_ids(protein_ids, vectors, path):
    if len(protein_ids) != len(vectors):
        raise EmbeddingFileError(
            f"{path}: {len(vectors)} vectors but {len(protein_ids)} ids. Each row needs its id."
        )
    repeated = pd.Index(protein_ids).duplicated()
    if repeated.any():
        some = ", ".join(protein_ids[repeated][:5])
        raise EmbeddingFileError(
            f"{path}: {repeated.sum()} ids name more than one vector: {some}. Keep one of each."
        )


def _select_rows(protein_ids, select, missing, path):
    if missing not in ("raise", "drop"):
        raise ValueError(f"missing must be 'raise' or 'drop', got {missing!r}.")
    if select is None:
        return np.arange(len(protein_ids))
    rows = pd.Index(protein_ids).get_indexer(_protein_ids(select))
    absent = np.flatnonzero(rows < 0)
    if len(absent):
        _report_missing(np.asarray(select)[absent], len(rows), missing, path)
    return rows[rows >= 0]


def _report_missing(absent, n_selected, missing, path):
    message = (
        f"{path}: no vector for {len(absent)} of {n_selected} proteins "
        f"(coverage {1 - len(absent) / n_selected:.1%}): {', '.join(map(str, absent[:5]))}."
    )
    if len(absent) == n_selected:
        raise EmbeddingFileError(f"{message} Are the ids of another database?")
    if missing == "raise":
        raise EmbeddingFileError(f"{message} Pass missing='drop' to go on without them.")
    warn(message, EmbeddingWarning, stacklevel=users_level())


def _check_finite(X, protein_ids, path):
    bad = np.flatnonzero(~np.isfinite(X).all(axis=1))
    if len(bad):
        some = ", ".join(protein_ids[bad][:5])
        raise EmbeddingFileError(
            f"{path}: {len(bad)} vectors hold NaN or infinity: {some}. Embed these proteins "
            "again; numbers above 3e38 count as infinite, since vectors are read as float32."
        )
