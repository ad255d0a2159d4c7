"""Searches to pass where a number of neighbours is taken: among a sample, or by faiss."""

from protimb.neighbors._faiss import FaissNeighbors
from protimb.neighbors._sampled import SampledNeighbors

__all__ = ["FaissNeighbors", "SampledNeighbors"]
