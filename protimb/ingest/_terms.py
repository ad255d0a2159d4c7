"""The ontology's present terms in place of those that annotations name."""

from protimb.datasets._annotations import first_of_each
from protimb.datasets._aspects import namespace_of, spelling_like
from protimb.exceptions import AnnotationError
from protimb.ontology._lookup import look_up
from protimb.utils._days import spell_days
from protimb.utils._validation import a_few


def map_terms(table, graph, path):
    """Return EntryID, term, aspect by the ontology, date, and {what was mapped: terms}."""
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
    unique = first_of_each(mapped.drop(columns="aspect", errors="ignore"))
    found["annotations that became one by mapping"] = len(mapped) - len(unique)
    aspects = {term: _aspect(graph.namespace(term)) for term in unique["term"].unique()}
    unique["aspect"] = unique["term"].map(aspects)
    return _with_known_days(unique), found


def _with_known_days(table):
    """Put the column of dates last, as text; leave it out where no day is known."""
    if "date" not in table or table["date"].isna().all():
        return table[["EntryID", "term", "aspect"]]
    table = table[["EntryID", "term", "aspect", "date"]]
    return table.assign(date=spell_days(table["date"]))


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
