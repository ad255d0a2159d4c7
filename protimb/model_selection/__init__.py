"""Splits into training and test rows: by sequence cluster, by terms, or by both."""

from protimb.model_selection._iterative import (
    IterativeStratifiedGroupKFold,
    IterativeStratifiedKFold,
    split_by_term,
)
from protimb.model_selection._split import split_by_cluster

__all__ = [
    "IterativeStratifiedGroupKFold",
    "IterativeStratifiedKFold",
    "split_by_cluster",
    "split_by_term",
]
