"""Terms that have nearly the same proteins, such as a parent and its only child: one signal."""

import numpy as np
import pandas as pd
from scipy import sparse

_ALIKE = 0.8  # of the proteins that either of two terms has


def find_repeats(y, terms, ontology):
    """Name for each column of y (n_rows, n_terms) the term that it repeats, "" for most."""
    y = sparse.csr_matrix(y, dtype=np.int32)
    pairs = _alike(y)
    counts = np.asarray(y.sum(axis=0)).ravel()
    # The more specific of two says more: it has fewer proteins, or lies deeper.
    depth = {column: len(ontology.ancestors(terms[column])) for column in pairs}
    repeats = [""] * len(terms)
    for column in sorted(pairs, key=lambda one: (counts[one], -depth[one], one)):
        for other in pairs[column]:
            if not repeats[column] and not repeats[other]:
                repeats[other] = str(terms[column])
    return repeats


def _alike(y):
    """Find the columns whose proteins nearly coincide: {column: other columns}."""
    both = (y.T @ y).tocoo()
    n_both = pd.DataFrame({"first": both.row, "second": both.col, "both": both.data})
    n_both = n_both[n_both["first"] != n_both["second"]]
    counts = np.asarray(y.sum(axis=0)).ravel()
    either = counts[n_both["first"]] + counts[n_both["second"]] - n_both["both"]
    alike = n_both[n_both["both"] >= _ALIKE * either]
    return alike.groupby("first")["second"].apply(list).to_dict()
