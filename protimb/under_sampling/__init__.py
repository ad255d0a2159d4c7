"""Samplers that remove rows of frequent terms, and never one of a rare term."""

from protimb.under_sampling._base import BaseMultilabelCleaner, BaseMultilabelUnderSampler
from protimb.under_sampling._cleaning import MLTL, MLeNN
from protimb.under_sampling._random import LPRUS, MLRUS

__all__ = [
    "LPRUS",
    "MLRUS",
    "MLTL",
    "BaseMultilabelCleaner",
    "BaseMultilabelUnderSampler",
    "MLeNN",
]
