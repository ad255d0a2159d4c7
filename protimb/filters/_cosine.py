"""Cosine quality control: a generated row must resemble its term as held-out real rows do."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from protimb.exceptions import InvalidLabelsError
from protimb.filters._base import BaseFilter
from protimb.filters._thresholds import (
    keep_rows,
    learn_thresholds,
    warn_undefined,
)
from protimb.utils._labelsets import members_by_term, rarest_terms
from protimb.utils._sklearn_compat import Interval
from protimb.utils._standardizing import fit_standardizer, standardize


class CosineFilter(BaseFilter):
    """Keep generated rows that are as similar to their term as real members are.

    For every term, each real member is held out in turn and its cosine similarity to the
    nearest other members is taken. A low quantile of these similarities is the term's threshold:
    what nearly all real members reach, a generated one has to reach as well. A row carries many
    terms and is judged by the rarest, the most specific claim it makes.

    A row's score is its mean similarity to the nearest real members of that term, between -1 and
    1; NaN for a row of zero length, and for one without a term that has real members.

    Parameters
    ----------
    quantile : float, default=0.05
        Share of held-out real members that the threshold may lose.
    n_neighbors : int, default=1
        Nearest members whose similarity is averaged; fewer where a term has fewer others.
    shrinkage : float, default=20
        Members that a term's own threshold needs to weigh as much as the pooled one.
    max_members : int, default=500
        Members a term is represented by; drawn at random where it has more.
    random_state : int, RandomState instance or None, default=None
        Source of that draw.

    Attributes
    ----------
    thresholds_ : ndarray of shape (n_terms,)
        Similarity, between -1 and 1, that a row judged by the term has to reach; NaN for terms
        without members.
    n_members_ : ndarray of int, shape (n_terms,)
        Real rows of each term, rows of zero length left out.
    members_ : list of ndarray
        Rows of ``X`` that represent each term, at most ``max_members``.
    n_features_in_ : int
        Width of ``X``.

    See Also
    --------
    protimb.over_sampling.CGANSampler : Replaces what this filter rejects.

    Notes
    -----
    ``fit`` needs one term of two members or more to compare.

    Similarities are taken on standardized features, so that a feature's unit does not matter.
    A term with few members borrows: its threshold is drawn towards that of all held-out rows of
    terms of similar size (between two powers of two), with weight ``shrinkage`` against its
    number of members. Terms of other sizes would mislead, because the nearest of many members
    is nearer than the nearest of few. A term with one member has the pooled threshold alone.

    Expect a coarse sieve: one real protein in twenty is hardly more similar to its term than
    noise is, and a threshold that keeps it keeps noise, and wrong labels, as well. Shares of
    human proteins are in ``docs/experiments/filters.md``; :class:`CriticFilter` is sharper.

    The filter asks whether a row looks like its term, not whether it is new: a copy of a
    training row passes.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.filters import CosineFilter
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(np.eye(2, dtype=np.uint8), 40, axis=0)
    >>> X = 2 * y @ np.array([[1, 1, 1, 1], [1, -1, 1, -1]]) + rng.normal(size=(80, 4))
    >>> quality = CosineFilter().fit(X, y)
    >>> quality.select([[2, 2, 2, 2], [2, 2, 2, 2]], [[1, 0], [0, 1]])
    array([ True, False])
    """

    _parameter_constraints: ClassVar[dict] = {
        "quantile": [Interval(Real, 0, 1, closed="both")],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "shrinkage": [Interval(Real, 0, None, closed="left")],
        "max_members": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self, *, quantile=0.05, n_neighbors=1, shrinkage=20, max_members=500, random_state=None
    ):
        self.quantile = quantile
        self.n_neighbors = n_neighbors
        self.shrinkage = shrinkage
        self.max_members = max_members
        self.random_state = random_state

    def _fit(self, X, indicator):
        directed = X.any(axis=1)
        warn_undefined(~directed, "real rows have zero length and represent no term")
        members = [rows[directed[rows]] for rows in members_by_term(indicator)]
        n_members = np.array([len(rows) for rows in members])
        _check_some_have_company(n_members)
        self.n_members_ = n_members
        self._scaler = fit_standardizer(*keep_rows(directed, X))
        self._real = self._directions(X)
        self.members_ = self._cap(members)
        self.thresholds_ = self._learn_thresholds()

    def _score(self, X_new, claims):
        undefined = ~X_new.any(axis=1)
        warn_undefined(undefined, "generated rows have zero length, hence no similarity")
        directions = self._directions(X_new)
        terms = rarest_terms(claims, self.n_members_)
        similarity = np.full(len(X_new), np.nan)
        for term in np.unique(terms[terms >= 0]):
            rows = np.flatnonzero((terms == term) & ~undefined)
            to_members = directions[rows] @ self._real[self.members_[term]].T
            similarity[rows] = _mean_of_nearest(to_members, self._n_compared(term))
        return similarity

    def _threshold(self, claims):
        # Rows without a term (-1) read some threshold here; their NaN reaches none.
        return self.thresholds_[rarest_terms(claims, self.n_members_)]

    def judging_terms(self, y):
        """Say which term each row is judged by: the one with the fewest real members.

        Parameters
        ----------
        y : array-like or sparse of shape (n_new, n_terms) or (n_new,)
            The labels that generated rows claim.

        Returns
        -------
        terms : ndarray of int, shape (n_new,)
            Column numbers; -1 for rows none of whose terms has a real member.
        """
        check_is_fitted(self)
        return rarest_terms(self._read_claims(y), self.n_members_)

    def _learn_thresholds(self):
        held_out = [self._held_out_similarity(term) for term in range(len(self.members_))]
        return learn_thresholds(held_out, self.n_members_, self.quantile, self.shrinkage)

    def _held_out_similarity(self, term):
        """Compare each member with the others: (n_members,), empty for a lone member."""
        if self.n_members_[term] < 2:
            return np.empty(0)
        members = self._real[self.members_[term]]
        similarity = members @ members.T
        np.fill_diagonal(similarity, -np.inf)
        return _mean_of_nearest(similarity, self._n_compared(term))

    def _n_compared(self, term):
        # Held-out members have one other fewer to choose from; new rows get no wider choice.
        return max(1, min(self.n_neighbors, len(self.members_[term]) - 1))

    def _cap(self, members):
        rng = check_random_state(self.random_state)
        return [
            np.sort(rng.choice(rows, self.max_members, replace=False))
            if len(rows) > self.max_members
            else rows
            for rows in members
        ]

    def _directions(self, X):
        rows = standardize(self._scaler, X)
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.divide(rows, np.maximum(length, np.finfo(rows.dtype).tiny), out=rows)


def _check_some_have_company(n_members):
    if (n_members < 2).all():
        raise InvalidLabelsError(
            "No term has two members of non-zero length, so there is no real similarity to "
            "learn a threshold from. Pass quality_filter=None, or more rows."
        )


def _mean_of_nearest(similarity, n_nearest):
    """Average the largest entries of each row: (n_rows, n_members) -> (n_rows,)."""
    return np.partition(similarity, -n_nearest, axis=1)[:, -n_nearest:].mean(axis=1)
