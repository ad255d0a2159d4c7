"""A set of proteins from the package, a CAFA folder or a Bunch."""

from os import PathLike

from protimb.datasets._cafa import read_cafa
from protimb.datasets._human import load_human_go
from protimb.datasets._proteins import ProteinData
from protimb.exceptions import InvalidLabelsError


def load_proteins(data, ontology, min_proteins, memory_map=False):
    """Read a name or folder, or check what was given; there are two terms or more.

    ``memory_map`` is that of ``read_cafa``.
    """
    if isinstance(data, str) and data == "human_go":
        bunch = load_human_go(ontology, min_proteins=min_proteins)
    elif isinstance(data, (str, PathLike)):
        bunch = read_cafa(data, ontology, min_proteins=min_proteins, memory_map=memory_map)
    else:
        bunch = ProteinData.from_fields(data)
    check_enough_terms(bunch.terms, ontology, min_proteins)
    return bunch


def check_enough_terms(terms, ontology, min_proteins):
    """Refuse a single term, or none: there is nothing to compare."""
    if len(terms) < 2:
        raise InvalidLabelsError(
            f"{len(terms)} terms of {ontology} have {min_proteins} proteins or more, and "
            "two are needed. Lower min_proteins, or look for another ontology."
        )


def require_ontology(bunch):
    """Refuse proteins made by hand without an ontology."""
    if not hasattr(bunch.ontology, "propagate_scores"):
        raise ValueError(
            f"data.ontology is {type(bunch.ontology).__name__}, and terms are nothing without one: "
            "pass a GeneOntology, such as protimb.ontology.read_obo gives."
        )
    return bunch
