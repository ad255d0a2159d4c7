"""How far apart two sets are for a Gaussian kernel: the maximum mean discrepancy."""

from numbers import Real

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.utils import check_random_state

from protimb.metrics._sets import check_sets
from protimb.utils._tiles import squared_tiles

# Rows whose distances set the bandwidth.
_DRAWN = 1000


def maximum_mean_discrepancy(X_real, X_new, *, bandwidth="median", random_state=0):
    r"""Estimate the squared maximum mean discrepancy of two sets, without bias.

    It compares how alike rows are within each set to how alike they are between the sets, by a
    Gaussian kernel :math:`\exp(-d^2 / 2 h^2)`: 0 on average where both come from one
    distribution, and above wherever they differ [1]_.

    Parameters
    ----------
    X_real : array of shape (n_real, n_features)
        Real protein vectors, best some that the generator did not see.
    X_new : array of shape (n_new, n_features)
        Generated ones.
    bandwidth : {"median"} or float, default="median"
        h, in units of the features; ``"median"`` is the median distance between 1,000 real rows,
        drawn where there are more, so that several generated sets are measured by one kernel.
    random_state : int, RandomState instance or None, default=0
        Which rows are drawn for the median.

    Returns
    -------
    discrepancy : float
        Below 0 by chance where the sets are alike.

    Raises
    ------
    ValueError
        If a set has fewer than two rows, widths differ, a value is NaN or infinite, or the
        bandwidth is not positive.

    See Also
    --------
    frechet_distance : Means and covariances only.
    two_sample_score : Lets a classifier choose what to compare.

    Notes
    -----
    All pairs are summed, tile by tile: time grows with the square of the rows, memory does not.
    Copies make it smaller, because each meets itself between the sets: this finds rows that are
    somewhere else, or missing, and not rows that repeat.

    Where more than half of the distances are 0 the mean one takes the place of the median.

    References
    ----------
    .. [1] A. Gretton, K. M. Borgwardt, M. J. Rasch, B. Schölkopf, A. Smola, "A kernel two-sample
       test", Journal of Machine Learning Research 13, 723-773, 2012.
       https://jmlr.org/papers/v13/gretton12a.html

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.metrics import maximum_mean_discrepancy
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> near, far = (maximum_mean_discrepancy(X[:100], X[100:] + shift) for shift in (0, 1))
    >>> near < 0.01 < far
    True
    """
    X_real, X_new = check_sets(at_least=2, X_real=X_real, X_new=X_new)
    scale = -1 / (2 * _bandwidth(X_real, bandwidth, random_state) ** 2)
    within = _mean_within(X_real, scale) + _mean_within(X_new, scale)
    return within - 2 * _kernel_sum(X_real, X_new, scale) / (len(X_real) * len(X_new))


def _bandwidth(X, bandwidth, random_state):
    if bandwidth == "median":
        return _median_distance(X, check_random_state(random_state))
    is_number = isinstance(bandwidth, Real) and not isinstance(bandwidth, bool)
    if not is_number or not 0 < float(bandwidth) < np.inf:
        raise ValueError(f"bandwidth must be 'median' or a number above 0, got {bandwidth!r}.")
    return float(bandwidth)


def _median_distance(X, rng):
    rows = rng.choice(len(X), min(len(X), _DRAWN), replace=False)
    distances = pdist(X[rows].astype(np.float64))
    return float(np.median(distances)) or float(distances.mean()) or 1.0  # all rows are equal


def _mean_within(X, scale):
    """Average the kernel over pairs of different rows."""
    # Off the diagonal a tile stands for its mirror image; on it, each row meets itself.
    total = 0.0
    for rows, columns, exponents in squared_tiles(X, scale=scale):
        on_diagonal = rows == columns
        if on_diagonal:
            np.fill_diagonal(exponents, -np.inf)
        total += _exponentials(exponents) * (1 if on_diagonal else 2)
    return total / (len(X) * (len(X) - 1))


def _kernel_sum(X, Z, scale):
    return sum(_exponentials(exponents) for _, _, exponents in squared_tiles(X, Z, scale=scale))


def _exponentials(exponents):
    """Sum the kernel over a tile of exponents, which it overwrites."""
    return float(np.exp(exponents, out=exponents).sum(dtype=np.float64))
