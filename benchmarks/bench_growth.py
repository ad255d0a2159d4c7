"""Seconds and memory a row of whatever searches or holds wide tables, as the rows become many.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/bench_growth.py --rows 3000 10000 30000``. Each
step runs in a process of its own, for its peak of memory; its seconds are CPU seconds. Memory is
what a step takes beside its input, in units of that: at its peak, and of this its result. Data are
ESM-2 vectors of human proteins, each moved a part of the way to another (``--data human``), or made
with families and a spectrum like theirs, 512 wide (``--data made``); labels are 5,000 sparse terms
of a long tail, members of one family sharing theirs.
"""

import argparse
import json
import resource
import subprocess
import sys
import warnings
from functools import partial
from time import process_time

import numpy as np
from scipy import sparse

N_TERMS = 5_000
A_ROW = 12  # labels
RATIO = 1.5  # a row at the last size over one at the first
PEAK = 1.5  # what a step may take beside its input and its result, in units of the input


def main():
    """Run every step at every size, and print one line each."""
    args = _parse_arguments()
    if args.step:
        print(json.dumps(run_step(args.step, args.data, args.rows[0])))
        return
    print(f"{'step':34s}" + "".join(f"{n:>12,} s   peak, result" for n in args.rows) + "   a row")
    missed = []
    for step in args.steps or STEPS:
        found = [_best(step, args.data, n_rows, args.repeats) for n_rows in args.rows]
        cells = "".join(f"{s:14.1f} {peak:6.2f}, {result:6.2f}" for s, peak, result in found)
        growth = found[-1][0] / found[0][0] * args.rows[0] / args.rows[-1]
        print(f"{step:34s}{cells} {growth:6.2f}x", flush=True)
        extra = found[-1][1] - found[-1][2]
        if growth > RATIO or extra > PEAK:
            missed.append(f"{step}: {growth:.2f} times the seconds a row, {extra:.2f} beside both")
    if missed:
        raise SystemExit("; ".join(missed))


def _best(step, data, n_rows, n_repeats):
    """Give the least seconds of several processes, the highest peak, and the size of the result."""
    found = [_in_a_process(step, data, n_rows) for _ in range(n_repeats)]
    seconds, peaks, results = zip(*found, strict=True)
    return min(seconds), max(peaks), max(results)


def _in_a_process(step, data, n_rows):
    command = [sys.executable, __file__, "--step", step, "--data", data, "--rows", str(n_rows)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def run_step(step, data, n_rows):
    """Give the CPU seconds of a step; its peak and its result, in units of the input."""
    warnings.simplefilter("ignore")
    inputs, call = STEPS[step](data, n_rows)
    size = sum(_n_bytes(one) for one in inputs)
    before = _resident()
    _reset_peak()
    start = process_time()
    result = call(*inputs)
    seconds, peak = process_time() - start, _peak() - before
    return seconds, peak / size, sum(map(_n_bytes, _arrays(result))) / size


def make_rows(kind, n_rows):
    """Give vectors, float32, and a csr of uint8 (n_rows, N_TERMS)."""
    rng = np.random.default_rng(0)
    family = rng.integers(max(1, n_rows // 3), size=n_rows)
    X = _human(rng, n_rows) if kind == "human" else _made(rng, family)
    # Families share terms, which are the rarer the higher their number.
    columns = (N_TERMS * rng.random((family.max() + 1, A_ROW)) ** 3).astype(np.int32)[family]
    rows = np.repeat(np.arange(n_rows), A_ROW)
    ones = np.ones(len(rows), dtype=np.uint8)
    y = sparse.csr_array((ones, (rows, columns.ravel())), shape=(n_rows, N_TERMS))
    y.data[:] = 1
    return X, y


def _human(rng, n_rows, way=0.3):
    from protimb import load_human_go

    real = load_human_go("mf").X
    mean = real.mean(axis=0)
    one, other = (real[rng.integers(len(real), size=n_rows)] - mean for _ in range(2))
    return mean + np.float32(np.sqrt(1 - way**2)) * one + np.float32(way) * other


def _made(rng, family, n_features=512, share=0.5):
    spectrum = (np.arange(n_features, dtype=np.float32) + 3) ** np.float32(-0.75)
    axes = np.linalg.qr(rng.standard_normal((n_features, n_features)))[0].astype(np.float32)
    centres = rng.standard_normal((family.max() + 1, n_features), dtype=np.float32)
    own = rng.standard_normal((len(family), n_features), dtype=np.float32)
    own *= np.float32(np.sqrt(share))
    own += np.float32(np.sqrt(1 - share)) * centres[family]
    return (own * spectrum) @ axes


def _resampling(name, parameter=None):
    def prepare(kind, n_rows):
        from protimb import over_sampling, under_sampling

        sampler = getattr(over_sampling, name, None) or getattr(under_sampling, name)
        sampler = sampler(random_state=0) if hasattr(sampler, "max_rounds") else sampler()
        if parameter:
            sampler.set_params(**{parameter: _sampled()})
        return make_rows(kind, n_rows), sampler.fit_resample

    return prepare


def _sampled(n_neighbors=5):
    from protimb.neighbors import SampledNeighbors

    return SampledNeighbors(n_neighbors, random_state=0)


def _filtering(name):
    def prepare(kind, n_rows):
        from protimb import filters

        return make_rows(kind, n_rows), getattr(filters, name)().fit

    return prepare


def _neighbours(kind, n_rows, n_neighbors=100):
    from protimb.classification import KNNTermClassifier

    X, y = make_rows(kind, n_rows)
    classifier = KNNTermClassifier(n_neighbors)

    def call(X, y):
        classifier.fit(X, y)
        for start in range(0, n_rows, 1000):  # all answers together would be wider than the rest
            classifier.predict_proba(X[start : start + 1000])

    return (X, y), call


def _comparing(name, **params):
    def prepare(kind, n_rows):
        from protimb import metrics

        X, _ = make_rows(kind, n_rows)
        return (X[::2].copy(), X[1::2].copy()), partial(getattr(metrics, name), **params)

    return prepare


def _claiming(kind, n_rows):
    from protimb.metrics import label_consistency

    X, y = make_rows(kind, n_rows)
    return (X[::2].copy(), y[::2], X[1::2].copy(), y[1::2]), label_consistency


def _scores(n_rows):
    rng = np.random.default_rng(0)
    scores = rng.random((n_rows, N_TERMS), dtype=np.float32)
    return np.power(scores, 8, out=scores)  # few terms of a protein are likely


def _propagating(kind, n_rows):
    from protimb import load_human_go

    ontology = load_human_go("bp").ontology
    terms = sorted(ontology.terms)[:N_TERMS]
    scores = _scores(n_rows)
    return (scores,), lambda scores: ontology.propagate_scores(scores, terms)


def _fmax(kind, n_rows):
    from protimb.metrics import fmax_score

    return (_scores(n_rows), make_rows("made", n_rows)[1]), lambda s, y: fmax_score(y, s)


def _evaluate(scores, y):
    from protimb.metrics import evaluate

    evaluate(y, scores, n_train=y.sum(axis=0), n_resamples=20)


def _reporting(kind, n_rows):
    return (_scores(n_rows), make_rows("made", n_rows)[1]), _evaluate


def _predicting(kind, n_rows):
    from protimb import GOTermClassifier

    X, y = make_rows(kind, n_rows)
    classifier = GOTermClassifier(max_epochs=1, n_neighbors=None).fit(X[:2000], y[:2000])
    return (X, _scores(n_rows)), lambda X, _: classifier.predict_proba(X)


STEPS = {
    **{name: _resampling(name) for name in ("MLSOL", "MLSMOTE", "MLeNN", "MLTL")},
    **{
        name: _filtering(name)
        for name in ("MemorisationFilter", "LabelFidelityFilter", "IntrusionFilter")
    },
    "KNNTermClassifier": _neighbours,
    "MLSOL, sampled": _resampling("MLSOL", "k_neighbors"),
    "MLeNN, sampled": _resampling("MLeNN", "n_neighbors"),
    "MLTL, sampled": _resampling("MLTL", "neighbors"),
    "KNN, sampled": lambda kind, n_rows: _neighbours(kind, n_rows, _sampled(100)),
    "two_sample_score knn": _comparing("two_sample_score", classifier="knn"),
    **{
        name: _comparing(name)
        for name in (
            "frechet_distance",
            "maximum_mean_discrepancy",
            "precision_recall_density_coverage",
            "alpha_precision_beta_recall",
            "closest_records",
        )
    },
    "label_consistency": _claiming,
    "propagate_scores": _propagating,
    "fmax_score": _fmax,
    "evaluate": _reporting,
    "GOTermClassifier": _predicting,
}


def _arrays(result):
    """List the arrays that a step gave; what it fitted is none."""
    results = result if isinstance(result, tuple) else (result,)
    return [one for one in results if isinstance(one, np.ndarray) or sparse.issparse(one)]


def _n_bytes(matrix):
    if sparse.issparse(matrix):
        return matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes
    return matrix.nbytes


def _resident():
    with open("/proc/self/statm") as sizes:
        return int(sizes.read().split()[1]) * resource.getpagesize()


def _reset_peak():
    with open("/proc/self/clear_refs", "w") as knob:
        knob.write("5")


def _peak():
    with open("/proc/self/status") as lines:
        (line,) = (line for line in lines if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 30_000])
    parser.add_argument("--data", choices=["human", "made"], default="human")
    parser.add_argument("--repeats", type=int, default=1, help="on a busy machine")
    parser.add_argument("--steps", nargs="+", choices=STEPS)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
