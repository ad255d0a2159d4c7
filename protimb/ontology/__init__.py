"""The Gene Ontology: read strictly, walk it, propagate along it, weigh its terms and place them."""

from protimb.ontology._accretion_file import read_information_accretion
from protimb.ontology._binarizer import GOTermBinarizer
from protimb.ontology._graph import GeneOntology, ObsoleteTerm
from protimb.ontology._information import information_accretion
from protimb.ontology._obo import read_obo
from protimb.ontology._term_vectors import align_term_vectors, read_term_vectors
from protimb.ontology._vectorizer import TermVectorizer, describe_terms

__all__ = [
    "GOTermBinarizer",
    "GeneOntology",
    "ObsoleteTerm",
    "TermVectorizer",
    "align_term_vectors",
    "describe_terms",
    "information_accretion",
    "read_information_accretion",
    "read_obo",
    "read_term_vectors",
]
