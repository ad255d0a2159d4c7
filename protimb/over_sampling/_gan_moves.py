"""Differences between a protein and its nearest relatives, lent to other proteins."""

import numpy as np
from sklearn.preprocessing import normalize
from sklearn.utils import gen_batches

# Proteins whose relatives are looked for, and differences that a saved sampler keeps.
N_CANDIDATES = 20_000
N_MOVES = 4096
N_RELATIVES = 3
_BLOCK = 1024


def relative_moves(X, scale, rng):
    """Take differences between random rows and one of their nearest rows by cosine.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features), float32
        Scaled; at most ``N_CANDIDATES`` rows are worth giving.
    scale : float
        What differences are multiplied by.
    rng : numpy.random.RandomState

    Returns
    -------
    moves : ndarray of shape (n_moves, n_features), float32
        A row of zeros where there is a single row.
    """
    if len(X) < 2:
        return np.zeros_like(X)
    picked = rng.randint(len(X), size=N_MOVES)
    nearest = _nearest(X, np.unique(picked))[np.unique(picked, return_inverse=True)[1]]
    column = rng.randint(nearest.shape[1], size=len(picked))
    moves = X[nearest[np.arange(len(picked)), column]] - X[picked]
    return moves * np.float32(scale)


def _nearest(X, rows):
    """Find the nearest rows of each of some rows, itself left out: (n_rows, n_relatives)."""
    directions = normalize(X)
    n_relatives = min(N_RELATIVES, len(X) - 1)
    found = []
    for block in gen_batches(len(rows), _BLOCK):
        own = rows[block]
        similarity = directions[own] @ directions.T  # (block, n_candidates)
        similarity[np.arange(len(own)), own] = -np.inf
        found.append(np.argpartition(-similarity, n_relatives - 1, axis=1)[:, :n_relatives])
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
