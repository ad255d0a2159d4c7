"""Samplers that add rows for rare terms."""

from protimb.over_sampling._cgan import CGANSampler
from protimb.over_sampling._labelwise import LabelwiseSampler
from protimb.over_sampling._lpros import LPROS
from protimb.over_sampling._mlros import MLROS
from protimb.over_sampling._mlsmote import MLSMOTE
from protimb.over_sampling._mlsol import MLSOL
from protimb.over_sampling._random import RandomLabelsetOverSampler
from protimb.over_sampling._remedial import REMEDIAL

__all__ = [
    "LPROS",
    "MLROS",
    "MLSMOTE",
    "MLSOL",
    "REMEDIAL",
    "CGANSampler",
    "LabelwiseSampler",
    "RandomLabelsetOverSampler",
]
