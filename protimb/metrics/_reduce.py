"""Fewer features where rows are few: the directions in which real rows vary most."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
from sklearn.decomposition import PCA

from protimb.metrics._sets import check_sets


@dataclass(frozen=True)
class ReducedFeatures:
    """Sets of vectors in a space with fewer features.

    Attributes
    ----------
    sets : tuple of ndarray of shape (n_rows, n_kept)
        The real rows and the others, in the order given.
    n_kept : int
        Features that are left.
    n_features : int
        Features that there were.
    share : float
        Share of the variance of the real rows that is left.
    """

    sets: tuple
    n_kept: int
    n_features: int
    share: float


def reduce_features(X_real, *others, ratio=10):
    """Keep only as many directions as the number of real rows can tell apart.

    In more dimensions than rows everything is far from everything, and covariances are guesses.
    Where features exceed a tenth of the real rows, this takes the principal components of the real
    rows, so many that there are ten rows for each.

    Parameters
    ----------
    X_real : array of shape (n_real, n_features)
        Real protein vectors, which the space is fitted on.
    *others : array of shape (n_rows, n_features)
        Sets to bring into the same space.
    ratio : float, default=10
        Real rows for each feature that is kept.

    Returns
    -------
    reduced : ReducedFeatures
        ``sets``, ``n_kept``, ``n_features`` and ``share``. Sets are as they were where rows
        suffice for all features.

    Raises
    ------
    ValueError
        If ``X_real`` has fewer than two rows, another set none, widths differ, a value is NaN or
        infinite, or the ratio is not positive.

    See Also
    --------
    precision_recall_density_coverage : One of those that tell more in fewer dimensions.

    Notes
    -----
    What generated rows do in directions in which real rows do not vary is lost. A feature with a
    large unit weighs more than others: standardize by the real rows first where that is not meant.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.metrics import reduce_features
    >>> rng = np.random.default_rng(0)
    >>> reduced = reduce_features(rng.normal(size=(40, 16)), rng.normal(size=(7, 16)))
    >>> reduced.n_kept, [X.shape for X in reduced.sets]
    (4, [(40, 4), (7, 4)])
    """
    if not isinstance(ratio, Real) or isinstance(ratio, bool) or not 0 < float(ratio) < np.inf:
        raise ValueError(f"ratio must be a number above 0, got {ratio!r}.")
    named = {"X_real": X_real} | {f"others[{i}]": X for i, X in enumerate(others)}
    sets = tuple(check_sets(at_least={"X_real": 2}, **named))
    n_rows, n_features = sets[0].shape
    n_kept = min(max(1, int(n_rows / ratio)), n_rows - 1)
    if n_kept >= n_features or not np.ptp(sets[0], axis=0).any():
        return ReducedFeatures(sets, n_features, n_features, 1.0)
    space = PCA(n_kept, random_state=0).fit(sets[0])
    share = float(space.explained_variance_ratio_.sum())
    return ReducedFeatures(tuple(space.transform(X) for X in sets), n_kept, n_features, share)
