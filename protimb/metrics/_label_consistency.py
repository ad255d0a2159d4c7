"""Whether generated rows fit the labels they claim better than the labels of other rows."""

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler, normalize
from sklearn.utils import check_consistent_length, check_random_state, gen_batches

from protimb.exceptions import InvalidLabelsError
from protimb.utils._alignment import align_columns, check_same_order, column_names
from protimb.utils._judge import fit_judge, judge_terms
from protimb.utils._labelsets import number_labelsets
from protimb.utils._validation import check_indicator, check_vectors

# Terms that are scored at a time, for labels and scores of all would be dense; and rows.
_TERMS, _ROWS = 128, 4096

# A spread of scores that is nothing but rounding, beside the largest; fits that tie.
_ROUNDING, _TIE = 1e-6, 1e-9


@dataclass(frozen=True)
class LabelConsistency:
    """How often rows fit their own labels best, against rows whose labels were shuffled.

    Attributes
    ----------
    score : float
        Mean chance, from 0 to 1, that a row fits its own labels better than another row's.
    control : float
        The same with labels shuffled between rows: about 0.5.
    difference : float
        ``score - control``; about 0 for a generator that ignores its condition.
    lower, upper : float
        Bootstrap interval of the difference over rows.
    n_rows : int
        Rows that were judged.
    n_left_out : int
        Rows none of whose terms tells real rows apart.
    """

    score: float
    control: float
    difference: float
    lower: float
    upper: float
    n_rows: int
    n_left_out: int


def label_consistency(
    X_new,
    y_new,
    X_real,
    y_real,
    *,
    classifier=None,
    n_contenders=200,
    n_resamples=1000,
    level=0.95,
    random_state=0,
):
    """Ask a classifier of real rows whether generated rows match their own labels best.

    Pass real rows that the generator never saw: a classifier trained on them cannot repeat what
    the generator remembers. Its scores say how well each row fits each term; a row matches its
    labels if these fit it better than the labels of other generated rows do. The same figure
    under shuffled labels is the control that a generator has to beat.

    Parameters
    ----------
    X_new : array of shape (n_new, n_features)
        Generated vectors.
    y_new : array or sparse of shape (n_new, n_terms)
        Binary indicators that they were generated for.
    X_real : array of shape (n_real, n_features)
        Held-out real vectors, to train the classifier on.
    y_real : array or sparse of shape (n_real, n_terms)
        Their binary indicators.
    classifier : scikit-learn classifier or regressor, optional
        Cloned; takes indicators in ``fit`` and scores each term by ``predict_proba``,
        ``decision_function`` or ``predict``. Ridge regression on standardized features if None.
    n_contenders : int, default=200
        Label rows of other generated rows that each row's own labels are compared with.
    n_resamples : int, default=1000
        Bootstrap resamples of the generated rows.
    level : float, default=0.95
        Share of the resamples inside the interval.
    random_state : int, RandomState instance or None, default=0
        Contenders, shuffling and resamples.

    Returns
    -------
    consistency : LabelConsistency
        ``score``, ``control``, ``difference``, ``lower``, ``upper``, ``n_rows``, ``n_left_out``.

    Raises
    ------
    InvalidLabelsError
        If labels are not binary, differ in width, or no row claims a term that tells real rows
        apart.
    ValueError
        If lengths differ, or vectors hold NaN or infinite values.

    See Also
    --------
    protimb.filters.LabelFidelityFilter : Rejects single rows by the same question.
    two_sample_score : Asks whether rows look real, whatever their labels.

    Notes
    -----
    The scores of a term are standardized over the generated rows, and a row's fit to a set of
    labels is their mean weighted by how rare each term is among real rows (in bits): sharing the
    root of an ontology says nothing. Labels equal to a row's own count half. If all rows claim
    the same labels nothing can be told, and both figures are 0.5.

    Real rows do not reach 1 either: with a quarter of the sequence clusters of the human
    molecular functions held out, real proteins match their labels at 0.75, those with a term of
    fewer than 50 training proteins at 0.83. Measure yours for the ceiling.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.metrics import label_consistency
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(np.eye(2, dtype=int), 40, axis=0)
    >>> X_real, X_new = (3 * y + rng.normal(size=(80, 2)) for _ in range(2))
    >>> found = label_consistency(X_new, y, X_real, y)
    >>> bool(found.score > 0.7), bool(found.lower > 0)
    (True, True)
    """
    X_new = align_columns(X_new, column_names(X_real), "X_new", "those of X_real")
    y_new = align_columns(y_new, column_names(y_real), "y_new", "those of y_real")
    X_new, claims = _read_rows(X_new, y_new, "y_new")
    X_real, indicator = _read_rows(X_real, y_real, "y_real")
    bits = _check_same_terms(claims, indicator)
    rated = np.flatnonzero(claims @ bits > 0)
    if not len(rated):
        raise InvalidLabelsError(
            "No generated row claims a term that some, but not all, rows of y_real carry."
        )
    rng = check_random_state(random_state)
    contest = _Contest(claims[rated], bits, n_contenders, rng)
    for terms, scores in _term_scores(classifier, X_real, indicator, X_new, rated):
        contest.add(terms, scores)
    own, shuffled = contest.wins()
    lower, upper = _bootstrap(own - shuffled, n_resamples, level, rng)
    score, control = float(own.mean()), float(shuffled.mean())
    n_left_out = len(X_new) - len(rated)
    return LabelConsistency(score, control, score - control, lower, upper, len(rated), n_left_out)


class _Contest:
    """Which of two label rows fits a row better, by standardized scores, some terms at a time."""

    def __init__(self, claims, bits, n_contenders, rng):
        n_rows = claims.shape[0]  # claims: (n_rows, n_terms), bits: (n_terms,)
        # Each label row sums to 1.
        self.weights = normalize(claims * bits, norm="l1").tocsc()
        self.labelset = number_labelsets(claims)
        self.others = rng.choice(n_rows, size=min(n_contenders, n_rows), replace=False)
        self.shuffled = rng.permutation(n_rows)  # whose labels each row claims in the control
        self.fit, self.fit_shuffled = np.zeros((2, n_rows))  # of own and of others' labels
        self.against = np.zeros((n_rows, len(self.others)))  # of contenders' labels

    def add(self, terms, scores):
        """Add what scores, (n_rows, n_some), of some terms say of all label rows; change them."""
        spread, largest = scores.std(axis=0), np.abs(scores).max(axis=0, initial=0)
        scores -= scores.mean(axis=0)
        scores *= np.divide(
            1, spread, out=np.zeros_like(spread), where=spread > _ROUNDING * largest
        )
        weights = self.weights[:, terms].tocsr()
        contenders = weights[self.others]
        for rows in gen_batches(len(scores), _ROWS):
            self.against[rows] += (contenders @ scores[rows].T).T
        self.fit += _sum_of_products(weights, scores)
        self.fit_shuffled += _sum_of_products(weights[self.shuffled], scores)

    def wins(self):
        """Give each row's own labels, then shuffled ones: the share of contenders they beat."""
        n_rows = len(self.fit)
        own, shuffled = np.empty((2, n_rows))
        for rows in gen_batches(n_rows, _ROWS):
            own[rows] = self._beaten(rows, self.labelset[rows], self.fit[rows])
            claimed = self.labelset[self.shuffled[rows]]
            shuffled[rows] = self._beaten(rows, claimed, self.fit_shuffled[rows])
        return own, shuffled

    def _beaten(self, rows, labelset, fit):
        against, fit = self.against[rows], fit[:, None]
        same = labelset[:, None] == self.labelset[self.others]
        better, worse = fit > against + _TIE, fit < against - _TIE
        return np.where(same, 0.5, 0.5 + 0.5 * better - 0.5 * worse).mean(axis=1)


def _sum_of_products(weights, fits):
    """Sum sparse weights times fits over terms: (n_rows,)."""
    return np.asarray(weights.multiply(fits).sum(axis=1)).ravel()


def _read_rows(X, y, name):
    check_same_order(**{name.replace("y", "X"): X, name: y})
    X, (indicator, _) = check_vectors(X), check_indicator(y, name)
    check_consistent_length(X, indicator)
    return X, indicator


def _check_same_terms(claims, indicator):
    """Return the information of each term among real rows; 0 where it tells none apart."""
    if claims.shape[1] != indicator.shape[1]:
        raise InvalidLabelsError(
            f"y_new has {claims.shape[1]} terms but y_real has {indicator.shape[1]}. Pass the same "
            "columns in the same order."
        )
    share = indicator.sum(axis=0, dtype=float) / indicator.shape[0]
    return -np.log2(np.where(share > 0, share, 1))


def _term_scores(classifier, X_real, indicator, X_new, rated):
    """Yield terms, a slice, and their scores of rated rows, float (n_rated, n_some)."""
    n_terms = indicator.shape[1]
    if classifier is not None:  # it may learn of one term from another
        judge = fit_judge(classifier, X_real, indicator)
        yield slice(n_terms), judge_terms(judge, X_new[rated], n_terms).astype(float)
        return
    scaler = StandardScaler().fit(X_real)
    X_real = scaler.transform(X_real)
    # As many pseudo-rows as features: enough to fit a few hundred rows of wide vectors.
    judge = Ridge(alpha=X_real.shape[1], copy_X=False)
    for terms in gen_batches(n_terms, _TERMS):
        judge.fit(X_real, indicator[:, terms].toarray())
        scores = np.empty((len(rated), terms.stop - terms.start))
        for rows in gen_batches(len(rated), _ROWS):
            scaled = scaler.transform(X_new[rated[rows]])
            scores[rows] = judge.predict(scaled).reshape(len(scaled), -1)
        yield terms, scores


def _bootstrap(differences, n_resamples, level, rng):
    n_rows = len(differences)
    means = [differences[rng.randint(n_rows, size=n_rows)].mean() for _ in range(n_resamples)]
    tail = (1 - level) / 2
    return tuple(float(bound) for bound in np.quantile(means, [tail, 1 - tail]))
