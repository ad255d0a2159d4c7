"""Hold TALE, from sequences alone, against the network on vectors, and both averaged.

    python benchmarks/tale_report.py train --ontology mf --seeds 0 1 2 3 4 --out models
    python benchmarks/tale_report.py judge --ontology mf --seeds 0 1 2 3 4 --out models

``train`` fits `TALEClassifier` on each split by sequence cluster and keeps it and its scores of the
test proteins; one that is there already is left as it is, so that several processes, and a GPU,
share the work. ``judge`` trains what it is held against, the network of `compare` on the bundled
vectors and neighbours by alignment, and prints macro average precision and Fmax, means over the
splits, with paired differences and 95 % intervals: a bootstrap draws proteins once for all splits.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from borrowed_covariance import difference, over_seeds, print_table
from scipy.special import expit, logit

from protimb.classification import AlignmentTermClassifier, GOTermClassifier, TALEClassifier
from protimb.datasets import load_human_go
from protimb.metrics import FREQUENCY_BINS, draw_proteins, evaluate, paired_difference
from protimb.model_selection import split_by_cluster
from protimb.ontology import information_accretion

BINS = {"<50": (0, 50)} | FREQUENCY_BINS
SHOWN = ("AP <50", "AP <20", "AP 20-49", "AP all", "fmax")
SHARES = {"mf": 0.4, "bp": 0.5, "cc": 0.6}  # of TALE beside alignment, the paper's
PAIRS = (
    ("TALE", "network"),
    ("TALE and network", "network"),
    ("TALE and network", "TALE"),
    ("TALE and network, log-odds", "network"),
    ("TALE and network, log-odds", "TALE"),
    ("TALE+", "alignment"),
    ("TALE+", "TALE"),
    ("TALE, alignment and network", "network and alignment"),
    ("TALE, alignment and network", "network"),
    ("network and alignment", "network"),
)


def main():
    """Train, or judge what was trained."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stage", choices=["train", "judge"])
    parser.add_argument("--ontology", default="mf", choices=["mf", "bp", "cc"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--epochs", type=int, help="in place of the classifier's own")
    parser.add_argument("--rows", type=int, help="take so many training proteins, for a trial run")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--out", type=Path, required=True, help="folder of models and scores")
    words = parser.parse_args()
    splits = Splits(load_human_go(words.ontology), words)
    if words.stage == "judge":
        judge(splits, words)
    else:
        words.out.mkdir(parents=True, exist_ok=True)
        for seed in words.seeds:
            train(splits, seed, words)


class Splits:
    """The proteins, and their training and test rows by seed."""

    def __init__(self, data, words):
        self.data = data
        self.sequences = pd.Series(data.sequences)[data.protein_ids].to_numpy()
        self.n_rows = words.rows

    def of(self, seed):
        """Give training and test rows."""
        train, test = split_by_cluster(self.data.groups, random_state=seed)
        return train[: self.n_rows], test


def train(splits, seed, words):
    """Fit TALE on one split, unless that was done, and keep its scores of the test proteins."""
    path = words.out / f"{words.ontology}_{seed}.npz"
    if path.exists():
        return
    data, (rows, test) = splits.data, splits.of(seed)
    model = TALEClassifier(ontology=data.ontology, terms=data.terms, random_state=seed)
    if words.epochs:
        model.set_params(max_epochs=words.epochs)
    started = time.perf_counter()
    model.fit(splits.sequences[rows], data.y[rows])
    seconds = time.perf_counter() - started
    model.save(words.out / f"{words.ontology}_{seed}")
    scores = model.predict_proba(splits.sequences[test])
    np.savez_compressed(path, logits=log_odds(scores).astype(np.float16))
    n_epochs = len(model.history_)
    print(f"{words.ontology}, seed {seed}: {n_epochs} epochs, {seconds / n_epochs:.1f} s each")


def judge(splits, words):
    """Evaluate all methods on all splits, and print the two tables."""
    data = splits.data
    draws = draw_proteins(len(data.X), words.resamples)
    accretion = information_accretion(data.y, data.ontology, data.terms)
    found: dict = {}
    for seed in words.seeds:
        rows, test = splits.of(seed)
        n_train = data.y[rows].sum(axis=0, dtype=np.int64)
        for name, scores in predict(splits, seed, words):
            evaluation = evaluate(
                data.y[test],
                scores,
                n_train=n_train,
                bins=BINS,
                information_accretion=accretion,
                draws=draws[test],
            )
            found.setdefault(name, []).append(evaluation)
        print(f"\nafter {seed=}", flush=True)
        report(found)


def report(found):
    """Print means over splits, and paired differences."""
    means = {name: over_seeds(evaluations) for name, evaluations in found.items()}
    table = pd.DataFrame({name: one.point[list(SHOWN)] for name, one in means.items()}).T
    print_table(table.map("{:.3f}".format), "method")
    rows = {
        f"{one} - {other}": difference(paired_difference(means[one], means[other]), list(SHOWN))
        for one, other in PAIRS
    }
    print_table(pd.DataFrame(rows).T, "difference")


def predict(splits, seed, words):
    """Yield (method, scores of the test rows)."""
    data, (rows, test) = splits.data, splits.of(seed)
    tale = read_scores(splits, seed, words)
    network = GOTermClassifier(
        max_epochs=30,
        early_stopping=False,
        ontology=data.ontology,
        terms=data.terms,
        random_state=seed,
    )
    network = network.fit(data.X[rows], data.y[rows]).predict_proba(data.X[test])
    # Of engines the one that every machine has, and the vote as TALE+ takes it.
    neighbours = AlignmentTermClassifier(engine="kmer", prior_bits=0.0)
    neighbours.fit(splits.sequences[rows], data.y[rows])
    aligned = neighbours.predict_proba(splits.sequences[test])
    share = SHARES[words.ontology]
    plus = share * tale + (1 - share) * aligned
    yield "network", network
    yield "TALE", tale
    yield "TALE and network", (tale + network) / 2
    yield "TALE and network, log-odds", expit((log_odds(tale) + log_odds(network)) / 2)
    yield "alignment", aligned
    yield "TALE+", plus
    yield "network and alignment", (network + aligned) / 2
    yield "TALE, alignment and network", (plus + network) / 2


def log_odds(scores):
    """Give log-odds of probabilities, which are then averaged as equals whatever their size."""
    return logit(scores.clip(1e-7, 1 - 1e-7))


def read_scores(splits, seed, words):
    """Read TALE's scores (n_test, n_terms)."""
    with np.load(words.out / f"{words.ontology}_{seed}.npz") as kept:
        return expit(kept["logits"].astype(np.float64))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
