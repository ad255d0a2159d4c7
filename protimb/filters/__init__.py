"""Quality control of generated rows: learned from real proteins, applied to generated ones."""

from protimb.filters._base import BaseFilter
from protimb.filters._chain import FILTERS, FilterChain
from protimb.filters._cosine import CosineFilter
from protimb.filters._fidelity import LabelFidelityFilter
from protimb.filters._memorisation import MemorisationFilter

__all__ = [
    "FILTERS",
    "BaseFilter",
    "CosineFilter",
    "FilterChain",
    "LabelFidelityFilter",
    "MemorisationFilter",
]
