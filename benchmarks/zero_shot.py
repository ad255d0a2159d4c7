"""Score terms that no training protein has, and measure what is better than their parents' scores.

    python benchmarks/zero_shot.py --ontology mf,bp,cc --seeds 0,1,2,3,4 \
        --out docs/experiments/unseen_terms.md --csv docs/experiments/unseen_terms.csv

Takes all terms with at least two proteins, and judges, by macro average precision on the test
clusters, those without a training protein. There are two protocols. ``natural`` takes the terms as
the split leaves them. ``withheld`` draws a tenth of the terms and takes their training proteins
away, so that there are more terms to judge, and not those alone that are rare. The floor,
``parents``, is the mean score of the nearest ancestors that have training proteins, by the network.

What generated rows do for such terms is measured by ``unseen_terms.py``.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from protimb.classification import GOTermClassifier, LabelAttentionClassifier
from protimb.comparison._comparison import average_evaluations
from protimb.datasets import load_human_go
from protimb.metrics import draw_proteins, evaluate, paired_difference
from protimb.model_selection import split_by_cluster
from protimb.ontology import describe_terms
from protimb.ontology._propagate import nearest_ancestors

BINS = {"none": (0, 1)}
FIGURE = "AP none"
N_RELATIVES = 10
N_COMPONENTS = 128  # of term vectors
LEAST_LIKENESS = 1e-3
LARGEST_BRANCH = 5  # terms that are withheld with one drawn: itself and its descendants
TINY = np.finfo(np.float32).tiny


def main():
    """Run every arm on every split, and write one table."""
    words = read_words()
    parts = [(o, p) for o in words.ontology.split(",") for p in words.protocols.split(",")]
    seeds = [int(seed) for seed in words.seeds.split(",")]
    tasks = [(*part, seed, seeds[0], words) for part in parts for seed in seeds]
    if words.jobs > 1:
        with ProcessPoolExecutor(words.jobs, get_context("spawn")) as pool:
            folds = [*pool.map(judge_fold, tasks)]
    else:
        folds = [*map(judge_fold, tasks)]
    places = range(0, len(tasks), len(seeds))
    table = pd.concat(
        [summarise(*part, folds[k : k + len(seeds)]) for part, k in zip(parts, places, strict=True)]
    )
    if words.csv:
        table.to_csv(words.csv, index=False, float_format="%.4f")
    if words.out:
        Path(words.out).write_text(page(table, words))
    print(table.round(4).to_string(index=False))


def read_words():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ontology", default="mf", help="mf, bp, cc, or several with commas")
    parser.add_argument("--seeds", default="100,101,102")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--protocols", default="natural,withheld")
    parser.add_argument("--arms", default=",".join(ARMS), help="of " + ", ".join(ARMS))
    parser.add_argument("--min-proteins", type=int, default=2)
    parser.add_argument("--attention", default="", help="parameters, as n_tokens=4,term_dropout=.2")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--jobs", type=int, default=1, help="folds at a time")
    parser.add_argument("--out", help="page of Markdown")
    parser.add_argument("--csv")
    return parser.parse_args()


@cache
def load(ontology, min_proteins):
    """Load proteins, and the vectors of their terms (n_terms, n_dims)."""
    bunch = load_human_go(ontology, min_proteins=min_proteins)
    vectors = describe_terms(bunch.ontology, bunch.terms, n_components=N_COMPONENTS)
    return bunch, np.stack([vectors[term] for term in bunch.terms])


def judge_fold(task):
    """Evaluate all arms on one seed; proteins are drawn alike for all seeds of an ontology."""
    ontology, protocol, seed, draws_seed, words = task
    bunch, vectors = load(ontology, words.min_proteins)
    draws = draw_proteins(len(bunch.X), 1000, draws_seed)
    return Fold(bunch, vectors, seed, protocol, words).evaluate(draws)


def summarise(ontology, protocol, folds):
    """Average seeds: a table with a row an arm."""
    arms = {name: average_evaluations([fold[name] for fold in folds]) for name in folds[0]}
    n_terms = sum(fold["parents"].n_terms["none"] for fold in folds)
    here = {"ontology": ontology, "protocol": protocol, "terms": int(n_terms)}
    rows = [describe(name, evaluation, arms["parents"]) for name, evaluation in arms.items()]
    return pd.DataFrame([here | row for row in rows])


def describe(name, evaluation, floor):
    """Give an arm's figure, and its lead over the parents."""
    lead = paired_difference(evaluation, floor).loc[FIGURE]
    figures = {"AP": evaluation.point[FIGURE], "minus parents": lead["estimate"]}
    return {"arm": name} | figures | {"low": lead["lower"], "high": lead["upper"]}


class Fold:
    """One split, and the arms on it.

    Parameters
    ----------
    bunch : ProteinData
    vectors : ndarray of shape (n_terms, n_dims)
        Of unit length.
    seed : int
    protocol : {"natural", "withheld"}
    words : Namespace
    """

    def __init__(self, bunch, vectors, seed, protocol, words):
        self.bunch, self.vectors, self.seed, self.words = bunch, vectors, seed, words
        self.terms = np.asarray(bunch.terms, dtype=object)
        self.train, self.test = split_by_cluster(bunch.groups, random_state=seed)
        if protocol == "withheld":
            self.withhold()
        n_train = bunch.y[self.train].sum(axis=0, dtype=np.int64)
        self.seen = np.flatnonzero(n_train)
        self.above = self.find_parents(n_train)
        self.unseen = np.array(sorted(self.above), dtype=np.int64)
        self.max_steps = words.epochs * -(-len(self.train) // 256)
        self.kept = {}

    def withhold(self):
        """Take the training proteins of a tenth of the terms away."""
        y = self.bunch.y[self.train]
        below = self.descendants()
        gone = np.zeros(y.shape[1], dtype=bool)
        drawn = np.random.RandomState(self.seed).permutation(np.flatnonzero(y.any(axis=0)))
        for column in drawn:
            if below[column].sum() <= LARGEST_BRANCH:
                gone |= below[column]
            if gone.sum() >= y.shape[1] // 10:
                break
        self.train = self.train[~y[:, gone].any(axis=1)]

    def descendants(self):
        """Tell which columns are a column or below it: bool (n_terms, n_terms)."""
        place = {term: column for column, term in enumerate(self.terms)}
        below = np.eye(len(place), dtype=bool)
        for term, column in place.items():
            found = [place[one] for one in self.bunch.ontology.ancestors(term) if one in place]
            below[found, column] = True
        return below

    def find_parents(self, n_train):
        """Map each judged column to those of its nearest ancestors with training proteins."""
        held = self.bunch.y[self.test].any(axis=0)
        above = {}
        for column, parents in reversed(nearest_ancestors(self.bunch.ontology, self.terms)):
            if not n_train[column]:
                above[column] = sorted({one for p in parents for one in above.get(p, [p])})
        return {column: found for column, found in above.items() if found and held[column]}

    def evaluate(self, draws):
        """Evaluate every arm on the terms without a training protein."""
        y, n_none = self.bunch.y[np.ix_(self.test, self.unseen)], np.zeros(len(self.unseen))
        start, found = time.perf_counter(), {}
        for name in dict.fromkeys(["parents", *self.words.arms.split(",")]):
            scores = ARMS[name](self)
            found[name] = evaluate(y, scores, n_train=n_none, bins=BINS, draws=draws[self.test])
        print(
            f"seed {self.seed}: {len(self.unseen)} of {len(self.terms)} terms judged, "
            f"{len(self.train)} proteins to learn from, {time.perf_counter() - start:.0f} s",
            file=sys.stderr,
            flush=True,
        )
        return found

    def network(self):
        """Score the test proteins for seen terms by the network: (n_test, n_terms), else 0."""
        if "network" not in self.kept:
            self.kept["network"] = self.spread(self.fit(self.seen), self.seen)
        return self.kept["network"]

    def attention(self):
        """Score the test proteins for all terms by label attention without parents."""
        if "attention" not in self.kept:
            y = self.bunch.y[self.train]
            columns = np.union1d(self.seen, self.unseen)
            model = LabelAttentionClassifier(
                term_vectors=self.vectors[columns],
                max_steps=self.max_steps,
                early_stopping=False,
                device=self.words.device,
                random_state=self.seed,
            ).set_params(**read_parameters(self.words.attention))
            scores = model.fit(self.bunch.X[self.train], y[:, columns])
            scores = scores.predict_proba(self.bunch.X[self.test])
            self.kept["attention"] = self.spread(scores, columns)
        return self.kept["attention"]

    def spread(self, scores, columns):
        """Put scores of some columns where they belong among all."""
        table = np.zeros((len(self.test), len(self.terms)), dtype=np.float32)
        table[:, columns] = scores
        return table

    def fit(self, columns):
        """Train the network on some columns, and score the test proteins for these."""
        network = GOTermClassifier(
            max_steps=self.max_steps,
            early_stopping=False,
            device=self.words.device,
            random_state=self.seed,
        ).fit(self.bunch.X[self.train], self.bunch.y[np.ix_(self.train, columns)])
        return network.predict_proba(self.bunch.X[self.test])

    def of_parents(self, scores):
        """Average each judged term's parents: (n_test, n_unseen)."""
        columns = [scores[:, self.above[column]].mean(axis=1) for column in self.unseen]
        return np.stack(columns, axis=1)

    def of_relatives(self, scores):
        """Average the seen terms that are most like each judged one by their vectors."""
        logs, likeness = in_logs(scores), self.vectors[self.unseen] @ self.vectors[self.seen].T
        means = []
        for row in np.maximum(likeness, LEAST_LIKENESS):
            nearest = np.argsort(-row)[:N_RELATIVES]
            means.append(np.average(logs[:, self.seen[nearest]], axis=1, weights=row[nearest] ** 4))
        return np.stack(means, axis=1)


def in_logs(scores):
    """Take logarithms of probabilities, of which float32 rounds some to 0."""
    return np.log(np.maximum(scores, TINY))


def product(*logs):
    """Average logarithms, and give probabilities: a geometric mean."""
    return np.exp(np.mean(logs, axis=0))


def read_parameters(text):
    """Read parameters of label attention, all of which are numbers."""
    pairs = [pair.split("=") for pair in text.split(",") if pair]
    return {name: float(v) if "." in v or "e" in v else int(v) for name, v in pairs}


def _parents_product(fold):
    return product(fold.of_parents(in_logs(fold.network())))


def _with_relatives(fold):
    network = fold.network()
    return product(fold.of_parents(in_logs(network)), fold.of_relatives(network))


def _attention_and_own_parents(fold):
    own = fold.attention()
    return product(in_logs(own[:, fold.unseen]), fold.of_parents(in_logs(own)))


def _attention_and_parents(fold):
    own = in_logs(fold.attention()[:, fold.unseen])
    return product(own, fold.of_parents(in_logs(fold.network())))


def _attention_parents_relatives(fold):
    network, own = fold.network(), in_logs(fold.attention()[:, fold.unseen])
    return product(own, fold.of_parents(in_logs(network)), fold.of_relatives(network))


def _both_networks(fold):
    own = fold.attention()
    both = (in_logs(own) + in_logs(fold.network())) / 2
    return product(in_logs(own[:, fold.unseen]), fold.of_parents(both))


# Name of an arm -> scores (n_test, n_unseen) of a fold.
ARMS = {
    "parents": lambda fold: fold.of_parents(fold.network()),
    "geometric parents": _parents_product,
    "relatives": lambda fold: product(fold.of_relatives(fold.network())),
    "parents + relatives": _with_relatives,
    "attention alone": lambda fold: fold.attention()[:, fold.unseen],
    "label_attention": _attention_and_own_parents,
    "attention + network parents": _attention_and_parents,
    "attention + both parents": _both_networks,
    "attention + parents + relatives": _attention_parents_relatives,
}
PAGE = """# Can a term be predicted that no training protein has?

**Hypothesis.** A term's vector, made of its place in the ontology and the words of its name, says
more about which proteins have it than its parents' scores alone.

Macro average precision on the test clusters of the bundled human proteins, over terms without a
training protein, with 95 % intervals over proteins; seeds {seeds}, averaged. `natural` takes terms
as the split leaves them; `withheld` takes the training proteins of a tenth of the terms away.
`terms` counts judged terms over all seeds.

    {command}

{table}

## What the arms are

- `parents`: the mean score of the nearest ancestors that have training proteins, by
  `GOTermClassifier`: the floor. `geometric parents` is the mean of their logarithms: a term is
  where *all* of its parents are.
- `relatives`: the logarithms of the {n} seen terms whose vectors are most like the term's, weighted
  by the fourth power of the cosine.
- `attention alone`: the weights that all terms share, asked by the term's vector.
  `label_attention` is `LabelAttentionClassifier` as it comes: the geometric mean of that and of its
  own scores of the parents.
- The others are geometric means of what they name.
"""


def page(table, words):
    """Write the page of the experiment."""
    return PAGE.format(
        seeds=words.seeds.replace(",", ", "),
        command="python benchmarks/zero_shot.py " + " ".join(map(quoted, sys.argv[1:])),
        table=as_markdown(table),
        n=N_RELATIVES,
    )


def quoted(word):
    """Put a word of the command line in quotes where a shell would split it."""
    return f'"{word}"' if " " in word else word


def as_markdown(table):
    """Write the table, arms below each other and the best of each part in bold."""
    lines = ["| | terms | arm | AP | minus parents |", "|---|--:|---|--:|--:|"]
    for (ontology, protocol, n_terms), part in table.groupby(
        ["ontology", "protocol", "terms"], sort=False
    ):
        for number, row in enumerate(part.to_dict("records")):
            first = "| | " if number else f"| {ontology}, {protocol} | {n_terms} "
            mark = "**" if row["AP"] == part["AP"].max() else ""
            lead = f"{row['minus parents']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]"
            lead = "" if row["arm"] == "parents" else lead
            lines.append(f"{first}| {row['arm']} | {mark}{row['AP']:.3f}{mark} | {lead} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
