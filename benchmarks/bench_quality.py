"""Measures of generated rows: seconds and memory of each, and prdc 0.2 as a peer.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/bench_quality.py``, and with
``OMP_NUM_THREADS=2 python benchmarks/bench_quality.py --no-peer`` for seconds on two cores.
"""

import argparse
import contextlib
import io
import multiprocessing
import resource
from time import perf_counter, process_time

import numpy as np

from protimb import metrics

RATIO = 3.0  # times the speed of prdc that ours must have
SECONDS, BYTES = 60.0, 2 * 2**30  # that all measures together may take, and each of them

MEASURES = {
    "precision, recall, density, coverage": metrics.precision_recall_density_coverage,
    "alpha-precision, beta-recall, authenticity": metrics.alpha_precision_beta_recall,
    "closest records": metrics.closest_records,
    "maximum mean discrepancy": metrics.maximum_mean_discrepancy,
    "membership inference": lambda X, Z: metrics.membership_inference(X[::2], X[1::2], Z),
    "Frechet distance": metrics.frechet_distance,
    "two-sample score, logistic": metrics.two_sample_score,
    "two-sample score, knn": lambda X, Z: metrics.two_sample_score(X, Z, classifier="knn"),
    "reduced features": lambda X, Z: metrics.reduce_features(X, Z, ratio=100),
}


def main():
    """Time each measure in a process of its own, then the peer; say what misses its goal."""
    args = _parse_arguments()
    sets = make_sets(args.real, args.new, args.features)
    print(f"{args.real:,} real rows, {args.new:,} generated, {args.features} features")
    print(f"{'':<44}{'CPU s':>9}{'wall s':>9}{'MiB':>9}")
    runs = {name: _print(name, apart(measure, sets)) for name, measure in MEASURES.items()}
    wall = sum(run["wall"] for run in runs.values())
    print(f"{'all':<44}{sum(run['cpu'] for run in runs.values()):9.1f}{wall:9.1f}")
    missed = [f"{name} takes over 2 GiB" for name, run in runs.items() if run["bytes"] > BYTES]
    missed += [f"all take {wall:.0f} s, over {SECONDS:.0f}"] if wall > SECONDS else []
    if args.peer:
        ours = runs["precision, recall, density, coverage"]
        missed += compare(ours, _print("prdc 0.2", apart(peer, sets)))
    if missed:
        raise SystemExit("; ".join(missed))


def make_sets(n_real, n_new, n_features):
    """Make rows around 300 centres, and others a little more spread around the same ones."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((300, n_features), dtype=np.float32)
    return [
        centres[rng.integers(300, size=n)]
        + np.float32(spread) * rng.standard_normal((n, n_features), dtype=np.float32)
        for n, spread in ((n_real, 0.5), (n_new, 0.52))
    ]


def apart(measure, sets):
    """Run a measure in a process of its own: result, CPU and wall seconds, peak bytes."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=_send, args=(there, measure, sets))
    process.start()
    run = here.recv()
    process.join()
    return run


def peer(X_real, X_new):
    """Compute what the authors of density and coverage publish."""
    from prdc import compute_prdc

    with contextlib.redirect_stdout(io.StringIO()):
        return compute_prdc(X_real, X_new, nearest_k=5)


def compare(ours, theirs):
    """Print the ratio of CPU seconds and the largest difference; yield what misses its goal."""
    ratio = theirs["cpu"] / ours["cpu"]
    result = vars(ours["result"])
    difference = max(abs(result[name] - value) for name, value in theirs["result"].items())
    print(f"{ratio:.1f} times the speed of prdc; figures differ by {difference:.1e} at most")
    if ratio < RATIO:
        yield f"{ratio:.1f} times the speed of prdc, below {RATIO}"
    if difference > 1e-9:
        yield f"figures differ from prdc by {difference:.1e}"


def _send(pipe, measure, sets):
    cpu, wall = process_time(), perf_counter()
    result = measure(*sets)
    cpu, wall = process_time() - cpu, perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    small = None if isinstance(result, metrics.ReducedFeatures) else result
    pipe.send({"result": small, "cpu": cpu, "wall": wall, "bytes": peak})


def _print(name, run):
    print(f"{name:<44}{run['cpu']:9.1f}{run['wall']:9.1f}{run['bytes'] / 2**20:9.0f}", flush=True)
    return run


def _parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=int, default=14_122)
    parser.add_argument("--new", type=int, default=20_000)
    parser.add_argument("--features", type=int, default=512)
    parser.add_argument("--peer", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
