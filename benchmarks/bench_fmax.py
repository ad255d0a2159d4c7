"""Fmax against cafaeval: the same figure on 2,824 proteins x 482 terms, and how much faster.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/bench_fmax.py``
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
from cafaeval.evaluation import cafa_eval, evaluate_prediction
from cafaeval.graph import GroundTruth, Prediction
from cafaeval.parser import obo_parser

from protimb.datasets import load_human_go
from protimb.metrics import fmax_score

NAMESPACE = "molecular_function"
THRESHOLDS = np.arange(0.01, 1, 0.01)
TARGET = 20  # times faster than cafaeval


def main():
    """Time both on the same arrays and compare the figures."""
    args = _parse_arguments()
    truth, score = make_problem(args.n_proteins, args.n_terms, args.seed)
    print(f"{truth.shape[0]:,} proteins x {truth.shape[1]} terms, {truth.sum():,} annotations")
    ours, our_seconds = _best_time(lambda: fmax_score(truth, score), n_rounds=9)
    print(f"protimb.fmax_score              {our_seconds:8.3f} s  Fmax {ours:.9f}")
    with tempfile.TemporaryDirectory() as folder:
        files = write_files(Path(folder), truth, score)
        in_memory = partial(count_in_memory, files["obo"], truth, score)
        _report("cafaeval, arrays in memory", in_memory, ours, our_seconds)
        from_files = partial(count_from_files, files)
        speedup = _report("cafaeval, files read", from_files, ours, our_seconds)
    if speedup < TARGET:
        raise SystemExit(f"Only {speedup:.1f} times faster; the target is {TARGET}.")


def make_problem(n_proteins, n_terms, seed):
    """Draw proteins with their most frequent terms, and scores with ties at thresholds."""
    rng = np.random.default_rng(seed)
    y = load_human_go("mf", min_proteins=10).y
    terms = np.sort(np.argsort(-y.sum(axis=0), kind="stable")[:n_terms])
    annotated = np.flatnonzero(y[:, terms].any(axis=1))
    truth = y[rng.choice(annotated, n_proteins, replace=False)][:, terms]
    score = rng.beta(0.4, 4, size=truth.shape) + truth * rng.beta(1, 2, size=truth.shape)
    return truth, np.clip(score, 0, 1).round(3)


def write_files(folder, truth, score):
    """Write ontology, truth and prediction as cafaeval wants them."""
    terms = [f"GO:{column:07d}" for column in range(truth.shape[1])]
    files = {"obo": folder / "terms.obo", "truth": folder / "truth.tsv"}
    files["predictions"] = folder / "predictions"
    files["predictions"].mkdir()
    # Without links between terms cafaeval has nothing to propagate: only counting is compared.
    stanzas = [f"[Term]\nid: {t}\nname: {t}\nnamespace: {NAMESPACE}\n" for t in terms]
    files["obo"].write_text("\n".join(stanzas))
    true_lines = [f"P{row}\t{terms[column]}" for row, column in np.argwhere(truth)]
    files["truth"].write_text("\n".join(true_lines))
    lines = [f"P{row}\t{terms[col]}\t{score[row, col]}" for row, col in np.argwhere(score > 0)]
    (files["predictions"] / "scores.tsv").write_text("\n".join(lines))
    return files


def count_in_memory(obo, truth, score):
    """Let cafaeval count from arrays, so that reading files is not compared."""
    ids = {f"P{row}": row for row in range(len(truth))}
    prediction = {NAMESPACE: Prediction(ids, score, NAMESPACE)}
    known = {NAMESPACE: GroundTruth(ids, truth.astype(bool), NAMESPACE)}
    table = evaluate_prediction(prediction, known, obo_parser(obo), THRESHOLDS, n_cpu=1)
    return table["f"].max()


def count_from_files(files):
    """Run cafaeval as users do."""
    paths = [str(files[name]) for name in ("obo", "predictions", "truth")]
    table, _ = cafa_eval(*paths, n_cpu=1)
    return table["f"].max()


def _report(name, run, ours, our_seconds):
    theirs, seconds = _best_time(run, n_rounds=3)
    if abs(theirs - ours) > 1e-6:
        raise SystemExit(f"{name}: Fmax {theirs:.9f}, protimb has {ours:.9f}.")
    speedup = seconds / our_seconds
    print(f"{name:31s} {seconds:8.3f} s  Fmax {theirs:.9f}  protimb is {speedup:.0f} x faster")
    return speedup


def _best_time(run, n_rounds):
    seconds = []
    for _ in range(n_rounds):
        start = perf_counter()
        result = run()
        seconds.append(perf_counter() - start)
    return result, min(seconds)


def _parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-proteins", type=int, default=2824)
    parser.add_argument("--n-terms", type=int, default=482)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
