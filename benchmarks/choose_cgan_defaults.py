"""Which defaults of CGANSampler hold over kinds of vectors and numbers of rows? Prints a table.

Three kinds of vectors choose, at three numbers of rows: the bundled ESM-2 vectors, counts of pairs
of residues of the same proteins, and made-up terms on a Gaussian background. A fourth, counts of
words, judges what was chosen. Rows are told from real ones that nobody trained on, and two heads
learn from them: closed-form ridge regression, and a random forest.

    python benchmarks/choose_cgan_defaults.py --candidates moves --sizes 300,1500,6000
"""

import argparse
import functools
import time
import warnings

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from sklearn.datasets import make_multilabel_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from protimb.datasets import load_human_go, make_longtail_multilabel
from protimb.embeddings import KmerEncoder
from protimb.exceptions import ProtimbWarning
from protimb.metrics import frechet_distance, two_sample_score
from protimb.over_sampling import CGANSampler, LabelwiseSampler, RandomLabelsetOverSampler

N_TEST, N_RARE, N_FREQUENT, RARE = 2000, 40, 20, 50

MOVES = {f"h={h}": {"move_scale": h, "max_updates": 1} for h in (0.2, 0.3, 0.5, 0.7)}

# Training, on moves that are settled.
TRAINED = {
    f"{updates} updates, lr {lr:g}": {
        "max_updates": updates,
        "min_updates": updates,
        "check_every": min(updates, 10),
        "lr": lr,
    }
    for updates, lr in [(1, 1e-3), (20, 1e-3), (60, 1e-3), (60, 3e-4), (150, 1e-3), (150, 3e-4)]
}

STOPPED = {"defaults": {}}

CANDIDATES = {"moves": MOVES, "trained": TRAINED, "stopped": STOPPED}


@functools.cache
def proteins():
    """Load the bundled proteins once."""
    return load_human_go("mf")


def esm2(seed):
    """Give the vectors of a language model."""
    return proteins().X, _dense(proteins().y)


@functools.cache
def pairs(seed):
    """Give shares of pairs of residues."""
    bunch = proteins()
    return KmerEncoder(2).fit_transform(list(bunch.sequences.values())), _dense(bunch.y)


def tabular(seed):
    """Make sums of directions, one a term, and noise."""
    data = make_longtail_multilabel(12000, 40, 60, random_state=seed)
    return data.X, data.y


def words(seed):
    """Make counts, one a word."""
    return make_multilabel_classification(
        12000, n_features=100, n_classes=60, n_labels=3, random_state=seed
    )


KINDS = {"esm2": esm2, "pairs": pairs, "tabular": tabular, "words": words}


def _dense(y):
    return np.asarray(y.todense() if hasattr(y, "todense") else y)


def split(kind, n_rows, seed):
    """Draw training rows and test rows, and keep a bounded number of rare and frequent terms."""
    rng = np.random.RandomState(seed)
    X, y = (np.asarray(part) for part in KINDS[kind](seed))
    order = rng.permutation(len(X))
    train, test = order[:n_rows], order[n_rows : n_rows + N_TEST]
    counts, seen = y[train].sum(axis=0), y[test].sum(axis=0)
    rare = np.flatnonzero((counts >= 3) & (counts < RARE) & (seen >= 5))
    if len(rare) < N_RARE // 4:  # terms that are frequent here: thin them out
        y = thin(y, train, rng)
        counts = y[train].sum(axis=0)
        rare = np.flatnonzero((counts >= 3) & (counts < RARE) & (seen >= 5))
    frequent = np.flatnonzero(counts >= RARE)
    terms = [
        rng.choice(group, min(len(group), n), replace=False)
        for group, n in ((rare, N_RARE), (frequent, N_FREQUENT))
    ]
    terms = np.concatenate(terms)
    return X[train], y[train][:, terms], X[test], y[test][:, terms]


def thin(y, train, rng):
    """Hide members of most terms in training, so that they are rare there."""
    y = y.copy()
    for term in range(y.shape[1] * 2 // 3):
        members = train[y[train, term] == 1]
        hidden = rng.permutation(members)[rng.randint(5, 30) :]
        y[hidden, term] = 0
    return y


def samplers(candidates, seed):
    """Give the arms: none, two peers, and the candidates."""
    common = {"sampling_strategy": RARE, "random_state": seed}
    return {
        "none": None,
        "copies": RandomLabelsetOverSampler(**common),
        "SMOTE": LabelwiseSampler(SMOTE(), **common),
        **{
            name: CGANSampler(**common | {"quality_filter": None} | params)
            for name, params in candidates.items()
        },
    }


HEADS = {
    "ridge": lambda seed: make_pipeline(StandardScaler(), Ridge(alpha=300.0)),
    "forest": lambda seed: RandomForestClassifier(30, min_samples_leaf=2, random_state=seed),
}


def judge(sampler, data, seed):
    """Resample, and give what rows are like and what heads make of them."""
    X, y, X_test, y_test = data
    begun, found = time.process_time(), {}
    X_res, y_res = (X, y) if sampler is None else sampler.fit_resample(X, y)
    found["seconds"] = time.process_time() - begun
    if isinstance(sampler, CGANSampler):
        report, history = sampler.quality_report_, sampler.history_
        found["diversity"] = report["diversity"].median()
        found["updates"] = history["n_steps"].iloc[-1]
        found |= likeness(sampler, X_test, y_test, seed)
    rare = (y.sum(axis=0) < RARE) & (y.sum(axis=0) > 0) & (y_test.sum(axis=0) > 0)
    for name, head in HEADS.items():
        scores = predict(head(seed).fit(X_res, y_res), X_test)
        found[name] = average_precision_score(y_test[:, rare], scores[:, rare], average="macro")
    return found


def likeness(sampler, X_test, y_test, seed):
    """Generate rows for labels of test rows, and hold them against these."""
    known = np.flatnonzero(~y_test[:, ~sampler.model_.seen_].any(axis=1))[:1000]
    X_new = sampler.sample(y_test[known], random_state=seed)
    real, spread = X_test[known], X_test.std(axis=0) + 1e-9
    half = len(known) // 2
    floor = frechet_distance(real[:half] / spread, real[half:] / spread)
    return {
        "AUC": two_sample_score(real, X_new).auc,
        "AUC knn": two_sample_score(real, X_new, classifier="knn").auc,
        # Halves of real rows: as many rows on both sides.
        "frechet/real": frechet_distance(real[:half] / spread, X_new[half:] / spread) / floor,
    }


def predict(head, X):
    """Score rows for each term, (n_rows, n_terms)."""
    if not hasattr(head, "predict_proba"):
        return head.predict(X)
    both = head.predict_proba(X)
    return np.column_stack([p[:, -1] if p.shape[1] > 1 else 1.0 - p[:, 0] for p in both])


def main():
    """Print a table for each kind and size, and their mean."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", choices=sorted(CANDIDATES), default="stopped")
    parser.add_argument("--kinds", default="esm2,pairs,tabular")
    parser.add_argument("--sizes", default="300,1500,6000")
    parser.add_argument("--seeds", default="100,101,102")
    asked = parser.parse_args()
    warnings.simplefilter("ignore", ProtimbWarning)
    rows = []
    for kind in asked.kinds.split(","):
        for size in map(int, asked.sizes.split(",")):
            for seed in map(int, asked.seeds.split(",")):
                data = split(kind, size, seed)
                for arm, sampler in samplers(CANDIDATES[asked.candidates], seed).items():
                    cell = {"kind": kind, "rows": size, "arm": arm, "seed": seed}
                    rows.append(cell | judge(sampler, data, seed))
            table = pd.DataFrame(rows)
            part = table[(table["kind"] == kind) & (table["rows"] == size)]
            print(summary(part, ["kind", "rows"]), flush=True)
    print(summary(pd.DataFrame(rows), []))


def summary(table, by):
    """Average over seeds; heads as differences to no resampling, in thousandths."""
    table = table.copy()
    for head in HEADS:
        none = table[table["arm"] == "none"].set_index(["kind", "rows", "seed"])[head]
        own = pd.MultiIndex.from_frame(table[["kind", "rows", "seed"]])
        table[head] = 1000 * (table[head] - none.reindex(own).to_numpy())
    means = table.drop(columns=["seed"]).groupby([*by, "arm"], sort=False).mean(numeric_only=True)
    columns = ["seconds", "updates", "diversity", "AUC", "frechet/real", "ridge", "forest"]
    kept = [c for c in [*columns[:4], "AUC knn", *columns[4:]] if c in means]
    return means[kept].round(3).to_string()


if __name__ == "__main__":
    main()
