"""Propagation along the ontology: indicators as sparse products, scores as row maxima."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

from protimb.exceptions import AnnotationError
from protimb.ontology._lookup import look_up
from protimb.ontology._order import reachable
from protimb.utils._alignment import align_columns

# Scores that are propagated at a time, 8 to 16 MiB.
_CELLS_A_BLOCK = 2**21


def propagate_indicators(direct, ontology):
    """Propagate CSR of bool (n_proteins, len(ontology)), columns as ontology.terms."""
    used = np.flatnonzero(direct.sum(axis=0))
    return (direct[:, used] @ reach(ontology, used)).astype(bool)


def direct_indicators(annotations, ontology, unknown="warn"):
    """Cut sets of ids into CSR of bool (n_proteins, len(ontology)), and a TermLookup."""
    values = annotations.values() if isinstance(annotations, Mapping) else annotations
    term_sets = [_as_terms(terms) for terms in values]
    ids = [term for terms in term_sets for term in terms]
    lookup = look_up(ids, ontology, unknown)
    rows = np.repeat(np.arange(len(term_sets)), [len(terms) for terms in term_sets])
    known = lookup.columns >= 0
    shape = (len(term_sets), len(ontology))
    return indicator(rows[known], lookup.columns[known], shape), lookup


def frequent_terms(propagated, ontology, min_proteins=1, max_proteins=None):
    """List, by id, the terms with min_proteins to max_proteins; no roots, nor absent terms."""
    counts = propagated.sum(axis=0, dtype=np.int64).A1
    upper = np.inf if max_proteins is None else max_proteins
    # A root is on every protein of its namespace and tells nothing; nor does an absent term.
    keep = (counts >= max(min_proteins, 1)) & (counts <= upper)
    return sorted(set(np.array(ontology.terms, dtype=object)[keep]) - set(ontology.roots))


def count_left_out(propagated, ontology, terms):
    """Count each protein's terms outside `terms`, roots aside: (n_proteins,)."""
    everything = cut_columns(propagated, ontology, frequent_terms(propagated, ontology))
    kept = cut_columns(propagated, ontology, terms)
    return (everything.sum(axis=1, dtype=np.int64) - kept.sum(axis=1, dtype=np.int64)).A1


def cut_columns(propagated, ontology, terms):
    """Return the columns of some terms, in their order, of CSR (n_proteins, len(ontology))."""
    columns = np.array([ontology._rank[term] for term in terms], dtype=np.int64)
    return propagated[:, columns].astype(np.uint8)


def indicator(rows, columns, shape):
    """Build a CSR matrix of bool that is True at the given places, named once or more often."""
    matrix = sparse.csr_matrix((np.ones(len(rows), dtype=bool), (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    return matrix


def propagate_sets(ontology, annotations, unknown):
    """Do the work of ``GeneOntology.propagate``."""
    direct, _ = direct_indicators(annotations, ontology, unknown)
    closed = propagate_indicators(direct, ontology)
    terms = np.array(ontology.terms, dtype=object)
    propagated = [frozenset(terms[closed.indices[a:b]]) for a, b in pairwise(closed.indptr)]
    if isinstance(annotations, Mapping):
        return dict(zip(annotations, propagated, strict=True))
    return propagated


def propagate_scores(ontology, scores, terms, out=None):
    """Do the work of ``GeneOntology.propagate_scores``; ``out`` may be the scores themselves."""
    scores = np.asarray(align_columns(scores, terms, "scores", "terms", relabel=True))
    if scores.ndim != 2 or scores.shape[1] != len(terms):
        raise ValueError(
            f"scores has shape {scores.shape}, but {len(terms)} terms were given: "
            "it needs one column a term."
        )
    # Children precede parents, so one pass reaches the root.
    steps = [(c, p) for c, above in nearest_ancestors(ontology, terms) for p in above]
    propagated = np.empty(scores.shape, dtype=scores.dtype) if out is None else out
    for rows in gen_batches(max(1, len(scores)), max(1, _CELLS_A_BLOCK // max(1, len(terms)))):
        by_term = np.array(scores[rows].T, order="C")  # (n_terms, n_block): contiguous by term
        for child, parent in steps:
            np.maximum(by_term[parent], by_term[child], out=by_term[parent])
        propagated[rows] = by_term.T
    return propagated


def nearest_ancestors(ontology, terms):
    """List (position of a term, positions of its nearest ancestors among terms), children first.

    A parent that is not among ``terms`` is bridged: its own nearest ancestors stand in for it.
    """
    position = {ontology.resolve(term): i for i, term in enumerate(terms)}
    if len(position) < len(terms):
        raise ValueError("Some terms are named twice, or by two ids. Name each column once.")
    involved = sorted(reachable(position, ontology.parents) | set(position), key=ontology._rank.get)
    nearest: dict[str, set[int]] = {}
    for term in reversed(involved):
        above = ontology.parents[term]
        nearest[term] = set().union(
            *({position[p]} if p in position else nearest[p] for p in above)
        )
    return [(position[t], tuple(sorted(nearest[t]))) for t in involved if t in position]


def edges_among(ontology, terms):
    """Pair columns of terms with those of nearest ancestors: (n_edges, 2), child first."""
    nearest = nearest_ancestors(ontology, terms)
    pairs = [(child, parent) for child, above in nearest for parent in above]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def closure(ontology, terms):
    """Do the work of ``GeneOntology.closure``."""
    columns = np.array([ontology._rank[ontology.resolve(term)] for term in terms], dtype=np.int64)
    return reach(ontology, columns)[:, columns]


def parent_matrix(ontology):
    """Return the direct parents as CSR of bool, rows and columns in the order of the terms."""
    rank = ontology._rank
    pairs = [(rank[term], rank[p]) for term, above in ontology.parents.items() for p in above]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return indicator(rows, columns, (len(rank), len(rank)))


def reach(ontology, starts):
    """Give the ancestors of starts, themselves included: CSR of bool (n_starts, n_terms)."""
    # One product a level. The frontiers are collected and merged once: adding each to a
    # growing matrix would cost depth times the whole.
    n_starts, n_terms = len(starts), len(ontology)
    frontier = indicator(np.arange(n_starts), starts, (n_starts, n_terms))
    rows, columns = [], []
    while frontier.nnz:
        here = frontier.tocoo()
        rows.append(here.row)
        columns.append(here.col)
        frontier = frontier @ ontology._parent_matrix
    if not rows:
        return frontier
    return indicator(np.concatenate(rows), np.concatenate(columns), (n_starts, n_terms))


def _as_terms(terms):
    if isinstance(terms, str):
        raise AnnotationError(
            f"Expected the terms of each protein as a set or list, got the string {terms!r}. "
            f"Pass {{{terms!r}}} instead."
        )
    return list(terms)
