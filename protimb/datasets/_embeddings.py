"""Protein vectors from files, joined to proteins by id and never by position."""

import os
from os import PathLike
from pathlib import Path
from warnings import warn

import numpy as np
import pandas as pd

from protimb.datasets._beside import STEMS, find_beside
from protimb.datasets._folders import find_file
from protimb.datasets._ids import check_protein_ids, normalise_protein_id
from protimb.datasets._vectors_h5 import read_h5
from protimb.datasets._vectors_npy import read_npy
from protimb.datasets._vectors_npz import read_npz
from protimb.datasets._vectors_parquet import read_parquet
from protimb.datasets._vectors_table import read_text_table
from protimb.exceptions import EmbeddingFileError, EmbeddingWarning
from protimb.utils._array_files import read_npy as read_array
from protimb.utils._conversions import advise
from protimb.utils._files import local_path
from protimb.utils._memory import read_blocks
from protimb.utils._rows_on_disk import spilled
from protimb.utils._spelling import is_missing, is_name
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level

# Suffix -> a function that looks into such a file and gives its Vectors.
READERS = {
    ".npy": read_npy,
    ".npz": read_npz,
    ".h5": read_h5,
    ".hdf5": read_h5,
    ".parquet": read_parquet,
    ".csv": read_text_table,
    ".csv.gz": read_text_table,
    ".tsv": read_text_table,
    ".tsv.gz": read_text_table,
}


def read_embeddings(
    path, ids=None, *, select=None, missing="raise", max_bytes=None, memory_map=False
):
    """Read protein vectors, and pick those of given proteins.

    Parameters
    ----------
    path : str or path-like
        A file whose suffix is a key of ``READERS``, or a folder that holds ``train_embeds`` or
        ``train_embeddings``, else ``test_embeds`` or ``test_embeddings``, with such a suffix.

        - ``.npy``: a matrix of shape (n_rows, width), one protein a row, and ``ids``.
        - ``.npz``: a matrix called ``embeddings``, ``vectors`` or ``X`` with its ``ids`` or
          ``protein_ids``; or one array a protein, under its id.
        - ``.h5``, ``.hdf5``: one dataset a protein, as in UniProt's per-protein files; where
          a dataset has an attribute ``original_id``, that is the id. Or two datasets, as in an
          ``.npz`` file. Needs ``pip install 'protimb[h5]'``.
        - ``.parquet``: a column of ids, and one a number or one of lists. Needs
          ``pip install 'protimb[parquet]'``.
        - ``.csv``, ``.tsv``, plain or gzipped: a column of ids, which is that called ``EntryID``
          or the like or else the first, and one a number.
    ids : str, path-like or sequence of str, optional
        Protein of each row, or a ``.npy`` file that holds them. By default the ids are looked
        for in the file, and beside an ``X.npy`` in ``X_ids.npy``; ``train_embeds.npy`` and
        ``train_embeddings.npy`` may also have ``train_ids.npy``. Where the file names its
        proteins itself, ``ids`` must name the same ones, and says their order.
    select : sequence of str, optional
        Proteins wanted, in the order wanted; every row in the order of the file by default.
    missing : {"raise", "drop"}
        What to do about selected proteins that have no vector.
    max_bytes : int, optional
        Most bytes that a compressed file may unfold to; by default 50 times its size, or 64 MiB
        where that is more (text: 100 times, 32 MiB).
    memory_map : bool, default=False
        Map the rows of an ``.npy`` file, in half precision if that is what they are in, in place of
        reading them: ``X`` is then a read-only memory map, of the file itself where all of its rows
        are wanted, else of a temporary copy of those wanted, which vanishes with it. Files of other
        formats are read.

    Returns
    -------
    X : ndarray of float32, shape (n_proteins, width)
    protein_ids : ndarray of str, shape (n_proteins,)
        Protein of each row of ``X``.

    Raises
    ------
    EmbeddingFileError
        If the file is truncated, does not hold one vector of finite numbers a protein, all of
        one width, needs pickle, has more or fewer rows than there are ids, names an id twice or
        a row not at all, or lacks a selected protein; if it leads to other files, or would unfold
        to more than ``max_bytes``.
    FileNotFoundError
        If there is no such file.
    MissingExtraError
        If the format needs a package that is not installed.

    Warns
    -----
    EmbeddingWarning
        With ``missing="drop"``, if selected proteins have no vector; gives the coverage.

    See Also
    --------
    read_cafa : Reads vectors, annotations and ontology together.
    protimb.embeddings.embed_fasta : Makes such files.

    Notes
    -----
    The size that a file claims is compared with what is there before any memory is allocated.
    Files of Python objects are refused, because reading them runs code. Soft and external links,
    external storage and virtual datasets of HDF5 are refused as well, because they lead to other
    files than the one that was named. No file stays open but one that is mapped, which must not
    change or shrink while its map is in use.

    Vectors in half precision are widened as they are read. Of ``.npy`` and ``.h5`` files, and of
    an ``.npz`` file of one array a protein, only the selected rows are held in memory.

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
    path = find_vectors(path)
    vectors = _reader(path)(path, max_bytes)
    protein_ids, places = _name_rows(vectors, ids, path)
    chosen = _select_rows(protein_ids, select, missing, path)
    if memory_map and vectors.mapped and len(chosen):
        X = _mapped(vectors.mapped(), places[chosen])
    else:  # of no protein one row is read as well: it tells the width
        X = vectors.take(places[chosen]) if len(chosen) else vectors.take(places[:1])[:0]
    _check_finite(X, protein_ids[chosen], path)
    return X, protein_ids[chosen]


def vector_files(kind):
    """List the names that vectors of "train" or "test" proteins may have in a folder."""
    return tuple(f"{kind}_{stem}{suffix}" for suffix in READERS for stem in STEMS)


def names_own_rows(path):
    """Return whether a file of vectors holds ids too, by its format."""
    return path.suffix.lower() != ".npy"


def ids_file(path):
    """Find the file beside a matrix that holds its ids, or None."""
    return find_beside(path, "ids.npy")[0]


def find_vectors(path):
    """Return the path of a local file, that of the vectors where a folder is given."""
    path = Path(path)
    if not os.path.isdir(path):  # of what can be no path, Path.is_dir raises an error
        return local_path(path, EmbeddingFileError)
    found = find_file(path, [*vector_files("train"), *vector_files("test")])
    if found is None:
        raise EmbeddingFileError(
            f"{path}: this is a folder. Name a file in it; none is called train_embeds, "
            f"train_embeddings, test_embeds or test_embeddings with {', '.join(READERS)} behind."
        )
    return local_path(found, EmbeddingFileError)


def _reader(path):
    name = path.name.lower()
    suffix = next((suffix for suffix in READERS if name.endswith(suffix)), None)
    if suffix is None:
        raise EmbeddingFileError(
            f"{path}: protein vectors are read from {', '.join(READERS)}, not from "
            f"{path.suffix or 'a file without suffix'!r}."
        )
    return READERS[suffix]


def _name_rows(vectors, ids, path):
    """Return the protein ids, in the order wanted, and the row of the file that each has."""
    if vectors.names is None:
        protein_ids = read_ids(ids_beside(path) if ids is None else ids)
        _check_ids(protein_ids, vectors.n_rows, path)
        return protein_ids, np.arange(vectors.n_rows)
    own = _protein_ids(vectors.names)
    _check_ids(own, vectors.n_rows, path)
    if ids is None:
        return own, np.arange(vectors.n_rows)
    protein_ids = read_ids(ids)
    _check_same(protein_ids, own, path)
    return protein_ids, pd.Index(own).get_indexer(protein_ids)


def ids_beside(path):
    """Return the file beside a matrix that holds its ids; refuse a matrix without one."""
    found, names = find_beside(path, "ids.npy")
    if found is None:
        looked_for = " or ".join(one.name for one in names)
        raise EmbeddingFileError(
            f"{path}: a matrix without ids, and there is no {looked_for} beside it. Pass ids, one "
            "a row: a sequence, or a .npy file of text."
        )
    return found


def read_ids(ids):
    """Return ids as an array of text (n_rows,), of a sequence or an .npy file that holds them."""
    if isinstance(ids, str | PathLike):
        path = local_path(ids, EmbeddingFileError)
        ids = read_array(
            path, EmbeddingFileError, "ids", lambda shape: advise("ids", len(shape), path)
        )
    return _protein_ids(ids)


def _protein_ids(names):
    # Of a list in which one id is a list, NumPy cannot tell the shape.
    shape = (len(names),) if isinstance(names, list | tuple) else np.shape(names)
    if len(shape) != 1:
        raise EmbeddingFileError(
            f"Protein ids must be one-dimensional, one a row, found shape {shape}."
        )
    # Not by way of an array: it would turn a missing id into the text "nan".
    ids = [_protein_id(name, row) for row, name in enumerate(list(names))]
    where = "Row {}, counted from 0".format
    check_protein_ids(dict.fromkeys(ids), lambda one: where(ids.index(one)), EmbeddingFileError)
    return np.array(ids, dtype=str)


def _protein_id(name, row):
    if isinstance(name, str) and name.isalnum():
        return name
    if is_missing(name):
        raise EmbeddingFileError(
            f"Row {row}, counted from 0, has no protein id (found {name!r}). Name every row."
        )
    if not is_name(name):
        raise EmbeddingFileError(
            f"Row {row}, counted from 0: the protein id {name!r} is {type(name).__name__}, not "
            "text. Read or write the ids as text: 1.0 is no name that other files have."
        )
    return normalise_protein_id(_text_of(name, row))


def _text_of(name, row):
    try:
        return name.decode("utf-8") if isinstance(name, bytes) else str(name)
    except UnicodeDecodeError as error:
        raise EmbeddingFileError(
            f"Row {row}, counted from 0: the protein id {name!r} is not valid UTF-8. Decode the "
            "ids first, such as by np.char.decode(ids, 'latin-1')."
        ) from error


def _check_ids(protein_ids, n_rows, path):
    if len(protein_ids) != n_rows:
        raise EmbeddingFileError(
            f"{path}: {n_rows} vectors but {len(protein_ids)} ids. Each row needs its id."
        )
    repeated = pd.Index(protein_ids).duplicated()
    if repeated.any():
        some = ", ".join(protein_ids[repeated][:5])
        raise EmbeddingFileError(
            f"{path}: {repeated.sum()} ids name more than one vector: {some}. Keep one of each."
        )


def _check_same(protein_ids, own, path):
    """Refuse ids that are not those by which a file calls its proteins."""
    _check_ids(protein_ids, len(own), path)
    others = sorted(set(protein_ids.tolist()) ^ set(own.tolist()))
    if others:
        raise EmbeddingFileError(
            f"{path}: names its proteins itself, and ids name others: {a_few(others)} are in one "
            "of both. Leave ids out; select picks proteins."
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


def _mapped(X, rows):
    """Give rows of a map, in half or single precision: itself where all are wanted as they lie."""
    dtype = np.dtype(np.float16 if X.dtype == np.float16 else np.float32)
    if X.dtype == dtype and len(rows) == len(X) and (np.diff(rows) == 1).all():
        return X
    return spilled(X, rows, dtype)


def _check_finite(X, protein_ids, path):
    finite = [np.isfinite(block).all(axis=1) for block in read_blocks(X)]
    bad = np.flatnonzero(~np.concatenate([np.ones(0, dtype=bool), *finite]))
    if len(bad):
        some = ", ".join(protein_ids[bad][:5])
        raise EmbeddingFileError(
            f"{path}: {len(bad)} vectors hold NaN or infinity: {some}. Embed these proteins "
            "again; numbers above 3e38 count as infinite, since vectors are read as float32."
        )
