"""Find terms whose members are mostly copies of one another."""

import warnings

import numpy as np

from protimb.exceptions import DuplicateRowsWarning
from protimb.utils._validation import a_few


def warn_about_copies(X, target, totals):
    """Warn where most members of a targeted term have the same vector as another one.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
    target : Target
    totals : Totals
    """
    vector_ids = number_vectors(X)
    if vector_ids.max() == len(X) - 1:  # all distinct
        return
    by_term = target.indicator.tocsc()
    copied = [t for t in np.flatnonzero(totals.missing) if _mostly_copies(by_term, t, vector_ids)]
    if copied:
        warnings.warn(
            f"{len(copied)} targeted term(s) consist mostly of members with identical vectors "
            f"({a_few(target.terms[t] for t in copied)}): more rows bring little that is new. "
            "Look for duplicated proteins in X.",
            DuplicateRowsWarning,
            stacklevel=4,
        )


def number_vectors(X):
    """Give the rows of a matrix numbers, identical rows the same one.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)

    Returns
    -------
    vector_ids : ndarray of int, shape (n_rows,)
        From 0 to the count of distinct rows less one.

    Examples
    --------
    >>> import numpy as np
    >>> number_vectors(np.array([[1.0, 2.0], [0.0, 0.0], [1.0, 2.0]])).tolist()
    [1, 0, 1]
    """
    # Each row is compared as one block of bytes: memcmp is much faster than column by column.
    blocks = np.ascontiguousarray(X).view(np.dtype((np.void, X[0].nbytes))).ravel()
    return np.unique(blocks, return_inverse=True)[1]


def _mostly_copies(by_term, term, vector_ids):
    members = by_term.indices[by_term.indptr[term] : by_term.indptr[term + 1]]
    _, counts = np.unique(vector_ids[members], return_counts=True)
    return counts[counts > 1].sum() > len(members) / 2
