"""Stratified folds: cost, and how evenly terms are shared, against iterative-stratification.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/bench_folds.py``. The peer keeps no groups
together and takes no sparse labels, so it is left out where there are 4,000 terms.
"""

import warnings
from time import process_time

import numpy as np
import pandas as pd
from iterstrat.ml_stratifiers import MultilabelStratifiedKFold
from scipy import sparse
from sklearn.model_selection import GroupKFold, KFold

from protimb.datasets import load_human_go
from protimb.exceptions import TermlessFoldWarning
from protimb.model_selection import IterativeStratifiedGroupKFold, IterativeStratifiedKFold

SHUFFLE = {"shuffle": True, "random_state": 0}
TARGET_SECONDS, TARGET_RATIO = 5, 5


def main():
    """Print the tables; a target missed is an error."""
    warnings.simplefilter("ignore", TermlessFoldWarning)
    data = load_human_go("mf")
    table = compare(data)
    print(f"mf, {len(data.X):,} proteins x {len(data.terms)} terms, 5 folds\n{table.to_string()}")
    labels = many_labels()
    _, seconds = deal(IterativeStratifiedKFold(**SHUFFLE), labels)
    print(f"{labels.shape[0]:,} rows x {labels.shape[1]:,} sparse terms: {seconds:.1f} CPU s")
    cost = table["CPU seconds"]
    ratio = cost["iterative-stratification"] / cost["IterativeStratifiedKFold"]
    print(f"{ratio:.0f} times as fast as iterative-stratification")
    if seconds > TARGET_SECONDS or ratio < TARGET_RATIO:
        raise SystemExit(f"targets: {TARGET_SECONDS} s, {TARGET_RATIO} times")


def compare(data):
    """Say what each splitter costs and how evenly it shares the terms of a ProteinData."""
    splitters = {
        "KFold": KFold(**SHUFFLE),
        "iterative-stratification": MultilabelStratifiedKFold(5, **SHUFFLE),
        "IterativeStratifiedKFold": IterativeStratifiedKFold(**SHUFFLE),
        "GroupKFold": GroupKFold(),
        "IterativeStratifiedGroupKFold": IterativeStratifiedGroupKFold(**SHUFFLE),
    }
    rows = {}
    for name, splitter in splitters.items():
        folds, seconds = deal(splitter, data.y, data.groups if "Group" in name else None)
        rows[name] = {"CPU seconds": round(seconds, 2), **evenness(data.y, folds)}
    return pd.DataFrame(rows).T


def deal(splitter, y, groups=None):
    """Return the test rows of each fold, and the CPU seconds that they took."""
    started = process_time()
    folds = [test for _, test in splitter.split(np.zeros((y.shape[0], 1)), y, groups)]
    return folds, process_time() - started


def evenness(y, folds):
    """Mean distance of a fold's share of a term from 1 / n_folds; terms that some fold lacks."""
    members = np.array([y[test].sum(axis=0) for test in folds])  # (n_folds, n_terms)
    return {
        "share off by": round(np.abs(members / members.sum(axis=0) - 1 / len(folds)).mean(), 4),
        "terms absent from a fold": int((members == 0).any(axis=0).sum()),
        "rows": f"{min(map(len, folds))} to {max(map(len, folds))}",
    }


def many_labels(n_rows=100_000, n_terms=4000):
    """Make long-tailed labels, csr (n_rows, n_terms): from 40,000 members down to 50."""
    rng = np.random.default_rng(0)
    n_members = np.clip(2 * n_rows / np.arange(1, n_terms + 1), 50, 0.4 * n_rows).astype(int)
    rows = np.concatenate([rng.choice(n_rows, n, replace=False) for n in n_members])
    columns = np.repeat(np.arange(n_terms), n_members)
    return sparse.csr_array((np.ones(len(rows), np.uint8), (rows, columns)), (n_rows, n_terms))


if __name__ == "__main__":
    main()
