"""IRLbl, the ratio that says how rare a term is: one formula for metrics, budgets and training."""

import numpy as np


def irlbl(counts):
    """Divide the members of the most frequent term by those of each.

    Parameters
    ----------
    counts : ndarray of int, shape (n_terms,)
        Members of each term.

    Returns
    -------
    ratios : ndarray of float, shape (n_terms,)
        At least 1; infinite for a term without members.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counts > 0, counts.max() / counts, np.inf)
