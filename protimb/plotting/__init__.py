"""Figures as objects: each display holds numbers, and draws them when asked.

Every display is made by a classmethod ``from_...`` or from its numbers, has
``plot(ax=None)`` and keeps ``ax_`` and ``figure_`` afterwards, as scikit-learn's do.
matplotlib and umap are imported by the functions that need them.
"""

from protimb.plotting._bins import FrequencyBinDisplay
from protimb.plotting._comparison import ComparisonMapDisplay
from protimb.plotting._history import TrainingHistoryDisplay
from protimb.plotting._imbalance import LabelImbalanceDisplay
from protimb.plotting._map import EmbeddingMapDisplay
from protimb.plotting._neighbours import NeighborDisplay
from protimb.plotting._precision_recall import PrecisionRecallDisplay
from protimb.plotting._quality import QualityDisplay

__all__ = [
    "ComparisonMapDisplay",
    "EmbeddingMapDisplay",
    "FrequencyBinDisplay",
    "LabelImbalanceDisplay",
    "NeighborDisplay",
    "PrecisionRecallDisplay",
    "QualityDisplay",
    "TrainingHistoryDisplay",
]
