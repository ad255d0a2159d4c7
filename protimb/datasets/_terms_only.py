"""Terms of the proteins of a CAFA folder, where there are no vectors yet."""

from os import PathLike
from pathlib import Path

from protimb.datasets._annotations import read_annotations
from protimb.datasets._cafa import (
    FILES,
    _check_any,
    _namespace,
    _namespaces,
    _propagated,
    _read_obo_once,
    terms_between,
)
from protimb.datasets._folders import find_file
from protimb.ontology._lookup import look_up
from protimb.ontology._propagate import cut_columns


def lacks_vectors(data):
    """Tell a folder that has terms and an ontology, but no vectors."""
    if not isinstance(data, str | PathLike) or not Path(data).is_dir():
        return False
    there = {what for what in FILES if find_file(Path(data), FILES[what])}
    return "vectors" not in there and {"terms", "ontology"} <= there


def read_terms(folder, ontology, min_proteins):
    """Read propagated indicators (n_proteins, n_terms), and the ids and names of the terms."""
    namespace = _namespace(ontology)
    path = find_file(Path(folder), FILES["terms"])
    graph = _read_obo_once(find_file(Path(folder), FILES["ontology"]))
    annotations = read_annotations(path)
    columns = look_up(annotations["term"].tolist(), graph).columns
    inside = _namespaces(columns, graph) == namespace
    _check_any(inside, namespace, path)
    _, propagated = _propagated(annotations[inside], columns[inside], graph)
    terms = terms_between(propagated, graph, min_proteins, None)
    return cut_columns(propagated, graph, terms).toarray(), terms, [graph.names[t] for t in terms]
