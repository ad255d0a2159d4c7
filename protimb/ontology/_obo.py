"""Read OBO files strictly: what propagation relies on is checked, and errors say where."""

from collections import Counter
from warnings import warn

from protimb.exceptions import OntologyCycleError, OntologyError, OntologyWarning
from protimb.ontology._graph import GeneOntology, ObsoleteTerm
from protimb.ontology._stanzas import parse_document, qualifiers
from protimb.utils._files import local_path, read_text
from protimb.utils._spelling import check_names
from protimb.utils._validation import a_few, refuse_string
from protimb.utils._warnings import users_level

_HEADER = 0  # the stanza without brackets above the others
_TAGS = {"id", "name", "namespace", "alt_id", "is_a", "relationship", "is_obsolete"}
_TAGS |= {"data-version", "default-namespace"}
# What a retired term says of those that take its place: OBO 1.0 spelt it use_term.
_REPLACED_BY = ("replaced_by", "use_term")
_CONSIDER = ("consider",)
# Qualifiers of an edge that holds under a condition only, nearly always in some taxa.
_CONDITIONS = {"gci_relation", "gci_filler"}


def read_obo(
    path,
    *,
    relations=("is_a", "part_of"),
    conditional="drop",
    encoding="utf-8",
    max_bytes=None,
):
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
    conditional : {"drop", "keep"}
        What to do about edges that hold in some taxa only (qualified by ``gci_relation`` and
        ``gci_filler``): true of a yeast protein, they may be false of a human one.
    encoding : str
        Of the text, such as ``"latin-1"`` for files of old releases.
    max_bytes : int, optional
        Most bytes that a compressed file may unfold to; by default 100 times its size, or 32 MiB
        where that is more.

    Returns
    -------
    ontology : GeneOntology

    Raises
    ------
    OntologyError
        If the file is empty, binary, truncated or malformed, defines an id twice, or names a
        parent that it does not define; if no term has one of ``relations``.
    OntologyCycleError
        If terms are their own ancestors.

    Warns
    -----
    OntologyWarning
        If conditional edges were left out; says how many.

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
    if conditional not in ("drop", "keep"):
        raise ValueError(f"conditional must be 'drop' or 'keep', got {conditional!r}.")
    refuse_string(relations, "relations")
    path = local_path(path, OntologyError)
    text = read_text(path, OntologyError, encoding, max_bytes=max_bytes)
    document = parse_document(text, path, _TAGS.union(_REPLACED_BY, _CONSIDER))
    stanzas = _by_stanza(document)
    is_obsolete = document.flags("is_obsolete")
    obsolete = {one: term for one, term in stanzas.items() if is_obsolete.get(one)}
    terms = {one: term for one, term in stanzas.items() if one not in obsolete}
    if not terms:
        raise OntologyError(f"{path}: no [Term] in this file. Is it empty, or not OBO?")
    try:
        ontology, left_out = _build(document, terms, obsolete, relations, conditional)
    except OntologyError as error:
        # The graph knows no file; errors of the reader name theirs already.
        if str(path) in str(error):
            raise
        is_told = conditional == "keep" and isinstance(error, OntologyCycleError)
        advice = " Edges that hold in some taxa only may do: conditional='drop'." if is_told else ""
        raise type(error)(f"{path}: {error}{advice}") from error
    _warn_of_conditional(left_out, path)
    return ontology


def _by_stanza(document):
    """Map the stanza of each term to its id."""
    terms = {stanza for stanza, kind in enumerate(document.kinds) if kind == "Term"}
    written = [(stanza, value) for stanza, value in document.values("id") if stanza in terms]
    _check_one_each(terms, written, document)
    found: dict[int, str] = {}
    owner: dict[str, int] = {}
    for stanza, value in written:
        term = found[stanza] = document.identifier(stanza, "id", value)
        earlier = owner.setdefault(term, stanza)
        if earlier != stanza:
            raise OntologyError(
                f"{document.path}, lines {document.lines[earlier]} and {document.lines[stanza]}: "
                f"the id {term!r} is defined twice. Keep one of them."
            )
    _check_spelling(owner, document)
    return found


def _check_spelling(owner, document):
    """Refuse ids, as {id: its stanza}, that cannot be told from others."""

    def where(term):
        return f"{document.path}, line {document.lines[owner[term]]}"

    check_names(owner, "id", where, OntologyError)


def _check_one_each(terms, written, document):
    """Refuse stanzas of terms that have no id, or several."""
    n_ids = Counter(dict.fromkeys(terms, 0))
    n_ids.update(stanza for stanza, _ in written)
    wrong = min((stanza for stanza, n in n_ids.items() if n != 1), default=None)
    if wrong is not None:
        raise OntologyError(
            f"{document.path}, line {document.lines[wrong]}: this [Term] has {n_ids[wrong]} ids; "
            "it needs one."
        )


def _build(document, terms, obsolete, relations, conditional):
    """Return the ontology, and the edges (child, parent) left out because they are conditional."""
    _check_relations(set(relations) - {"is_a", "part_of"}, terms, document)
    default = document.texts("default-namespace").get(_HEADER, "")
    names, spaces = document.texts("name"), document.texts("namespace")
    namespaces = {term: spaces.get(one, default) for one, term in terms.items()}
    parents, left_out = _parents(document, terms, namespaces, relations, conditional)
    ontology = GeneOntology(
        names={term: names.get(one, term) for one, term in terms.items()},
        namespaces=namespaces,
        parents=parents,
        alt_ids=_alternative_ids(document, terms),
        obsolete=_retired(document, obsolete),
        version=document.texts("data-version").get(_HEADER, ""),
    )
    return ontology, left_out


def _parents(document, terms, namespaces, relations, conditional):
    parents, left_out = {}, []
    keeps = conditional == "keep"
    for one, targets in _targets(document, terms, relations).items():
        term = terms[one]
        _check_defined(term, targets, one, namespaces, document)
        inside = [up for up in targets if namespaces[up] == namespaces[term]]
        parents[term] = tuple([up for up in inside if targets[up] or keeps])
        if len(parents[term]) < len(inside):
            left_out += [(term, up) for up in inside if up not in parents[term]]
    return parents, left_out


def _check_relations(relations, terms, document):
    """Refuse relations that no term has, which are misspelt as a rule."""
    if not relations:
        return
    used = {"is_a", *(relation for _, relation, *_ in _parent_lines(document, terms))}
    if not relations <= used:
        raise OntologyError(
            f"{document.path}: no term has the relation {a_few(sorted(relations - used))}. There "
            f"are {a_few(sorted(used), limit=20)}."
        )


def _targets(document, terms, relations):
    """Map stanzas to the parents that they name, and these to whether any edge to them holds."""
    targets: dict[int, dict[str, bool]] = {one: {} for one in terms}
    for one, relation, parent, value in _parent_lines(document, terms):
        if relation in relations:
            targets[one][parent] = targets[one].get(parent, False) or _holds(value)
    return targets


def _parent_lines(document, terms):
    """Yield (stanza, relation, parent, value) of each line of a term that may name a parent."""
    for one, value in document.values("is_a"):
        if one in terms:
            yield one, "is_a", document.identifier(one, "is_a", value), value
    for one, value in document.values("relationship"):
        if one in terms:
            relation = document.identifier(one, "relationship", value)
            yield one, relation, document.identifier(one, "relationship", value, 1), value


def _holds(value):
    return "{" not in value or not _CONDITIONS & qualifiers(value).keys()


def _warn_of_conditional(edges, path):
    if edges:
        some = a_few([f"{child} -> {parent}" for child, parent in edges])
        warn(
            f"{path}: left out {len(edges)} edges that hold in some taxa only (gci_relation), such "
            f"as {some}. Pass conditional='keep' to propagate over them too.",
            OntologyWarning,
            stacklevel=users_level(),
        )


def _check_defined(term, targets, stanza, namespaces, document):
    for target in targets:
        if target not in namespaces:
            raise OntologyError(
                f"{document.path}, line {document.lines[stanza]}: term {term!r} has the parent "
                f"{target!r}, which this file does not define, or has made obsolete. Is the file "
                "complete?"
            )


def _retired(document, obsolete):
    replaced_by = _advice(document, obsolete, _REPLACED_BY)
    consider = _advice(document, obsolete, _CONSIDER)
    return {
        term: ObsoleteTerm(tuple(replaced_by.get(one, ())), tuple(consider.get(one, ())))
        for one, term in obsolete.items()
    }


def _advice(document, obsolete, tags):
    """Map stanzas of retired terms to the ids that any of some tags names."""
    found: dict[int, list[str]] = {}
    for tag in tags:
        for one, value in document.values(tag):
            if one in obsolete:
                found.setdefault(one, []).append(document.identifier(one, tag, value))
    return found


def _alternative_ids(document, terms):
    owner: dict[str, str] = {}
    for one, value in document.values("alt_id"):
        if one not in terms:
            continue
        alternative = document.identifier(one, "alt_id", value)
        if owner.setdefault(alternative, terms[one]) != terms[one]:
            raise OntologyError(
                f"{document.path}: {alternative} is an alt_id of two terms, {owner[alternative]} "
                f"and {terms[one]}, so annotations with it would be ambiguous. Keep one."
            )
    return owner
