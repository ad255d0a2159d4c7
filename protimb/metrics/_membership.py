"""Whether generated rows give away who was in training."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from protimb.metrics._sets import check_sets
from protimb.utils._nearest import nearest


@dataclass(frozen=True)
class MembershipInference:
    """How well a row's distance to generated ones tells whether it was in training.

    Attributes
    ----------
    auc : float
        Chance that a row of training is nearer to a generated one than a held-out row is; 0.5
        where generated rows give nothing away.
    lower, upper : float
        Interval of that.
    """

    auc: float
    lower: float
    upper: float


def membership_inference(X_train, X_held_out, X_new, *, level=0.95):
    """Try to tell by generated rows alone which real rows a generator was trained on.

    Who has the generated rows, and a protein, measures the distance of the protein to the nearest
    generated row: if rows of training are nearer than rows that were held out, generated rows
    give away who was in training [1]_.

    Parameters
    ----------
    X_train : array of shape (n_train, n_features)
        Real protein vectors that the generator was trained on.
    X_held_out : array of shape (n_held_out, n_features)
        Real ones that it was not, from the same source.
    X_new : array of shape (n_new, n_features)
        Generated ones.
    level : float, default=0.95
        Chance that the interval holds the true area.

    Returns
    -------
    inference : MembershipInference
        ``auc``, ``lower`` and ``upper``.

    Raises
    ------
    ValueError
        If a set has no row, widths differ, a value is NaN or infinite, or the level is not
        between 0 and 1.

    See Also
    --------
    closest_records : Distances the other way round, which say nothing about privacy.

    Notes
    -----
    Held-out rows must be as like the training rows as these are like each other. Where sequence
    clusters were held out they are not, and an area above 0.5 may say that instead.

    An area of 0.5 is no proof of privacy: a cleverer attack may find what this one does not. The
    distance of generated rows to their closest real record, in use for this, does not see leaks
    that this attack finds [2]_. The interval takes the variance of the area from [3]_.

    References
    ----------
    .. [1] D. Chen, N. Yu, Y. Zhang, M. Fritz, "GAN-Leaks: a taxonomy of membership inference
       attacks against generative models", CCS 2020. https://doi.org/10.1145/3372297.3417238
    .. [2] Z. Yao, N. Krčo, G. Ganev, Y.-A. de Montjoye, "The DCR delusion: measuring the privacy
       risk of synthetic data", 2025. https://doi.org/10.48550/arXiv.2505.01524
    .. [3] J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a receiver operating
       characteristic (ROC) curve", Radiology 143, 29-36, 1982.
       https://doi.org/10.1148/radiology.143.1.7063747

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.metrics import membership_inference
    >>> X = np.random.default_rng(0).normal(size=(300, 8))
    >>> train, held_out, others = X[:100], X[100:200], X[200:]
    >>> membership_inference(train, held_out, train + 0.01).auc  # copies with noise
    1.0
    >>> found = membership_inference(train, held_out, others)
    >>> found.lower < 0.5 < found.upper
    True
    """
    if not isinstance(level, Real) or not 0 < float(level) < 1:
        raise ValueError(f"level must be a number between 0 and 1, got {level!r}.")
    train, held_out, new = check_sets(X_train=X_train, X_held_out=X_held_out, X_new=X_new)
    distances = np.concatenate([nearest(X, new, 1)[0].ravel() for X in (train, held_out)])
    was_in = np.arange(len(distances)) < len(train)
    auc = float(roc_auc_score(was_in, -distances))
    half = norm.ppf(0.5 + float(level) / 2) * np.sqrt(_variance(auc, len(train), len(held_out)))
    return MembershipInference(auc, float(max(auc - half, 0)), float(min(auc + half, 1)))


def _variance(auc, n_one, n_other):
    """Estimate the variance of an area, by what Hanley and McNeil assume of the scores."""
    two_of_one, two_of_other = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    above = (n_one - 1) * (two_of_one - auc**2) + (n_other - 1) * (two_of_other - auc**2)
    return (auc * (1 - auc) + above) / (n_one * n_other)
