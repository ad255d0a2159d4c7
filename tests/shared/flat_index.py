"""What protimb asks of faiss, in NumPy, so that tests need not install it."""

from types import SimpleNamespace

import numpy as np
from scipy.spatial.distance import cdist


class FlatIndex:
    """As faiss.IndexFlatL2, by cdist; ``misses`` forgets the nearest row, and all of one."""

    def __init__(self, misses=False):
        self.misses = misses

    def train(self, X):
        """Learn nothing."""

    def add(self, X):
        """Remember rows, which faiss takes in single precision only."""
        assert X.dtype == np.float32
        self.X = X

    def search(self, X, n):
        """Give squared distances and rows, both (n_rows, n); -1 for a row that was not found."""
        distances = cdist(X, self.X)
        order = np.argsort(distances, axis=1, kind="stable")[:, self.misses :][:, :n]
        if self.misses:
            order[0] = -1
        return np.take_along_axis(distances, order, 1) ** 2, order


FAISS = SimpleNamespace(
    IndexFlatL2=lambda _: FlatIndex(),
    IndexIVFFlat=lambda quantizer, n_features, n_cells: FlatIndex(),
    IndexHNSWFlat=lambda n_features, n_links: FlatIndex(misses=True),
)
