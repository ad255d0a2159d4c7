"""Do new rows lie between real ones: how far from the convex hull of their neighbours."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from protimb.utils._validation import check_vectors


@dataclass(frozen=True)
class BetweenData:
    """Where new rows lie among real ones.

    Attributes
    ----------
    gap : ndarray of shape (n_new,)
        Distance to the convex hull of the nearest real rows, over the distance to the nearest of
        them: 0 for a row between real rows, 1 for one beside them.
    centrality : ndarray of shape (n_new,)
        Distance to the mean of the real rows, over the median of theirs: below 1 for rows nearer to
        the centre than most real ones are.
    """

    gap: np.ndarray
    centrality: np.ndarray

    def share_between(self, at_most=0.5):
        """Give the share of rows whose gap is no larger than that.

        Parameters
        ----------
        at_most : float
            Largest gap that still counts as between.

        Returns
        -------
        share : float
        """
        return float((self.gap <= at_most).mean())


def between_data(X, X_new, *, n_neighbors=20):
    """Tell whether new rows lie between real ones, and nearer to their centre.

    A generator that averages fills the gaps between real proteins: its rows are mixtures of their
    neighbours. How near a row is to being one is its distance to the convex hull of its nearest
    real rows. In many dimensions nothing lies inside a hull of few rows, real proteins as little as
    others, so the distance is held against that to the nearest row, and figures against those of
    held-out real rows.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features)
        Real vectors, those that a generator was trained on.
    X_new : array-like of shape (n_new, n_features)
        Generated vectors, or held-out real ones as a control.
    n_neighbors : int
        Real rows that span the hull; all where there are fewer.

    Returns
    -------
    found : BetweenData

    Raises
    ------
    ValueError
        If vectors hold NaN or infinite values or have other widths, or there is no neighbour.

    See Also
    --------
    frechet_distance : Whether new rows have the mean and covariance of real ones.
    protimb.plotting.ComparisonMapDisplay : Real and new rows on planes.

    Notes
    -----
    Distances are Euclidean, on features standardized by ``X``. The nearest point of the hull is
    found by non-negative least squares with a sum of weights of 1; a copy of a real row has a gap
    of 0.

    References
    ----------
    Lawson & Hanson, Solving Least Squares Problems, chapter 23. SIAM (1995).
    https://doi.org/10.1137/1.9781611971217

    Balestriero, Pesenti & LeCun, Learning in high dimension always amounts to extrapolation (2021).
    https://arxiv.org/abs/2110.09485

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.metrics import between_data
    >>> X = np.array([[0.0, 0.0], [0.0, 2.0], [2.0, 0.0], [2.0, 2.0]])
    >>> between_data(X, [[1.0, 1.5], [1.0, 3.0]], n_neighbors=4).gap.round(3)
    array([0.   , 0.707])
    """
    X, X_new = check_vectors(X), check_vectors(X_new)
    if n_neighbors < 1:
        raise ValueError(f"n_neighbors must be 1 or more, got {n_neighbors}.")
    if X.shape[1] != X_new.shape[1]:
        raise ValueError(
            f"X_new has {X_new.shape[1]} features and X has {X.shape[1]}: vectors must come from "
            "one space."
        )
    scaler = StandardScaler().fit(X)
    real, new = (scaler.transform(part).astype(np.float64) for part in (X, X_new))
    search = NearestNeighbors(n_neighbors=min(n_neighbors, len(real))).fit(real)
    distances, rows = search.kneighbors(new)
    to_hull = [_distance_to_hull(real[near] - row) for near, row in zip(rows, new, strict=True)]
    gap = np.divide(to_hull, distances[:, 0], where=distances[:, 0] > 0, out=np.zeros(len(new)))
    usual = np.median(np.linalg.norm(real, axis=1))
    return BetweenData(np.minimum(gap, 1), np.linalg.norm(new, axis=1) / (usual or 1.0))


def _distance_to_hull(corners):
    """Measure the distance of the origin to the convex hull of corners (n_corners, n_features)."""
    # With all weights scaled by s the first norm scales by s, so the penalty changes only their
    # sum, which is brought to 1 afterwards.
    penalty = np.linalg.norm(corners, axis=1).mean()
    if penalty == 0:
        return 0.0
    system = np.vstack([corners.T, np.full(len(corners), penalty)])
    target = np.append(np.zeros(corners.shape[1]), penalty)
    weights = nnls(system, target)[0]
    return float(np.linalg.norm(corners.T @ weights) / weights.sum())
