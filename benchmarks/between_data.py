"""Hold rows of CGANSampler against held-out real proteins: which of them lie between real ones.

Run by hand, minutes on one core::

    OMP_NUM_THREADS=1 python benchmarks/between_data.py

``CGANSampler(random_state=0)`` is trained on four fifths of the sequence clusters of the human
proteins with molecular functions (terms of 10 proteins or more). Its rows, as they are drawn for
its plan and before any filter or guard, are held against the training proteins, and beside them
proteins of the last fifth; training proteins, left out of those that they are held against; points
halfway between a training protein and one of its ten nearest; and Gaussian noise of the training
proteins' covariance. At most 1,000 rows each.
"""

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit
from sklearn.neighbors import NearestNeighbors

from protimb import CGANSampler, load_human_go
from protimb.metrics import between_data

N_ROWS = 1000
NEIGHBOURS = [20, 200]


def main():
    """Print one row for each kind of rows and number of neighbours."""
    bunch = load_human_go("mf", min_proteins=10)
    split = GroupShuffleSplit(n_splits=1, test_size=0.2, random_state=0)
    train, test = next(split.split(bunch.X, groups=bunch.groups))
    X, rng = bunch.X[train], np.random.default_rng(0)
    sampler = CGANSampler(quality_filter=None, guard=None, random_state=0)
    sampler.fit(X, bunch.y[train])
    generated = sampler.generate(X, bunch.y[train], random_state=0).X
    left_out = rng.choice(len(X), N_ROWS, replace=False)
    kinds = {
        "generated": (X, _some(generated, rng)),
        "held-out real, other clusters": (X, _some(bunch.X[test], rng)),
        "training rows left out": (np.delete(X, left_out, axis=0), X[left_out]),
        "halfway to a neighbour": (X, _halfway(X, rng)),
        "noise of the covariance": (X, _noise(X, rng)),
    }
    rows = [
        {"rows": name, "neighbours": n, **_figures(between_data(*pair, n_neighbors=n))}
        for n in NEIGHBOURS
        for name, pair in kinds.items()
    ]
    print(f"{len(X)} training proteins, {len(generated)} rows generated")
    print(pd.DataFrame(rows).to_string(index=False, float_format="%.3f"))


def _figures(found):
    low, middle, high = np.quantile(found.gap, [0.1, 0.5, 0.9])
    return {
        "gap 10%": low,
        "gap median": middle,
        "gap 90%": high,
        "share gap <= 0.5": found.share_between(0.5),
        "share gap <= 0.9": found.share_between(0.9),
        "centrality median": np.median(found.centrality),
    }


def _some(rows, rng):
    return rows[rng.permutation(len(rows))[:N_ROWS]]


def _halfway(X, rng):
    rows = rng.choice(len(X), N_ROWS, replace=False)
    near = NearestNeighbors(n_neighbors=11).fit(X).kneighbors(X[rows], return_distance=False)
    return (X[rows] + X[near[np.arange(N_ROWS), rng.integers(1, 11, N_ROWS)]]) / 2


def _noise(X, rng):
    return rng.multivariate_normal(X.mean(axis=0), np.cov(X.T), N_ROWS).astype(np.float32)


if __name__ == "__main__":
    main()
