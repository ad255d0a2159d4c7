"""Classifiers that give every protein a probability for every term."""

from protimb.classification._alignment import AlignmentTermClassifier
from protimb.classification._knn import KNNTermClassifier
from protimb.classification._label_attention import LabelAttentionClassifier
from protimb.classification._mlp import GOTermClassifier
from protimb.classification._prototype import PrototypeTermClassifier
from protimb.classification._resampled import ResampledClassifier
from protimb.classification._tale import TALEClassifier

__all__ = [
    "AlignmentTermClassifier",
    "GOTermClassifier",
    "KNNTermClassifier",
    "LabelAttentionClassifier",
    "PrototypeTermClassifier",
    "ResampledClassifier",
    "TALEClassifier",
]
