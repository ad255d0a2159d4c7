"""Nearest real rows by cosine; what is found for a row does not depend on its company."""

import numpy as np

# A product of matrices rounds differently for other heights, so blocks are padded to this one.
BLOCK_ROWS = 256


def blocks_of_rows(n_rows):
    """Give slices that cover rows 0 to n_rows, BLOCK_ROWS at a time."""
    return [slice(start, start + BLOCK_ROWS) for start in range(0, n_rows, BLOCK_ROWS)]


def padded(block):
    """Add rows of zeros to (n_block, n_columns) until there are BLOCK_ROWS."""
    return np.pad(block, ((0, BLOCK_ROWS - len(block)), (0, 0)))


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
