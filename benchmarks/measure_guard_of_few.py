"""Judge terms of one protein by proxies: are generated rows kept where they help, and only there.

Run by hand: ``python benchmarks/measure_guard_of_few.py --ontology mf --shots 1``, one thread.
Frequent terms are cut to so many proteins, as ``protimb compare --shots`` does. One network is
trained a seed; each guard then judges by frequent terms that are left, cut in their turn. A line a
seed and head: macro average precision of the terms that were cut, on test proteins, without
resampling, with copies, with generated rows, and with the rows of a guard that judges by this head.
"""

import argparse
import time
import warnings

import numpy as np
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GroupShuffleSplit
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from protimb.comparison._sizes import choose_terms_to_cut, keep_few, take_clusters
from protimb.datasets import load_human_go
from protimb.exceptions import ProtimbWarning
from protimb.over_sampling import CGANSampler, RandomLabelsetOverSampler
from protimb.utils._judge import judge_terms

TOTAL = 100
HEADS = {
    "ridge": make_pipeline(StandardScaler(), Ridge(alpha=1000.0)),
    "forest": MultiOutputClassifier(RandomForestClassifier(10, random_state=0)),
    "logistic": MultiOutputClassifier(make_pipeline(StandardScaler(), LogisticRegression())),
}


def main():
    """Print a line a seed and head."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ontology", default="mf")
    parser.add_argument("--shots", type=int, default=1)
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--seeds", default="100", type=lambda text: list(map(int, text.split(","))))
    options = parser.parse_args()
    warnings.simplefilter("ignore", ProtimbWarning)
    for seed in options.seeds:
        measure(
            load(options, seed), f"{options.ontology}, {options.shots} shots, seed {seed}", seed
        )


def load(options, seed):
    """Give training X and y of few shots, test X and y, and the terms cut."""
    bunch = load_human_go(options.ontology, min_proteins=10)
    splitter = GroupShuffleSplit(1, test_size=0.2, random_state=seed)
    train, test = next(splitter.split(bunch.X, groups=bunch.groups))
    train = take_clusters(bunch.groups, train, options.rows, seed)
    cut = choose_terms_to_cut(bunch.y[train], bunch.y[test], options.shots)
    train = train[keep_few(bunch.y[train][:, cut], options.shots, seed)]
    cut = cut[bunch.y[train][:, cut].any(axis=0)]
    return (bunch.X[train], bunch.y[train]), (bunch.X[test], bunch.y[test]), cut


def measure(data, name, seed):
    """Train once, let each guard decide, and judge each head on all arms."""
    (X, y), test, cut = data
    strategy = dict.fromkeys(cut.tolist(), TOTAL)

    sampler = CGANSampler(sampling_strategy=strategy, guard=None, random_state=seed, device="cpu")
    start = time.process_time()
    sampler.fit(X, y)
    n_training = time.process_time() - start
    arms = {
        "none": (X, y),
        "copies": RandomLabelsetOverSampler(
            sampling_strategy=strategy, random_state=seed
        ).fit_resample(X, y),
        "generated": enlarge(X, y, sampler, seed),
    }
    print(f"{name}: {len(X)} rows, {len(cut)} terms cut; trained in {n_training:.1f} CPU s")
    for head, classifier in HEADS.items():
        sampler.set_params(guard="ridge" if head == "ridge" else classifier)
        start = time.process_time()
        rng = np.random.RandomState(seed)
        sampler._verdict = sampler._judge_ways(X, sparse.csr_array(y), rng)
        n_judging = time.process_time() - start
        arms["guarded"] = enlarge(X, y, sampler, seed)
        report = sampler.quality_report_.query("n_planned > 0")
        scores = {arm: score(classifier, *rows, *test, cut) for arm, rows in arms.items()}
        cells = ", ".join(f"{arm} {value:.4f}" for arm, value in scores.items())
        made = report.groupby(["made_by", "judged_by"]).size().to_dict()
        gain = report["gain"].mean()
        print(
            f"  {head}: {cells}; {made}, gain {gain:+.3f}; judged in {n_judging:.1f} s", flush=True
        )


def enlarge(X, y, sampler, seed):
    """Put what a fitted sampler generates below the real rows."""
    new = sampler.generate(X, y, random_state=seed)
    return np.vstack([X, new.X]), np.vstack([y, y[new.rows]])


def score(classifier, X, y, X_test, y_test, cut):
    """Give the macro average precision of the terms that were cut."""
    fitted = classifier.fit(X, y[:, cut])
    found = judge_terms(fitted, X_test, len(cut))
    return average_precision_score(y_test[:, cut], found, average="macro")


if __name__ == "__main__":
    main()
