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
from protimb.metrics._discrepancy import maximum_mean_discrepancy
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
from protimb.metrics._manifold import (
    AlphaBeta,
    ClosestRecords,
    ManifoldOverlap,
    alpha_precision_beta_recall,
    closest_records,
    precision_recall_density_coverage,
)
from protimb.metrics._membership import MembershipInference, membership_inference
from protimb.metrics._property_base import BaseProperty
from protimb.metrics._quality_report import PROPERTIES, quality_report
from protimb.metrics._quality_result import QualityReport
from protimb.metrics._ranking import (
    FREQUENCY_BINS,
    average_precision_by_frequency,
    term_average_precision,
)
from protimb.metrics._reduce import ReducedFeatures, reduce_features
from protimb.metrics._report import classification_report_imbalanced

__all__ = [
    "FREQUENCY_BINS",
    "PROPERTIES",
    "AlphaBeta",
    "BaseProperty",
    "BetweenData",
    "ClosestRecords",
    "Evaluation",
    "LabelConsistency",
    "ManifoldOverlap",
    "MembershipInference",
    "QualityReport",
    "ReducedFeatures",
    "TwoSampleScore",
    "alpha_precision_beta_recall",
    "average_precision_by_frequency",
    "between_data",
    "brier_skill_score",
    "classification_report_imbalanced",
    "closest_records",
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
    "maximum_mean_discrepancy",
    "mean_imbalance_ratio",
    "membership_inference",
    "paired_difference",
    "precision_recall_density_coverage",
    "prevalence_ratio",
    "quality_report",
    "reduce_features",
    "scumble_per_label",
    "scumble_per_row",
    "scumble_score",
    "smin_curve",
    "smin_score",
    "term_average_precision",
    "two_sample_score",
]
