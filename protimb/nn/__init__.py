"""Networks: layers whose every random draw comes from a generator that the caller owns."""

from protimb.nn._layers import SeededDropout, seeded_linear

__all__ = ["SeededDropout", "seeded_linear"]
