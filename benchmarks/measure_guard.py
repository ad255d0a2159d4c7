"""Is a guarded CGAN ever worse than copies? Rare terms on held-out clusters, by size and head.

Run by hand: ``python benchmarks/measure_guard.py --sizes 500,1500 --heads ridge,forest``. One
network is trained a split; the arms with and without the guard generate with it from one seed. A
``bad`` arm pair has a generator whose moves are ten times too long. Each line is printed as soon as
it is known: macro average precision of terms with fewer than 50 training members (of two and more,
and at least one test member), for each arm.
"""

import argparse
import time
import warnings

import numpy as np
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from protimb.datasets import load_human_go, make_longtail_multilabel
from protimb.exceptions import ProtimbWarning
from protimb.over_sampling import CGANSampler, LabelwiseSampler, RandomLabelsetOverSampler

TOTAL = 20

HEADS = {
    "ridge": lambda seed: make_pipeline(StandardScaler(), Ridge(alpha=100.0)),
    "ridge, 3000": lambda seed: make_pipeline(StandardScaler(), Ridge(alpha=3000.0)),
    "knn": lambda seed: KNeighborsClassifier(15, weights="distance", metric="cosine"),
    "forest": lambda seed: RandomForestClassifier(30, random_state=seed),
}


def main():
    """Print one line a data set, size, seed and head."""
    options = read_options()
    warnings.simplefilter("ignore", ProtimbWarning)
    for size in options.sizes:
        for seed in options.seeds:
            train, test = load(options.data, size, seed)
            arms, ways = resampled(train, seed, options)
            for head in options.heads:
                scores = {name: score(HEADS[head](seed), *arm, *test) for name, arm in arms.items()}
                cells = " ".join(f"{name} {value:.4f}" for name, value in scores.items())
                print(
                    f"{options.data} {len(train[0])} rows, seed {seed}, {head}: {cells} | {ways}",
                    flush=True,
                )


def read_options():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="mf", help="mf, bp, cc or toy")
    parser.add_argument("--sizes", default="500", type=lambda text: list(map(int, text.split(","))))
    parser.add_argument("--seeds", default="100", type=lambda text: list(map(int, text.split(","))))
    parser.add_argument("--heads", default="ridge", type=lambda text: text.split(";"))
    parser.add_argument("--guard", default="ridge", choices=["ridge", "forest"])
    parser.add_argument("--bad", action="store_true", help="a generator that is worth nothing, too")
    return parser.parse_args()


def load(data, size, seed):
    """Give (X, y) to train on and (X, y) to test on, with the terms that can be scored."""
    if data == "toy":
        bunch = make_longtail_multilabel(3000, 30, 60, random_state=seed)
        parts = next(ShuffleSplit(1, test_size=0.5, random_state=seed).split(bunch.X))
    else:
        bunch = load_human_go(data, min_proteins=5)
        splitter = GroupShuffleSplit(1, test_size=0.2, random_state=seed)
        parts = next(splitter.split(bunch.X, groups=bunch.groups))
    train, test = parts
    if 0 < size < len(train):
        train = np.random.RandomState(seed).permutation(train)[:size]
    X, y = bunch.X, np.asarray(bunch.y)
    scored = (y[train].sum(axis=0) >= 2) & (y[test].sum(axis=0) >= 1)
    return (X[train], y[train][:, scored]), (X[test], y[test][:, scored])


def resampled(train, seed, options):
    """Give {arm: (X, y, members of terms before)}, and how the guard had rows made."""
    n_before = train[1].sum(axis=0)
    copies = RandomLabelsetOverSampler(sampling_strategy=TOTAL, random_state=seed)
    between = LabelwiseSampler(sampling_strategy=TOTAL, random_state=seed)
    arms = {
        "none": train,
        "copies": copies.fit_resample(*train),
        "smote": between.fit_resample(*train),
    }
    ways = []
    for name, params in {"cgan": {}, "bad": {"move_scale": 15.0, "quality_filter": None}}.items():
        if name == "cgan" or options.bad:
            ways.append(add_cgan(arms, name, params, train, seed, options.guard))
    return {name: (*arm, n_before) for name, arm in arms.items()}, "; ".join(ways)


def add_cgan(arms, name, params, train, seed, guard):
    """Train one CGAN, and let it fill the plan with and without its guard."""
    own = RandomForestClassifier(30, random_state=seed) if guard == "forest" else guard
    sampler = CGANSampler(
        sampling_strategy=TOTAL, validation_fraction=0.1, guard=own, random_state=seed
    )
    start = time.process_time()
    sampler.set_params(**params).fit(*train)
    n_seconds = time.process_time() - start
    start = time.process_time()
    sampler._judge_ways(train[0], sparse.csr_array(train[1]), np.random.RandomState(seed))
    n_judging = time.process_time() - start
    arms[f"{name}+guard"] = enlarge(train, sampler.generate(*train, random_state=seed))
    report = sampler.quality_report_.query("n_planned > 0")
    sampler.set_params(guard=None)
    arms[name] = enlarge(train, sampler.generate(*train, random_state=seed))
    made = ", ".join(f"{n} {way}" for way, n in report["made_by"].value_counts().items())
    return (
        f"{name}: {made}; {report['n_judged'].sum()} members of "
        f"{(report['n_judged'] > 0).sum()} terms judged in {n_judging:.1f} of {n_seconds:.1f} s"
    )


def enlarge(train, generated):
    """Put what was generated below the real rows."""
    X, y = train
    return np.vstack([X, generated.X]), np.vstack([y, y[generated.rows]])


def score(head, X, y, n_before, X_test, y_test):
    """Give the macro average precision of the rare terms."""
    rare = (n_before < 50).nonzero()[0]
    head.fit(X, y[:, rare])
    if hasattr(head, "predict_proba"):
        found = np.column_stack([term[:, -1] for term in head.predict_proba(X_test)])
    else:
        found = head.predict(X_test)
    return average_precision_score(y_test[:, rare], found, average="macro")


if __name__ == "__main__":
    main()
