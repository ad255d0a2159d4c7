"""MLSOL, MLeNN and MLTL by number of rows: the search for neighbours, and all that is beside it.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/bench_neighbours.py``
"""

import argparse
import warnings
from time import process_time

import numpy as np
from scipy import sparse
from sklearn.neighbors import NearestNeighbors

from protimb.exceptions import ProtimbWarning
from protimb.over_sampling import MLSOL
from protimb.under_sampling import MLTL, MLeNN
from protimb.utils._nearest import Reference

N_TERMS = 300
LINEAR = 1.2  # times the seconds a row at the first size: what is beside the search may grow to
PEER = 1.05  # times the seconds of scikit-learn's search that ours may take


def main():
    """Time every size, and say by which power of the rows each part grows."""
    args = _parse_arguments()
    warnings.simplefilter("ignore", ProtimbWarning)
    seconds = {}
    for n_rows in args.rows:
        X, y = make_rows(n_rows, args.features, args.equal)
        for sampler in (MLSOL(random_state=0), MLeNN(), MLTL()):
            parts = time_parts(sampler, X, y)
            seconds.setdefault(type(sampler).__name__, []).append(parts)
            _print(n_rows, type(sampler).__name__, *parts)
        peer = time_peer(X)
        seconds.setdefault("peer", []).append((peer, 0.0))
        _print(n_rows, "scikit-learn's search", peer, 0.0)
    missed = [*report_growth(seconds, args.rows)]
    if missed:
        raise SystemExit("; ".join(missed))


def make_rows(n_rows, n_features, share_equal):
    """Make vectors around the sums of their terms' centres, and a long tail of terms, as csr.

    A share of the vectors is zeros, as of proteins that have none.
    """
    rng = np.random.default_rng(0)
    n_members = np.maximum(0.4 * n_rows / np.arange(1, N_TERMS + 1), 5).astype(int)
    rows = np.concatenate([rng.choice(n_rows, n, replace=False) for n in n_members])
    columns, ones = np.repeat(np.arange(N_TERMS), n_members), np.ones(len(rows), dtype=np.uint8)
    y = sparse.csr_array((ones, (rows, columns)), shape=(n_rows, N_TERMS))
    noise = rng.standard_normal((n_rows, n_features), dtype=np.float32)
    X = y @ rng.standard_normal((N_TERMS, n_features), dtype=np.float32) * np.float32(0.5) + noise
    X[rng.random(n_rows) < share_equal] = 0
    return X, y


def time_parts(sampler, X, y):
    """Give the CPU seconds of the search for neighbours, and of the rest."""
    searched = []
    search = Reference.nearest
    Reference.nearest = _timed(search, searched)
    try:
        start = process_time()
        sampler.fit_resample(X, y)
        seconds = process_time() - start
    finally:
        Reference.nearest = search
    return sum(searched), seconds - sum(searched)


def _timed(search, searched):
    def timed(*args):
        start = process_time()
        found = search(*args)
        searched.append(process_time() - start)
        return found

    return timed


def time_peer(X):
    """Let scikit-learn search five neighbours of every row by brute force."""
    search = NearestNeighbors(n_neighbors=6, algorithm="brute").fit(X)
    start = process_time()
    search.kneighbors(X, return_distance=False)
    return process_time() - start


def report_growth(seconds, sizes):
    """Print powers of growth from the first size to the last, and yield what missed its target."""
    ratio = np.log(sizes[-1] / sizes[0])
    for name, parts in seconds.items():
        (first_search, first_rest), (last_search, last_rest) = parts[0], parts[-1]
        power = np.log(last_search / first_search) / ratio
        print(f"{name:22s} search grows with rows to the power of {power:.2f}")
        if first_rest:
            a_row = last_rest / first_rest * sizes[0] / sizes[-1]
            print(f"{'':22s} the rest takes {a_row:.2f} times as long a row")
            if a_row > LINEAR and last_rest > 0.05 * last_search:
                yield f"{name}: what is beside the search grows faster than the rows"
    ours, theirs = seconds["MLSOL"][-1][0], seconds["peer"][-1][0]
    print(f"search of MLSOL over scikit-learn's at {sizes[-1]:,} rows: {ours / theirs:.2f}")
    if ours > PEER * theirs:
        yield f"MLSOL's search takes {ours / theirs:.2f} times as long as scikit-learn's"


def _print(n_rows, name, search, rest):
    a_pair = search / n_rows**2 * 1e9
    print(
        f"{n_rows:7,} rows {name:22s} search {search:7.2f} s ({a_pair:4.1f} ns a pair of rows), "
        f"rest {rest:5.2f} s",
        flush=True,
    )


def _parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[7_500, 15_000, 30_000])
    parser.add_argument("--features", type=int, default=500)
    parser.add_argument("--equal", type=float, default=0.0, help="share of rows that are zeros")
    return parser.parse_args()


if __name__ == "__main__":
    main()
