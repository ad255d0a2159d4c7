"""Features brought to mean 0 and variance 1, learned and applied without copies of all rows."""

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.utils import gen_batches

from protimb.utils._memory import release_pages, rows_a_block

# Of a block of rows such a part at a time: scikit-learn makes it double precision, twice.
_PART = 1 / 16


def fit_standardizer(X, weights=None):
    """Learn means and variances of X (n_rows, n_features), in blocks, by weights (n_rows,)."""
    scaler = StandardScaler()
    for block in gen_batches(len(X), max(1, int(_PART * rows_a_block(X)))):
        weights_of = None if weights is None else weights[block]
        if weights_of is None or weights_of.any():  # means of no weight at all are no numbers
            scaler.partial_fit(widened(X[block]), sample_weight=weights_of)
            release_pages(X)
    return scaler


def standardize(scaler, X, *, own=False):
    """Give X (n_rows, n_features) standardized, in single precision where it was in half.

    ``own`` rows, which nobody else needs, are standardized where they lie.
    """
    dtype = widened(X[:0]).dtype
    return scaler.transform(np.array(X, dtype=dtype, copy=None if own else True), copy=False)


def widened(X):
    """Give half precision as single, in which sums of squares do not overflow."""
    return X.astype(np.float32) if X.dtype == np.float16 else X


class Standardized:
    """A scaler as training rows are cut with; what it is given may be written to."""

    def __init__(self, scaler):
        self.scaler = scaler

    def transform(self, X):
        """Standardize rows (n_rows, n_features) of the caller's that nobody else needs."""
        return self.scaler.transform(widened(X), copy=False)
