"""Differences between a protein and its nearest relatives, lent to other proteins."""

import numpy as np
from sklearn.preprocessing import normalize
from sklearn.utils import gen_batches

# Proteins whose relatives are looked for, and differences that a saved sampler keeps.
N_CANDIDATES = 20_000
N_MOVES = 4096
N_RELATIVES = 3
_BLOCK = 256


def relative_moves(X, rarest, scale, rng):
    """Take differences between rows and those of their nearest rows that claim the same.

    Relatives are one of the nearest rows by cosine to the other, and have the same rarest term:
    a protein that moves from one to the other has kept its most specific function.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features), float32
        Scaled; at most ``N_CANDIDATES`` rows are worth giving.
    rarest : ndarray of int, shape (n_rows,)
        Rarest term of each row, -1 for none.
    scale : float
        What differences are multiplied by.
    rng : numpy.random.RandomState

    Returns
    -------
    moves : ndarray of shape (n_moves, n_features), float32
        Between any nearest rows where no two of them share their rarest term; a row of zeros
        where there is a single row.
    """
    if len(X) < 2:
        return np.zeros_like(X)
    nearest = _nearest(X)
    start, end = np.repeat(np.arange(len(X)), nearest.shape[1]), nearest.ravel()
    related = (rarest[start] == rarest[end]) & (rarest[start] >= 0)
    pairs = np.flatnonzero(related) if related.any() else np.arange(len(start))
    if len(pairs) > N_MOVES:
        pairs = rng.choice(pairs, N_MOVES, replace=False)
    return np.float32(scale) * (X[end[pairs]] - X[start[pairs]])


def _nearest(X):
    """Find the nearest rows of each row, itself left out: (n_rows, n_relatives)."""
    directions = normalize(X)
    n_relatives = min(N_RELATIVES, len(X) - 1)
    found = []
    for block in gen_batches(len(X), _BLOCK):
        similarity = directions[block] @ directions.T  # (block, n_rows)
        similarity[np.arange(len(similarity)), np.arange(len(X))[block]] = -np.inf
        nearest = np.argpartition(-similarity, n_relatives - 1, axis=1)[:, :n_relatives]
        found.append(nearest.copy())  # a view would keep the numbers of all rows
    return np.concatenate(found)


def moved(seeds, moves, rng):
    """Add a random difference, forwards or backwards, to each seed.

    Parameters
    ----------
    seeds : ndarray of shape (n_rows, n_features), float32
    moves : ndarray of shape (n_moves, n_features), float32
    rng : numpy.random.RandomState

    Returns
    -------
    seeds : ndarray of shape (n_rows, n_features), float32
    """
    picked = moves[rng.randint(len(moves), size=len(seeds))]
    sign = 2 * rng.randint(2, size=(len(seeds), 1)).astype(np.float32) - 1
    return seeds + sign * picked
