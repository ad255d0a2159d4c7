"""Protein vectors from files, joined to proteins by id and never by position."""

import os
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from protimb.datasets._beside import STEMS, find_beside
from protimb.datasets._embedding_rows import Embeddings
from protimb.datasets._folders import find_file
from protimb.datasets._row_ids import as_protein_ids
from protimb.datasets._vectors_h5 import read_h5
from protimb.datasets._vectors_npy import read_npy
from protimb.datasets._vectors_npz import read_npz
from protimb.datasets._vectors_parquet import read_parquet
from protimb.datasets._vectors_parts import read_parts
from protimb.datasets._vectors_table import read_text_table
from protimb.exceptions import EmbeddingFileError
from protimb.utils._array_files import read_npy as read_array
from protimb.utils._conversions import advise
from protimb.utils._files import local_path
from protimb.utils._validation import a_few

# Suffix -> a function that looks into such a file and gives its Vectors.
READERS = {
    ".npy": read_npy,
    ".parts": read_parts,
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
        - ``.parts``: the index of a matrix in parts, as ``protimb embed`` writes it, with ``ids``
          beside it as beside an ``.npy`` file.
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
        for in the file, and beside ``X.npy`` or ``X.parts`` in ``X_ids.npy``; ``train_embeds``
        and ``train_embeddings`` may also have ``train_ids.npy``. Where the file names its
        proteins itself, ``ids`` must name the same ones, and says their order.
    select : sequence of str, optional
        Proteins wanted, in the order wanted; every row in the order of the file by default.
    missing : {"raise", "drop"}
        What to do about selected proteins that have no vector.
    max_bytes : int, optional
        Most bytes that a compressed file may unfold to; by default 50 times its size, or 64 MiB
        where that is more (text: 100 times, 32 MiB).
    memory_map : bool or "auto", default=False
        Map the rows of an ``.npy`` or ``.parts`` file, in half precision if that is what they are
        in, in place of reading them: ``X`` is then a read-only memory map, of an ``.npy`` file
        itself where all of its rows are wanted, else of a temporary copy of those wanted, which
        vanishes with it. ``"auto"`` maps what would take more than 256 MiB. Files of other formats
        are read.

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
    open_embeddings : Reads rows when they are asked for.
    read_cafa : Reads vectors, annotations and ontology together.
    protimb.embeddings.embed_fasta : Makes such files.

    Notes
    -----
    The size that a file claims is compared with what is there before any memory is allocated.
    Files of Python objects are refused, because reading them runs code. Soft and external links,
    external storage and virtual datasets of HDF5 are refused as well, because they lead to other
    files than the one that was named. No file stays open but one that is mapped, which must not
    change or shrink while its map is in use.

    Vectors in half precision are widened as they are read. Of ``.npy``, ``.parts`` and ``.h5``
    files, and of an ``.npz`` file of one array a protein, only the selected rows are held in
    memory.

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
    embeddings = open_embeddings(path, ids, max_bytes=max_bytes)
    return embeddings.select(select, missing=missing, memory_map=memory_map)


def open_embeddings(path, ids=None, *, max_bytes=None):
    r"""Open a file of protein vectors, and read rows when they are asked for.

    Of ``.npy``, ``.parts`` and ``.h5`` files, and of an ``.npz`` file of one array a protein, only
    rows that are asked for come into memory. Of other formats all do, each time: read those whole.

    Parameters
    ----------
    path, ids, max_bytes
        As for `read_embeddings`.

    Returns
    -------
    embeddings : Embeddings
        Indexed like an array of float32, shape (n_proteins, width); with ``protein_ids``.

    Raises
    ------
    EmbeddingFileError, FileNotFoundError, MissingExtraError
        As `read_embeddings`; what is wrong with a row is found when it is read.

    See Also
    --------
    read_embeddings : Reads all, or the rows of given proteins, at once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from protimb.datasets import open_embeddings
    >>> from protimb.embeddings import embed_fasta
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "toy.fasta")
    ...     _ = path.write_text(">P1\nMKVLA\n>P2\nGHPC\n>P3\nMMK\n")
    ...     _ = embed_fasta(path, "kmer-1", path.with_name("toy.parts"))
    ...     embeddings = open_embeddings(path.with_name("toy.parts"))
    ...     X, _ = embeddings.select(["P3", "P1"])
    ...     for ids, block in embeddings.blocks(2):
    ...         print(ids, block.shape)
    ['P1' 'P2'] (2, 20)
    ['P3'] (1, 20)
    >>> X.shape
    (2, 20)
    """
    path = find_vectors(path)
    vectors = _reader(path)(path, max_bytes)
    return Embeddings(path, vectors, *_name_rows(vectors, ids, path))


def vector_files(kind):
    """List the names that vectors of "train" or "test" proteins may have in a folder."""
    return tuple(f"{kind}_{stem}{suffix}" for suffix in READERS for stem in STEMS)


def names_own_rows(path):
    """Return whether a file of vectors holds ids too, by its format."""
    return path.suffix.lower() not in (".npy", ".parts")


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
    own = as_protein_ids(vectors.names)
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
    return as_protein_ids(ids)


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
