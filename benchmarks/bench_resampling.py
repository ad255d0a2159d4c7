"""Multilabel over-samplers: against peers, on dense and sparse labels, and how much memory.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/bench_resampling.py``
"""

import argparse
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
from imblearn.over_sampling import SMOTE
from multismote.multismote import MultiSMOTE
from scipy import sparse

from protimb.datasets import load_human_go
from protimb.over_sampling import (
    LPROS,
    MLROS,
    MLSMOTE,
    MLSOL,
    REMEDIAL,
    LabelwiseSampler,
    RandomLabelsetOverSampler,
)

FAST_SMOTE = 3  # times faster than the loop over terms
MEMORY_GIB = 2
TOTAL = 50  # members that rare terms are raised to
MEMBERS = 200  # and those in the comparison with SMOTE
SAMPLERS = (RandomLabelsetOverSampler, MLROS, LPROS, MLSMOTE, LabelwiseSampler, MLSOL)


def main():
    """Time the peers, then every sampler; measure memory in a process of its own."""
    args = _parse_arguments()
    if args.large:
        resample_large_data(args.large)
        return
    missed = []
    for namespace in args.ontologies.split(","):
        bunch = load_human_go(namespace, min_proteins=10)
        X, y = bunch.X, bunch.y
        print(f"\n{namespace}: {X.shape[0]:,} x {X.shape[1]} with {y.shape[1]:,} terms")
        time_all(X, y)
        missed += [*compare_with_smote(X, y)]
        # Its neighbour search over all rows takes minutes: once is enough.
        missed += [*compare_with_multismote(X, y)] if namespace == "mf" else []
    print("\n100,000 x 1,024 with 5,000 terms, csr")
    for name in ("RandomLabelsetOverSampler", "MLSMOTE", "LabelwiseSampler"):
        missed += [*measure_memory(name)]
    if missed:
        raise SystemExit("; ".join(missed))


def compare_with_multismote(X, y):
    """Time MLSMOTE against multismote, which makes one row for each protein with a rare term."""
    peer = MultiSMOTE(random_state=0)
    their_seconds, their_rows = _time(lambda: peer.fit_resample(X, y))
    sampler = MLSMOTE(random_state=0)
    for labels in (y, sparse.csr_array(y)):
        seconds, n_rows = _time(lambda labels=labels: sampler.fit_resample(X, labels))
        ratio = their_seconds / seconds
        print(
            f"MLSMOTE {_kind(labels):6s} {seconds:6.2f} s for {n_rows - len(X):6,} rows, "
            f"multismote {their_seconds:6.2f} s for {their_rows - len(X):6,}: {ratio:5.1f} x faster"
        )
        if ratio < 1:
            yield f"MLSMOTE takes {1 / ratio:.1f} times as long as multismote"


def compare_with_smote(X, y):
    """Time LabelwiseSampler(SMOTE) against SMOTE term by term, for the same rows of each term."""
    members = y.sum(axis=0)
    terms = np.flatnonzero(members < MEMBERS)
    terms = terms[:: -(-len(terms) // 200)]  # at most 200 of them, evenly chosen
    their_seconds, _ = _time(lambda: [_smote_of_one_term(X, y[:, term]) for term in terms])
    sampler = LabelwiseSampler(
        SMOTE(), sampling_strategy={int(term): MEMBERS for term in terms}, random_state=0
    )
    for labels in (y, sparse.csr_array(y)):
        seconds, n_rows = _time(lambda labels=labels: sampler.fit_resample(X, labels))
        ratio = their_seconds / seconds
        print(
            f"LabelwiseSampler(SMOTE) {_kind(labels):6s} {seconds:6.2f} s for {n_rows - len(X):6,} "
            f"rows, SMOTE on {len(terms):,} terms {their_seconds:6.2f} s: {ratio:5.1f} x faster"
        )
        if ratio < FAST_SMOTE:
            yield f"LabelwiseSampler(SMOTE) is only {ratio:.1f} times as fast as SMOTE in a loop"


def _smote_of_one_term(X, is_member):
    """Do what a user without protimb would: one term against the rest, labels left aside."""
    return SMOTE(sampling_strategy={1: MEMBERS}, random_state=0).fit_resample(X, is_member)[0]


def time_all(X, y):
    """Time every sampler on dense and sparse labels."""
    samplers = [Sampler(sampling_strategy=TOTAL, random_state=0) for Sampler in SAMPLERS]
    for sampler in [*samplers, REMEDIAL()]:
        seconds = [_time(lambda s=sampler, f=f: s.fit_resample(X, f(y))) for f in (_same, _csr)]
        (dense, n_rows), (csr, _) = seconds
        print(
            f"{type(sampler).__name__:26s} {dense:6.2f} s dense {csr:6.2f} s csr, {n_rows:7,} rows"
        )


def measure_memory(name):
    """Resample large data in a process of its own, whose peak is then that of the sampler."""
    run = [sys.executable, __file__, "--large", name]
    output = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    n_rows, gib, seconds = map(float, output.split())
    print(f"{name:26s} {seconds:6.2f} s for {n_rows:7,.0f} rows, peak {gib:.2f} GiB, X included")
    if gib > MEMORY_GIB:
        yield f"{name} takes {gib:.2f} GiB; the limit is {MEMORY_GIB}"


def resample_large_data(name):
    """Raise the terms of 100,000 rows to 20 members, and print rows, peak memory and seconds."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100_000, 1024), dtype=np.float32)
    n_members = np.maximum(20_000 / np.arange(1, 5001), 10).astype(int)  # a long tail
    rows = np.concatenate([rng.choice(len(X), n, replace=False) for n in n_members])
    ones, columns = np.ones(len(rows), dtype=np.uint8), np.repeat(np.arange(5000), n_members)
    y = sparse.csr_array((ones, (rows, columns)), shape=(len(X), 5000))
    Sampler = next(one for one in SAMPLERS if one.__name__ == name)
    seconds, n_rows = _time(lambda: Sampler(sampling_strategy=20).fit_resample(X, y))
    # Not getrusage: its peak would include that of the parent process.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(n_rows, int(status["VmHWM"].split()[0]) / 2**20, seconds)


def _time(run):
    start = perf_counter()
    result = run()
    seconds = perf_counter() - start
    return seconds, len(result[0])


def _kind(labels):
    return "csr" if sparse.issparse(labels) else "dense"


def _same(y):
    return y


def _csr(y):
    return sparse.csr_array(y)


def _parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ontologies", default="mf,bp")
    parser.add_argument("--large", metavar="SAMPLER", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
