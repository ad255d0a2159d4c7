"""Neighbours by an index of faiss: exact, or approximate with the recall that was measured."""

from typing import ClassVar

import numpy as np

from protimb.neighbors._base import BaseNeighbors
from protimb.utils._nearest import Reference
from protimb.utils._nearest_pairs import measured, without
from protimb.utils._optional import import_optional
from protimb.utils._sklearn_compat import StrOptions

# Rows that the recall of an approximate index is measured on.
_TRIED = 256

# Links of a row in a graph, and cells that are looked into of an index of so many a root of rows.
_LINKS = 32
_LOOKED_INTO = 16


def _exact(faiss, X):
    return faiss.IndexFlatL2(X.shape[1])


def _cells(faiss, X):
    n_cells = max(1, int(np.sqrt(len(X))))
    index = faiss.IndexIVFFlat(faiss.IndexFlatL2(X.shape[1]), X.shape[1], n_cells)
    index.nprobe = min(_LOOKED_INTO, n_cells)
    index.train(X)
    return index


def _graph(faiss, X):
    return faiss.IndexHNSWFlat(X.shape[1], _LINKS)


# What a string stands for, as in FaissNeighbors(index="hnsw").
INDEXES = {"exact": _exact, "ivf": _cells, "hnsw": _graph}


class FaissNeighbors(BaseNeighbors):
    """Find neighbours by an index of faiss, which the extra ``faiss`` brings.

    The approximate indexes look at a part of the rows, whose size grows with the root of their
    number or slower. How often they find what an exact search finds is measured, not assumed.

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbours of a row; a row is never its own.
    index : {"exact", "ivf", "hnsw"}, default="exact"
        All rows; those of the cells nearest to the row, of as many as the root of the number of
        rows; or those that a graph of near rows leads to.

    Attributes
    ----------
    recall_ : float
        Share of the nearest neighbours of up to 256 rows that the index finds; 1 if exact.
    n_samples_fit_ : int
        Rows that ``fit`` got.
    n_features_in_ : int
        Width of ``X``.

    See Also
    --------
    SampledNeighbors : Exact, among some of the rows.

    Notes
    -----
    faiss computes in single precision; distances given are exact. Rows for which an approximate
    index finds too few are searched exactly.

    References
    ----------
    M. Douze et al., "The Faiss library", 2024. https://doi.org/10.48550/arXiv.2401.08281

    Examples
    --------
    >>> from protimb.neighbors import FaissNeighbors
    >>> FaissNeighbors(index="hnsw")
    FaissNeighbors(index='hnsw')
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseNeighbors._parameter_constraints,
        "index": [StrOptions(set(INDEXES))],
    }

    def __init__(self, n_neighbors=5, *, index="exact"):
        self.n_neighbors = n_neighbors
        self.index = index

    def _fit(self, X):
        self._rows = X
        single = np.ascontiguousarray(X, dtype=np.float32)
        self._index = INDEXES[self.index](import_optional("faiss"), single)
        self._index.add(single)
        self.recall_ = 1.0 if self.index == "exact" else self._measure_recall()

    def _measure_recall(self):
        tried = np.unique(np.linspace(0, len(self._rows) - 1, _TRIED).astype(np.int64))
        n_neighbors = min(self.n_neighbors, len(self._rows) - 1)
        found = self._find(self._rows[tried], n_neighbors, tried)[1]
        nearest = Reference(self._rows).nearest(self._rows[tried], n_neighbors, tried)[1]
        hits = [len(np.intersect1d(*both)) for both in zip(found, nearest, strict=True)]
        return float(np.mean(hits) / max(1, n_neighbors))

    def _n_searched(self):
        return self.n_samples_fit_

    def _find(self, X, n_neighbors, own):
        n_asked = n_neighbors + (own is not None)
        rows = self._index.search(np.ascontiguousarray(X, dtype=np.float32), n_asked)[1]
        if own is not None:
            rows = without(rows, own)
        short = np.flatnonzero((rows < 0).any(axis=1))
        if len(short):
            whose = None if own is None else own[short]
            rows[short] = Reference(self._rows).nearest(X[short], n_neighbors, whose)[1]
        return measured(X, self._rows, rows)
