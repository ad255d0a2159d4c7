"""Real rows to judge by where all are too many to be held: some of each term, and the nearest."""

import numpy as np
from sklearn.utils import gen_batches

from protimb.utils._labelsets import count_members
from protimb.utils._memory import release_pages, rows_a_block, rows_in_memory
from protimb.utils._nearest import Reference
from protimb.utils._nearest_pairs import in_order
from protimb.utils._representatives import members_a_term, representatives
from protimb.utils._standardizing import fit_standardizer, standardize

_N_NEAREST = 2  # the closest training row, and the one that it is compared with
_FEWEST = 2000  # rows of a set to judge, of which no property takes more


def rows_to_hold_out(X, groups, share, rng):
    """Choose a share of large X by groups, int (n_real,), no more than there is room for: bool."""
    order = rng.permutation(groups.max() + 1)
    n_rows = np.cumsum(np.bincount(groups)[order])
    n_groups = np.searchsorted(n_rows, min(share * len(X), rows_in_memory(X.shape[1]) // 4))
    return np.isin(groups, order[: n_groups + 1])


def rows_to_judge(X, rng):
    """Choose rows of X (n_rows, n_features) to judge: each needs the nearest of all real rows."""
    most = max(_FEWEST, rows_in_memory(X.shape[1]) // 8)
    return np.sort(rng.permutation(len(X))[:most])


def rows_to_judge_by(X, y, left, asked, rng):
    """Choose rows of large X, (n_real, n_features), csr y, to hold in memory, of those ``left``.

    Some members of each term, and the nearest to rows of each of the sets ``asked``, which will be
    judged. ``left`` is bool, (n_real,).
    """
    places = np.flatnonzero(left)
    n_a_term = members_a_term(X.shape[1], y.shape[1])
    chosen = places[representatives(y[places], n_a_term, rng)]
    asked = np.concatenate([rows.astype(np.float32) for rows in asked])
    return np.union1d(chosen, nearest_by_blocks(X, left, asked, _N_NEAREST))


def nearest_by_blocks(X, left, asked, n_nearest):
    """Find the nearest rows of large X, of those left, to each row asked: (n_asked, n_nearest)."""
    scaler = fit_standardizer(X)
    asked = standardize(scaler, asked)
    gaps = np.full((len(asked), 0), np.inf)
    found = np.empty((len(asked), 0), dtype=np.int64)
    for block in gen_batches(len(X), rows_a_block(X)):
        places = block.start + np.flatnonzero(left[block])
        rows = standardize(scaler, X[block][left[block]])
        release_pages(X)
        near, nearest = Reference(rows).nearest(asked, n_nearest)
        gaps, found = np.hstack([gaps, near]), np.hstack([found, places[nearest]])
        gaps, found = (one[:, :n_nearest] for one in in_order(gaps, found))
    return found


def say_what_is_left(n_rows, y, rows):
    """Say which share of the real rows is looked at, and why that is enough."""
    n_terms = int((count_members(y[rows]) < count_members(y)).sum())
    return (
        f"{n_rows:,} real rows are more than the memory is meant for: generated rows are judged by "
        f"{len(rows):,} of them, the nearest to each of these and some members of each term "
        f"({n_terms:,} terms have more). Equal rows are looked for among all."
    )
