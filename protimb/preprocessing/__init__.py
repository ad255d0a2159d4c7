"""Transformers of protein vectors that learn from terms, and of terms known elsewhere."""

from protimb.preprocessing._annotations import AnnotationVectorizer
from protimb.preprocessing._whitening import WithinTermWhitening

__all__ = ["AnnotationVectorizer", "WithinTermWhitening"]
