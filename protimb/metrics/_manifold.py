"""Whether generated rows lie where real ones do, and all over there; whether they are copies."""

from dataclasses import dataclass

import numpy as np

from protimb.metrics._sets import check_sets
from protimb.utils._nearest import nearest
from protimb.utils._nearest_pairs import exact_distances
from protimb.utils._tiles import within


@dataclass(frozen=True)
class ManifoldOverlap:
    """How far the regions of real and of generated rows overlap.

    Attributes
    ----------
    precision : float
        Share of generated rows among real ones.
    recall : float
        Share of real rows among generated ones.
    density : float
        How many real rows a generated one is near to, in units of ``n_neighbors``; may exceed 1.
    coverage : float
        Share of real rows that have a generated one among their neighbours.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def precision_recall_density_coverage(X_real, X_new, *, n_neighbors=5):
    """Compare the regions that real and generated rows fill, by balls to their k-th neighbours.

    Each set's region is the union of balls around its rows that reach to the k-th nearest other
    row. Precision and recall ask for the share of the one set inside the region of the other
    [1]_. An outlier has a huge ball, so density counts how many balls hold a generated row, and
    coverage how many balls of real rows hold any [2]_.

    Parameters
    ----------
    X_real : array of shape (n_real, n_features)
        Real protein vectors, best some that the generator did not see.
    X_new : array of shape (n_new, n_features)
        Generated ones.
    n_neighbors : int, default=5
        k; as many as there are other rows, where a set has fewer.

    Returns
    -------
    overlap : ManifoldOverlap
        ``precision``, ``recall``, ``density`` and ``coverage``.

    Raises
    ------
    ValueError
        If a set has fewer than two rows, widths differ, a value is NaN or infinite, or
        ``n_neighbors`` is below 1.

    See Also
    --------
    alpha_precision_beta_recall : One ball around the centre, by its size.
    two_sample_score : Asks a classifier for what these do not see.

    Notes
    -----
    Sets of one distribution do not reach 1: balls of k neighbours hold a row of an equally large
    set with probability :math:`1 - 2^{-k}`, the expected coverage, and recall depends on the
    numbers of rows and features. Judge by what held-out real rows reach. A row as far away as
    the radius is outside, so copies of a row that occurs k + 1 times have an empty ball.

    Memory holds one tile of distances and not the whole matrix.

    References
    ----------
    .. [1] T. Kynkäänniemi, T. Karras, S. Laine, J. Lehtinen, T. Aila, "Improved precision and
       recall metric for assessing generative models", NeurIPS 2019.
       https://doi.org/10.48550/arXiv.1904.06991
    .. [2] M. F. Naeem, S. J. Oh, Y. Uh, Y. Choi, J. Yoo, "Reliable fidelity and diversity metrics
       for generative models", ICML 2020. https://doi.org/10.48550/arXiv.2002.09797

    Examples
    --------
    Generated rows lie among real ones, but only at one end.

    >>> import numpy as np
    >>> from protimb.metrics import precision_recall_density_coverage
    >>> X_real, X_new = np.arange(8.0)[:, None], np.array([[0.5], [1.25], [1.5]])
    >>> precision_recall_density_coverage(X_real, X_new, n_neighbors=1)
    ManifoldOverlap(precision=1.0, recall=0.25, density=2.0, coverage=0.375)
    """
    n_neighbors = _check_count(n_neighbors, "n_neighbors")
    X_real, X_new = check_sets(at_least=2, X_real=X_real, X_new=X_new)
    radii_real, radii_new = (_radii(X, n_neighbors) for X in (X_real, X_new))
    in_real, in_new = within(X_real, X_new, radii=radii_real, reference_radii=radii_new)
    return ManifoldOverlap(
        precision=float((in_real.by_reference > 0).mean()),
        recall=float((in_new.by_row > 0).mean()),
        density=float(in_real.by_reference.mean() / min(n_neighbors, len(X_real) - 1)),
        coverage=float((in_real.by_row > 0).mean()),
    )


@dataclass(frozen=True)
class AlphaBeta:
    """How typical, how various and how new generated rows are.

    Attributes
    ----------
    alpha_precision : float
        1 where every ball around the centre of real rows holds the same share of both sets.
    beta_recall : float
        1 where balls around the centre of generated rows reach real rows share by share.
    authenticity : float
        Share of generated rows that are no closer to a real row than other real rows are.
    """

    alpha_precision: float
    beta_recall: float
    authenticity: float


def alpha_precision_beta_recall(X_real, X_new):
    r"""Ask how typical, how various and how new generated rows are, by balls around centres.

    The ball around the centre of real rows that holds a share :math:`\alpha` of them should hold
    that share of generated ones, for each :math:`\alpha`: rows all at the centre are too typical,
    rows far outside are not typical enough. The same is asked of real rows by balls of generated
    ones. A generated row is authentic if it is no copy with noise [1]_.

    Parameters
    ----------
    X_real : array of shape (n_real, n_features)
        Real protein vectors; for authenticity those that the generator was trained on.
    X_new : array of shape (n_new, n_features)
        Generated ones.

    Returns
    -------
    score : AlphaBeta
        ``alpha_precision``, ``beta_recall`` and ``authenticity``, each in [0, 1].

    Raises
    ------
    ValueError
        If ``X_real`` has fewer than two rows, ``X_new`` none, widths differ, or a value is NaN
        or infinite.

    See Also
    --------
    precision_recall_density_coverage : Regions of any shape, by neighbours.
    closest_records : The distances that authenticity compares, row by row.

    Notes
    -----
    The integrated form, :math:`1 - 2 \int_0^1 |P_\alpha - \alpha| d\alpha`, with minimum-volume
    sets that are balls around the mean, in the space given: the paper embeds rows first, by a
    network that maps them into a ball. :math:`P_\alpha` is the share of generated rows in the
    smallest ball that holds a share :math:`\alpha` of real ones. :math:`R_\beta` is the share of
    real rows whose nearest generated row is in the smallest ball that holds a share
    :math:`\beta` of generated ones, and no farther than the nearest other real row. A generated
    row is authentic if it is farther from its nearest real row than that one is from its nearest
    other real row.

    Sets of one distribution and size have half of the real rows nearer to another real row
    than to a generated one, so that beta-recall and authenticity are about a half at best. Judge
    by what held-out real rows reach. The integrals are exact.

    References
    ----------
    .. [1] A. M. Alaa, B. van Breugel, E. Saveliev, M. van der Schaar, "How faithful is your
       synthetic data? Sample-level metrics for evaluating and auditing generative models",
       ICML 2022. https://doi.org/10.48550/arXiv.2102.08921

    Examples
    --------
    Of two generated rows one is a copy and the other far out.

    >>> import numpy as np
    >>> from protimb.metrics import alpha_precision_beta_recall
    >>> X_real = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> alpha_precision_beta_recall(X_real, np.array([[1.0], [9.0]]))
    AlphaBeta(alpha_precision=0.5, beta_recall=0.5, authenticity=0.5)
    """
    X_real, X_new = check_sets(at_least={"X_real": 2}, X_real=X_real, X_new=X_new)
    between = nearest(X_real, X_real, 1, same=True)[0].ravel()
    to_real, own_real = (found.ravel() for found in nearest(X_new, X_real, 1))
    to_new, own_new = (found.ravel() for found in nearest(X_real, X_new, 1))
    typical = _levels(_from_centre(X_new, X_real), _from_centre(X_real, X_real))
    from_new = _from_centre(X_new, X_new)
    reach = np.where(to_new <= between, _levels(from_new[own_new], from_new), 1.0)
    return AlphaBeta(
        alpha_precision=_agreement(typical),
        beta_recall=_agreement(reach),
        authenticity=float((to_real > between[own_real]).mean()),
    )


@dataclass(frozen=True)
class ClosestRecords:
    """How near each generated row is to real ones.

    Attributes
    ----------
    distance : ndarray of shape (n_new,)
        To the nearest real row; 0 for a copy.
    ratio : ndarray of shape (n_new,)
        Of this distance to that of the second nearest, in [0, 1]; 0 for a copy, and near 0 for
        a row that belongs to one real row alone.
    """

    distance: np.ndarray
    ratio: np.ndarray


def closest_records(X_real, X_new):
    """Measure how near each generated row is to its nearest real row, and to the second.

    A copy with a little noise is near to one real row and to no other, so that its ratio is
    small even where distances alone are ambiguous.

    Parameters
    ----------
    X_real : array of shape (n_real, n_features)
        Real protein vectors that the generator was trained on.
    X_new : array of shape (n_new, n_features)
        Generated ones.

    Returns
    -------
    records : ClosestRecords
        ``distance`` and ``ratio``, one a generated row.

    Raises
    ------
    ValueError
        If ``X_real`` has fewer than two different rows, ``X_new`` none, widths differ, or a
        value is NaN or infinite.

    See Also
    --------
    membership_inference : What distances tell about who was in training.
    alpha_precision_beta_recall : The share of rows that are no copies, as one number.

    Notes
    -----
    Judge both by what held-out real rows have: their quantiles say how near a new protein
    may be. Real rows that occur twice count once.

    Distance to the closest record says nothing about privacy: sets that leak who was in training
    pass it [1]_. ``membership_inference`` asks that.

    References
    ----------
    .. [1] Z. Yao, N. Krčo, G. Ganev, Y.-A. de Montjoye, "The DCR delusion: measuring the privacy
       risk of synthetic data", 2025. https://doi.org/10.48550/arXiv.2505.01524

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.metrics import closest_records
    >>> X_real = np.array([[0.0, 0.0], [4.0, 0.0]])
    >>> records = closest_records(X_real, np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]))
    >>> records.distance, records.ratio.round(2)
    (array([0., 1., 2.]), array([0.  , 0.33, 1.  ]))
    """
    X_real, X_new = check_sets(at_least={"X_real": 2}, X_real=X_real, X_new=X_new)
    X_real = np.unique(X_real, axis=0)
    if len(X_real) < 2:
        raise ValueError(
            "All rows of X_real are equal, so there is no second nearest one. Pass rows that "
            "differ."
        )
    first, second = nearest(X_new, X_real, 2)[0].T
    return ClosestRecords(first, first / second)


def _check_count(value, name):
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be an integer of at least 1, got {value!r}.")
    return int(value)


def _radii(X, n_neighbors):
    return nearest(X, X, n_neighbors, same=True)[0][:, -1]


def _from_centre(X, of):
    """Give distances (n_rows,) of X to the mean of the rows ``of``."""
    centre = of.mean(axis=0, dtype=np.float64)[None]
    return exact_distances(X, centre, np.arange(len(X)), np.zeros(len(X), dtype=np.int64))


def _levels(distances, reference):
    """Give the share that the largest ball without each distance holds of a reference's: (n,)."""
    return np.searchsorted(np.sort(reference), distances) / len(reference)


def _agreement(levels):
    """Integrate 1 - 2 |F(a) - a| over [0, 1], F the share of levels (n_rows,) up to a."""
    ends = np.concatenate([[0.0], np.sort(levels), [1.0]])
    shares = np.arange(len(levels) + 1) / len(levels)
    left, right = ends[:-1] - shares, ends[1:] - shares
    return float(1 - (right * np.abs(right) - left * np.abs(left)).sum())
