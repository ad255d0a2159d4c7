"""Read OBO files strictly: what propagation relies on is checked, and errors say where."""

from collections import defaultdict

from protimb.exceptions import OntologyError
from protimb.ontology._files import local_path, read_text
from protimb.ontology._graph import GeneOntology, ObsoleteTerm


def read_obo(path, *, relations=("is_a", "part_of")):
    """Read an ontology in OBO format.

    The syntax is checked by fastobo; on top of it come the rules that propagation relies on:
    at least one term, no id twice, every parent defined, no cycle.

    Parameters
    ----------
    path : str or path-like
        A local file, plain or gzipped; URLs are refused.
    relations : sequence of str
        Relations that make a parent. Only edges that stay inside one namespace count, so that
        annotations never spread from one namespace to another.

    Returns
    -------
    ontology : GeneOntology

    Raises
    ------
    OntologyError
        If the file is empty, binary, truncated or malformed, defines an id twice, or names a
        parent that it does not define.
    OntologyCycleError
        If terms are their own ancestors.

    See Also
    --------
    GeneOntology : What is returned.

    Notes
    -----
    A file that was cut exactly between two stanzas is still good OBO. It is noticed only
    because some parent is then missing, which is nearly always so.

    The defaults are the edges that the CAFA evaluation propagates over. Relations such as
    ``has_part`` run from the whole to the part, and may close a cycle.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from protimb.ontology import read_obo
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "toy.obo")
    ...     _ = path.write_text(
    ...         "format-version: 1.2\\ndata-version: toy\\n\\n"
    ...         "[Term]\\nid: GO:0000001\\nname: function\\nnamespace: molecular_function\\n\\n"
    ...         "[Term]\\nid: GO:0000002\\nname: binding\\nnamespace: molecular_function\\n"
    ...         "is_a: GO:0000001\\n"
    ...     )
    ...     read_obo(path)
    GeneOntology(2 terms, version='toy')
    """
    path = local_path(path, OntologyError)
    text = read_text(path, OntologyError)
    header, stanzas = _parse(text, path)
    if not stanzas:
        raise OntologyError(f"{path}: no [Term] in this file. Is it empty, or not OBO?")
    terms = _by_id(stanzas, text, path)
    obsolete = {one: terms.pop(one) for one in [t for t in terms if _is_obsolete(terms[t])]}
    return _build(path, text, header, terms, obsolete, relations)


def _parse(text, path):
    """Return the header and every [Term] as dicts of tag -> list of values."""
    import fastobo  # here, because only readers of OBO need it

    try:
        document = fastobo.loads(text)
    except SyntaxError as error:
        raise OntologyError(
            f"{path}, line {error.lineno}: {error.msg}, found {str(error.text).strip()!r}. "
            "The file is malformed or was cut off here."
        ) from error
    stanzas = [frame for frame in document if isinstance(frame, fastobo.term.TermFrame)]
    return _tags(document.header), [(str(frame.id), _tags(frame)) for frame in stanzas]


def _tags(clauses):
    tags = defaultdict(list)
    for clause in clauses:
        tags[clause.raw_tag()].append(clause.raw_value())
    return tags


def _by_id(stanzas, text, path):
    terms = {}
    for term, tags in stanzas:
        if term in terms:
            lines = " and ".join(map(str, _lines(text, f"id: {term}")))
            raise OntologyError(
                f"{path}, lines {lines}: the id {term!r} is defined twice. Keep one of them."
            )
        terms[term] = tags
    return terms


def _is_obsolete(tags):
    return tags.get("is_obsolete") == ["true"]


def _build(path, text, header, terms, obsolete, relations):
    default = header.get("default-namespace", [""])[-1]
    namespaces = {term: tags.get("namespace", [default])[-1] for term, tags in terms.items()}
    edges = {term: _targets(tags, relations) for term, tags in terms.items()}
    _check_defined(edges, namespaces, text, path)
    try:
        return GeneOntology(
            names={term: tags.get("name", [term])[0] for term, tags in terms.items()},
            namespaces=namespaces,
            parents=_inside_namespace(edges, namespaces),
            alt_ids={alt: term for term, tags in terms.items() for alt in tags.get("alt_id", ())},
            obsolete={term: _retired(tags) for term, tags in obsolete.items()},
            version=header.get("data-version", [""])[-1],
        )
    except OntologyError as error:
        raise type(error)(f"{path}: {error}") from error


def _targets(tags, relations):
    """List the parents that a term names, in the order of the file, each once."""
    found = dict.fromkeys(tags.get("is_a", ())) if "is_a" in relations else {}
    for value in tags.get("relationship", ()):
        relation, target = value.split()[:2]
        if relation in relations:
            found[target] = None
    return tuple(found)


def _check_defined(edges, namespaces, text, path):
    for term, targets in edges.items():
        for target in targets:
            if target not in namespaces:
                line = _lines(text, f"id: {term}")[0]
                raise OntologyError(
                    f"{path}, line {line}: term {term!r} has the parent {target!r}, which this "
                    "file does not define or has made obsolete. Is the file complete?"
                )


def _inside_namespace(edges, namespaces):
    return {
        term: tuple(one for one in targets if namespaces[one] == namespaces[term])
        for term, targets in edges.items()
    }


def _retired(tags):
    return ObsoleteTerm(tuple(tags.get("replaced_by", ())), tuple(tags.get("consider", ())))


def _lines(text, wanted):
    return [number for number, line in enumerate(text.split("\n"), 1) if line.strip() == wanted]
