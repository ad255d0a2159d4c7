"""What decisions and calibration cost beside average precision, over all bootstrap resamples.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/bench_decisions.py``
"""

import argparse
import resource
from time import process_time

import numpy as np

from protimb.metrics import FREQUENCY_BINS, draw_proteins, evaluate
from protimb.metrics._bootstrap import (
    _decide,
    _figures_by_term,
    _mean_columns,
    _pooled_columns,
)
from protimb.metrics._calibration import PooledCells
from protimb.metrics._ranking import bin_members, weighted_average_precision

BINS = {"<50": (0, 50)} | FREQUENCY_BINS
TARGET = 1.0  # times the CPU seconds of average precision


def main():
    """Time average precision, and all that stands beside it, on the same arrays."""
    args = _parse_arguments()
    truth, score, n_train = make_problem(args.n_proteins, args.n_terms, args.seed)
    draws = draw_proteins(args.n_proteins, args.n_resamples)
    cuts = np.full(args.n_terms, 0.3)
    print(f"{truth.shape[0]:,} proteins x {truth.shape[1]:,} terms, {draws.shape[1]:,} resamples")
    order = time(lambda: weighted_average_precision(truth, score, draws))
    beside = time(lambda: measure_all(truth, score, n_train, cuts, draws)) - order
    whole = time(lambda: evaluate(truth, score, n_train=n_train, bins=BINS, draws=draws, cuts=cuts))
    print(f"average precision           {order:6.2f} CPU s")
    print(f"decisions, calibration      {beside:6.2f} CPU s, {beside / order:.2f} times")
    print(f"evaluate, Fmax included     {whole:6.2f} CPU s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")
    if beside > TARGET * order:
        raise SystemExit(f"{beside / order:.2f} times; the target is {TARGET}.")


def make_problem(n_proteins, n_terms, seed):
    """Draw terms as rare as those of biological processes, and scores that know a little."""
    rng = np.random.default_rng(seed)
    share = np.clip(0.0008 + 0.002 * rng.pareto(1.0, n_terms), 0, 0.5)
    truth = rng.random((n_proteins, n_terms)) < share
    score = 2 * share * rng.random(truth.shape) + 0.5 * truth * rng.random(truth.shape)
    return truth, np.clip(score, 0, 1).astype(np.float32), (4 * n_proteins * share).astype(int)


def measure_all(truth, score, n_train, cuts, draws):
    """Compute average precision, and every figure that evaluate has beside it."""
    members = bin_members(n_train, BINS)
    for name, values in _figures_by_term(truth, score, _decide(truth, score, cuts, truth), draws):
        _mean_columns(name, values, members)
    _pooled_columns(
        {name: PooledCells.from_scores(truth, score, terms) for name, terms in members.items()},
        draws,
    )


def time(work):
    """Count the CPU seconds of a call."""
    start = process_time()
    work()
    return process_time() - start


def _parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-proteins", type=int, default=2500)
    parser.add_argument("--n-terms", type=int, default=4000)
    parser.add_argument("--n-resamples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
