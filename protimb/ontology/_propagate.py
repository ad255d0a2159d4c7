"""Propagation along the ontology: indicators as sparse products, scores as row maxima."""

from collections import Counter
from collections.abc import Mapping
from warnings import warn

import numpy as np
from scipy import sparse

from protimb.exceptions import OntologyWarning, UnknownTermError

# Above this share of unknown ids, annotations and ontology are probably of different releases.
SUSPICIOUS_UNKNOWN_RATE = 0.05


def propagate_indicators(direct, ontology):
    """Propagate a matrix of direct annotations to the roots.

    Parameters
    ----------
    direct : CSR of bool, shape (n_proteins, len(ontology))
        Columns in the order of ``ontology.terms``.
    ontology : GeneOntology

    Returns
    -------
    propagated : CSR of bool, shape (n_proteins, len(ontology))
    """
    used = np.flatnonzero(direct.sum(axis=0))
    return (direct[:, used] @ _reach(ontology, used)).astype(bool)


def direct_indicators(term_sets, ontology, unknown="warn"):
    """Cut sets of term ids into a sparse indicator matrix, without propagation.

    Parameters
    ----------
    term_sets : sequence of iterable of str
        One entry a protein; any id that ``ontology.resolve`` accepts.
    ontology : GeneOntology
    unknown : {"warn", "ignore", "raise"}
        What to do about ids that no term answers to.

    Returns
    -------
    direct : CSR of bool, shape (n_proteins, len(ontology))
    """
    lengths = [len(terms) for terms in term_sets]
    ids = [term for terms in term_sets for term in terms]
    columns = term_columns(ids, ontology, unknown)
    rows = np.repeat(np.arange(len(term_sets)), lengths)
    known = columns >= 0
    shape = (len(term_sets), len(ontology))
    return indicator(rows[known], columns[known], shape)


def term_columns(ids, ontology, unknown="warn"):
    """Look up the position of each id in ``ontology.terms``.

    Returns
    -------
    columns : ndarray of int, shape (n_ids,)
        -1 where no term answers to the id.
    """
    counts = Counter(ids)
    column_of = {one: ontology._rank.get(ontology._find(one), -1) for one in counts}
    _report_unknown({one: n for one, n in counts.items() if column_of[one] < 0}, len(ids),
                    ontology, unknown)
    return np.fromiter((column_of[one] for one in ids), dtype=np.int64, count=len(ids))


def indicator(rows, columns, shape):
    """Build a CSR matrix of bool that is True at the given places, named once or more often."""
    matrix = sparse.csr_matrix((np.ones(len(rows), dtype=bool), (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    return matrix


def propagate_sets(ontology, annotations, unknown):
    """Do the work of ``GeneOntology.propagate``."""
    if isinstance(annotations, Mapping):
        propagated = propagate_sets(ontology, list(annotations.values()), unknown)
        return dict(zip(annotations, propagated, strict=True))
    direct = direct_indicators([list(terms) for terms in annotations], ontology, unknown)
    closed = propagate_indicators(direct, ontology)
    terms = np.array(ontology.terms, dtype=object)
    return [frozenset(terms[columns]) for columns in np.split(closed.indices, closed.indptr[1:-1])]


def propagate_scores(ontology, scores, terms):
    """Do the work of ``GeneOntology.propagate_scores``."""
    scores = np.asarray(scores)
    if scores.ndim != 2 or scores.shape[1] != len(terms):
        raise ValueError(
            f"scores has shape {scores.shape}, but {len(terms)} terms were given: "
            "it needs one column a term."
        )
    by_term = np.array(scores.T, order="C")  # (n_terms, n_rows): one contiguous row a term
    # Children precede parents, so one pass reaches the root.
    for child, above in nearest_ancestors(ontology, terms):
        for parent in above:
            np.maximum(by_term[parent], by_term[child], out=by_term[parent])
    return np.ascontiguousarray(by_term.T)


def nearest_ancestors(ontology, terms):
    """Link each of some terms to its nearest ancestors among them.

    A parent that is not among ``terms`` is bridged: its own nearest ancestors stand in for it.

    Parameters
    ----------
    ontology : GeneOntology
    terms : sequence of str

    Returns
    -------
    links : list of (int, tuple of int)
        Position of a term, positions of its nearest ancestors; children precede parents.
    """
    position = {ontology.resolve(term): i for i, term in enumerate(terms)}
    nearest: dict[str, set[int]] = {}
    involved = _with_ancestors(ontology, position)
    for term in reversed(involved):
        above = ontology.parents[term]
        nearest[term] = set().union(
            *({position[p]} if p in position else nearest[p] for p in above)
        )
    return [(position[t], tuple(sorted(nearest[t]))) for t in involved if t in position]


def closure(ontology, terms):
    """Do the work of ``GeneOntology.closure``."""
    columns = np.array([ontology._rank[ontology.resolve(term)] for term in terms], dtype=np.int64)
    return _reach(ontology, columns)[:, columns]


def parent_matrix(ontology):
    """Return the direct parents as CSR of bool, rows and columns in the order of the terms."""
    rank = ontology._rank
    pairs = [(rank[term], rank[p]) for term, above in ontology.parents.items() for p in above]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return indicator(rows, columns, (len(rank), len(rank)))


def _reach(ontology, starts):
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


def _with_ancestors(ontology, terms):
    found, stack = set(), list(terms)
    while stack:
        term = stack.pop()
        if term not in found:
            found.add(term)
            stack.extend(ontology.parents[term])
    return sorted(found, key=ontology._rank.__getitem__)


def _report_unknown(unknown_counts, n_annotations, ontology, unknown):
    if unknown not in UNKNOWN_POLICIES:
        raise ValueError(f"unknown must be one of {sorted(UNKNOWN_POLICIES)}, got {unknown!r}.")
    if not unknown_counts or unknown == "ignore":
        return
    message = _unknown_message(unknown_counts, n_annotations, ontology)
    if unknown == "raise":
        raise UnknownTermError(message)
    warn(message, OntologyWarning, stacklevel=2)


UNKNOWN_POLICIES = frozenset({"warn", "ignore", "raise"})


def _unknown_message(unknown_counts, n_annotations, ontology):
    n_unknown = sum(unknown_counts.values())
    ids = sorted(map(str, unknown_counts))
    shown = ", ".join(ids[:5]) + (", ..." if len(ids) > 5 else "")
    n_obsolete = sum(one in ontology.obsolete for one in unknown_counts)
    message = (
        f"{n_unknown} of {n_annotations} annotations name {len(ids)} terms that this ontology "
        f"(version {ontology.version or 'unknown'}) does not have, {n_obsolete} of them obsolete "
        f"without a single replacement: {shown}."
    )
    if n_unknown > SUSPICIOUS_UNKNOWN_RATE * n_annotations:
        message += " Annotations and ontology may be of different releases."
    return message
