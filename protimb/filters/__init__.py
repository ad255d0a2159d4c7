"""Quality control of generated rows: learned from real proteins, applied to generated ones."""

from protimb.filters._base import BaseFilter
from protimb.filters._chain import FILTERS, FilterChain, StrictFilter
from protimb.filters._cosine import CosineFilter
from protimb.filters._critic import CriticFilter
from protimb.filters._fidelity import LabelFidelityFilter
from protimb.filters._intrusion import IntrusionFilter
from protimb.filters._memorisation import MemorisationFilter

__all__ = [
    "FILTERS",
    "BaseFilter",
    "CosineFilter",
    "CriticFilter",
    "FilterChain",
    "IntrusionFilter",
    "LabelFidelityFilter",
    "MemorisationFilter",
    "StrictFilter",
]
