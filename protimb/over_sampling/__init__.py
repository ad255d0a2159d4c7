"""Samplers that add rows for rare terms."""

from protimb.over_sampling._cgan import CGANSampler
from protimb.over_sampling._labelwise import LabelwiseSampler
from protimb.over_sampling._random import RandomLabelsetOverSampler

__all__ = ["CGANSampler", "LabelwiseSampler", "RandomLabelsetOverSampler"]
