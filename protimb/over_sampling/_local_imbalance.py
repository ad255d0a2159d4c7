"""Local imbalance: how many neighbours of a member lack its term, and what kind of member it is."""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

SAFE, BORDERLINE, RARE, OUTLIER = 1, 2, 3, 4

# Members whose opposition is below the limit are of the kind before it.
LIMITS = (0.3, 0.7, 1.0)

_BLOCK = 2**12  # rows whose neighbours' labels are added up at a time


class LocalImbalance(NamedTuple):
    """What neighbourhoods say of each label of each row: n_labels ones of y, in CSR order."""

    neighbours: np.ndarray  # int (n_rows, n_near)
    opposition: np.ndarray  # float (n_labels,): share of neighbours that lack the label
    kinds: np.ndarray  # int32 (n_labels,): SAFE, BORDERLINE, RARE or OUTLIER


def measure(y, neighbours):
    """Look at the neighbours, int, (n_rows, n_near), of each row of y, label by label.

    >>> import numpy as np
    >>> from scipy import sparse
    >>> y = sparse.csr_array(np.array([[1], [1], [0], [1]], dtype=np.int32))
    >>> measure(y, np.array([[1, 2], [0, 2], [0, 1], [2, 2]])).opposition.tolist()
    [0.5, 0.5, 1.0]
    """
    n_rows, n_near = neighbours.shape
    starts = np.arange(0, neighbours.size + 1, n_near)
    ones = np.ones(neighbours.size, dtype=np.int32)
    graph = sparse.csr_array((ones, neighbours.ravel(), starts), shape=(n_rows, n_rows))
    opposition = (n_near - _agreeing(graph, y, y.data)) / n_near
    kinds = np.digitize(opposition, LIMITS).astype(np.int32) + SAFE
    while True:
        # A rare member next to a safe or borderline one is at the border of a group.
        inside = (kinds <= BORDERLINE).astype(np.int32)
        drawn_in = (kinds == RARE) & (_agreeing(graph, y, inside) > 0)
        if not drawn_in.any():
            return LocalImbalance(neighbours, opposition, kinds)
        kinds[drawn_in] = BORDERLINE


def start_weights(y, opposition, usable):
    """Weigh labels as reasons to start a row, by the opposition to them: float, (n_labels,).

    Those of a term sum to 1, or to 0 where its members are all safe or outliers, or the term is
    not ``usable``, bool, (n_terms,); outliers weigh nothing.
    """
    raw = np.where((opposition < 1) & usable[y.indices], opposition, 0.0)
    by_term = np.bincount(y.indices, raw, minlength=y.shape[1])
    return np.divide(raw, by_term[y.indices], out=np.zeros_like(raw), where=raw > 0)


def _agreeing(graph, y, values):
    """Sum over the neighbours of each row the values of the labels that they share with it."""
    valued = sparse.csr_array((values, y.indices, y.indptr), shape=y.shape)
    sums = np.empty_like(values)
    for block in gen_batches(y.shape[0], _BLOCK):
        shared = _shared(graph[block] @ valued, y[block])
        sums[slice(*y.indptr[[block.start, block.stop]])] = shared
    return sums


def _shared(sums, y):
    """Take from sums, csr (n_block, n_terms), those at the ones of y, in their order."""
    sums.sort_indices()
    # Added to ones, no entry of y is lost for being zero, so data stay in the order of y's.
    return (y + sums.multiply(y)).tocsr().data - 1
