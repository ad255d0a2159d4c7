"""Quality control of generated rows: learned from real proteins, applied to generated ones."""

from protimb.filters._cosine import CosineFilter

# What a string stands for, as in CGANSampler(quality_filter="cosine").
FILTERS = {"cosine": CosineFilter}

__all__ = ["FILTERS", "CosineFilter"]
