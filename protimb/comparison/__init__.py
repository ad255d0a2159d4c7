"""The honest comparison behind ``protimb compare``: same split, same steps, paired intervals."""

from protimb.comparison._arms import ARMS, MAIN_ARMS, Arm
from protimb.comparison._compare import compare
from protimb.comparison._comparison import Comparison
from protimb.comparison._imbalance import Imbalance, describe_imbalance
from protimb.comparison._run import CLASSIFIERS

__all__ = [
    "ARMS",
    "CLASSIFIERS",
    "MAIN_ARMS",
    "Arm",
    "Comparison",
    "Imbalance",
    "compare",
    "describe_imbalance",
]
