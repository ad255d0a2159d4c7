"""The ontology's present terms in place of those that annotations name."""

from protimb.datasets._aspects import namespace_of, spelling_like
from protimb.exceptions import AnnotationError
from protimb.ontology._lookup import look_up
from protimb.utils._validation import a_few


def map_terms(table, graph, path):
    """Return EntryID, term, aspect by the ontology, and {what was mapped or dropped: terms}."""
    lookup = look_up(table["term"].tolist(), graph, unknown="ignore")
    found = _reasons(table["term"], graph)
    known = lookup.columns >= 0
    if not known.any():
        raise AnnotationError(
            f"{path}: the ontology (version {graph.version or 'unknown'}) has none of the "
            f"{len(lookup.unknown)} terms that are annotated, such as {a_few(lookup.unknown)}."
        )
    mapped = table[known].copy()
    mapped["term"] = [graph.terms[column] for column in lookup.columns[known]]
    found["annotations whose aspect contradicts the ontology"] = _n_contradicted(mapped, graph)
    unique = mapped[["EntryID", "term"]].drop_duplicates(ignore_index=True)
    found["annotations that became one by mapping"] = len(mapped) - len(unique)
    aspects = {term: _aspect(graph.namespace(term)) for term in unique["term"].unique()}
    unique["aspect"] = unique["term"].map(aspects)
    return unique, found


def _reasons(terms, graph):
    """Return {what happened: terms, one for each annotation}."""
    kinds = {term: _kind(term, graph) for term in terms.unique()}
    return {what: [term for term in terms if kinds[term] == kind] for kind, what in _KINDS.items()}


_KINDS = {
    "alternative": "annotations of alternative ids, mapped to the term",
    "replaced": "annotations of obsolete terms, replaced",
    "retired": "annotations of obsolete terms without a single replacement",
    "unknown": "annotations of terms that the ontology lacks",
}


def _kind(term, graph):
    if graph._find(term) is None:
        return "retired" if term in graph.obsolete else "unknown"
    if term in graph.names:
        return "known"
    return "alternative" if term in graph.alt_ids else "replaced"


def _n_contradicted(table, graph):
    if "aspect" not in table:
        return 0
    spaces = table["term"].map(graph.namespaces.get)
    return int((table["aspect"].map(namespace_of) != spaces).sum())


def _aspect(namespace):
    try:
        return spelling_like((), namespace)
    except KeyError as error:
        raise AnnotationError(
            f"The ontology has terms of {namespace!r}, which is none of GO's three namespaces."
        ) from error
