"""Label fidelity: a generated row must be recognised by its labels as held-out real rows are."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.model_selection import KFold
from sklearn.utils import check_random_state, gen_batches

from protimb.classification import GOTermClassifier, KNNTermClassifier
from protimb.classification._base import BaseTermClassifier
from protimb.filters._base import BaseFilter
from protimb.filters._thresholds import (
    check_some_tell_apart,
    group_by_term,
    keep_rows,
    learn_thresholds,
    rows_to_ask,
    warn_undefined,
)
from protimb.utils._judge import fit_judge, judge_terms
from protimb.utils._labelsets import rarest_terms
from protimb.utils._named import resolve, seeded
from protimb.utils._sklearn_compat import HasMethods, Interval, StrOptions

# What a string stands for, as in LabelFidelityFilter(classifier="network").
CLASSIFIERS = {"knn": KNNTermClassifier, "network": GOTermClassifier}

# Odds are kept within about 1 to 100: a classifier that says never or always has not seen all.
_DOUBT = 0.01

# Rows scored at a time: probabilities of all terms are wide.
_BLOCK = 1024


class LabelFidelityFilter(BaseFilter):
    """Keep generated rows whose own labels a classifier of real rows believes.

    A classifier is trained on real rows in folds and asked how much the vector of each held-out
    row speaks for the labels of that row. What nearly all of them reach, a generated row has to
    reach under the classifier of all real rows. As in :class:`CosineFilter` a row is judged by
    its rarest term, which has a threshold of its own.

    A row's score is the belief in its labels, in mean bits of evidence a term: 0 for a vector that
    says nothing; NaN for a row of zero length, and for one without a term that tells real rows
    apart.

    Parameters
    ----------
    classifier : {"knn", "network"} or classifier, default="knn"
        Judges the rows: cosine neighbours, a network (which takes ``cv + 1`` trainings), or any
        object with ``fit`` on indicators and ``predict_proba``.
    quantile : float, default=0.2
        Share of held-out real rows that the threshold may lose.
    cv : int, default=5
        Folds; fewer where there are fewer rows.
    shrinkage : float, default=20
        Held-out rows that a term's own threshold needs to weigh as much as the pooled one.
    random_state : int, RandomState instance or None, default=None
        Which rows make a fold, and the classifier's seed if it has one that is None.

    Attributes
    ----------
    classifier_ : classifier
        Fitted on all real rows.
    thresholds_ : ndarray of shape (n_terms,)
        Belief, in bits, that a row judged by the term has to reach; NaN for terms without members.
    n_members_ : ndarray of int, shape (n_terms,)
        Real rows of each term, rows of zero length left out.
    information_ : ndarray of shape (n_terms,)
        How much each term weighs: bits, the rarer the more; 0 for terms of all rows or none.
    n_features_in_ : int
        Width of ``X``.

    See Also
    --------
    CosineFilter : Asks whether a row is near other members, not whether it could be of others.
    FilterChain : Asks both.
    protimb.metrics.label_consistency : The same question of all rows together.

    Notes
    -----
    ``fit`` needs one term that some rows carry and others do not.

    The belief in a row's labels is the weight of evidence of its vector, log2 of the odds of
    each term against its odds among all real rows, averaged over the row's terms with weights
    of their information. A term with as many rows as there are, or none, has no say.

    A classifier need not doubt what is far from all that it knows, so of Gaussian noise more passes
    than of wrong labels: chain it with :class:`CosineFilter`, or see :class:`CriticFilter`. Shares
    of human proteins, of noise and of wrong labels that it keeps are in
    ``docs/experiments/filters.md``.

    Of more than 20,000 rows as many are rated, those of rare terms first, by classifiers of all the
    others.

    The classifier knows what is in ``X``, so the filter favours generated rows that are like
    what it has seen. Use real rows that the generator did not see to measure a generator.

    References
    ----------
    I. J. Good, "Weight of evidence: a brief survey", Bayesian Statistics 2, 249-270, 1985.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.filters import LabelFidelityFilter
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(np.eye(2, dtype=np.uint8), 40, axis=0)
    >>> X = 2 * y @ np.array([[1, 1, 1, 1], [1, -1, 1, -1]]) + rng.normal(size=(80, 4))
    >>> quality = LabelFidelityFilter(random_state=0).fit(X, y)
    >>> quality.select([[2, 2, 2, 2], [2, 2, 2, 2]], [[1, 0], [0, 1]])
    array([ True, False])
    """

    _parameter_constraints: ClassVar[dict] = {
        "classifier": [StrOptions(set(CLASSIFIERS)), HasMethods(["fit", "predict_proba"])],
        "quantile": [Interval(Real, 0, 1, closed="both")],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "shrinkage": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(self, *, classifier="knn", quantile=0.2, cv=5, shrinkage=20, random_state=None):
        self.classifier = classifier
        self.quantile = quantile
        self.cv = cv
        self.shrinkage = shrinkage
        self.random_state = random_state

    def _fit(self, X, indicator):
        directed = X.any(axis=1)
        warn_undefined(~directed, "real rows have zero length and are not learned from")
        X, indicator = keep_rows(directed, X, indicator)
        self._count(indicator)
        rng = check_random_state(self.random_state)
        judge = self._unfitted_judge(rng)
        terms = rarest_terms(indicator, self.n_members_)
        held_out = self._held_out_beliefs(judge, X, indicator, rows_to_ask(terms), rng)
        by_term = group_by_term(held_out, terms, len(self.n_members_))
        self.thresholds_ = learn_thresholds(by_term, self.n_members_, self.quantile, self.shrinkage)
        self.classifier_ = self._fitted(judge, X, indicator)

    def _score(self, X_new, claims):
        undefined = ~X_new.any(axis=1)
        warn_undefined(undefined, "generated rows have zero length and cannot be rated")
        belief = self._believe(self.classifier_, X_new, claims)
        belief[undefined] = np.nan
        return belief

    def _threshold(self, claims):
        # Rows without a term (-1) read some threshold here; their NaN reaches none.
        return self.thresholds_[rarest_terms(claims, self.n_members_)]

    def _count(self, indicator):
        n_rows = indicator.shape[0]
        self.n_members_ = indicator.sum(axis=0, dtype=np.int64)
        known = check_some_tell_apart(self.n_members_, n_rows)
        share = (self.n_members_ + 1) / (n_rows + 2)
        self.information_ = np.where(known, -np.log2(share), 0)
        self._prior = share

    def _unfitted_judge(self, rng):
        judge = resolve(self.classifier, CLASSIFIERS, type(self).__name__, "classifier")
        return seeded(judge, rng)

    def _held_out_beliefs(self, judge, X, indicator, asked, rng):
        """Rate real rows by a classifier that has not seen them: (n_rows,), NaN for the others."""
        belief = np.full(len(X), np.nan)
        folds = KFold(min(self.cv, len(X)), shuffle=True, random_state=rng)
        for seen, held_out in folds.split(X):
            rated = np.intersect1d(held_out, asked, assume_unique=True)
            if len(rated):
                # Without a name, so that no two of them are held at a time.
                belief[rated] = self._believe(
                    self._fitted(judge, X[seen], indicator[seen], own=True),
                    X[rated],
                    indicator[rated],
                )
        return belief

    def _fitted(self, judge, X, indicator, *, own=False):
        takes_sparse = isinstance(judge, BaseTermClassifier)
        return fit_judge(judge, X, indicator, takes_sparse=takes_sparse, own=own)

    def _believe(self, judge, X, claims):
        belief = [
            self._believe_block(judge, X[block], claims[block])
            for block in gen_batches(len(X), _BLOCK)
        ]
        return np.concatenate(belief)

    def _believe_block(self, judge, X, claims):
        probabilities = judge_terms(judge, X, len(self.n_members_))
        rows, terms = claims.nonzero()  # only what a row claims matters: few of all terms
        probability, prior = probabilities[rows, terms].astype(float), self._prior[terms]
        odds = (probability + _DOUBT * prior) / (1 - probability + _DOUBT)
        bits = self.information_[terms] * np.log2(odds * (1 - prior) / prior)
        total = np.bincount(rows, bits, minlength=len(X))
        weight = claims @ self.information_
        return np.where(weight > 0, total / np.where(weight > 0, weight, 1), np.nan)
