"""Repair label rows that were made: a term brings its ancestors along."""

import numpy as np
from scipy import sparse

from protimb.exceptions import InvalidLabelsError
from protimb.utils._validation import a_few


def find_closure(ontology, terms, columns):
    """Give who is above whom among the columns of a target.

    Parameters
    ----------
    ontology : GeneOntology or None
    terms : sequence of str or None
        Names of the columns; ``columns`` if None.
    columns : list of length n_terms
        Names or numbers of the columns, as read.

    Returns
    -------
    closure : csr_array of int32, shape (n_terms, n_terms), or None
        1 where the column's term is the row's or an ancestor of it; None without an ontology.

    Raises
    ------
    InvalidLabelsError
        If the columns have no names, or another number of them.
    UnknownTermError
        If the ontology does not know a name.
    """
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
            "as a DataFrame with one column a term, or name them with terms=."
        )
    return sparse.csr_array(ontology.closure(names)).astype(np.int32)


def close_rows(labels, closure):
    """Add to label rows the ancestors of what they have.

    Parameters
    ----------
    labels : csr_array of uint8, shape (n_rows, n_terms)
    closure : csr_array of int32, shape (n_terms, n_terms), or None
        From :func:`find_closure`; None changes nothing.

    Returns
    -------
    closed : csr_array of uint8, shape (n_rows, n_terms)
    changed : ndarray of bool, shape (n_rows,)
        Rows that were not closed before.
    """
    if closure is None:
        return labels, np.zeros(labels.shape[0], dtype=bool)
    closed = (labels.astype(np.int32) @ closure).astype(bool).astype(np.uint8)
    closed.sort_indices()
    return closed, np.diff(closed.indptr) > np.diff(labels.indptr)
