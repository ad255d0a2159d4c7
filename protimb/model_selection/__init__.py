"""Splits into training and test rows: by cluster, by terms, by both, at random, or by date."""

from protimb.model_selection._iterative import (
    IterativeStratifiedGroupKFold,
    IterativeStratifiedKFold,
    split_by_term,
)
from protimb.model_selection._split import split_at_random, split_by_cluster, split_by_date

__all__ = [
    "IterativeStratifiedGroupKFold",
    "IterativeStratifiedKFold",
    "split_at_random",
    "split_by_cluster",
    "split_by_date",
    "split_by_term",
]
