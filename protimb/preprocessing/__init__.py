"""Transformers of protein vectors that learn from the terms of the proteins."""

from protimb.preprocessing._whitening import WithinTermWhitening

__all__ = ["WithinTermWhitening"]
