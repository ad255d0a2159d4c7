"""Share of rows that CosineFilter keeps: real, mislabelled and noise, on held-out clusters.

Run by hand: ``python benchmarks/measure_cosine_filter.py``. The filter is fitted on four fifths
of the sequence clusters of human molecular functions; the rows it judges are the real proteins of
the last fifth, the same proteins with their label rows shuffled, and Gaussian noise with the mean
and variance of the training rows under the true labels.
"""

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit

from protimb import CosineFilter, load_human_go

QUANTILES = (0.05, 0.2)


def main():
    """Print one row a quantile."""
    bunch = load_human_go("mf", min_proteins=10)
    split = GroupShuffleSplit(n_splits=1, test_size=0.2, random_state=0)
    train, test = next(split.split(bunch.X, groups=bunch.groups))
    train_labels = bunch.y[train]
    # Rows whose terms have no training protein cannot be judged.
    test = test[(bunch.y[test] & (train_labels.sum(axis=0) > 0)).any(axis=1)]
    rows = judged_rows(bunch, train, test, np.random.default_rng(0))
    table = {}
    for quantile in QUANTILES:
        quality = CosineFilter(quantile=quantile, random_state=0).fit(bunch.X[train], train_labels)
        table[quantile] = {name: quality.select(X, y).mean() for name, (X, y) in rows.items()}
    print(pd.DataFrame(table).T.rename_axis("quantile").to_string(float_format="%.3f"))


def judged_rows(bunch, train, test, rng):
    """Return {name: (X, y)} of the rows to judge."""
    X, y = bunch.X[test], bunch.y[test]
    mean, spread = bunch.X[train].mean(axis=0), bunch.X[train].std(axis=0)
    noise = (mean + spread * rng.standard_normal(X.shape)).astype(np.float32)
    return {
        "held-out real": (X, y),
        "labels shuffled": (X, rng.permutation(y)),
        "Gaussian noise": (noise, y),
    }


if __name__ == "__main__":
    main()
