"""Searches as estimators use them: exact where a number was given, else by the object passed."""

import warnings
from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from protimb.exceptions import SlowSearchWarning
from protimb.utils._nearest import Reference
from protimb.utils._nearest_gaps import Distance
from protimb.utils._nearest_pairs import measured, without
from protimb.utils._sklearn_compat import HasMethods, Interval
from protimb.utils._warnings import users_level

# What a parameter for a number of neighbours may be.
NEIGHBORS = [
    Interval(Integral, 1, None, closed="left"),
    HasMethods(["fit", "kneighbors"]),
]

# Pairs of rows that take an exact search about a minute.
_MANY_PAIRS = 5 * 10**9


def search_among(rows, n_neighbors, gap=None, asked=None):
    """Give what finds the nearest of rows (n_reference, n_features), and how many it is to find.

    ``n_neighbors`` is a number, or an object with ``n_neighbors``, of which a copy is fitted.
    ``asked`` says how many rows are looked for, and for which parameter: an exact search warns
    where that will be slow.
    """
    if isinstance(n_neighbors, Integral):
        if asked is not None:
            warn_if_slow(asked, len(rows))
        return Reference(rows, gap), int(n_neighbors)
    return Given(clone(n_neighbors).fit(rows), rows, gap), int(n_neighbors.n_neighbors)


def warn_if_slow(asked, n_reference):
    """Say what an exact search of so many pairs costs, and what to pass in its place."""
    n_asked, parameter = asked
    if n_asked * n_reference <= _MANY_PAIRS:
        return
    warnings.warn(
        f"An exact search compares {n_asked:,} rows with {n_reference:,} each: twice the rows take "
        f"four times as long. Pass {parameter}=SampledNeighbors() or {parameter}="
        "FaissNeighbors(index='ivf') of protimb.neighbors, which look at some of the rows.",
        SlowSearchWarning,
        stacklevel=users_level(),
    )


class Given:
    """What somebody passed to search by, with the answers of a Reference."""

    def __init__(self, fitted, rows, gap=None):
        check_is_fitted(fitted)
        self.search, self.rows, self._gap = fitted, rows, gap or Distance()

    def nearest(self, X, n_neighbors, own=None):
        """Find the nearest rows: gaps and rows, both (n_rows, n_found), in order."""
        n_asked = min(n_neighbors + (own is not None), _n_searched(self.search, self.rows))
        if not (len(X) and n_asked):
            return np.empty((len(X), n_asked)), np.empty((len(X), n_asked), dtype=np.int64)
        rows = self.search.kneighbors(X, n_neighbors=n_asked, return_distance=False)
        rows = rows if own is None else without(rows, own)
        return measured(X, self.rows, np.sort(rows, axis=1), self._gap.exact)


def _n_searched(fitted, rows):
    return len(getattr(fitted, "sample_indices_", rows))
