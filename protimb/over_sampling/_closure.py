"""Repair label rows that were made: a term brings its ancestors along."""

import numpy as np
from scipy import sparse

from protimb.exceptions import InvalidLabelsError
from protimb.utils._validation import a_few


def find_closure(ontology, terms, columns):
    """Mark each row's term and its ancestors: int32 csr (n_terms, n_terms); None, no ontology."""
    if ontology is None:
        return None
    names = columns if terms is None else list(terms)
    if len(names) != len(columns):
        raise InvalidLabelsError(
            f"terms names {len(names)} columns, but y has {len(columns)}. Name each column once."
        )
    if not all(isinstance(name, str) for name in names):
        raise InvalidLabelsError(
            f"ontology= needs the names of the terms; the columns of y are {a_few(names)}. Pass y "
            "as a DataFrame with one column a term; samplers that have terms= take names there."
        )
    return sparse.csr_array(ontology.closure(names)).astype(np.int32)


def close_rows(labels, closure):
    """Add ancestors to label rows, uint8 csr (n_rows, n_terms); say which lacked some, bool."""
    if closure is None:
        return labels, np.zeros(labels.shape[0], dtype=bool)
    closed = (labels.astype(np.int32) @ closure).astype(bool).astype(np.uint8)
    closed.sort_indices()
    return closed, np.diff(closed.indptr) > np.diff(labels.indptr)
