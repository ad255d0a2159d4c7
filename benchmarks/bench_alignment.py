"""Measure neighbours by alignment against cosine neighbours, and what they cost.

Usage: python benchmarks/bench_alignment.py [--ontology mf] [--seed 100] [--engines kmer,diamond]

Bundled proteins, split by sequence cluster. For each engine and weight of the prior: macro average
precision of terms below 50 training proteins and of all, Fmax, and CPU seconds to find all hits,
those of the programs that are called included.
"""

import argparse
import resource

import numpy as np

from protimb.classification import AlignmentTermClassifier, KNNTermClassifier
from protimb.datasets import load_human_go
from protimb.metrics import fmax_score, term_average_precision

PRIORS = (0.0, 100.0)


def main():
    """Print the figures of each engine."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--ontology", default="mf")
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--engines", default="kmer,diamond,mmseqs")
    options = parser.parse_args()
    train, test = load_human_go(options.ontology).split_by_cluster(random_state=options.seed)
    print(f"{options.ontology}, seed {options.seed}: {len(train.X):,} train, {len(test.X):,} test")
    print(f"{'':24} {'AP <50':>7} {'AP all':>7} {'Fmax':>6} {'CPU s':>6}")
    knn = KNNTermClassifier().fit(train.X, train.y)
    report("cosine, bundled vectors", train, test, knn.predict_proba(test.X))
    for engine in options.engines.split(","):
        measure(engine, train, test)


def measure(engine, train, test):
    """Find all hits once, and report the scores that they make."""
    start = cpu_seconds()
    align = AlignmentTermClassifier(engine).fit(residues(train), train.y)
    bits = align.bits(residues(test))
    seconds = cpu_seconds() - start
    for prior_bits in PRIORS:
        align = AlignmentTermClassifier(engine, prior_bits=prior_bits)
        align.fit(residues(train), train.y)
        align.bits = lambda _: bits  # the hits are those found above
        scores = align.predict_proba(residues(test))
        report(f"{engine}, prior_bits={prior_bits:.0f}", train, test, scores, f"{seconds:6.1f}")


def report(name, train, test, scores, seconds=""):
    """Print a line of figures."""
    n_train = train.y.sum(axis=0)
    judged = (n_train > 0) & test.y.any(axis=0)
    precision = term_average_precision(test.y, scores)
    figures = [np.nanmean(precision[judged & (n_train < 50)]), np.nanmean(precision[judged])]
    line = f"{name:24} {figures[0]:7.3f} {figures[1]:7.3f} {fmax_score(test.y, scores):6.3f}"
    print(line, seconds, flush=True)


def residues(data):
    """List the sequences of proteins."""
    return [data.sequences[one] for one in data.protein_ids.tolist()]


def cpu_seconds():
    """Sum what this process and those it called have used."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(one)[:2]) for one in who)


if __name__ == "__main__":
    main()
