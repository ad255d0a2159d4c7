"""Networks: backbones that build them, and layers that draw from the caller's generator."""

from protimb.nn._backbones import BACKBONES, BaseBackbone, ConditionalNetwork, MLPBackbone
from protimb.nn._conditioning import MultiHotCondition
from protimb.nn._layers import PiecewiseLinear, SeededDropout, SeededNoise, seeded_linear

__all__ = [
    "BACKBONES",
    "BaseBackbone",
    "ConditionalNetwork",
    "MLPBackbone",
    "MultiHotCondition",
    "PiecewiseLinear",
    "SeededDropout",
    "SeededNoise",
    "seeded_linear",
]
