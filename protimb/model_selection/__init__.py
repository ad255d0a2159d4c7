"""Splits into training and test proteins, by sequence cluster."""

from protimb.model_selection._split import split_by_cluster

__all__ = ["split_by_cluster"]
