"""Find terms whose members are mostly copies of one another."""

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import sparse

from protimb.exceptions import DuplicateRowsWarning
from protimb.utils._equal_rows import digest, number_equal
from protimb.utils._labelsets import members_by_term
from protimb.utils._memory import read_blocks
from protimb.utils._validation import a_few, check_rows
from protimb.utils._warnings import users_level


def warn_about_copies(X, target, budget):
    """Warn where most members of a targeted term have the same row of X as another one."""
    vector_ids = number_vectors(X)
    if vector_ids.max() == len(vector_ids) - 1:  # all distinct
        return
    members = members_by_term(target.indicator)
    copied = [t for t in np.flatnonzero(budget.missing) if _mostly_copies(vector_ids[members[t]])]
    if copied:
        warnings.warn(
            f"{len(copied)} targeted term(s) consist mostly of members with identical vectors "
            f"({a_few(target.terms[t] for t in copied)}): more rows bring little that is new. "
            "Look for duplicated proteins in X.",
            DuplicateRowsWarning,
            stacklevel=users_level(),
        )


def number_vectors(X):
    """Give rows of an array, csr or frame numbers from 0, identical ones the same: (n_rows,).

    >>> import numpy as np
    >>> number_vectors(np.array([[1.0, 2.0], [0.0, 0.0], [1.0, 2.0]])).tolist()
    [0, 1, 0]
    """
    X = check_rows(X) if isinstance(X, pd.DataFrame) else X
    return number_equal(map(digest, _sparse_rows(X) if sparse.issparse(X) else _rows(X)))


def _rows(X):
    """Yield the bytes of each row of an array."""
    for block in read_blocks(X):
        yield from map(np.ascontiguousarray, block)


def _sparse_rows(X):
    """Yield for each row of a csr matrix what tells it apart: where it is not zero, and values."""
    if not X.has_canonical_format or not X.data.all():
        X = X.copy()
        X.sum_duplicates()
        X.eliminate_zeros()
    for start, stop in pairwise(X.indptr):
        yield X.indices[start:stop].tobytes() + X.data[start:stop].tobytes()


def _mostly_copies(vector_ids):
    _, counts = np.unique(vector_ids, return_counts=True)
    return counts[counts > 1].sum() > len(vector_ids) / 2
