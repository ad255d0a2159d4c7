"""Tell a sampler what is known of its terms, where it can use it and was not told."""

from protimb.ontology import describe_terms


def tell_terms(sampler, ontology, terms):
    """Hand a sampler the ontology, and vectors of its terms (n_terms,) where it reads them."""
    known = sampler.get_params(deep=False) if hasattr(sampler, "get_params") else {}
    told = {}
    if known.get("ontology", ontology) is None:
        told["ontology"] = ontology
    if known.get("term_vectors", 0) is None and getattr(sampler, "needs_term_vectors", False):
        told["term_vectors"] = describe_terms(ontology, terms)
    return sampler.set_params(**told) if told else sampler
