"""The honest comparison behind ``protimb compare``: same split, same steps, paired intervals."""

from protimb.benchmark._arms import ARMS, MAIN_ARMS, Arm
from protimb.benchmark._compare import compare
from protimb.benchmark._comparison import Comparison
from protimb.benchmark._imbalance import Imbalance, describe_imbalance
from protimb.benchmark._run import CLASSIFIERS
from protimb.benchmark._split import split_by_cluster

__all__ = [
    "ARMS",
    "CLASSIFIERS",
    "MAIN_ARMS",
    "Arm",
    "Comparison",
    "Imbalance",
    "compare",
    "describe_imbalance",
    "split_by_cluster",
]
