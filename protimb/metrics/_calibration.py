"""Are probabilities right? Brier skill by term, calibration error and prevalence, pooled."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

from protimb.metrics._validation import (
    check_protein_weights,
    check_truth_and_scores,
    check_unit_interval,
    ratio,
)

N_BINS = 10  # of equal mass
CELLS_A_BLOCK = 2_000_000  # of squared errors made at a time, whatever the number of proteins
STRATEGIES = ("quantile", "uniform")


def brier_skill_score(y_true, y_score, *, sample_weight=None):
    """Compute by term how much better scores are than the term's own share of the proteins.

    One minus the mean squared error of the scores over that of a constant, the share of the
    proteins that have the term.

    Parameters
    ----------
    y_true : array or sparse of shape (n_proteins, n_terms)
        Binary indicators.
    y_score : array of shape (n_proteins, n_terms)
        Probabilities in [0, 1].
    sample_weight : array of shape (n_proteins,), optional
        Non-negative weight of each protein.

    Returns
    -------
    skill : ndarray of shape (n_terms,)
        1 where scores equal the truth, 0 where they are no better than the share, below 0 where
        they are worse, without bound; NaN for terms that no protein or every protein has.

    Raises
    ------
    InvalidLabelsError
        If ``y_true`` is not binary.
    ValueError
        If shapes differ, or a score is NaN or outside [0, 1].

    See Also
    --------
    sklearn.metrics.brier_score_loss : The squared error of one term.
    expected_calibration_error : Its part that no reordering of proteins could repair.

    Notes
    -----
    The constant knows the share among these very proteins, which no classifier does: a skill just
    below 0 is no blame. A few confident mistakes cost a rare term far more than 1.

    References
    ----------
    .. [1] G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly
       Weather Review 78, 1950. doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2
    .. [2] A. H. Murphy, "Skill scores based on the mean square error and their relationships to
       the correlation coefficient", Monthly Weather Review 116, 1988.
       doi:10.1175/1520-0493(1988)116<2417:SSBOTM>2.0.CO;2

    Examples
    --------
    >>> from protimb.metrics import brier_skill_score
    >>> brier_skill_score([[1, 0], [0, 1]], [[1.0, 0.5], [0.0, 0.5]])
    array([1., 0.])
    """
    truth, score = _check_probabilities(y_true, y_score)
    weights = check_protein_weights(sample_weight, len(truth), y_true)
    return weighted_brier_skill(truth, score, weights[:, None])[:, 0]


def expected_calibration_error(
    y_true, y_score, *, n_bins=N_BINS, strategy="quantile", sample_weight=None
):
    """Compute how far mean scores are from the share of true cells, over bins of scores.

    All cells of all terms are pooled, because a rare term has too few positives for bins of its
    own: pass the columns that the error is to be about.

    Parameters
    ----------
    y_true : array or sparse of shape (n_proteins, n_terms)
        Binary indicators.
    y_score : array of shape (n_proteins, n_terms)
        Probabilities in [0, 1].
    n_bins : int
        Bins of scores.
    strategy : {"quantile", "uniform"}
        Bins of equal mass, that is with as many cells each, or of equal width. Nearly all scores
        of rare terms are near 0, hence in one bin of equal width. Equal scores share a bin.
    sample_weight : array of shape (n_proteins,), optional
        Non-negative weight of each protein; edges of bins do not look at it.

    Returns
    -------
    error : float
        Mean over the cells of the absolute gap of their bin; 0 is perfect. NaN where nothing
        weighs anything.

    Raises
    ------
    InvalidLabelsError
        If ``y_true`` is not binary.
    ValueError
        If shapes differ, a score is NaN or outside [0, 1], or there is no such strategy.

    See Also
    --------
    sklearn.calibration.calibration_curve : The bins themselves, in the same edges.
    prevalence_ratio : Too many or too few, in one ratio.
    brier_skill_score : Calibration and order in one figure.

    Notes
    -----
    The error is of the size of the terms' frequency: .002 is much where one cell in a thousand is
    true. Chance alone makes it more than 0, and more so on few proteins.

    References
    ----------
    .. [1] M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities
       using Bayesian binning", AAAI 2015. doi:10.1609/aaai.v29i1.9602

    Examples
    --------
    Both cells of the upper bin score 0.8, and one of them is true.

    >>> from protimb.metrics import expected_calibration_error
    >>> y_true, y_score = [[0], [0], [1], [0]], [[0.0], [0.0], [0.8], [0.8]]
    >>> round(expected_calibration_error(y_true, y_score, n_bins=2), 3)
    0.15
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy must be one of {', '.join(STRATEGIES)}; got {strategy!r}.")
    if n_bins < 1:
        raise ValueError(f"n_bins must be at least 1, got {n_bins}.")
    truth, score = _check_probabilities(y_true, y_score)
    weights = check_protein_weights(sample_weight, len(truth), y_true)
    pooled = PooledCells.from_scores(truth, score, n_bins=n_bins, strategy=strategy)
    return float(pooled.calibration_error(weights[:, None])[0])


def prevalence_ratio(y_true, y_score, *, sample_weight=None):
    """Divide the number of true cells that scores foretell by the number that there are.

    Weighted losses and generated rows make rare terms look frequent: the ratio says how much.

    Parameters
    ----------
    y_true : array or sparse of shape (n_proteins, n_terms)
        Binary indicators; pass the columns that the ratio is to be about.
    y_score : array of shape (n_proteins, n_terms)
        Probabilities in [0, 1].
    sample_weight : array of shape (n_proteins,), optional
        Non-negative weight of each protein.

    Returns
    -------
    ratio : float
        1 where scores sum up to the truth, above 1 where they promise too much; NaN without a
        true cell.

    Raises
    ------
    InvalidLabelsError
        If ``y_true`` is not binary.
    ValueError
        If shapes differ, or a score is NaN or outside [0, 1].

    See Also
    --------
    expected_calibration_error : Also sees errors that cancel out in the sum.

    References
    ----------
    .. [1] A. Dal Pozzolo et al., "Calibrating probability with undersampling for unbalanced
       classification", IEEE SSCI 2015. doi:10.1109/SSCI.2015.33

    Examples
    --------
    >>> from protimb.metrics import prevalence_ratio
    >>> prevalence_ratio([[1], [0], [0], [0]], [[0.5], [0.5], [0.5], [0.5]])
    2.0
    """
    truth, score = _check_probabilities(y_true, y_score)
    weights = check_protein_weights(sample_weight, len(truth), y_true)
    return float(PooledCells.from_scores(truth, score).prevalence_ratio(weights[:, None])[0])


def weighted_brier_skill(truth, score, weights):
    """Compute the skill of each term under each weighting: (n_terms, n_columns)."""
    total = weights.sum(axis=0)
    squares = [
        _squared_errors(truth[:, terms], score[:, terms], weights.dtype).T @ weights
        for terms in _term_blocks(*truth.shape)
    ]
    share = ratio(sparse.csr_array(truth.T, dtype=weights.dtype) @ weights, total)
    constant = share * (1 - share)  # its mean squared error
    error = ratio(np.concatenate(squares), total)
    return np.where(constant > 0, 1 - ratio(error, constant), np.nan)


@dataclass(frozen=True)
class PooledCells:
    """Cells of several terms in one pool: sums by protein, to be weighted."""

    n_terms: int
    gaps: np.ndarray  # (n_proteins, n_bins): score minus truth, summed over the cells of a bin
    predicted: np.ndarray  # (n_proteins,): sums of scores
    true: np.ndarray  # (n_proteins,): terms that each has

    @classmethod
    def from_scores(cls, truth, score, terms=None, n_bins=N_BINS, strategy="quantile"):
        """Sort cells of terms, (n_terms,) bool, into bins and sum them by protein.

        Arrays are (n_proteins, n_terms).
        """
        terms = np.ones(truth.shape[1], dtype=bool) if terms is None else terms
        edges = _edges(score, terms, n_bins, strategy).astype(score.dtype)
        blocks = _blocks_of_cells(truth, terms), _blocks_of_cells(score, terms)
        parts = [_sums(true, scored, edges) for true, scored in zip(*blocks, strict=True)]
        gaps, predicted, true = (np.concatenate(sums) for sums in zip(*parts, strict=True))
        return cls(int(terms.sum()), gaps, predicted, true)

    def calibration_error(self, weights):
        """Average the absolute gaps, (n_columns,), under weights (n_proteins, n_columns)."""
        weights = weights.astype(float)
        n_cells = self.n_terms * weights.sum(axis=0)
        return _undefined_at_0(np.abs(self.gaps.T @ weights).sum(axis=0), n_cells)

    def prevalence_ratio(self, weights):
        """Divide sums of scores by sums of truths, (n_columns,)."""
        return _undefined_at_0(self.predicted @ weights, self.true @ weights)


def _check_probabilities(y_true, y_score):
    truth, score = check_truth_and_scores(y_true, y_score)
    check_unit_interval(score)
    return truth, score


def _term_blocks(n_proteins, n_terms):
    """Slice terms so that a block of their columns has a bounded number of cells."""
    size = max(1, CELLS_A_BLOCK // max(n_proteins, 1))
    return [slice(start, start + size) for start in range(0, n_terms, size)]


def _squared_errors(truth, score, dtype):
    return np.square(score.astype(dtype) - truth)


def _edges(score, terms, n_bins, strategy):
    """Give the n_bins - 1 inner edges, as sklearn's calibration_curve has them."""
    inner = np.linspace(0, 1, n_bins + 1)[1:-1]
    if strategy == "uniform" or not (len(score) and terms.any()):
        return inner
    return _quantiles(lambda: map(np.ravel, _blocks_of_cells(score, terms)), inner)


def _blocks_of_cells(score, terms):
    """Yield some rows, (n_some, n_kept), of terms, (n_terms,) bool, at a time; one at least."""
    n_rows = max(1, CELLS_A_BLOCK // max(1, len(terms)))
    for rows in gen_batches(max(1, len(score)), n_rows):
        # compress keeps the rows contiguous, which indexing by a mask does not.
        yield score[rows].compress(terms, axis=1)


def _quantiles(blocks, shares):
    """Give quantiles, as numpy does, of what ``blocks()`` yields, numbers from 0 on, none copied.

    Those are counted by their leading bits, and only they are sorted that lie where a quantile is.
    """
    counts = np.zeros(2**15, dtype=np.int64)
    for one in blocks():
        counts += np.bincount(_leading_bits(one), minlength=len(counts))
    place = np.asarray(shares) * (counts.sum() - 1)
    below = np.floor(place).astype(np.int64)
    either = np.stack([below, np.minimum(below + 1, counts.sum() - 1)])
    ends = counts.cumsum()
    bins = np.searchsorted(ends, either, side="right")
    is_near = np.isin(np.arange(len(counts)), bins)
    near = np.sort(np.concatenate([one[is_near[_leading_bits(one)]] for one in blocks()]))
    n_left_out = np.where(is_near, 0, counts).cumsum()
    one, other = near[either - n_left_out[bins]].astype(float)
    return one + (other - one) * (place - below)


def _leading_bits(numbers):
    """Sort numbers from 0 on into 2^15 bins, of ascending numbers, by their first 16 bits."""
    return (numbers.astype(np.float32, copy=False) + np.float32(0)).view(np.int32) >> 16  # no -0


def _sums(truth, score, edges):
    """Sum score minus truth, (n_proteins, n_bins), in each bin; scores; truths, (n_proteins,)."""
    gaps = _gaps_by_bin(truth, score, edges)
    return gaps, score.sum(axis=1, dtype=float), truth.sum(axis=1, dtype=float)


def _gaps_by_bin(truth, score, edges):
    shape = len(score), len(edges) + 1
    reached = np.zeros(score.shape, dtype=np.int16)
    for edge in edges:  # a few passes, far quicker than a search a cell
        reached += score > edge
    cells = reached + shape[1] * np.arange(shape[0])[:, None]
    gaps = np.bincount(cells.ravel(), (score - truth).ravel(), minlength=shape[0] * shape[1])
    return gaps.reshape(shape)


def _undefined_at_0(part, whole):
    return np.where(whole > 0, ratio(part, whole), np.nan)
