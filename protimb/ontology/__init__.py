"""The Gene Ontology: read strictly, walk it, propagate along it, weigh its terms."""

from protimb.ontology._binarizer import GOTermBinarizer
from protimb.ontology._graph import GeneOntology, ObsoleteTerm
from protimb.ontology._information import information_accretion
from protimb.ontology._obo import read_obo

__all__ = [
    "GOTermBinarizer",
    "GeneOntology",
    "ObsoleteTerm",
    "information_accretion",
    "read_obo",
]
