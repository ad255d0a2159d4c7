"""Counts of many proteins to one curve, under the three ways in which CAFA's evaluator averages."""

import numpy as np

from protimb.metrics._thresholds import harmonic_mean
from protimb.metrics._validation import ratio

# By what precision, recall and everything else are divided: the proteins with a prediction at the
# threshold, or all that have a true term.
NORMS = {
    "cafa": ("predicted", "true", "true"),
    "pred": ("predicted", "predicted", "predicted"),
    "gt": ("true", "true", "true"),
}


def threshold_curve(counts, norm="cafa"):
    """Average ThresholdCounts into {column: (n_thresholds,)}."""
    n_predicted = (counts.predicted > 0).sum(axis=0).astype(float)
    proteins = {"predicted": n_predicted, "true": np.full_like(n_predicted, len(counts.true))}
    by_precision, by_recall, by_rest = (proteins[name] for name in NORMS[norm])
    precision = ratio(ratio(counts.correct, counts.predicted).sum(axis=0), by_precision)
    recall = ratio(ratio(counts.correct, counts.true).sum(axis=0), by_recall)
    correct, predicted = counts.correct.sum(axis=0), counts.predicted.sum(axis=0)
    true = np.full_like(correct, counts.true.sum())
    wrong, missed = ratio(predicted - correct, by_rest), ratio(true - correct, by_rest)
    micro = ratio(correct, predicted), ratio(correct, true)
    return {
        "n_predicted": n_predicted,
        "precision": precision,
        "recall": recall,
        "f": harmonic_mean(precision, recall),
        "coverage": ratio(n_predicted, proteins["true"]),  # under every norm
        "misinformation": wrong,
        "remaining_uncertainty": missed,
        "s": np.hypot(wrong, missed),
        "micro_precision": micro[0],
        "micro_recall": micro[1],
        "micro_f": harmonic_mean(*micro),
    }
