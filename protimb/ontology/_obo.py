"""Read OBO files strictly: what propagation relies on is checked, and errors say where."""

from warnings import warn

from protimb.exceptions import OntologyCycleError, OntologyError, OntologyWarning
from protimb.ontology._graph import GeneOntology, ObsoleteTerm
from protimb.ontology._stanzas import (
    Stanza,
    flag,
    identifiers,
    parse_stanzas,
    qualifiers,
    text_value,
)
from protimb.utils._files import local_path, read_text
from protimb.utils._validation import a_few, refuse_string
from protimb.utils._warnings import users_level

# Qualifiers of an edge that holds under a condition only, nearly always in some taxa.
_CONDITIONS = {"gci_relation", "gci_filler"}


def read_obo(path, *, relations=("is_a", "part_of"), conditional="drop", encoding="utf-8"):
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
    header, *stanzas = parse_stanzas(read_text(path, OntologyError, encoding), path)
    stanzas = _by_id([stanza for stanza in stanzas if stanza.kind == "Term"], path)
    obsolete = {term: one for term, one in stanzas.items() if flag(one, "is_obsolete", path)}
    terms = {term: one for term, one in stanzas.items() if term not in obsolete}
    if not terms:
        raise OntologyError(f"{path}: no [Term] in this file. Is it empty, or not OBO?")
    try:
        ontology, left_out = _build(header, terms, obsolete, relations, conditional, path)
    except OntologyError as error:
        # The graph knows no file; errors of the reader name theirs already.
        if str(path) in str(error):
            raise
        is_told = conditional == "keep" and isinstance(error, OntologyCycleError)
        advice = " Edges that hold in some taxa only may do: conditional='drop'." if is_told else ""
        raise type(error)(f"{path}: {error}{advice}") from error
    _warn_of_conditional(left_out, path)
    return ontology


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


def _build(header, terms, obsolete, relations, conditional, path):
    """Return the ontology, and the edges (child, parent) left out because they are conditional."""
    _check_relations(set(relations) - {"is_a", "part_of"}, terms, path)
    default = text_value(header, "default-namespace", "")
    namespaces = {term: text_value(one, "namespace", default) for term, one in terms.items()}
    parents, left_out = _parents(terms, namespaces, relations, conditional, path)
    ontology = GeneOntology(
        names={term: text_value(one, "name", term) for term, one in terms.items()},
        namespaces=namespaces,
        parents=parents,
        alt_ids=_alternative_ids(terms, path),
        obsolete={term: _retired(one, path) for term, one in obsolete.items()},
        version=text_value(header, "data-version", ""),
    )
    return ontology, left_out


def _parents(terms, namespaces, relations, conditional, path):
    parents, left_out = {}, []
    for term, stanza in terms.items():
        targets = _targets(stanza, relations, path)
        _check_defined(term, targets, stanza, namespaces, path)
        inside = [one for one in targets if namespaces[one] == namespaces[term]]
        parents[term] = tuple(one for one in inside if targets[one] or conditional == "keep")
        left_out += [(term, one) for one in inside if one not in parents[term]]
    return parents, left_out


def _check_relations(relations, terms, path):
    """Refuse relations that no term has, which are misspelt as a rule."""
    if not relations:
        return
    used = {one for term in terms.values() for one in identifiers(term, "relationship", path)}
    if not relations <= used:
        raise OntologyError(
            f"{path}: no term has the relation {a_few(sorted(relations - used))}. There are "
            f"{a_few(['is_a', *sorted(used)], limit=20)}."
        )


def _targets(stanza, relations, path):
    """Map the parents that a term names, in the order of the file, to whether any edge holds."""
    targets: dict[str, bool] = {}
    for relation, parent, value in _parent_lines(stanza, path):
        if relation in relations:
            targets[parent] = targets.get(parent, False) or _holds(value)
    return targets


def _parent_lines(stanza, path):
    """Return (relation, parent, value) of each line that may name a parent."""
    above = identifiers(stanza, "is_a", path)
    lines = [("is_a", *one) for one in zip(above, stanza.tags.get("is_a", ()), strict=True)]
    if "relationship" in stanza.tags:
        relations = identifiers(stanza, "relationship", path)
        above = identifiers(stanza, "relationship", path, position=1)
        lines += zip(relations, above, stanza.tags["relationship"], strict=True)
    return lines


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
