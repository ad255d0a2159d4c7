"""evaluate_predictions against cafaeval, files included: the same figures, and how much faster.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/bench_evaluate.py``. ``--known`` also masks what
was known, which cafaeval 1.3.0 cannot; another evaluator that calls itself cafaeval and takes
``exclude``, such as CAFA-evaluator-PK, is found with ``PYTHONPATH``.
"""

import argparse
import inspect
import logging
import tempfile
import warnings
from pathlib import Path
from time import perf_counter

import numpy as np
from cafaeval.evaluation import cafa_eval

from protimb.datasets import load_human_go
from protimb.evaluation import evaluate_predictions
from protimb.ontology import information_accretion
from protimb.ontology._obo_text import obo_text

TARGET = 20  # times faster than cafaeval
BEST = {"f": "fmax", "f_w": "weighted_fmax", "s_w": "smin"}


def main():
    """Time both on the same files and compare the figures."""
    args = _parse_arguments()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        files = write_files(Path(folder), args.n_proteins, args.per_protein, args.seed)
        known = files["known"] if args.known else None
        ours, seconds = _best_time(lambda: run_ours(files, known), n_rounds=3)
        print(f"protimb   {seconds:8.2f} s")
        theirs, their_seconds = _best_time(lambda: run_cafaeval(files, known), n_rounds=1)
        speedup = their_seconds / seconds
        print(f"cafaeval  {their_seconds:8.2f} s  protimb is {speedup:.1f} x faster")
    for namespace, rows in theirs.groupby("ns"):
        mine = ours.summary.loc[(namespace, "all", "all")]
        for column, figure in BEST.items():
            best = rows[column].min() if figure == "smin" else rows[column].max()
            print(f"{namespace:20s} {figure:14s} {mine[figure]:.6f}")
            if abs(best - mine[figure]) > 1e-6:
                raise SystemExit(f"{namespace}: {figure} {mine[figure]:.9f}, cafaeval {best:.9f}.")
    if not args.known and speedup < TARGET:
        raise SystemExit(f"Only {speedup:.1f} times faster; target {TARGET}.")


def run_ours(files, known):
    """Evaluate as users do."""
    return evaluate_predictions(
        files["predictions"],
        files["truth"],
        files["obo"],
        information_accretion=files["bits"],
        known=known,
    )


def run_cafaeval(files, known):
    """Evaluate as users do, on one core."""
    paths = [str(files["obo"]), str(files["predictions"].parent), str(files["truth"])]
    extra = {}
    if known:
        if "exclude" not in inspect.signature(cafa_eval).parameters:
            raise SystemExit("This cafaeval knows no known annotations.")
        extra["exclude"] = str(known)
    return cafa_eval(*paths, ia=str(files["bits"]), n_cpu=1, **extra)[0]


def write_files(folder, n_proteins, per_protein, seed):
    """Write real annotations of the bundled proteins, and so many scores for each."""
    rng = np.random.default_rng(seed)
    files = {kind: folder / f"{kind}.tsv" for kind in ("truth", "bits", "known")}
    files |= {"obo": folder / "go.obo", "predictions": folder / "methods" / "one.tsv"}
    files["predictions"].parent.mkdir()
    texts = {kind: [] for kind in ("truth", "bits", "known", "predictions")}
    for namespace in ("mf", "bp", "cc"):
        data = load_human_go(namespace, min_proteins=1)
        picked = np.sort(rng.choice(len(data.y), min(n_proteins, len(data.y)), replace=False))
        _add_lines(texts, data, picked, per_protein, rng)
    files["obo"].write_text(obo_text(data.ontology))
    for kind, lines in texts.items():
        files[kind].write_text("".join(lines))
    print(f"{len(texts['predictions']):,} predictions, {len(texts['truth']):,} annotations")
    return files


def _add_lines(texts, data, picked, per_protein, rng):
    terms, frequency = np.array(data.terms), data.y.mean(axis=0)
    bits = information_accretion(data.y, data.ontology, list(terms))
    texts["bits"] += [f"{t}\t{b:.6f}\n" for t, b in zip(terms, bits, strict=True)]
    for row in picked:
        protein, true = data.protein_ids[row], np.flatnonzero(data.y[row])
        drawn = rng.choice(len(terms), per_protein, p=frequency / frequency.sum())
        guessed = np.unique(np.concatenate([drawn, true[rng.random(len(true)) < 0.6]]))
        score = np.clip(rng.beta(0.5, 3, len(guessed)) + 0.3 * np.isin(guessed, true), 0.001, 1)
        texts["truth"] += [f"{protein}\t{terms[column]}\n" for column in true]
        # What is known leaves every protein something to find.
        known = true[:-1][rng.random(max(len(true) - 1, 0)) < 0.2]
        texts["known"] += [f"{protein}\t{terms[column]}\n" for column in known]
        texts["predictions"] += [
            f"{protein}\t{terms[column]}\t{one:.3f}\n"
            for column, one in zip(guessed, score, strict=True)
        ]


def _best_time(run, n_rounds):
    seconds = []
    for _ in range(n_rounds):
        start = perf_counter()
        result = run()
        seconds.append(perf_counter() - start)
    return result, min(seconds)


def _parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n-proteins", type=int, default=1000)
    parser.add_argument("--per-protein", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--known", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
