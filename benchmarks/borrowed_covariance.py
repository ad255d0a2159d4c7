"""Ask what whitening within terms brings, to which classifier, for which terms.

    python benchmarks/borrowed_covariance.py --ontology mf --seeds 0 1 2 3 4
    python benchmarks/borrowed_covariance.py --ontology mf --vectors kmer --seeds 0 1 2 3 4
    python benchmarks/borrowed_covariance.py --ontology mf --few-shot --seeds 0 1 2 3 4

Macro average precision on held-out sequence clusters, mean over the seeds' splits, with paired
differences and 95 % intervals: a bootstrap draws proteins once for all splits. With ``--few-shot``,
terms with 50 to 500 training proteins are cut to k of them (nor does any other keep a term below),
so that the truth is known on many test proteins.
"""

import argparse
import time
from dataclasses import replace

import numpy as np
import pandas as pd
from measure_ceiling import GAMMA, RIDGE
from scipy.linalg import cho_factor, cho_solve
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler, normalize

from protimb.classification import KNNTermClassifier, PrototypeTermClassifier
from protimb.datasets import load_human_go
from protimb.embeddings import KmerEncoder
from protimb.metrics import FREQUENCY_BINS, draw_proteins, evaluate, paired_difference
from protimb.model_selection import split_by_cluster
from protimb.ontology import TermVectorizer
from protimb.preprocessing import WithinTermWhitening

BINS = {"<50": (0, 50)} | FREQUENCY_BINS
SHOWN = ("<50", "<20", "20-49", "all")

# Difference in question: (what, to what it is compared).
PAIRS = (
    ("whitened kNN (.08)", "kNN (.05)"),
    ("whitened kNN (.08)", "kNN (.08)"),
    ("whitened prototypes", "prototypes"),
    ("whitened prototypes, ontology", "whitened prototypes"),
    ("whitened kernel ridge", "kernel ridge"),
    ("mixture", "kernel ridge"),
    ("mixture", "whitened kernel ridge"),
)
FEW_SHOT_PAIRS = (
    ("whitened", "cosine"),
    ("whitened, parent", "whitened, no parent"),
)
SHOTS = (1, 2, 5, 10)
N_FEW_SHOT = 80  # terms, at most


def main():
    """Score all methods on every split; print a table of means and one of paired differences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ontology", default="mf", choices=["mf", "cc", "bp"])
    parser.add_argument("--vectors", default="esm2", choices=["esm2", "kmer"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[100, 101, 102])
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--few-shot", action="store_true")
    words = parser.parse_args()
    data = load_human_go(words.ontology)
    X = data.X if words.vectors == "esm2" else kmers(data)
    (few_shot if words.few_shot else frequencies)(data, X, words)


def kmers(data):
    """Count pairs of residues: vectors that no network has made."""
    return KmerEncoder(k=2).fit_transform([data.sequences[one] for one in data.protein_ids])


def frequencies(data, X, words):
    """Compare all methods by the frequency of terms."""
    draws = draw_proteins(len(X), words.resamples)
    by_method: dict = {}
    for seed in words.seeds:
        train, test = split_by_cluster(data.groups, random_state=seed)
        counts = data.y[train].sum(axis=0, dtype=np.int64)
        for name, scores in predict(data, X, train, test):
            figures = evaluate(data.y[test], scores, n_train=counts, bins=BINS, draws=draws[test])
            by_method.setdefault(name, []).append(figures)
    means = {name: over_seeds(evaluations) for name, evaluations in by_method.items()}
    columns = [f"AP {name}" for name in SHOWN]
    table = pd.DataFrame({name: one.point[columns] for name, one in means.items()}).T
    print_table(table.map("{:.3f}".format), "method")
    rows = {
        f"{one} - {other}": difference(paired_difference(means[one], means[other]), columns)
        for one, other in PAIRS
    }
    print_table(pd.DataFrame(rows).T, "difference")


def predict(data, X, train, test):
    """Yield (method, scores of the test rows), each timed on standard error."""
    known, y, asked = X[train], data.y[train], X[test]
    spaces = {
        "": make_pipeline(StandardScaler(), FunctionTransformer(normalize)),
        "whitened ": WithinTermWhitening(),
    }
    rows = {
        name: (space.fit_transform(known, y), space.transform(asked))
        for name, space in spaces.items()
    }
    knn, ridge = {}, {}
    yield "kNN (.05)", neighbours(*rows[""], y, 0.05)
    for space, (inside, outside) in rows.items():
        knn[space] = neighbours(inside, outside, y, 0.08)
        yield f"{space}kNN (.08)", knn[space]
    yield "prototypes", prototypes(known, asked, y, whiten=False)
    whitened = prototypes(known, asked, y)
    yield "whitened prototypes", whitened
    yield (
        "whitened prototypes, ontology",
        prototypes(known, asked, y, ontology=data.ontology, terms=data.terms),
    )
    for space, (inside, outside) in rows.items():
        ridge[space] = kernel_ridge(inside, outside, y)
        yield f"{space}kernel ridge", np.clip(ridge[space], 0, 1)
    parts = [*knn.values(), *ridge.values()]
    yield "mixture", squashed(sum(map(z_score, parts)) / 4 + 0.3 * z_score(whitened))


def neighbours(known, asked, y, temperature):
    """Let cosine neighbours vote."""
    knn = KNNTermClassifier(temperature=temperature, standardize=False)
    return knn.fit(known, y).predict_proba(asked)


def prototypes(known, asked, y, **params):
    """Score by prototypes."""
    return PrototypeTermClassifier(**params).fit(known, y).predict_proba(asked)


def kernel_ridge(known, asked, y):
    """Regress all terms at once on the exponential kernel of cosines of unit rows."""
    known, asked = (np.asarray(part, dtype=np.float32) for part in (known, asked))
    kernel = np.exp(GAMMA * (known @ known.T - 1))
    kernel[np.diag_indices_from(kernel)] += RIDGE
    prior = y.mean(axis=0, dtype=np.float32)
    factor = cho_factor(kernel, lower=True, overwrite_a=True, check_finite=False)
    weights = cho_solve(factor, y - prior, check_finite=False)
    return np.exp(GAMMA * (asked @ known.T - 1)) @ weights + prior


def z_score(scores):
    """Bring each term's scores over the test rows to mean 0 and variance 1."""
    return (scores - scores.mean(axis=0)) / (scores.std(axis=0) + 1e-9)


def squashed(scores):
    """Bring scores into [0, 1], in the same order."""
    return 1 / (1 + np.exp(-scores.astype(np.float64)))


def over_seeds(evaluations):
    """Average evaluations of several splits; their resamples are of one draw."""
    first = evaluations[0]
    return replace(
        first,
        point=sum(one.point for one in evaluations) / len(evaluations),
        resamples=sum(one.resamples for one in evaluations) / len(evaluations),
    )


def difference(table, figures):
    """Write estimate and interval of each figure; a star where it leaves zero out."""
    return {
        figure: f"{row.estimate:+.3f} [{row.lower:+.3f}, {row.upper:+.3f}]"
        + ("*" if row.lower * row.upper > 0 else "")
        for figure, row in table.loc[figures].iterrows()
    }


def few_shot(data, X, words):
    """Compare prototypes of terms that are cut to k members; intervals over terms."""
    found: dict = {}
    for seed in words.seeds:
        train, test = split_by_cluster(data.groups, random_state=seed)
        terms = choose_terms(data, train, test, np.random.default_rng(seed))
        for k in (0, *SHOTS):
            y = cut(data, data.y[train], terms, k, np.random.default_rng(seed))
            for name, params in few_shot_arms(data, k).items():
                scores = prototypes(X[train], X[test], y, **params)
                found.setdefault((name, k), []).append(
                    average_precision_score(data.y[test][:, terms], scores[:, terms], average=None)
                )
    table = pd.Series({key: np.concatenate(ap).mean() for key, ap in found.items()}).unstack()
    print(f"{len(words.seeds)} splits, about {len(terms)} terms each")
    print_table(table.map("{:.3f}".format).replace("nan", ""), "prototypes")
    rows = {
        f"{one} - {other}": {
            k: over_terms(np.concatenate(found[one, k]) - np.concatenate(found[other, k]))
            for k in SHOTS
        }
        for one, other in FEW_SHOT_PAIRS
    }
    print_table(pd.DataFrame(rows).T, "difference")


def few_shot_arms(data, k):
    """Name the ways to make prototypes for terms of k members."""
    names = {"ontology": data.ontology, "terms": data.terms}
    vectors = {"terms": data.terms, "term_vectors": term_vectors(data)}
    if k == 0:
        return {
            "whitened, parent": names,
            "whitened, term vectors": vectors,
        }
    return {
        "cosine": {"whiten": False},
        "whitened": {},
        "whitened, no parent": names | {"parent_weight": 0.0},
        "whitened, parent": names,
    }


def term_vectors(data):
    """Make a vector for each term, from the ontology alone."""
    return TermVectorizer(64).fit(data.ontology).transform(data.terms)


def choose_terms(data, train, test, rng):
    """Draw terms with 50 to 500 training and 10 or more test proteins, none above another."""
    n_train, n_test = (data.y[rows].sum(axis=0, dtype=np.int64) for rows in (train, test))
    closure = np.asarray(data.ontology.closure(data.terms).todense())
    related = closure | closure.T
    chosen: list = []
    for term in rng.permutation(
        np.flatnonzero((n_train >= 50) & (n_train <= 500) & (n_test >= 10))
    ):
        if not related[term, chosen].any() and len(chosen) < N_FEW_SHOT:
            chosen.append(int(term))
    return chosen


def cut(data, y, terms, k, rng):
    """Leave each term k members; the others lose it and all terms below it."""
    y = y.copy()
    closure = np.asarray(data.ontology.closure(data.terms).todense())
    for term in terms:
        members = rng.permutation(np.flatnonzero(y[:, term]))
        below = np.flatnonzero(closure[:, term])
        y[np.ix_(members[k:], below)] = 0
    return y


def over_terms(differences):
    """Write a mean difference over terms and splits with its 95 % interval."""
    rng = np.random.default_rng(0)
    means = rng.choice(differences, (2000, len(differences))).mean(axis=1)
    lower, upper = np.percentile(means, [2.5, 97.5])
    star = "*" if lower * upper > 0 else ""
    return f"{differences.mean():+.3f} [{lower:+.3f}, {upper:+.3f}]{star}"


def print_table(table, corner):
    """Print a table in Markdown."""
    print(f"\n| {corner} | " + " | ".join(map(str, table.columns)) + " |")
    print("|---|" + "--:|" * table.shape[1])
    for name, row in table.iterrows():
        print(f"| {name} | " + " | ".join(map(str, row)) + " |", flush=True)


if __name__ == "__main__":
    started = time.process_time()
    main()
    print(f"\n{time.process_time() - started:.0f} CPU seconds")
