"""Slims: a few broad terms that stand for all that lie below them."""

from collections.abc import Mapping

from protimb.ontology._order import reachable
from protimb.ontology._propagate import nearest_ancestors, propagate_sets
from protimb.utils._validation import refuse_string


def slim_parents(ontology, terms):
    """Give {term: nearest ancestors among terms} for terms as they are called today."""
    refuse_string(terms, "terms")
    kept = [ontology.resolve(term) for term in terms]
    nearest = nearest_ancestors(ontology, kept)
    return {
        kept[place]: tuple(_lowest(ontology, {kept[one] for one in above}))
        for place, above in nearest
    }


def map_to_slim(ontology, annotations, terms, unknown):
    """Do the work of ``GeneOntology.map_to_slim``."""
    refuse_string(terms, "terms")
    slim = {ontology.resolve(term) for term in terms}
    closed = propagate_sets(ontology, annotations, unknown)
    if isinstance(closed, Mapping):
        return {name: _mapped(ontology, found, slim) for name, found in closed.items()}
    return [_mapped(ontology, found, slim) for found in closed]


def _mapped(ontology, closed, slim):
    leaves = closed - reachable(closed, ontology.parents)
    return frozenset().union(*(_nearest(ontology, term, slim) for term in leaves))


def _nearest(ontology, term, slim):
    """Give the most specific terms of a slim that a term is, or lies below."""
    return _lowest(ontology, slim & (reachable([term], ontology.parents) | {term}))


def _lowest(ontology, terms):
    """Leave out of some terms those that are ancestors of others, by id."""
    return sorted(terms - reachable(terms, ontology.parents))
