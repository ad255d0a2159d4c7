"""Nearest real rows by cosine; what is found for a row does not depend on its company."""

import numpy as np

from protimb.utils._row_blocks import blocks_of_rows, padded


def nearest_rows(directions, real, n_neighbors, *, same=False):
    """Find the real rows (n_rows, n_features) nearest to others, all of unit length, nearest first.

    Gives cosines and row numbers, both (n_new, n_neighbors) or narrower. ``same`` says that the
    others are the real rows themselves: none is its own neighbour.
    """
    n_found = min(n_neighbors, len(real) - same)
    cosines = np.empty((len(directions), n_found), dtype=np.float32)
    rows = np.empty(cosines.shape, dtype=np.int64)
    for place in blocks_of_rows(len(directions)):
        block = directions[place]
        similarity = (padded(block) @ real.T)[: len(block)]
        if same:
            own = np.arange(len(block))
            similarity[own, place.start + own] = -np.inf
        cosines[place], rows[place] = _largest(similarity, n_found)
    return cosines, rows


def _largest(similarity, n_found):
    """Give the largest entries of each row and where they stand, both (n_block, n_found)."""
    at = np.argpartition(-similarity, n_found - 1, axis=1)[:, :n_found]
    values = np.take_along_axis(similarity, at, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(values, order, axis=1), np.take_along_axis(at, order, axis=1)
