"""evaluate_predictions against cafaeval, files included: the same figures, and how much faster.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/bench_evaluate.py``. Each evaluator runs in a
process of its own, which imports it and then counts its CPU seconds, from the files of ontology,
truth, predictions and bits to the figures. ``--protea FOLDER`` also times cafaeval-protea, which
takes cafaeval's name: ``pip install --no-deps --target FOLDER cafaeval-protea==0.1.0``. ``--known``
also masks what was known, which cafaeval 1.3.0 cannot.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from time import process_time

import numpy as np

from protimb.datasets import load_human_go
from protimb.ontology import information_accretion
from protimb.ontology._obo_text import obo_text

TARGETS = {"cafaeval": 20, "cafaeval-protea": 1}  # times the peer's speed
BEST = {"f": "fmax", "f_w": "weighted_fmax", "s_w": "smin"}
SPACES = ("mf", "bp", "cc")


def main():
    """Time all evaluators on the same files, in turns, and compare the figures."""
    args = parse_arguments()
    if args.worker:
        return work(args.worker, args.folder, args.known)
    peers = {} if args.known else {"cafaeval": None}
    if args.protea:
        peers["cafaeval-protea"] = args.protea
    if not peers:
        raise SystemExit("What was known needs --protea.")
    missed = [line for n in args.n_proteins for line in compare(n, peers, args)]
    if missed:
        raise SystemExit("\n".join(missed))
    return None


def compare(n_proteins, peers, args):
    """Time all of one size; return what is missed."""
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), n_proteins, args.per_protein, args.seed)
        found = {"protimb": []} | {name: [] for name in peers}
        for number in range(args.rounds):
            for name in found:
                # The slow one once: the machine's changes are small against its ratio.
                if name != "cafaeval" or number == 0:
                    found[name].append(run_apart(name, folder, peers.get(name), args.known))
    best = {name: min(run["seconds"] for run in runs) for name, runs in found.items()}
    ours = found["protimb"][0]["figures"]
    print(f"  protimb          {best['protimb']:7.2f} s")
    for name in peers:
        ratio = best[name] / best["protimb"]
        print(f"  {name:16} {best[name]:7.2f} s  protimb is {ratio:.1f} times as fast", flush=True)
        check_equal(ours, found[name][0]["figures"], name)
        if ratio < TARGETS[name]:
            missed.append(f"{n_proteins}: {ratio:.1f} times {name}, target {TARGETS[name]}")
    return missed


def run_apart(name, folder, path, known):
    """Evaluate in a fresh process: {seconds, figures}."""
    command = [sys.executable, __file__, "--worker", name, "--folder", str(folder)]
    places = [str(path or ""), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [*command, *(["--known"] if known else [])],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, places))},
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def work(name, folder, known):
    """Import one evaluator, then time it: print seconds and {namespace: figures}."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    evaluate = load_protimb() if name == "protimb" else load_cafaeval()
    start = process_time()
    table = evaluate(folder, known)
    seconds = process_time() - start
    print(json.dumps({"seconds": seconds, "figures": table}))


def load_protimb():
    """Evaluate as users do."""
    from protimb.evaluation import evaluate_predictions

    def evaluate(folder, known):
        found = evaluate_predictions(
            folder / "methods" / "one.tsv",
            folder / "truth.tsv",
            folder / "go.obo",
            information_accretion=folder / "bits.tsv",
            known=folder / "known.tsv" if known else None,
        )
        rows = found.summary.xs(("all", "all"), level=("knowledge", "terms"))
        return rows[list(BEST.values())].T.to_dict()

    return evaluate


def load_cafaeval():
    """Evaluate as users do, on one core."""
    from cafaeval.evaluation import cafa_eval

    def evaluate(folder, known):
        paths = [str(folder / one) for one in ("go.obo", "methods", "truth.tsv")]
        extra = {"exclude": str(folder / "known.tsv")} if known else {}
        table = cafa_eval(*paths, ia=str(folder / "bits.tsv"), n_cpu=1, **extra)[0]
        return {namespace: best_figures(rows) for namespace, rows in table.groupby("ns")}

    return evaluate


def best_figures(rows):
    """Take the best of each figure over the thresholds."""
    return {
        figure: float(rows[column].min() if figure == "smin" else rows[column].max())
        for column, figure in BEST.items()
    }


def check_equal(ours, theirs, name):
    """Refuse figures that differ by more than 1e-6."""
    for namespace, figures in theirs.items():
        for figure, value in figures.items():
            if abs(value - ours[namespace][figure]) > 1e-6:
                raise SystemExit(
                    f"{namespace}: {figure} {ours[namespace][figure]:.9f}, {name} {value:.9f}."
                )


def write_files(folder, n_proteins, per_protein, seed):
    """Write real annotations of the bundled proteins, and so many scores for each."""
    rng = np.random.default_rng(seed)
    files = {kind: folder / f"{kind}.tsv" for kind in ("truth", "bits", "known")}
    files |= {"obo": folder / "go.obo", "predictions": folder / "methods" / "one.tsv"}
    files["predictions"].parent.mkdir()
    texts = {kind: [] for kind in ("truth", "bits", "known", "predictions")}
    for namespace in SPACES:
        data = load_human_go(namespace, min_proteins=1)
        picked = np.sort(rng.choice(len(data.y), min(n_proteins, len(data.y)), replace=False))
        _add_lines(texts, data, picked, per_protein, rng)
    files["obo"].write_text(obo_text(data.ontology))
    for kind, lines in texts.items():
        files[kind].write_text("".join(lines))
    print(
        f"{n_proteins:,} proteins a namespace: {len(texts['predictions']):,} predictions, "
        f"{len(texts['truth']):,} annotations, {len(data.ontology):,} terms"
    )


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
        # Children precede parents: what follows the first term that has bits is not below it, and
        # leaves every protein something to find, without which the two count otherwise.
        ranked = true[np.argsort([data.ontology._rank[terms[column]] for column in true])]
        others = ranked[np.argmax(np.append(bits[ranked] > 0, True)) + 1 :]
        known = others[rng.random(len(others)) < 0.2]
        texts["known"] += [f"{protein}\t{terms[column]}\n" for column in known]
        texts["predictions"] += [
            f"{protein}\t{terms[column]}\t{one:.3f}\n"
            for column, one in zip(guessed, score, strict=True)
        ]


def parse_arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-proteins", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--per-protein", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--known", action="store_true")
    parser.add_argument("--protea", type=Path, help="Folder that holds cafaeval-protea.")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
