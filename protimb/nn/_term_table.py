"""The table of term vectors that a network keeps: no gaps, centred, of unit variance."""

import numpy as np
import torch

from protimb.exceptions import TermVectorError
from protimb.utils._validation import a_few


def term_table(term_vectors, n_terms, missing, owner):
    """Check term vectors, fill gaps, centre and scale: a Tensor (n_terms, n_dims) float32."""
    vectors = _checked(term_vectors, n_terms, owner)
    known = ~np.isnan(vectors).all(axis=1)  # NaN throughout marks a term without a vector
    _check_values(vectors, known, owner)
    mean = vectors[known].mean(axis=0)
    if not known.all():
        vectors[~known] = MISSING_POLICIES[missing](mean, np.flatnonzero(~known), owner)
    vectors -= mean
    spread = vectors[known].std()
    return torch.from_numpy((vectors / (spread if spread > 0 else 1.0)).astype(np.float32))


def _checked(term_vectors, n_terms, owner):
    if term_vectors is None:
        raise TermVectorError(
            f"{owner} describes labels by vectors of their terms and was given none. Pass "
            "term_vectors, such as those of protimb.ontology.TermVectorizer."
        )
    vectors = np.array(term_vectors, dtype=np.float64)
    if vectors.ndim != 2 or len(vectors) != n_terms or not vectors.shape[1]:
        raise TermVectorError(
            f"{owner} needs one vector a term, an array of shape ({n_terms}, n_dims), and got "
            f"shape {vectors.shape}. Align them with the columns by align_term_vectors."
        )
    return vectors


def _check_values(vectors, known, owner):
    if not known.any():
        raise TermVectorError(f"{owner}: no term has a vector, all rows of term_vectors are NaN.")
    bad = np.flatnonzero(known & ~np.isfinite(vectors).all(axis=1))
    if len(bad):
        raise TermVectorError(
            f"{owner}: term_vectors hold NaN or infinity in {len(bad)} row(s): {a_few(bad)}. "
            "Only a row that is NaN throughout means a term without a vector."
        )


def _refuse(mean, columns, owner):
    raise TermVectorError(
        f"{owner}: {len(columns)} term(s) have no vector, columns {a_few(columns)} of y. Give "
        "them one, or choose what stands in for it: missing='mean' or missing='zero'."
    )


# policy -> what a term without a vector gets, given the mean of the known ones
MISSING_POLICIES = {
    "mean": lambda mean, columns, owner: mean,
    "zero": lambda mean, columns, owner: np.zeros_like(mean),
    "raise": _refuse,
}
