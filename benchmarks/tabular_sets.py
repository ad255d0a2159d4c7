"""Resampling arms on sets that are no protein vectors: 5x2 cross-validation, two heads.

Run by hand: ``python benchmarks/tabular_sets.py --out docs/experiments/tabular.md``, one thread.
A set of your own in Mulan's format: ``--arff yeast.arff --xml yeast.xml``.
"""

import argparse
import copy
import sys
import warnings
from pathlib import Path
from time import process_time
from typing import ClassVar

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from scipy import sparse, stats
from sklearn.base import BaseEstimator, clone
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from protimb import CGANSampler, ResampledClassifier
from protimb.datasets import (
    load_protein_table,
    load_term_names,
    make_longtail_multilabel,
    read_mulan,
)
from protimb.ensemble import MultilabelBalancedBagging
from protimb.metrics import term_average_precision
from protimb.model_selection import IterativeStratifiedKFold
from protimb.over_sampling import MLSMOTE, LabelwiseSampler, RandomLabelsetOverSampler

RAISED_TO = 50  # members; terms with fewer in training are the rare ones
ROWS, TERMS = 1000, 12
UNGUARDED = "CGAN, no guard"
COPIES = RandomLabelsetOverSampler(sampling_strategy=RAISED_TO)
ARMS = {
    "none": None,
    "copies": COPIES,
    "SMOTE": LabelwiseSampler(SMOTE(k_neighbors=3), sampling_strategy=RAISED_TO),
    "MLSMOTE": MLSMOTE(sampling_strategy=RAISED_TO),
    "CGAN": CGANSampler(sampling_strategy=RAISED_TO, device="cpu"),
    UNGUARDED: CGANSampler(sampling_strategy=RAISED_TO, guard=None, device="cpu"),
}
HEADS = {
    "logistic": MultiOutputClassifier(make_pipeline(StandardScaler(), LogisticRegression())),
    "forest": RandomForestClassifier(n_estimators=30),
}
WEIGHTED = {
    "logistic": {"estimator__logisticregression__class_weight": "balanced"},
    "forest": {"class_weight": "balanced_subsample"},
}
FIGURES = ["AP, rare terms", "AP, all terms", "F1 at 0.5, rare terms"]


class Once(BaseEstimator):
    """A sampler whose rows of one fold are made once, for every head."""

    made: ClassVar[dict] = {}  # of the fold at hand, by arm

    def __init__(self, sampler, key):
        self.sampler = sampler
        self.key = key

    def fit_resample(self, X, y):
        """Resample, or give what was made before."""
        if self.key not in self.made:
            self.made[self.key] = self._make(X, y)
        self.fitted_, rows = self.made[self.key]
        return rows

    def _make(self, X, y):
        if self.key != UNGUARDED:
            sampler = clone(self.sampler)
            return sampler, sampler.fit_resample(X, y)
        # The same networks, which a guard changes nothing of.
        sampler = copy.deepcopy(self.made["CGAN"][0]).set_params(guard=None)
        new = sampler.generate(X, y, random_state=self.sampler.random_state)
        X_new = pd.DataFrame(new.X, columns=getattr(X, "columns", None))
        for name, dtype in getattr(X, "dtypes", pd.Series()).items():
            X_new[name] = (X_new[name] if dtype.kind == "f" else X_new[name].round()).astype(dtype)
        X_res = pd.concat([pd.DataFrame(X, columns=X_new.columns), X_new], ignore_index=True)
        X_res = X_res if hasattr(X, "columns") else X_res.to_numpy()
        return sampler, (X_res, np.vstack([y, y[new.rows]]))

    def __getattr__(self, name):
        """Tell of the rows what the sampler tells."""
        if name.startswith("__") or "fitted_" not in vars(self):
            raise AttributeError(name)
        return getattr(self.fitted_, name)


def main():
    """Run all arms on all sets, and print or write the tables."""
    args = parse_arguments()
    warnings.simplefilter("ignore")
    sets = {args.arff.stem: read_own(args)} if args.arff else make_sets()
    seeds = range(args.seeds)
    parts = [report(name, data, seeds) for name, data in sets.items()]
    page = "\n\n".join(parts) + "\n"
    if args.out is None:
        print(page)
    else:
        head = HEAD.format(seeds=args.seeds, fits=2 * args.seeds)
        args.out.write_text(head + page, encoding="utf-8")


def make_sets():
    """Give the bundled sets as {name: (X, y)}."""
    rng = np.random.RandomState(0)
    toy = make_longtail_multilabel(600, 16, 12, class_sep=1.5, random_state=0)
    table = load_protein_table("cc", min_proteins=200)
    names = load_term_names("cc")
    rows = rng.permutation(names.X.shape[0])[:ROWS]
    weights = TfidfTransformer(sublinear_tf=True).fit_transform(names.X[rows])
    words = TruncatedSVD(50, random_state=0).fit_transform(weights)
    proteins = rng.permutation(len(table.X))[:ROWS]
    return {
        "synthetic": (toy.X, toy.y),
        "protein table": tail(table.X.iloc[proteins], table.y.to_numpy()[proteins]),
        "term names": tail(words, names.y[rows].toarray()),
    }


def tail(X, y):
    """Keep the TERMS terms nearest to 60 members: half of them are rare in half of the rows."""
    n_members = y.sum(axis=0, dtype=int)
    kept = np.flatnonzero(n_members >= 8)
    kept = kept[np.argsort(np.abs(np.log(n_members[kept] / 60)), kind="stable")][:TERMS]
    return X, y[:, np.sort(kept)]


def read_own(args):
    """Read a set in Mulan's format; nominal columns become indicators."""
    data = read_mulan(args.arff, args.xml)
    X = data.X.toarray() if sparse.issparse(data.X) else pd.get_dummies(data.X).to_numpy(float)
    return X, data.y[:, data.y.sum(axis=0) >= 8]


def report(name, data, seeds):
    """Write one set's tables as Markdown."""
    X, y = data
    n_members = y.sum(axis=0, dtype=int)
    runs = pd.concat([run_fold(X, y, *fold) for fold in folds(X, y, seeds)])
    print(f"{name}: done after {process_time():.0f} CPU s", file=sys.stderr, flush=True)
    lines = [
        f"## {name}",
        f"{X.shape[0]:,} rows, {X.shape[1]} columns, {y.shape[1]} terms of {n_members.min()} to "
        f"{n_members.max()} members (median {np.median(n_members):.0f}).",
    ]
    return "\n\n".join([*lines, *(table_of(runs, head) for head in HEADS)])


def folds(X, y, seeds):
    """Yield the seed, training and test rows of each fold: twofold, once a seed."""
    for seed in seeds:
        splitter = IterativeStratifiedKFold(2, shuffle=True, random_state=seed)
        for train, test in splitter.split(X, y):
            yield seed, train, test


def run_fold(X, y, seed, train, test):
    """Judge every arm with every head on one fold."""
    X_train, X_test = ((X.iloc[rows] if hasattr(X, "iloc") else X[rows]) for rows in (train, test))
    rare = y[train].sum(axis=0) < RAISED_TO
    rows = []
    Once.made.clear()
    for head in HEADS:
        for arm, model in models(head, seed).items():
            started = process_time()
            proba = predict(model.fit(X_train, y[train]), X_test)
            seconds = process_time() - started
            rows.append([head, arm, seconds, *judge(y[test], proba, rare)])
    return pd.DataFrame(rows, columns=["head", "arm", "CPU s", *FIGURES])


def models(head, seed):
    """Make the estimators of all arms for one head."""
    arms = {
        name: ResampledClassifier(once(name, one, seed), base(head, seed), **options(head))
        for name, one in ARMS.items()
    }
    arms["class weights"] = base(head, seed).set_params(**WEIGHTED[head])
    arms["bagged copies"] = MultilabelBalancedBagging(
        clone(COPIES), base(head, seed), 5, random_state=seed, **options(head)
    )
    return arms


def once(name, sampler, seed):
    """Make a sampler with a seed whose rows all heads share."""
    return None if sampler is None else Once(seeded(sampler, seed), name)


def base(head, seed):
    """Make a head; a forest has a seed."""
    return seeded(HEADS[head], seed)


def options(head):
    """Let a forest learn all labels of a row, a head for each term those that the row is for."""
    return {"synthetic_labels": "all" if head == "forest" else "targeted"}


def seeded(estimator, seed):
    """Clone with a seed, where there is a place for one."""
    if estimator is None:
        return None
    estimator = clone(estimator)
    return estimator.set_params(random_state=seed) if has_seed(estimator) else estimator


def has_seed(estimator):
    """Tell whether an estimator takes a seed."""
    return "random_state" in estimator.get_params(deep=False)


def predict(model, X):
    """Give one probability a term, (n_rows, n_terms)."""
    proba = model.predict_proba(X)
    return np.column_stack([one[:, 1] for one in proba]) if isinstance(proba, list) else proba


def judge(truth, proba, rare):
    """Give the FIGURES; rare (n_terms,) bool."""
    precision = term_average_precision(truth, proba)
    f1 = f1_score(truth, proba > 0.5, average=None, zero_division=0)
    return precision[rare].mean(), precision.mean(), f1[rare].mean()


def table_of(runs, head):
    """Write the table of one head: differences to no resampling, with intervals."""
    runs = runs[runs["head"] == head]
    none = runs[runs["arm"] == "none"]
    rows = [f"| {head} | " + " | ".join(FIGURES) + " | CPU s a fit |", "|---|--:|--:|--:|--:|"]
    for arm in runs["arm"].unique():
        own = runs[runs["arm"] == arm]
        cells = [cell(own[f].to_numpy(), none[f].to_numpy(), arm) for f in FIGURES]
        rows.append(f"| {arm} | {' | '.join(cells)} | {own['CPU s'].mean():.1f} |")
    return "\n".join(rows)


def cell(own, none, arm):
    """Write a mean, or a mean difference with its corrected 95 % interval."""
    if arm == "none":
        return f"{own.mean():.3f}"
    difference = own - none
    # Nadeau and Bengio (2003): folds share rows, so the variance of a mean is larger than S2 / k.
    error = difference.std(ddof=1) * np.sqrt(1 / len(difference) + 1)
    half = stats.t.ppf(0.975, len(difference) - 1) * error
    return f"{difference.mean():+.3f} ± {half:.3f}"


def parse_arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="Repetitions of the two folds.")
    parser.add_argument("--arff", type=Path, help="A set of your own.")
    parser.add_argument("--xml", type=Path, help="The file that names its labels.")
    parser.add_argument("--out", type=Path, help="Write a page here.")
    return parser.parse_args()


HEAD = """# Tables and texts

```console
python benchmarks/tabular_sets.py --seeds {seeds} --out docs/experiments/tabular.md
```

Twofold cross-validation, repeated for {seeds} seeds, with folds stratified by every term. Terms
with fewer than 50 training members are rare, and raised to 50. The first row has figures, the
others the mean difference to it with a 95 % interval after Nadeau and Bengio (2003), which is wide
because {fits} fits share their rows: one that holds zero says that nothing was shown. A forest
learns all labels of a new row, logistic regression those that the row was made for. Both heads
learn from the same new rows, which are made once; the seconds of logistic regression hold that.
The CGAN without a guard has the networks of the one with it.

"""

if __name__ == "__main__":
    main()
