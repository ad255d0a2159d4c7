"""Decisions at a cut: precision, recall and F1 of each term, and their means by frequency."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils import gen_batches

from protimb.metrics._ranking import FREQUENCY_BINS, bin_members
from protimb.metrics._validation import (
    check_protein_weights,
    check_term_values,
    check_truth_and_scores,
    ratio,
)
from protimb.utils._alignment import align_values, column_names

# Cells that are decided at a time.
_CELLS_A_BLOCK = 2**22


def decisions_by_term(y_true, y_score, *, cuts=0.5, sample_weight=None):
    """Decide by a cut, and give precision, recall and F1 of each term.

    Average precision looks at the order of proteins alone. What a reader acts on is a decision: a
    term is predicted where its score reaches the cut. A method can change decisions much and the
    order not at all; a moved cut does the same for nothing.

    Parameters
    ----------
    y_true : array or sparse of shape (n_proteins, n_terms)
        Binary indicators.
    y_score : array of shape (n_proteins, n_terms)
        Finite scores.
    cuts : float or array of shape (n_terms,)
        Scores that predict a term, one for all or one each; ``inf`` predicts it for nobody. A
        Series is matched to named columns.
    sample_weight : array of shape (n_proteins,), optional
        Non-negative weight of each protein.

    Returns
    -------
    decisions : DataFrame of shape (n_terms, 6)
        Indexed by ``term`` (position where ``y_true`` has no names): ``n_true``, ``n_predicted``
        and ``n_correct`` proteins (sums of weights, where given), ``precision``, ``recall`` and
        ``F1``. All three are NaN for terms without a positive, and ``precision`` also where
        nothing is predicted; F1 is 0 there.

    Raises
    ------
    InvalidLabelsError
        If ``y_true`` is not binary.
    ValueError
        If shapes differ, a score is NaN or infinite, or a cut is NaN.

    See Also
    --------
    sklearn.metrics.precision_recall_fscore_support : Equal, where all three are defined.
    decisions_by_frequency : Means over terms of similar frequency.
    term_average_precision : The order alone, at every cut.

    References
    ----------
    .. [1] Y. Yang, "A study of thresholding strategies for text categorization", SIGIR 2001.
       doi:10.1145/383952.383975

    Examples
    --------
    >>> from protimb.metrics import decisions_by_term
    >>> y_true, y_score = [[1, 0], [1, 1], [0, 0]], [[0.9, 0.1], [0.2, 0.3], [0.6, 0.2]]
    >>> decisions_by_term(y_true, y_score, cuts=[0.5, 0.25])
          n_true  n_predicted  n_correct  precision  recall   F1
    term
    0        2.0          2.0        1.0        0.5     0.5  0.5
    1        1.0          1.0        1.0        1.0     1.0  1.0
    """
    truth, score = check_truth_and_scores(y_true, y_score)
    weights = check_protein_weights(sample_weight, len(truth), y_true)
    counts = DecisionCounts.from_scores(truth, score, check_cuts(cuts, truth.shape[1], y_true))
    sums = dict(zip(("n_true", "n_predicted", "n_correct"), counts.sums(weights), strict=True))
    figures = counts.figures(weights)
    columns = sums | {name: figures[name] for name in ("precision", "recall", "F1")}
    return pd.DataFrame(columns, index=column_names(y_true)).rename_axis("term")


def decisions_by_frequency(y_true, y_score, n_train, *, cuts=0.5, bins=FREQUENCY_BINS):
    """Average precision, recall and F1 at a cut over terms within bins of training frequency.

    Parameters
    ----------
    y_true : array or sparse of shape (n_proteins, n_terms)
        Binary indicators of the test proteins.
    y_score : array of shape (n_proteins, n_terms)
        Finite scores.
    n_train : array of shape (n_terms,)
        Real training proteins of each term.
    cuts : float or array of shape (n_terms,)
        Scores that predict a term, one for all or one each.
    bins : dict of str to (low, high)
        Terms with ``low <= n_train < high`` make the bin of that label.

    Returns
    -------
    table : DataFrame
        One row a bin, after one for all terms: ``n_terms`` with a positive, ``n_left_out``
        without, ``n_silent`` that have a positive but are predicted for nobody, and the means
        ``precision`` (over the terms that are predicted), ``recall`` and ``F1``; NaN in a bin
        without any.

    Raises
    ------
    InvalidLabelsError
        If ``y_true`` is not binary.
    ValueError
        If shapes differ, a score is NaN or infinite, or a cut is NaN.

    See Also
    --------
    decisions_by_term : The figures of single terms.
    average_precision_by_frequency : The same for the order of proteins.
    evaluate : All figures, with intervals.

    Notes
    -----
    The mean of F1 over terms is macro F1; it is not the harmonic mean of mean precision and mean
    recall. Precision alone flatters a method that predicts few terms: look at ``n_silent``.

    Examples
    --------
    >>> from protimb.metrics import decisions_by_frequency
    >>> y_true, y_score = [[1, 0], [1, 1], [0, 0]], [[0.9, 0.1], [0.2, 0.3], [0.6, 0.2]]
    >>> table = decisions_by_frequency(y_true, y_score, n_train=[300, 8])
    >>> table.loc[["all", "<20"], ["n_terms", "n_silent", "recall", "F1"]]
         n_terms  n_silent  recall    F1
    bin
    all        2         1    0.25  0.25
    <20        1         1    0.00  0.00
    """
    table = decisions_by_term(y_true, y_score, cuts=cuts)
    n_train = check_term_values(n_train, len(table), "n_train", y_true)
    rows = {name: _bin_row(table[terms]) for name, terms in bin_members(n_train, bins).items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("bin")


def _bin_row(table):
    judged = table["n_true"] > 0
    counts = {
        "n_terms": int(judged.sum()),
        "n_left_out": int((~judged).sum()),
        "n_silent": int((judged & (table["n_predicted"] == 0)).sum()),
    }
    return counts | table[["precision", "recall", "F1"]].mean().to_dict()


@dataclass(frozen=True)
class DecisionCounts:
    """Which proteins have each term, are predicted to, and both: to be summed by any weights."""

    true: sparse.csr_array  # (n_terms, n_proteins), as the other two
    predicted: sparse.csr_array
    correct: sparse.csr_array

    @classmethod
    def from_scores(cls, truth, score, cuts):
        """Compare score with cuts, (n_terms,); truth and score are (n_proteins, n_terms)."""
        cuts = np.broadcast_to(cuts, truth.shape[1])
        n_terms = max(1, _CELLS_A_BLOCK // max(1, len(truth)))
        parts = [
            _decide(truth[:, terms], score[:, terms] >= cuts[terms])
            for terms in gen_batches(max(1, len(cuts)), n_terms)
        ]
        return cls(*(sparse.vstack(one, format="csr") for one in zip(*parts, strict=True)))

    def sums(self, weights):
        """Sum weights (n_proteins, ...) over the true, predicted, correct: (n_terms, ...) each."""
        return self.true @ weights, self.predicted @ weights, self.correct @ weights

    def figures(self, weights):
        """Give F1, precision and recall, (n_terms, ...) each; NaN where one is undefined."""
        true, predicted, correct = self.sums(weights)
        judged = true > 0
        found = {
            "F1": (2 * correct, true + predicted, judged),
            "precision": (correct, predicted, judged & (predicted > 0)),
            "recall": (correct, true, judged),
        }
        return {name: np.where(on, ratio(a, b), np.nan) for name, (a, b, on) in found.items()}


def _decide(truth, predicted):
    """Turn blocks of truth and decisions, and of both, to csr (n_block_terms, n_proteins)."""
    members = (truth, predicted, truth & predicted)
    return [sparse.csr_array(one.T, dtype=np.float32) for one in members]


def check_cuts(cuts, n_terms, y_true=None):
    """Return cuts (n_terms,) from one number or one a term, which may be infinite but not NaN."""
    cuts = np.asarray(align_values(cuts, column_names(y_true), "cuts"), dtype=float)
    if cuts.shape not in ((), (n_terms,)) or np.isnan(cuts).any():
        raise ValueError(
            f"cuts must be one number, or one for each of the {n_terms} terms, and not NaN; its "
            f"shape is {cuts.shape}, with {np.isnan(cuts).sum()} NaN. A cut of inf predicts a "
            "term for nobody."
        )
    return np.broadcast_to(cuts, n_terms)
