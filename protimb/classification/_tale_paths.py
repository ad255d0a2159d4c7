"""Which rows make up each label's vector: its own, and those of the terms above it."""

import numpy as np

from protimb.ontology._indexer import ORDERS
from protimb.ontology._order import reachable


def label_paths(ontology, terms, n_terms):
    """Give starts (n_terms + 1,) and rows of each term: its ancestors, from the root, and itself.

    Terms have the rows of their columns; ancestors without a column follow. Without an ontology
    each term has its own row alone.
    """
    if ontology is None:
        return np.arange(n_terms + 1), np.arange(n_terms)
    named = [ontology.resolve(term) for term in terms]
    extra = sorted(reachable(named, ontology.parents) - set(named))
    row_of = {term: row for row, term in enumerate([*named, *extra])}
    walk = ORDERS["depth_first"](ontology, list(row_of))
    place = np.empty(len(walk), dtype=np.int64)
    place[walk] = np.arange(len(walk))
    paths = [_path(term, ontology, row_of, place) for term in named]
    starts = np.cumsum([0, *map(len, paths)])
    return starts, np.concatenate(paths)


def _path(term, ontology, row_of, place):
    """Order the rows of a term's ancestors as a walk from the root down meets them."""
    above = reachable([term], ontology.parents) - {term}
    rows = np.array([row_of[ancestor] for ancestor in above], dtype=np.int64)
    return np.append(rows[np.argsort(place[rows])], row_of[term])
