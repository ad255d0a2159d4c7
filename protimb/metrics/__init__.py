"""Honest figures: Fmax and Smin, order, decisions, calibration, imbalance, fidelity of rows."""

from protimb.metrics._between import BetweenData, between_data
from protimb.metrics._bootstrap import Evaluation, draw_proteins, evaluate, paired_difference
from protimb.metrics._cafa import fmax_curve, fmax_score, smin_curve, smin_score
from protimb.metrics._calibration import (
    brier_skill_score,
    expected_calibration_error,
    prevalence_ratio,
)
from protimb.metrics._concurrence import scumble_per_label, scumble_per_row, scumble_score
from protimb.metrics._decisions import decisions_by_frequency, decisions_by_term
from protimb.metrics._fidelity import TwoSampleScore, frechet_distance, two_sample_score
from protimb.metrics._imbalance import (
    imbalance_ratio_per_label,
    imbalance_ratio_variation,
    imbalance_report,
    imbalance_summary,
    label_cardinality,
    label_density,
    labelset_counts,
    mean_imbalance_ratio,
)
from protimb.metrics._label_consistency import LabelConsistency, label_consistency
from protimb.metrics._ranking import (
    FREQUENCY_BINS,
    average_precision_by_frequency,
    term_average_precision,
)
from protimb.metrics._report import classification_report_imbalanced

__all__ = [
    "FREQUENCY_BINS",
    "BetweenData",
    "Evaluation",
    "LabelConsistency",
    "TwoSampleScore",
    "average_precision_by_frequency",
    "between_data",
    "brier_skill_score",
    "classification_report_imbalanced",
    "decisions_by_frequency",
    "decisions_by_term",
    "draw_proteins",
    "evaluate",
    "expected_calibration_error",
    "fmax_curve",
    "fmax_score",
    "frechet_distance",
    "imbalance_ratio_per_label",
    "imbalance_ratio_variation",
    "imbalance_report",
    "imbalance_summary",
    "label_cardinality",
    "label_consistency",
    "label_density",
    "labelset_counts",
    "mean_imbalance_ratio",
    "paired_difference",
    "prevalence_ratio",
    "scumble_per_label",
    "scumble_per_row",
    "scumble_score",
    "smin_curve",
    "smin_score",
    "term_average_precision",
    "two_sample_score",
]
