"""A critic of pairs, who asks whether a row looks like a real protein with these labels."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import KFold, LeaveOneGroupOut, cross_val_predict
from sklearn.utils import check_random_state

from protimb.exceptions import InvalidLabelsError
from protimb.filters._base import BaseFilter
from protimb.filters._evidence import Evidence
from protimb.filters._thresholds import (
    MOST_ASKED,
    check_some_tell_apart,
    keep_rows,
    some_of_all,
    warn_undefined,
)
from protimb.neighbors._search import NEIGHBORS
from protimb.utils._labelsets import count_members
from protimb.utils._sklearn_compat import Interval


class CriticFilter(BaseFilter):
    """Keep generated rows that a critic cannot tell from real proteins with their own labels.

    Real rows are held out in folds. For each, evidence is collected from the other rows: what its
    neighbours carry and how near they are, the means of its terms, the correlation of vectors and
    labels. The same is done for pairs that are false: held-out rows under the labels of another
    row, and noise under true labels, with the spread of each feature and with the covariance of
    all. A classifier of that evidence, boosted trees, learns to tell real pairs from false ones.

    A row's score is the log-odds that it is real; NaN for a row of zero length, and for one without
    a term that has real members.

    Parameters
    ----------
    quantile : float, default=0.1
        Share of held-out real rows that the threshold may lose.
    n_neighbors : int or object, default=100
        Real rows whose labels are looked at; all where there are fewer.
        An object that searches, such as :class:`protimb.neighbors.SampledNeighbors` or
        scikit-learn's ``NearestNeighbors``, is copied, and asked for its own ``n_neighbors``.
    cv : int, default=5
        Folds; fewer where there are fewer rows.
    max_iter : int, default=150
        Trees of the critic.
    random_state : int, RandomState instance or None, default=None
        Source of folds, of false pairs, and the critic's seed.

    Attributes
    ----------
    critic_ : HistGradientBoostingClassifier
        Tells evidence on real pairs, 1, from that on false ones, 0.
    threshold_ : float
        Log-odds that a row has to reach: the quantile of ``held_out_scores_``.
    held_out_scores_ : ndarray of shape (n_held_out,)
        Scores of held-out real rows under a critic of the other folds.
    n_members_ : ndarray of int, shape (n_terms,)
        Real rows of each term, rows of zero length left out.
    n_features_in_ : int
        Width of ``X``.

    See Also
    --------
    StrictFilter : This critic, and no copies.
    LabelFidelityFilter : Asks a classifier about the labels alone, with a threshold of each term.
    IntrusionFilter : Asks neighbours about the labels alone.

    Notes
    -----
    ``fit`` needs a term that some rows have and others do not. Of more than 20,000 rows as many are
    held out, spread evenly, and compared with all the others.

    Many wrong labels are not false: a quarter of human proteins, given the molecular functions of
    another one, do have them, because these are as general as binding. Such pairs are not shown as
    false ones. What the critic rejects and keeps is in ``docs/experiments/filters.md``, printed by
    ``benchmarks/measure_filters.py``.

    It asks whether a row could be real, not whether it is new: a copy of a training row may pass.
    And it has been shown noise and wrong labels only: rows of a generator that are typical of their
    terms pass as well, though a test of all of them together may tell them from real ones
    (:func:`protimb.metrics.two_sample_score`).

    References
    ----------
    Gutmann & Hyvärinen, Noise-contrastive estimation: a new estimation principle for unnormalized
    statistical models. AISTATS (2010). https://proceedings.mlr.press/v9/gutmann10a.html

    Belghazi et al., Mutual information neural estimation. ICML (2018).
    https://arxiv.org/abs/1801.04062

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.filters import CriticFilter
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(np.eye(2, dtype=np.uint8), 100, axis=0)
    >>> X = 5 * y @ np.array([[1, 1], [1, -1]]) + rng.normal(size=(200, 2))
    >>> critic = CriticFilter(max_iter=20, random_state=0).fit(X, y)
    >>> critic.select([[5.0, 5.0], [5.0, 5.0]], [[1, 0], [0, 1]])
    array([ True, False])
    """

    _parameter_constraints: ClassVar[dict] = {
        "quantile": [Interval(Real, 0, 1, closed="both")],
        "n_neighbors": NEIGHBORS,
        "cv": [Interval(Integral, 2, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(self, *, quantile=0.1, n_neighbors=100, cv=5, max_iter=150, random_state=None):
        self.quantile = quantile
        self.n_neighbors = n_neighbors
        self.cv = cv
        self.max_iter = max_iter
        self.random_state = random_state

    def _fit(self, X, indicator):
        directed = X.any(axis=1)
        warn_undefined(~directed, "real rows have zero length and are not learned from")
        X, indicator = keep_rows(directed, X, indicator)
        self.n_members_ = count_members(indicator)
        check_some_tell_apart(self.n_members_, len(X))
        rng = check_random_state(self.random_state)
        evidence, is_real, folds = self._collect(X, indicator, rng)
        self._learn(evidence, is_real, folds, rng)
        self._evidence = Evidence(self.n_neighbors).fit(X, indicator)

    def _score(self, X_new, claims):
        undefined = ~X_new.any(axis=1)
        warn_undefined(undefined, "generated rows have zero length and cannot be rated")
        rated = np.flatnonzero(self._evidence.is_known(claims) & ~undefined)
        odds = np.full(len(X_new), np.nan)
        if len(rated):
            evidence = self._evidence.measure(X_new[rated], claims[rated])
            odds[rated] = self.critic_.decision_function(evidence)
        return odds

    def _collect(self, X, indicator, rng):
        """Give evidence on pairs, (n_pairs, n_kinds), which are real, and their folds."""
        found, n_folds = [], min(self.cv, len(X))
        folds = KFold(n_folds, shuffle=True, random_state=rng).split(X)
        for fold, (seen, held_out) in enumerate(folds):
            held_out = held_out[some_of_all(len(held_out), MOST_ASKED // n_folds)]
            known = Evidence(self.n_neighbors).fit(X[seen], indicator[seen])
            rows = held_out[known.is_known(indicator[held_out])]
            found += [
                (known.measure(X_pair, claims), np.full((len(X_pair), 2), (is_real, fold)))
                for is_real, X_pair, claims in _pairs(X, indicator, seen, rows, rng)
                if len(X_pair)
            ]
        if len({note[0, 1] for _, note in found if note[0, 0]}) < 2:
            raise InvalidLabelsError(
                "Fewer than two folds hold a row with a term that rows of other folds have, so "
                "there is nothing to learn from. Pass quality_filter=None, or more rows."
            )
        evidence, notes = map(np.concatenate, zip(*found, strict=True))
        return evidence, *notes.T

    def _learn(self, evidence, is_real, folds, rng):
        critic = HistGradientBoostingClassifier(
            learning_rate=0.06,
            max_iter=self.max_iter,
            max_leaf_nodes=15,
            early_stopping=False,
            random_state=rng.randint(2**31 - 1),
        )
        held_out = cross_val_predict(
            critic,
            evidence,
            is_real,
            groups=folds,
            cv=LeaveOneGroupOut(),
            method="decision_function",
        )
        self.held_out_scores_ = held_out[is_real == 1]
        self.threshold_ = float(np.quantile(self.held_out_scores_, self.quantile))
        self.critic_ = critic.fit(evidence, is_real)


def _pairs(X, indicator, seen, rows, rng):
    """Give (whether real, vectors, labels) of held-out real rows and of pairs that are false.

    Noise is half loose, half of the covariance of the real rows; it is easily told.
    """
    real, claims = X[rows], indicator[rows]
    half, other = np.array_split(np.arange(len(rows)), 2)
    strange = claims[rng.permutation(len(rows))]
    wrong = np.flatnonzero(strange.multiply(claims).sum(axis=1) < strange.sum(axis=1))
    mean, spread = X[seen].mean(axis=0), X[seen].std(axis=0)
    loose = mean + spread * rng.standard_normal(real[half].shape)
    covariance = np.atleast_2d(np.cov(X[seen].T, dtype=np.float64, bias=True))
    bound = rng.multivariate_normal(mean, covariance, len(other), check_valid="ignore")
    return [
        (1, real, claims),
        (0, real[wrong], strange[wrong]),
        (0, loose.astype(np.float32), claims[half]),
        (0, bound.astype(np.float32), claims[other]),
    ]
