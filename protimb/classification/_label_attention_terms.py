"""Vectors of the terms that a classifier scores: found, centred, and of unit variance."""

import warnings
from dataclasses import dataclass

import numpy as np

from protimb.exceptions import InvalidLabelsError, TermVectorError, TermVectorWarning
from protimb.ontology import align_term_vectors, describe_terms
from protimb.utils._validation import a_few


@dataclass(frozen=True)
class TermSpace:
    """How term vectors are brought to the scale that a network reads."""

    mean: np.ndarray  # (n_dims,)
    scale: float

    @classmethod
    def of(cls, vectors):
        """Learn the scale from vectors (n_terms, n_dims), NaN where a term has none."""
        mean = np.nanmean(vectors, axis=0, dtype=np.float64)
        spread = float(np.nanstd(vectors - mean))
        return cls(np.asarray(mean), spread if spread > 0 else 1.0)

    def read(self, vectors):
        """Bring vectors (n_terms, n_dims) to scale, float32; a term without one is in the middle.

        A term without a vector keeps its place.
        """
        scaled = (vectors - self.mean) / self.scale
        return np.nan_to_num(scaled).astype(np.float32)

    def align(self, term_vectors):
        """Check vectors of new terms, and bring them to scale: (n_terms, n_dims)."""
        names = getattr(term_vectors, "index", term_vectors)
        if not hasattr(term_vectors, "keys"):  # a frame and a mapping have names, rows numbers
            names = range(len(term_vectors))
        if not len(names):
            raise TermVectorError("There are no term vectors.")
        vectors = align_term_vectors(term_vectors, list(names))
        if vectors.shape[1] != len(self.mean):
            raise TermVectorError(
                f"The vectors of these terms have {vectors.shape[1]} numbers, those that the "
                f"classifier was fitted with {len(self.mean)}. Make them in the same way."
            )
        return self.read(vectors)


def find_vectors(classifier, n_terms, rng):
    """Give a vector to each column: (n_terms, n_dims), NaN for columns without."""
    given, names = classifier.term_vectors, classifier.terms_
    if given is None and classifier.ontology is not None:
        given = describe_terms(classifier.ontology, names, n_components=classifier.n_components)
    if given is None:
        # Nothing is known of any term: all are equally far from each other.
        return rng.normal(size=(n_terms, classifier.n_components)).astype(np.float32)
    if names is None and hasattr(given, "keys"):
        raise InvalidLabelsError(
            "Term vectors need to know which term each column of y is: pass terms, or y as a "
            "DataFrame whose columns are GO ids."
        )
    with warnings.catch_warnings():
        # Missing is a vector only where there is no member either, which fit tells of.
        warnings.simplefilter("ignore", TermVectorWarning)
        return align_term_vectors(given, range(n_terms) if names is None else names)


def describe_lost(vectors, absent, names):
    """Say which absent terms, bool (n_terms,), have no vector to be scored by, or nothing."""
    lost = np.flatnonzero(absent & np.isnan(vectors).all(axis=1))
    if not len(lost):
        return None
    listed = a_few(lost if names is None else names[lost])
    return (
        f"{len(lost)} terms have neither a member nor a vector ({listed}): what is said of them is "
        "said of a term in the middle of all. Pass term_vectors that hold them, or leave their "
        "columns out."
    )
