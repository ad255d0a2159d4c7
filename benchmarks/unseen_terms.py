"""Measure what generated rows do for terms with next to no training protein, and with none.

    python benchmarks/unseen_terms.py --ontology mf --seeds 100,101

Takes all terms with at least two proteins. ``ros`` and ``cgan`` raise terms to 20 rows. For a term
without any training protein there is nothing to copy; ``described`` asks a sampler that knows terms
by vectors for 20 rows of the term and its ancestors, from relatives or from noise. ``parents``
gives such a term the mean of its parents' scores, which takes no row at all. Prints macro average
precision and the difference to the network alone, with intervals over proteins.
"""

import argparse

import numpy as np
import pandas as pd

from protimb.classification import GOTermClassifier
from protimb.comparison._comparison import average_evaluations
from protimb.datasets import load_human_go
from protimb.metrics import draw_proteins, evaluate, paired_difference
from protimb.model_selection import split_by_cluster
from protimb.ontology import TermVectorizer
from protimb.over_sampling import CGANSampler, RandomLabelsetOverSampler

N_ROWS = 20
BINS = {"none": (0, 1), "1-4": (1, 5), "5-19": (5, 20), "20-49": (20, 50), "50-": (50, np.inf)}
SHOWN = [f"AP {name}" for name in BINS]


def main():
    """Run every arm on every split, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ontology", default="mf", choices=["mf", "cc", "bp"])
    parser.add_argument("--seeds", default="100,101")
    parser.add_argument("--epochs", type=int, default=30)
    words = parser.parse_args()
    seeds = [int(seed) for seed in words.seeds.split(",")]
    bunch = load_human_go(words.ontology, min_proteins=2)
    draws = draw_proteins(len(bunch.X), 1000, seeds[0])
    folds = [Fold(bunch, seed, words.epochs).evaluate(draws) for seed in seeds]
    arms = {name: average_evaluations([fold[name] for fold in folds]) for name in folds[0]}
    rows = []
    for name, evaluation in arms.items():
        lead = paired_difference(evaluation, arms["network"]).loc[SHOWN]
        point = evaluation.point[SHOWN]
        cells = [
            f"{p:.3f} ({d:+.3f} [{lo:+.3f}, {hi:+.3f}])"
            for p, (d, lo, hi) in zip(point, lead.to_numpy(), strict=True)
        ]
        rows.append([name, *cells])
    print(pd.DataFrame(rows, columns=["arm", *SHOWN]).to_string(index=False))


class Fold:
    """One split, and the arms on it.

    Parameters
    ----------
    bunch : Bunch
    seed : int
    epochs : int
        Of the network, over the real rows; every arm takes as many steps.
    """

    def __init__(self, bunch, seed, epochs):
        self.bunch = bunch
        self.seed = seed
        self.train, self.test = split_by_cluster(bunch.groups, random_state=seed)
        self.X, self.y = bunch.X[self.train], bunch.y[self.train]
        self.n_train = self.y.sum(axis=0, dtype=np.int64)
        self.unseen = np.flatnonzero((self.n_train == 0) & bunch.y[self.test].any(axis=0))
        self.max_steps = epochs * -(-len(self.train) // 256)

    def evaluate(self, draws):
        """Evaluate every arm."""
        print(f"seed {self.seed}: {len(self.unseen)} terms without training protein", flush=True)
        network = self.scores(self.X, self.y)
        ros = RandomLabelsetOverSampler(sampling_strategy=N_ROWS, random_state=self.seed)
        scores = {
            "network": network,
            "parents": self.with_parents(network),
            "ros": self.resampled(ros),
            "cgan": self.resampled(CGANSampler(sampling_strategy=N_ROWS, random_state=self.seed)),
            "described, from relatives": self.described("relative", max_updates=100),
            "described, from noise": self.described("noise", max_updates=400),
        }
        return {
            name: evaluate(
                self.bunch.y[self.test],
                score,
                n_train=self.n_train,
                bins=BINS,
                draws=draws[self.test],
            )
            for name, score in scores.items()
        }

    def scores(self, X, y, label_mask=None):
        """Train the network, and score the test proteins."""
        network = GOTermClassifier(
            max_steps=self.max_steps,
            early_stopping=False,
            ontology=self.bunch.ontology,
            terms=self.bunch.terms,
            random_state=self.seed,
        ).fit(X, y, label_mask=label_mask)
        return network.predict_proba(self.bunch.X[self.test])

    def with_parents(self, network):
        """Score terms without protein by the mean of their parents."""
        columns = {term: column for column, term in enumerate(self.bunch.terms)}
        scores = network.copy()
        for column in self.unseen:
            parents = self.bunch.ontology.parents[self.bunch.terms[column]]
            known = [columns[parent] for parent in parents if parent in columns]
            scores[:, column] = network[:, known].mean(axis=1)
        return scores

    def resampled(self, sampler):
        """Raise terms that have a protein to 20 rows."""
        return self.scores(*sampler.fit_resample(self.X, self.y), sampler.label_mask())

    def described(self, generate_from, max_updates):
        """Add rows for terms without protein, from a sampler that knows terms by vectors."""
        vectors = TermVectorizer().fit(self.bunch.ontology).vectors(self.bunch.terms)
        sampler = CGANSampler(
            sampling_strategy=N_ROWS,
            condition="term_vectors",
            conditioning="film",
            term_vectors=[vectors[term] for term in self.bunch.terms],
            generate_from=generate_from,
            max_updates=max_updates,
            random_state=self.seed,
        ).fit(self.X, self.y)
        labels = np.repeat(self.label_rows(), N_ROWS, axis=0)
        X_new = sampler.sample(labels, random_state=self.seed)
        known = np.ones((len(self.X) + len(labels), len(self.bunch.terms)), dtype=bool)
        known[len(self.X) :] = False
        known[len(self.X) :, self.unseen] = True
        X, y = np.concatenate([self.X, X_new]), np.concatenate([self.y, labels])
        return self.scores(X, y, known)

    def label_rows(self):
        """Give each term without protein a row: itself and its ancestors."""
        terms = np.asarray(self.bunch.terms)
        rows = np.zeros((len(self.unseen), len(terms)), dtype=np.uint8)
        for row, column in zip(rows, self.unseen, strict=True):
            row[column] = 1
            row[np.isin(terms, list(self.bunch.ontology.ancestors(terms[column])))] = 1
        return rows


if __name__ == "__main__":
    main()
