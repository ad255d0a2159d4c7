"""Ensembles whose members each learn from rows that were balanced for them."""

from protimb.ensemble._bagging import MultilabelBalancedBagging

__all__ = ["MultilabelBalancedBagging"]
