"""Read OBO files strictly: what propagation relies on is checked, and errors say where."""

from protimb.exceptions import OntologyError
from protimb.ontology._graph import GeneOntology, ObsoleteTerm
from protimb.ontology._stanzas import Stanza, identifiers, parse_stanzas, text_value
from protimb.utils._files import local_path, read_text


def read_obo(path, *, relations=("is_a", "part_of")):
    r"""Read an ontology in OBO format.

    Strict about all that propagation relies on: at least one term, no id twice, every parent
    defined, no cycle. Definitions, synonyms and cross-references are passed over.

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
    A file that was cut exactly between two lines is still good OBO. It is noticed only
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
    ...         "format-version: 1.2\ndata-version: toy\n\n"
    ...         "[Term]\nid: GO:0000001\nname: function\nnamespace: molecular_function\n\n"
    ...         "[Term]\nid: GO:0000002\nname: binding\nnamespace: molecular_function\n"
    ...         "is_a: GO:0000001\n"
    ...     )
    ...     read_obo(path)
    GeneOntology(2 terms, version='toy')
    """
    path = local_path(path, OntologyError)
    header, *stanzas = parse_stanzas(read_text(path, OntologyError), path)
    stanzas = _by_id([stanza for stanza in stanzas if stanza.kind == "Term"], path)
    obsolete = {term: one for term, one in stanzas.items() if _is_obsolete(one)}
    terms = {term: one for term, one in stanzas.items() if term not in obsolete}
    if not terms:
        raise OntologyError(f"{path}: no [Term] in this file. Is it empty, or not OBO?")
    try:
        return _build(header, terms, obsolete, relations, path)
    except OntologyError as error:
        # The graph knows no file; errors of the reader name theirs already.
        if str(path) in str(error):
            raise
        raise type(error)(f"{path}: {error}") from error


def _by_id(stanzas, path):
    found: dict[str, Stanza] = {}
    for stanza in stanzas:
        ids = identifiers(stanza, "id", path)
        if len(ids) != 1:
            raise OntologyError(
                f"{path}, line {stanza.line}: this [Term] has {len(ids)} ids; it needs one."
            )
        earlier = found.setdefault(ids[0], stanza)
        if earlier is not stanza:
            raise OntologyError(
                f"{path}, lines {earlier.line} and {stanza.line}: the id {ids[0]!r} is defined "
                "twice. Keep one of them."
            )
    return found


def _is_obsolete(stanza):
    return text_value(stanza, "is_obsolete", "false") == "true"


def _build(header, terms, obsolete, relations, path):
    default = text_value(header, "default-namespace", "")
    namespaces = {term: text_value(one, "namespace", default) for term, one in terms.items()}
    return GeneOntology(
        names={term: text_value(one, "name", term) for term, one in terms.items()},
        namespaces=namespaces,
        parents=_parents(terms, namespaces, relations, path),
        alt_ids=_alternative_ids(terms, path),
        obsolete={term: _retired(one, path) for term, one in obsolete.items()},
        version=text_value(header, "data-version", ""),
    )


def _parents(terms, namespaces, relations, path):
    parents = {}
    for term, stanza in terms.items():
        targets = _targets(stanza, relations, path)
        _check_defined(term, targets, stanza, namespaces, path)
        parents[term] = tuple(one for one in targets if namespaces[one] == namespaces[term])
    return parents


def _targets(stanza, relations, path):
    """List the parents that a term names, in the order of the file, each once."""
    targets = identifiers(stanza, "is_a", path) if "is_a" in relations else []
    if "relationship" in stanza.tags:
        kinds = identifiers(stanza, "relationship", path)
        others = identifiers(stanza, "relationship", path, position=1)
        targets += [one for kind, one in zip(kinds, others, strict=True) if kind in relations]
    return dict.fromkeys(targets)


def _check_defined(term, targets, stanza, namespaces, path):
    for target in targets:
        if target not in namespaces:
            raise OntologyError(
                f"{path}, line {stanza.line}: term {term!r} has the parent {target!r}, which "
                "this file does not define, or has made obsolete. Is the file complete?"
            )


def _retired(stanza, path):
    return ObsoleteTerm(
        tuple(identifiers(stanza, "replaced_by", path)),
        tuple(identifiers(stanza, "consider", path)),
    )


def _alternative_ids(terms, path):
    owner: dict[str, str] = {}
    for term, stanza in terms.items():
        for alternative in identifiers(stanza, "alt_id", path):
            if owner.setdefault(alternative, term) != term:
                raise OntologyError(
                    f"{path}: {alternative} is an alt_id of two terms, {owner[alternative]} and "
                    f"{term}, so annotations with it would be ambiguous. Keep one."
                )
    return owner
