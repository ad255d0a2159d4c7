"""Classifiers that give every protein a probability for every term."""

from protimb.classification._alignment import AlignmentTermClassifier
from protimb.classification._knn import KNNTermClassifier
from protimb.classification._mlp import GOTermClassifier
from protimb.classification._prototype import PrototypeTermClassifier
from protimb.classification._resampled import ResampledClassifier

__all__ = [
    "AlignmentTermClassifier",
    "GOTermClassifier",
    "KNNTermClassifier",
    "PrototypeTermClassifier",
    "ResampledClassifier",
]
