"""GO.db, Bioconductor's Gene Ontology in SQLite, written as an OBO file."""

from collections import defaultdict

from protimb.datasets.recipes._sqlite import opened

_HEADER = """format-version: 1.2
data-version: releases/{release}
ontology: go
remark: id, name, namespace, alt_id and relations of the Gene Ontology release {release} \
(CC BY 4.0), read from Bioconductor GO.db 3.16.0; definitions and synonyms left out
"""
_RELATIONS = ("part of", "regulates", "negatively regulates", "positively regulates")
_TRANSITIVE = ("part of",)
_ROOT = "all"  # GO.db's node above the three namespaces


def obo_text(path):
    """Write the ontology of a GO.sqlite as OBO text, terms by id, obsolete ones among them."""
    with opened(path) as database:
        release = _release(database)
        stanzas = {**_terms(database), **_obsolete(database)}
    parts = [_HEADER.format(release=release), *(stanzas[term] for term in sorted(stanzas))]
    return "\n".join([*parts, *map(_typedef, _RELATIONS)])


def _release(database):
    query = "SELECT value FROM metadata WHERE name = 'GOSOURCEDATE'"
    return database.execute(query).fetchone()[0]


def _namespaces(database):
    return dict(database.execute("SELECT ontology, term_type FROM go_ontology"))


def _terms(database):
    """Give the stanza of each term in use, {id: text}."""
    namespaces = _namespaces(database)
    terms = list(database.execute("SELECT _id, go_id, term, ontology FROM go_term"))
    names = {go_id: name for _, go_id, name, _ in terms}
    ids = {number: go_id for number, go_id, _, _ in terms}
    alternatives, parents = _alternatives(database, ids), _parents(database, ids)
    return {
        go_id: _stanza(
            go_id,
            name,
            namespaces[namespace],
            [f"alt_id: {other}" for other in sorted(alternatives[go_id])]
            + [_edge(relation, parent, names) for relation, parent in sorted(parents[go_id])],
        )
        for _, go_id, name, namespace in terms
        if go_id != _ROOT
    }


def _obsolete(database):
    namespaces = _namespaces(database)
    query = "SELECT go_id, term, ontology FROM go_obsolete"
    return {
        go_id: _stanza(go_id, name, namespaces.get(namespace), ["is_obsolete: true"])
        for go_id, name, namespace in database.execute(query)
    }


def _alternatives(database, ids):
    """Give the former ids of each term, {id: set}."""
    found = defaultdict(set)
    query = "SELECT _id, synonym FROM go_synonym WHERE like_go_id = 1"
    for number, other in database.execute(query):
        found[ids[number]].add(other)
    return found


def _parents(database, ids):
    """Give the (relation, parent) pairs of each term, is_a first when sorted, {id: set}."""
    found = defaultdict(set)
    for namespace in ("bp", "mf", "cc"):
        query = f"SELECT _id, _parent_id, relationship_type FROM go_{namespace}_parents"  # noqa: S608
        for child, parent, relation in database.execute(query):
            if ids[parent] != _ROOT:
                found[ids[child]].add((relation, ids[parent]))
    return found


def _edge(relation, parent, names):
    kind = "is_a:" if relation == "isa" else f"relationship: {relation.replace(' ', '_')}"
    return f"{kind} {parent} ! {names[parent]}"


def _stanza(go_id, name, namespace, lines):
    space = [f"namespace: {namespace}"] if namespace else []
    return "\n".join(["[Term]", f"id: {go_id}", f"name: {name}", *space, *lines, ""])


def _typedef(relation):
    lines = ["[Typedef]", f"id: {relation.replace(' ', '_')}", f"name: {relation}"]
    return "\n".join([*lines, *(["is_transitive: true"] if relation in _TRANSITIVE else []), ""])
