"""Files of predictions held against the truth, as CAFA does: Fmax, Smin, coverage by namespace."""

from protimb.evaluation._evaluate import evaluate_predictions
from protimb.evaluation._result import PredictionEvaluation

__all__ = ["PredictionEvaluation", "evaluate_predictions"]
