"""Embeddings: vectors in a file, of which rows are read when they are asked for."""

from functools import cached_property
from warnings import warn

import numpy as np
import pandas as pd
from sklearn.utils import gen_batches

from protimb.datasets._row_ids import as_protein_ids
from protimb.exceptions import EmbeddingFileError, EmbeddingWarning
from protimb.utils._memory import is_large, read_blocks, rows_a_block
from protimb.utils._rows_on_disk import spilled
from protimb.utils._warnings import users_level


class Embeddings:
    """Vectors in a file, as `open_embeddings` gives them: rows are read when they are asked for.

    ``embeddings[rows]`` takes what an array takes: a number, a slice, a list of numbers or a mask;
    it reads these rows and no others. ``np.asarray(embeddings)`` reads all.

    Parameters
    ----------
    path : Path
        The file.
    vectors : object
        What reads rows of the file by their numbers.
    protein_ids : ndarray of str, shape (n_proteins,)
        Protein of each row.
    places : ndarray of int, shape (n_proteins,)
        Row of the file that each protein has.

    Attributes
    ----------
    protein_ids : ndarray of str, shape (n_proteins,)
        Protein of each row.
    shape : tuple of int
        Number of proteins and width.
    dtype : dtype
        float32, as which rows are read.
    path : Path

    See Also
    --------
    open_embeddings : Opens a file.
    read_embeddings : Reads all, or the rows of given proteins, at once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import numpy as np
    >>> from protimb.datasets import open_embeddings
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "x.npz")
    ...     np.savez(path, ids=["P1", "P2", "P3"], X=np.eye(3))
    ...     embeddings = open_embeddings(path)
    ...     embeddings.shape, embeddings[1:].tolist()
    ((3, 3), [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    """

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, path, vectors, protein_ids, places):
        self.path = path
        self.protein_ids = protein_ids
        self._vectors = vectors
        self._places = places  # (n_proteins,): row of the file of each protein

    @cached_property
    def shape(self):
        """Number of proteins and width; one row is read for it."""
        return len(self), self._vectors.take(self._places[:1]).shape[1]

    def __len__(self):
        return len(self.protein_ids)

    def __repr__(self):
        return f"Embeddings({str(self.path)!r}, {len(self):,} proteins)"

    def __getitem__(self, rows):
        if np.ndim(rows) == 0 and not isinstance(rows, slice):
            return self[[rows]][0]
        places = self._places[rows]
        # Of no protein one row is read as well: it tells the width.
        X = self._vectors.take(places if len(places) else self._places[:1])[: len(places)]
        _check_finite(X, self.protein_ids[rows], self.path)
        return X

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self[:], dtype=dtype)

    def select(self, protein_ids, *, missing="raise", memory_map=False):
        """Read the rows of given proteins.

        Parameters
        ----------
        protein_ids : sequence of str or None
            In the order wanted; None reads all.
        missing : {"raise", "drop"}
            What to do about proteins that have no vector.
        memory_map : bool or "auto", default=False
            Map the rows where the format can be mapped, as `read_embeddings` does.

        Returns
        -------
        X : ndarray of float32, shape (n_found, width)
        protein_ids : ndarray of str, shape (n_found,)

        Raises
        ------
        EmbeddingFileError
            If a protein has no vector, or a vector is not finite.
        """
        chosen = _select_rows(self.protein_ids, protein_ids, missing, self.path)
        can_map = memory_map and self.can_be_mapped and len(chosen)
        if memory_map == "auto":
            can_map = can_map and is_large((len(chosen), self.shape[1]), 4)
        return self._map(chosen) if can_map else self[chosen], self.protein_ids[chosen]

    @property
    def can_be_mapped(self):
        """Whether rows lie in the file as they are in memory, so that they can be mapped."""
        return self._vectors.mapped is not None

    def _map(self, chosen):
        """Map rows: of the file where all are wanted as they lie, else of a copy of them."""
        X, places = self._vectors.mapped(), self._places[chosen]
        if X.dtype not in (np.float16, np.float32):
            return spilled(self, chosen)
        is_whole = len(places) == len(X) and (np.diff(places) == 1).all()
        X = X if isinstance(X, np.memmap) and is_whole else spilled(X, places)
        _check_finite(X, self.protein_ids[chosen], self.path)
        return X

    def blocks(self, n_rows=None):
        """Read all rows, a block at a time.

        A loop still holds a block while the next is read, unless it ends with ``del X``.

        Parameters
        ----------
        n_rows : int, optional
            Height of a block; by default as many rows as 64 MiB hold.

        Yields
        ------
        protein_ids : ndarray of str, shape (n_block,)
        X : ndarray of float32, shape (n_block, width)
        """
        for block in gen_batches(len(self), n_rows or rows_a_block(self)):
            yield self.protein_ids[block], self[block]


def _select_rows(protein_ids, select, missing, path):
    if missing not in ("raise", "drop"):
        raise ValueError(f"missing must be 'raise' or 'drop', got {missing!r}.")
    if select is None:
        return np.arange(len(protein_ids))
    rows = pd.Index(protein_ids).get_indexer(as_protein_ids(select))
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
    blocks = read_blocks(X) if len(X) else ()
    finite = [np.isfinite(block).all(axis=1) for block in blocks]
    bad = np.flatnonzero(~np.concatenate([np.ones(0, dtype=bool), *finite]))
    if len(bad):
        some = ", ".join(protein_ids[bad][:5])
        raise EmbeddingFileError(
            f"{path}: {len(bad)} vectors hold NaN or infinity: {some}. Embed these proteins "
            "again; numbers above 3e38 count as infinite, since vectors are read as float32."
        )
