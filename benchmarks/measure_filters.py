"""Share of rows that filters keep: real, mislabelled, noise and copies, on held-out clusters.

Run by hand: ``python benchmarks/measure_filters.py``. Each filter is fitted on four fifths of the
sequence clusters of human molecular functions; the rows it judges are the real proteins of the
last fifth, the same proteins with their label rows shuffled, Gaussian noise with the mean and
variance of the training rows under the true labels, and training rows with a tenth of a standard
deviation of noise.
"""

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit

from protimb import CosineFilter, load_human_go
from protimb.filters import FilterChain, LabelFidelityFilter, MemorisationFilter

FILTERS = {
    "cosine, 0.05": CosineFilter(random_state=0),
    "cosine, 0.2": CosineFilter(quantile=0.2, random_state=0),
    "fidelity, 0.05": LabelFidelityFilter(quantile=0.05, random_state=0),
    "fidelity, 0.2": LabelFidelityFilter(random_state=0),
    "memorisation, 0.01": MemorisationFilter(),
    "cosine, 0.1 and fidelity, 0.2": FilterChain(
        [CosineFilter(quantile=0.1), LabelFidelityFilter()], random_state=0
    ),
}


def main():
    """Print one row a filter and its quantile."""
    bunch = load_human_go("mf", min_proteins=10)
    split = GroupShuffleSplit(n_splits=1, test_size=0.2, random_state=0)
    train, test = next(split.split(bunch.X, groups=bunch.groups))
    train_labels = bunch.y[train]
    # Rows whose terms have no training protein cannot be judged.
    test = test[(bunch.y[test] & (train_labels.sum(axis=0) > 0)).any(axis=1)]
    rows = judged_rows(bunch, train, test, np.random.default_rng(0))
    table = {}
    for name, quality in FILTERS.items():
        quality.fit(bunch.X[train], train_labels)
        table[name] = {kind: quality.select(X, y).mean() for kind, (X, y) in rows.items()}
    print(pd.DataFrame(table).T.rename_axis("filter").to_string(float_format="%.3f"))


def judged_rows(bunch, train, test, rng):
    """Return {name: (X, y)} of the rows to judge."""
    X, y = bunch.X[test], bunch.y[test]
    mean, spread = bunch.X[train].mean(axis=0), bunch.X[train].std(axis=0)
    noise = (mean + spread * rng.standard_normal(X.shape)).astype(np.float32)
    copied = rng.standard_normal((len(train), X.shape[1])).astype(np.float32)
    return {
        "held-out real": (X, y),
        "labels shuffled": (X, rng.permutation(y)),
        "Gaussian noise": (noise, y),
        "near copies": (bunch.X[train] + 0.1 * spread * copied, bunch.y[train]),
    }


if __name__ == "__main__":
    main()
