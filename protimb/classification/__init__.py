"""Classifiers that give every protein a probability for every term."""

from protimb.classification._knn import KNNTermClassifier
from protimb.classification._mlp import GOTermClassifier

__all__ = ["GOTermClassifier", "KNNTermClassifier"]
