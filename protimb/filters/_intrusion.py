"""Intrusion: a generated row that lands among real rows without the terms that it claims."""

from numbers import Real
from typing import ClassVar

import numpy as np
from sklearn.preprocessing import normalize

from protimb.filters._base import BaseFilter
from protimb.filters._thresholds import (
    ask_in_blocks,
    check_some_tell_apart,
    group_by_term,
    keep_rows,
    learn_thresholds,
    rows_to_ask,
    warn_undefined,
)
from protimb.neighbors._search import NEIGHBORS, search_among
from protimb.utils._labelsets import count_members, rarest_terms
from protimb.utils._nearest_gaps import Cosine
from protimb.utils._sklearn_compat import Interval
from protimb.utils._standardizing import fit_standardizer, standardize


class IntrusionFilter(BaseFilter):
    """Reject generated rows that intrude among real rows without the terms they claim.

    Of the terms that a row claims, its nearest real rows carry a share. Real rows among the other
    real rows meet such a share too, lower for terms whose members lie scattered. What nearly all
    real members of a term meet, a generated row has to meet as well. As in :class:`CosineFilter` a
    row is judged by its rarest term, which has a threshold of its own.

    A row's score is the share of its claims that its neighbours carry, from 0 to 1, where a term
    counts by its information; NaN for a row of zero length, and for one without a term that tells
    real rows apart.

    Parameters
    ----------
    quantile : float, default=0.1
        Share of held-out real rows that the threshold may lose.
    n_neighbors : int or object, default=20
        Nearest real rows that are looked at; all where there are fewer.
        An object that searches, such as :class:`protimb.neighbors.SampledNeighbors` or
        scikit-learn's ``NearestNeighbors``, is copied, and asked for its own ``n_neighbors``.
    shrinkage : float, default=20
        Members that a term's own threshold needs to weigh as much as the pooled one.

    Attributes
    ----------
    thresholds_ : ndarray of shape (n_terms,)
        Share that a row judged by the term has to reach; NaN for terms without members.
    n_members_ : ndarray of int, shape (n_terms,)
        Real rows of each term, rows of zero length left out.
    information_ : ndarray of shape (n_terms,)
        Bits that a term tells: -log2 of the share of real rows that carry it; 0 for terms that no
        real row has, or that all have.
    n_features_in_ : int
        Width of ``X``.

    See Also
    --------
    LabelFidelityFilter : Asks a classifier for evidence, in bits, in place of a plain share.
    CriticFilter : Weighs this question and others; sharper, and dearer.

    Notes
    -----
    ``fit`` needs a term that some rows have and others do not.

    Neighbours are those by cosine of standardized features. In ``fit`` no row is its own neighbour,
    but real rows have relatives among the others, which generated ones should have as well.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.filters import IntrusionFilter
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(np.eye(2, dtype=np.uint8), 40, axis=0)
    >>> X = 5 * y @ np.array([[1, 1], [1, -1]]) + rng.normal(size=(80, 2))
    >>> quality = IntrusionFilter().fit(X, y)
    >>> quality.select([[5.0, 5.0], [5.0, 5.0]], [[1, 0], [0, 1]])
    array([ True, False])
    """

    _parameter_constraints: ClassVar[dict] = {
        "quantile": [Interval(Real, 0, 1, closed="both")],
        "n_neighbors": NEIGHBORS,
        "shrinkage": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, *, quantile=0.1, n_neighbors=20, shrinkage=20):
        self.quantile = quantile
        self.n_neighbors = n_neighbors
        self.shrinkage = shrinkage

    def _fit(self, X, indicator):
        directed = X.any(axis=1)
        warn_undefined(~directed, "real rows have zero length and are no neighbours")
        X, self._labels = keep_rows(directed, X, indicator)
        self.n_members_ = count_members(self._labels)
        known = check_some_tell_apart(self.n_members_, len(X))
        share = np.where(known, self.n_members_ / len(X), 1)
        self.information_ = -np.log2(share)
        self._scaler = fit_standardizer(X)
        self._real, self._n_looked_at = search_among(
            self._directions(X), self.n_neighbors, Cosine()
        )
        terms = rarest_terms(self._labels, self.n_members_)
        asked = rows_to_ask(terms)
        real, labels = self._real.rows, self._labels
        shares = ask_in_blocks(lambda rows: self._carried(real[rows], labels[rows], rows), asked)
        by_term = group_by_term(shares, terms[asked], len(known))
        self.thresholds_ = learn_thresholds(by_term, self.n_members_, self.quantile, self.shrinkage)

    def _score(self, X_new, claims):
        undefined = ~X_new.any(axis=1)
        warn_undefined(undefined, "generated rows have zero length and cannot be rated")
        shares = self._carried(self._directions(X_new), claims)
        shares[undefined] = np.nan
        return shares

    def _threshold(self, claims):
        # Rows without a term (-1) read some threshold here; their NaN reaches none.
        return self.thresholds_[rarest_terms(claims, self.n_members_)]

    def _carried(self, directions, claims, own=None):
        """Say how much of what rows claim their neighbours carry: (n_rows,), NaN for nothing."""
        _, neighbours = self._real.nearest(directions, self._n_looked_at, own)
        weighted = claims.multiply(self.information_[None, :]).tocsr()
        weight = np.asarray(weighted.sum(axis=1), dtype=float)
        carried = np.zeros(len(directions))
        for neighbour in neighbours.T:
            carried += weighted.multiply(self._labels[neighbour]).sum(axis=1)
        possible = weight * neighbours.shape[1]
        return np.divide(carried, possible, where=possible > 0, out=np.full(len(weight), np.nan))

    def _directions(self, X):
        return normalize(standardize(self._scaler, X), copy=False)
