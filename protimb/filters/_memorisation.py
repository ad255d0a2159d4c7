"""Memorisation: a generated row nearer to a training row than real rows are to each other."""

from numbers import Real
from typing import ClassVar

import numpy as np

from protimb.budgets._duplicates import number_vectors
from protimb.exceptions import InvalidLabelsError
from protimb.filters._base import BaseFilter
from protimb.filters._thresholds import MOST_ASKED, some_of_all
from protimb.utils._nearest import Reference
from protimb.utils._sklearn_compat import Interval
from protimb.utils._standardizing import fit_standardizer, standardize


class MemorisationFilter(BaseFilter):
    """Reject generated rows that repeat a training row.

    A row that is nearer to some training row than real rows are to their nearest neighbours is
    a copy with noise: it adds weight to one protein, and nothing that was not known.

    A row's score is its distance to the nearest real row, in standard deviations: 0 for a copy.

    Parameters
    ----------
    quantile : float, default=0.01
        Share of real rows whose nearest other real row may be as near as what is rejected.

    Attributes
    ----------
    threshold_ : float
        Distance that a row must exceed.
    n_asked_ : int
        Real rows that it is learned from: all of them that differ, or 20,000 spread evenly.
    n_features_in_ : int
        Width of ``X``.

    See Also
    --------
    CosineFilter : Rejects rows that are too far away; a copy passes it.

    Notes
    -----
    ``fit`` needs two rows that differ. Distances are Euclidean, on standardized features. A row
    that occurs twice among the real ones counts once, so that duplicates do not lower the threshold
    to 0. Of more than 20,000 rows as many are asked for their nearest other one, which may be any,
    so that the time does not grow with the square. Labels play no part.

    That no row is a copy says nothing about privacy: ``metrics.membership_inference`` asks what
    generated rows tell about who was in training.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.filters import MemorisationFilter
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> quality = MemorisationFilter().fit(X, np.ones((4, 1)))
    >>> quality.select([[0.0, 0.9], [2.0, 3.0]], [[1], [1]])
    array([False,  True])
    """

    _parameter_constraints: ClassVar[dict] = {"quantile": [Interval(Real, 0, 1, closed="both")]}

    def __init__(self, *, quantile=0.01):
        self.quantile = quantile

    def _fit(self, X, indicator):
        self._scaler = fit_standardizer(X)
        real = _first_of_equals(standardize(self._scaler, X))
        if len(real) < 2:
            raise InvalidLabelsError(
                "All real rows are equal, so there is no distance to compare with. Pass "
                "quality_filter=None, or rows that differ."
            )
        self._real = Reference(real)
        asked = some_of_all(len(real), MOST_ASKED)
        self.n_asked_ = len(asked)
        between = self._real.nearest(real[asked], 1, asked)[0]
        self.threshold_ = float(np.quantile(between, self.quantile))

    def _score(self, X_new, claims):
        return self._real.nearest(self._scaler.transform(X_new), 1)[0].ravel()

    def _threshold(self, claims):
        # Real rows that near exist, so a distance has to exceed the threshold, not to reach it.
        return np.nextafter(self.threshold_, np.inf)


def _first_of_equals(X):
    """Keep one of each row that occurs more than once, in order: (n_distinct, n_features)."""
    X += 0.0  # no negative zeros, whose bytes differ
    first = np.unique(number_vectors(X), return_index=True)[1]
    return X if len(first) == len(X) else X[first]
