"""All figures of one prediction with bootstrap intervals over proteins, and paired differences."""

import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from protimb.metrics._calibration import PooledCells, weighted_brier_skill
from protimb.metrics._decisions import DecisionCounts, check_cuts
from protimb.metrics._ranking import FREQUENCY_BINS, bin_members, weighted_average_precision
from protimb.metrics._thresholds import ThresholdCounts, best_f, least_distance
from protimb.metrics._validation import check_term_values, check_truth_and_scores
from protimb.utils._alignment import align_values, column_names


def evaluate(
    y_true,
    y_score,
    *,
    n_train,
    information_accretion=None,
    bins=FREQUENCY_BINS,
    n_resamples=1000,
    random_state=0,
    draws=None,
    n_unpredicted=None,
    cuts=None,
):
    """Compute Fmax, Smin and, by frequency, order, decisions and calibration, with resamples.

    A bootstrap draws as many proteins as there are, with replacement, and computes every figure
    anew. The same ``random_state`` draws the same proteins, so the resamples of two predictions
    of one test set can be subtracted row by row: what made both good or bad cancels out.

    Parameters
    ----------
    y_true : array or sparse of shape (n_proteins, n_terms)
        Binary indicators of the test proteins, closed under the ontology.
    y_score : array of shape (n_proteins, n_terms)
        Scores in [0, 1].
    n_train : array of shape (n_terms,)
        Real training proteins of each term.
    information_accretion : array of shape (n_terms,), optional
        Bits of each term; without it there is no Smin.
    bins : dict of str to (low, high)
        Bins of training proteins.
    n_resamples : int
        Bootstrap resamples; 0 for the point estimates alone.
    random_state : int, RandomState instance or None
        Which proteins are drawn.
    draws : array of shape (n_proteins, n_resamples), optional
        How often each resample draws each protein, in place of ``n_resamples`` and
        ``random_state``. Test sets that share proteins, as those of several splits do, get
        their rows of one `draw_proteins`: what they share then varies together.
    n_unpredicted : array of int, shape (n_proteins,), optional
        True terms of each protein that have no column, because they are too rare to learn. With
        it there is a second Fmax, ``fmax_all``, in which they are missed.
    cuts : float or array of shape (n_terms,), optional
        Scores that predict a term, as they were tuned elsewhere than on these proteins. With
        them decisions are judged at these cuts too, beside 0.5.

    Returns
    -------
    evaluation : Evaluation

    Raises
    ------
    InvalidLabelsError
        If ``y_true`` is not binary or holds no true term.
    ValueError
        If shapes differ, values are out of range, or a cut is NaN.

    See Also
    --------
    paired_difference : Compare two evaluations.
    average_precision_by_frequency, decisions_by_frequency : Point estimates alone.
    brier_skill_score : By term, of which each bin has the mean.
    expected_calibration_error, prevalence_ratio : Of all cells of a bin's terms.

    Notes
    -----
    A term whose positives were not drawn is left out of that resample's means; its cells stay in
    the calibration error and in the prevalence ratio, as nothing is known only of its order.
    Edges of the calibration error's bins are those of all proteins in every resample.

    Intervals tell what another draw of test proteins would change; another seed of the model is
    not in them.
    Proteins are drawn one by one, so relatives in the test set make intervals too narrow.

    References
    ----------
    .. [1] B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7,
       1979. doi:10.1214/aos/1176344552

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.metrics import evaluate
    >>> rng = np.random.default_rng(0)
    >>> y = (rng.random((40, 3)) < 0.4).astype(int)
    >>> score = np.clip(0.6 * y + 0.6 * rng.random((40, 3)), 0, 1)
    >>> evaluation = evaluate(y, score, n_train=[5, 30, 300], n_resamples=50)
    >>> evaluation.interval().loc["fmax"].between(0.8, 1.0).tolist()
    [True, True]
    """
    truth, score = check_truth_and_scores(y_true, y_score)
    n_train = check_term_values(n_train, truth.shape[1], "n_train", y_true)
    members = bin_members(n_train, bins)
    if draws is None:
        draws = draw_proteins(len(truth), n_resamples, random_state)
    draws = _check_draws(draws, len(truth))
    n_unpredicted = _check_unpredicted(n_unpredicted, len(truth))

    bits = align_values(information_accretion, column_names(y_true), "information_accretion")
    counts = _count_by_threshold(truth, score, bits, n_unpredicted)
    decisions = _decide(truth, score, cuts, y_true)
    pools = {n: PooledCells.from_scores(truth, score, terms) for n, terms in members.items()}

    def measure(weights):
        columns = _cafa_columns(counts, weights)
        for figure, values in _figures_by_term(truth, score, decisions, weights):
            columns |= _mean_columns(figure, values, members)
        return pd.DataFrame(columns | _pooled_columns(pools, weights))

    n_terms, n_left_out = _count_terms(truth, members)
    return Evaluation(
        point=measure(np.ones((len(truth), 1))).iloc[0].rename("point"),
        resamples=measure(draws),
        n_terms=n_terms,
        n_left_out=n_left_out,
        fingerprint=zlib.crc32(draws.tobytes(), _checksum(truth, n_unpredicted)),
    )


@dataclass(frozen=True)
class Evaluation:
    """Figures of one prediction, and the same figures on resampled proteins.

    Attributes
    ----------
    point : Series
        ``fmax``, ``fmax_all`` (where unpredicted terms were given), ``smin`` (where bits were),
        then for all terms (``AP all``) and for each bin (``AP <bin>``) the macro means ``AP``,
        ``F1@.5``, ``precision@.5``, ``recall@.5``, ``F1@cut``, ``precision@cut``, ``recall@cut``
        (where cuts were given) and ``Brier skill``, and, over the bin's pooled cells, ``ECE``
        (ten bins of equal mass) and ``prevalence ratio`` (predicted over true).
    resamples : DataFrame of shape (n_resamples, n_figures)
        The same columns; NaN where a resample drew no positive of any term of a bin.
    n_terms, n_left_out : Series
        Terms evaluated and terms without a positive among the proteins, by bin.
    fingerprint : int
        Checksum of truth and draws: equal for evaluations that can be paired.
    """

    point: pd.Series
    resamples: pd.DataFrame
    n_terms: pd.Series
    n_left_out: pd.Series
    fingerprint: int

    def interval(self, level=0.95):
        """Take the interval of every figure from the spread of its resamples.

        Parameters
        ----------
        level : float
            Share of the resamples inside.

        Returns
        -------
        interval : DataFrame of shape (n_figures, 2)
            Columns ``lower`` and ``upper``.

        Notes
        -----
        A protein drawn twice is its own company at the top of a ranking, which lifts the
        average precision of rare terms in nearly every resample. The resamples are therefore
        moved until their mean is the point estimate; their percentiles are the interval.
        """
        return _percentiles(self.point, self.resamples, level)


def paired_difference(first, second, level=0.95):
    """Subtract two evaluations of the same proteins, resample by resample.

    Parameters
    ----------
    first, second : Evaluation
        Of the same truth and draws, that is with the same ``random_state`` and ``n_resamples``.
    level : float
        Share of the resamples inside the interval.

    Returns
    -------
    difference : DataFrame of shape (n_figures, 3)
        Columns ``estimate`` (first minus second), ``lower`` and ``upper``. An interval without 0
        says that the two differ by more than the choice of test proteins explains.

    Raises
    ------
    ValueError
        If the two were not computed on the same truth, draws and figures.

    See Also
    --------
    evaluate : Makes an evaluation.

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.metrics import evaluate, paired_difference
    >>> y = np.eye(6, 2)
    >>> good, flat = (evaluate(y, s, n_train=[9, 9], n_resamples=9) for s in (y, 0.5 + 0 * y))
    >>> round(float(paired_difference(good, flat).loc["AP all", "estimate"]), 3)
    0.833
    """
    figures = list(first.point.index), list(second.point.index)
    if first.fingerprint != second.fingerprint or figures[0] != figures[1]:
        raise ValueError(
            "The two evaluations cannot be paired: they differ in truth, in the proteins drawn "
            f"or in their figures ({figures[0]} against {figures[1]}). Call evaluate with the "
            "same y_true, random_state, n_resamples, bins and information_accretion for both."
        )
    estimate = first.point - second.point
    interval = _percentiles(estimate, first.resamples - second.resamples, level)
    interval.insert(0, "estimate", estimate)
    return interval


def draw_proteins(n_proteins, n_resamples=1000, random_state=0):
    """Count how often each resample of a bootstrap draws each protein.

    Parameters
    ----------
    n_proteins : int
        Proteins to draw from, with replacement; each resample draws as many.
    n_resamples : int
    random_state : int, RandomState instance or None

    Returns
    -------
    draws : ndarray of float32, shape (n_proteins, n_resamples)

    See Also
    --------
    evaluate : Takes them.

    Examples
    --------
    >>> from protimb.metrics import draw_proteins
    >>> draw_proteins(5, n_resamples=3).sum(axis=0)
    array([5., 5., 5.], dtype=float32)
    """
    rng = check_random_state(random_state)
    counts = rng.multinomial(n_proteins, np.full(n_proteins, 1 / n_proteins), size=n_resamples)
    # Sums of counts stay far below 2**24, so that float32 holds them exactly.
    return np.ascontiguousarray(counts.T, dtype=np.float32)


def _check_draws(draws, n_proteins):
    draws = np.ascontiguousarray(draws, dtype=np.float32)
    if draws.ndim != 2 or len(draws) != n_proteins or not (draws >= 0).all():
        raise ValueError(
            f"draws must hold a row of counts for each of the {n_proteins} proteins; its shape "
            f"is {draws.shape}."
        )
    return draws


def _check_unpredicted(n_unpredicted, n_proteins):
    if n_unpredicted is None:
        return None
    counts = np.asarray(n_unpredicted)
    if counts.shape != (n_proteins,) or counts.dtype.kind not in "iu" or (counts < 0).any():
        raise ValueError(
            f"n_unpredicted must hold a count of terms for each of the {n_proteins} proteins; it "
            f"is {counts.dtype} of shape {counts.shape}."
        )
    return counts


def _checksum(truth, n_unpredicted):
    checksum = zlib.crc32(np.packbits(truth).tobytes())
    return checksum if n_unpredicted is None else zlib.crc32(n_unpredicted.tobytes(), checksum)


def _count_by_threshold(truth, score, information_accretion, n_unpredicted):
    if n_unpredicted is None:
        counts = {"fmax": ThresholdCounts.from_scores(truth, score)}
    else:
        every = ThresholdCounts.from_scores(truth, score, n_unpredicted=n_unpredicted)
        counts = {"fmax": every.forget(n_unpredicted), "fmax_all": every}
    if information_accretion is not None:
        counts["smin"] = ThresholdCounts.from_scores(truth, score, None, information_accretion)
    return counts


def _cafa_columns(counts, weights):
    found = {n: one.precision_recall(weights) for n, one in counts.items() if n != "smin"}
    columns = {name: best_f(precision, recall) for name, (precision, recall, _) in found.items()}
    if "smin" in counts:
        columns["smin"] = least_distance(*counts["smin"].uncertainty_misinformation(weights))
    return columns


def _decide(truth, score, cuts, y_true):
    """Decide at 0.5 and at the tuned cuts, if any: {suffix of the figure: DecisionCounts}."""
    given = {"@.5": 0.5} | ({} if cuts is None else {"@cut": cuts})
    checked = {suffix: check_cuts(one, truth.shape[1], y_true) for suffix, one in given.items()}
    return {suffix: DecisionCounts.from_scores(truth, score, c) for suffix, c in checked.items()}


def _figures_by_term(truth, score, decisions, weights):
    """Yield the name of each figure of single terms, and its values (n_terms, n_columns)."""
    yield "AP", weighted_average_precision(truth, score, weights)
    for suffix, counts in decisions.items():
        for name, values in counts.figures(weights).items():
            yield f"{name}{suffix}", values
    yield "Brier skill", weighted_brier_skill(truth, score, weights)


def _mean_columns(figure, values, members):
    """Average values (n_terms, n_columns) over the terms of each bin: {"<figure> <bin>": mean}."""
    return {f"{figure} {name}": _mean_of_defined(values[t]) for name, t in members.items()}


def _pooled_columns(pools, weights):
    errors = {f"ECE {name}": pool.calibration_error(weights) for name, pool in pools.items()}
    ratios = {
        f"prevalence ratio {name}": pool.prevalence_ratio(weights) for name, pool in pools.items()
    }
    return errors | ratios


def _mean_of_defined(values):
    defined = ~np.isnan(values)
    n_defined = defined.sum(axis=0)
    total = values.sum(axis=0, where=defined, dtype=float)
    return np.where(n_defined > 0, total / np.maximum(n_defined, 1), np.nan)


def _count_terms(truth, members):
    evaluated = truth.any(axis=0)
    n_terms = {name: int((evaluated & terms).sum()) for name, terms in members.items()}
    n_left_out = {name: int((~evaluated & terms).sum()) for name, terms in members.items()}
    return pd.Series(n_terms, name="n_terms"), pd.Series(n_left_out, name="n_left_out")


def _percentiles(point, resamples, level):
    tail = (1 - level) / 2
    centred = resamples - resamples.mean() + point
    return centred.quantile([tail, 1 - tail]).set_axis(["lower", "upper"]).T
