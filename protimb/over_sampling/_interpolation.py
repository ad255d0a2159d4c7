"""Rows between real rows: who is near whom, and random steps from one to the other."""

import numpy as np
from sklearn.utils import gen_batches

# Numbers in a block of distances or steps, which bounds the memory beside the rows themselves.
_BLOCK = 2**22

# Groups that wide rows of distances are cut into, each with its least, and how wide rows must be.
_GROUPS = 256
_WIDE = 4

# Candidates for each value wanted; more of them are slower to sort than a row to partition.
_FEW = 16

# What errors of samplers that step between dense rows say of X with names, or sparse X.
LIFTED = (
    " Samplers that copy rows take it as it is, and so does LabelwiseSampler: with SMOTE() sparse "
    "X, with SMOTENC(...) columns that are no numbers."
)


def nearest_others(X, rows, k):
    """Find the k nearest other rows of some rows, nearest first: int, (n_wanted, n_near).

    Distances are Euclidean. A row is not its own neighbour, but an identical row is one.

    >>> import numpy as np
    >>> nearest_others(np.array([[0.0], [1.0], [3.0]]), np.array([0, 2]), k=5).tolist()
    [[1, 2], [1, 0]]
    """
    n_near = min(k, len(X) - 1)
    centred = X - X.mean(axis=0)  # a common offset would cost the differences their digits
    norms = np.einsum("ij,ij->i", centred, centred)
    neighbours = np.empty((len(rows), n_near), dtype=np.int64)
    for block in gen_batches(len(rows), max(1, _BLOCK // len(X))):
        part = rows[block]
        # Squared distances less the row's own norm, which changes no order: (n_part, n_rows).
        distances = centred[part] @ centred.T
        distances *= -2
        distances += norms
        distances[np.arange(len(part)), part] = np.inf
        neighbours[block] = smallest(distances, n_near)
    return neighbours


def smallest(values, n):
    """Give the columns of the n smallest values of each row, smallest first: int, (n_rows, n).

    >>> smallest(np.array([[3.0, 1.0, 2.0]]), 2).tolist()
    [[1, 2]]
    """
    is_wide = values.shape[1] >= _WIDE * _GROUPS and n <= _GROUPS
    few = _few_smallest(values, n) if is_wide else None
    if few is not None:
        return few
    columns = np.argpartition(values, n, axis=1)[:, :n]
    order = np.argsort(np.take_along_axis(values, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


def _few_smallest(values, n):
    """Do the same in two passes, since few values are at most the n-th of the groups' minima.

    None where they are many, because values repeat, or where some are no numbers.
    """
    n_rows, n_columns = values.shape
    n_even = n_columns - n_columns % _GROUPS
    minima = values[:, :n_even].reshape(n_rows, -1, _GROUPS).min(axis=1)
    rest = values[:, n_even:]
    np.minimum(minima[:, : rest.shape[1]], rest, out=minima[:, : rest.shape[1]])
    limits = np.partition(minima, n - 1, axis=1)[:, n - 1 : n]
    rows, columns = np.divmod(np.flatnonzero(values <= limits), n_columns)
    n_found = np.bincount(rows, minlength=n_rows)
    if n_found.min() < n or len(rows) > _FEW * n * n_rows:
        return None
    order = np.lexsort((values[rows, columns], rows))
    begins = np.cumsum(n_found) - n_found
    return columns[order[begins[:, None] + np.arange(n)]]


def step_towards(X, starts, ends, rng):
    """Go from rows towards others, a random part of the way in each feature: like X, n_new rows."""
    X_new = np.empty((len(starts), X.shape[1]), dtype=X.dtype)
    for block in gen_batches(len(starts), max(1, _BLOCK // X.shape[1])):
        start, end = X[starts[block]], X[ends[block]]
        X_new[block] = start + rng.random_sample(start.shape) * (end - start)
    return X_new
