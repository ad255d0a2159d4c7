"""The CAFA measures of protein function prediction: protein-centric Fmax and Smin."""

import numpy as np
import pandas as pd

from protimb.metrics._thresholds import ThresholdCounts, best_f, harmonic_mean, least_distance
from protimb.metrics._validation import check_protein_weights


def fmax_score(y_true, y_score, *, information_accretion=None, thresholds=None, sample_weight=None):
    """Compute the protein-centric Fmax of CAFA.

    At every threshold precision is averaged over the proteins with at least one prediction,
    recall over all proteins with a true term; Fmax is the best harmonic mean of the two.

    Parameters
    ----------
    y_true : array or sparse of shape (n_proteins, n_terms)
        Binary indicators, closed under the ontology (every ancestor of a true term is true).
    y_score : array of shape (n_proteins, n_terms)
        Scores in [0, 1], closed likewise (no parent scores below its child).
    information_accretion : array of shape (n_terms,), optional
        Bits that each term adds to its parents; finite and not negative. With it, precision and
        recall count bits and not terms: the weighted Fmax by which CAFA has ranked since its
        fifth edition. A Series is matched to named columns.
    thresholds : array of shape (n_thresholds,), optional
        Increasing; a term is predicted where its score reaches the threshold. By default 0.01,
        0.02, ..., 0.99, as cafaeval does.
    sample_weight : array of shape (n_proteins,), optional
        Non-negative weight of each protein.

    Returns
    -------
    fmax : float
        Between 0 and 1; higher is better.

    Raises
    ------
    InvalidLabelsError
        If ``y_true`` is not binary or holds no true term.
    ValueError
        If shapes differ, a score is NaN or outside [0, 1], or an information accretion is NaN,
        infinite or negative.

    See Also
    --------
    fmax_curve : Precision and recall at every threshold.
    smin_score : What is missed and what is wrong, in bits.
    protimb.ontology.read_information_accretion : Reads the bits that CAFA publishes.

    Notes
    -----
    Proteins without any true term are left out, predictions and all: cafaeval never sees them,
    because they are absent from its ground-truth file. Leave the roots of the ontology out of
    the columns, or they inflate the figure: every protein has them.

    Terms of 0 bits are invisible to the weighted Fmax: a protein with no other prediction does
    not enter the mean precision, and one with no other true term has recall 0.

    References
    ----------
    .. [1] P. Radivojac et al., "A large-scale evaluation of computational protein function
       prediction", Nature Methods 10, 2013. doi:10.1038/nmeth.2340
    .. [2] Y. Jiang et al., "An expanded evaluation of protein function prediction methods shows
       an improvement in accuracy", Genome Biology 17, 2016. doi:10.1186/s13059-016-1037-6

    Examples
    --------
    Two proteins; at 0.5 the first has precision 1 and recall 1/2, the second 1/2 and 1.

    >>> from protimb.metrics import fmax_score
    >>> fmax_score([[1, 1, 0], [0, 1, 0]], [[0.9, 0.0, 0.0], [0.0, 0.6, 0.6]])
    0.75

    A protein with terms of 1 and 3 bits, of which the lesser is found: recall is 1/4, and 1/2
    where terms count alike.

    >>> fmax_score([[1, 1]], [[0.9, 0.0]], information_accretion=[1.0, 3.0])
    0.4
    """
    counts = ThresholdCounts.from_scores(y_true, y_score, thresholds, information_accretion)
    weights = check_protein_weights(sample_weight, len(counts.known), y_true)
    precision, recall, _ = counts.precision_recall(weights[:, None])
    return float(best_f(precision, recall)[0])


def fmax_curve(y_true, y_score, *, information_accretion=None, thresholds=None, sample_weight=None):
    """Compute precision, recall and their harmonic mean at every threshold.

    Parameters
    ----------
    y_true, y_score, information_accretion, thresholds, sample_weight
        As for :func:`fmax_score`.

    Returns
    -------
    curve : DataFrame of shape (n_thresholds, 4)
        Indexed by ``threshold``; columns ``precision``, ``recall``, ``f`` and ``coverage``, the
        share of proteins with at least one prediction (of more than 0 bits, where terms weigh).

    Raises
    ------
    InvalidLabelsError, ValueError
        As for :func:`fmax_score`.

    See Also
    --------
    fmax_score : The maximum of column ``f``.

    Examples
    --------
    >>> from protimb.metrics import fmax_curve
    >>> fmax_curve([[1, 1], [0, 1]], [[0.8, 0.4], [0.0, 0.4]], thresholds=[0.4, 0.8])
               precision  recall    f  coverage
    threshold
    0.4              1.0    1.00  1.0       1.0
    0.8              1.0    0.25  0.4       0.5
    """
    counts = ThresholdCounts.from_scores(y_true, y_score, thresholds, information_accretion)
    weights = check_protein_weights(sample_weight, len(counts.known), y_true)
    precision, recall, coverage = counts.precision_recall(weights[:, None])
    columns = {"precision": precision, "recall": recall, "f": harmonic_mean(precision, recall)}
    return _curve(columns | {"coverage": coverage}, counts.thresholds)


def smin_score(y_true, y_score, information_accretion, *, thresholds=None, sample_weight=None):
    """Compute the minimum semantic distance Smin of CAFA.

    Each term counts by its information accretion, in bits. What a protein has and the
    prediction misses is its remaining uncertainty; what is predicted and wrong is
    misinformation. Smin is the shortest distance from the origin to the curve of the two.

    Parameters
    ----------
    y_true : array or sparse of shape (n_proteins, n_terms)
        Binary indicators, closed under the ontology.
    y_score : array of shape (n_proteins, n_terms)
        Scores in [0, 1], closed likewise.
    information_accretion : array of shape (n_terms,)
        Bits that each term adds to its parents; finite and not negative.
    thresholds : array of shape (n_thresholds,), optional
        As for :func:`fmax_score`.
    sample_weight : array of shape (n_proteins,), optional
        Non-negative weight of each protein.

    Returns
    -------
    smin : float
        In bits; lower is better, 0 is perfect.

    Raises
    ------
    InvalidLabelsError
        If ``y_true`` is not binary or holds no true term.
    ValueError
        If shapes differ, a score is NaN or outside [0, 1], or an information accretion is NaN,
        infinite or negative.

    See Also
    --------
    smin_curve : Remaining uncertainty and misinformation at every threshold.
    fmax_score : Counts every term alike.

    Notes
    -----
    As in cafaeval, thresholds at which no protein at all has a prediction are not candidates:
    saying nothing would otherwise be a hard model to beat. Where no threshold has one, Smin is
    the mean information content of the truth.

    References
    ----------
    .. [1] W. T. Clark and P. Radivojac, "Information-theoretic evaluation of predicted ontological
       annotations", Bioinformatics 29, 2013. doi:10.1093/bioinformatics/btt228

    Examples
    --------
    One protein with terms worth 3 and 4 bits, of which the prediction finds the first.

    >>> from protimb.metrics import smin_score
    >>> smin_score([[1, 1]], [[0.9, 0.0]], [3.0, 4.0])
    4.0
    """
    counts = ThresholdCounts.from_scores(y_true, y_score, thresholds, information_accretion)
    weights = check_protein_weights(sample_weight, len(counts.known), y_true)
    return float(least_distance(*counts.uncertainty_misinformation(weights[:, None]))[0])


def smin_curve(y_true, y_score, information_accretion, *, thresholds=None, sample_weight=None):
    """Compute remaining uncertainty and misinformation at every threshold.

    Parameters
    ----------
    y_true, y_score, information_accretion, thresholds, sample_weight
        As for :func:`smin_score`.

    Returns
    -------
    curve : DataFrame of shape (n_thresholds, 4)
        Indexed by ``threshold``; columns ``remaining_uncertainty``, ``misinformation`` and their
        Euclidean norm ``s``, in bits a protein, and ``coverage``.

    Raises
    ------
    InvalidLabelsError, ValueError
        As for :func:`smin_score`.

    See Also
    --------
    smin_score : The minimum of column ``s``.

    Examples
    --------
    >>> from protimb.metrics import smin_curve
    >>> smin_curve([[1, 1, 0]], [[0.9, 0.0, 0.5]], [3.0, 4.0, 3.0], thresholds=[0.5, 0.9])
               remaining_uncertainty  misinformation    s  coverage
    threshold
    0.5                          4.0             3.0  5.0       1.0
    0.9                          4.0             0.0  4.0       1.0
    """
    counts = ThresholdCounts.from_scores(y_true, y_score, thresholds, information_accretion)
    weights = check_protein_weights(sample_weight, len(counts.known), y_true)
    missed, wrong, coverage = counts.uncertainty_misinformation(weights[:, None])
    columns = {"remaining_uncertainty": missed, "misinformation": wrong}
    columns |= {"s": np.hypot(missed, wrong), "coverage": coverage}
    return _curve(columns, counts.thresholds)


def _curve(columns, thresholds):
    index = pd.Index(thresholds, name="threshold")
    return pd.DataFrame({name: values[:, 0] for name, values in columns.items()}, index=index)
