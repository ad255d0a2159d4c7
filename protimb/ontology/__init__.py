"""The Gene Ontology: read it, walk it, propagate along it; weigh, compare and place its terms."""

from protimb.ontology._accretion_file import read_information_accretion
from protimb.ontology._anc2vec import Anc2VecVectorizer
from protimb.ontology._binarizer import GOTermBinarizer
from protimb.ontology._graph import GeneOntology, ObsoleteTerm
from protimb.ontology._indexer import GOTermIndexer
from protimb.ontology._information import information_accretion, information_content
from protimb.ontology._obo import read_obo
from protimb.ontology._similarity import term_similarity
from protimb.ontology._term_vectors import align_term_vectors, read_term_vectors
from protimb.ontology._vectorizer import TermVectorizer, describe_terms

__all__ = [
    "Anc2VecVectorizer",
    "GOTermBinarizer",
    "GOTermIndexer",
    "GeneOntology",
    "ObsoleteTerm",
    "TermVectorizer",
    "align_term_vectors",
    "describe_terms",
    "information_accretion",
    "information_content",
    "read_information_accretion",
    "read_obo",
    "read_term_vectors",
    "term_similarity",
]
