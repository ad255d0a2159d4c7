"""Rows between real rows: who is near whom, and random steps from one to the other."""

from sklearn.utils import gen_batches

from protimb.neighbors._search import search_among
from protimb.utils._memory import room_for

# Numbers in a block of steps, which bounds the memory beside the rows themselves.
_BLOCK = 2**22

# What errors of samplers that step between dense rows say of X with names, or sparse X.
LIFTED = (
    " Samplers that copy rows take it as it is, and so does LabelwiseSampler: with SMOTE() sparse "
    "X, with SMOTENC(...) columns that are no numbers."
)


def nearest_others(X, rows, k):
    """Find the k nearest other rows of some rows, nearest first: int, (n_wanted, n_near).

    ``k`` may be an object that searches. Distances are Euclidean. A row is not its own neighbour,
    but an identical row is one.

    >>> import numpy as np
    >>> nearest_others(np.array([[0.0], [1.0], [3.0]]), np.array([0, 2]), k=5).tolist()
    [[1, 2], [1, 0]]
    """
    reference, n_neighbors = search_among(X, k, asked=(len(rows), "k_neighbors"))
    return reference.nearest(X[rows], n_neighbors, rows)[1]


def step_towards(X, starts, ends, rng):
    """Go from rows towards others, a random part of the way in each feature: like X, n_new rows."""
    X_new = room_for(len(starts), X.shape[1], X.dtype)
    for block in gen_batches(len(starts), max(1, _BLOCK // X.shape[1])):
        start, end = X[starts[block]], X[ends[block]]
        X_new[block] = start + rng.random_sample(start.shape) * (end - start)
    return X_new
