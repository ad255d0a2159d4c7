"""ProteinData from what is in memory: vectors, and who has which term."""

from collections.abc import Mapping
from warnings import warn

import numpy as np
import pandas as pd

from protimb.datasets._annotations import each
from protimb.datasets._aspects import ONTOLOGIES
from protimb.datasets._cafa import _namespaces, terms_between
from protimb.datasets._dated import DATED_COLUMNS, dated_annotations
from protimb.datasets._ids import check_protein_ids, normalise_protein_id
from protimb.datasets._row_ids import as_protein_ids
from protimb.exceptions import AnnotationError, EmbeddingFileError, EmbeddingWarning
from protimb.ontology._lookup import look_up
from protimb.ontology._propagate import (
    _as_terms,
    count_left_out,
    cut_columns,
    indicator,
    propagate_indicators,
)
from protimb.utils._days import days_of
from protimb.utils._foreign import read_table
from protimb.utils._spelling import check_names, is_missing, is_name, why_unreadable
from protimb.utils._validation import a_few, as_vectors, check_vectors
from protimb.utils._warnings import users_level


def fields_from_arrays(X, annotations, ontology, namespace, protein_ids, groups, sequences, limits):
    """Gather the fields of ``ProteinData.from_arrays``; limits are min and max proteins."""
    namespace = _namespace(namespace, ontology)
    ids = _read_ids(X, protein_ids)
    X = check_vectors(np.asarray(as_vectors(X), dtype=np.float32))
    _check_one_id_a_row(ids, len(X))
    pairs = _read_pairs(annotations)
    columns = look_up(pairs["term"].tolist(), ontology).columns
    inside = _namespaces(columns, ontology) == namespace
    rows = _rows_of(pairs["EntryID"][inside], ids, namespace)
    direct = indicator(rows[rows >= 0], columns[inside][rows >= 0], (len(ids), len(ontology)))
    kept = np.flatnonzero(direct.sum(axis=1))
    propagated = propagate_indicators(direct[kept], ontology)
    terms = terms_between(propagated, ontology, *limits)
    dated = dated_annotations(pairs[inside], columns[inside], ontology, ids[kept])
    return {
        **({} if dated is None else {"dates": dated}),
        "X": X[kept],
        "y": cut_columns(propagated, ontology, terms).toarray(),
        "protein_ids": ids[kept],
        "terms": np.array(terms, dtype=str),
        "term_names": np.array([ontology.names[term] for term in terms], dtype=str),
        "groups": _read_groups(groups, ids)[kept],
        "ontology": ontology,
        "sequences": _read_sequences(sequences, ids[kept]),
        "n_terms_left_out": count_left_out(propagated, ontology, terms),
        "DESCR": f"{len(kept)} of {len(ids)} proteins, those annotated in {namespace}.",
    }


def _namespace(namespace, ontology):
    name = ONTOLOGIES.get(namespace, namespace)
    known = sorted(set(ontology.namespaces.values()))
    if name not in known:
        raise ValueError(
            f"namespace must be one of {', '.join([*ONTOLOGIES, *known])}; got {namespace!r}, of "
            "which the ontology has no term."
        )
    return name


def _read_ids(X, protein_ids):
    if protein_ids is None:
        table = read_table(X, "X")
        if not isinstance(table, pd.DataFrame):
            raise EmbeddingFileError(
                "protein_ids is missing: annotations are joined to the rows of X by id. Pass one "
                "id a row, or X as a DataFrame indexed by id."
            )
        protein_ids = table.index
    ids = as_protein_ids(protein_ids)
    repeated = ids[pd.Index(ids).duplicated()]
    if len(repeated):
        raise EmbeddingFileError(
            f"{len(repeated)} protein_ids name more than one row of X: "
            f"{a_few(repeated.tolist())}. Keep one of each."
        )
    return ids


def _check_one_id_a_row(ids, n_rows):
    if len(ids) != n_rows:
        raise EmbeddingFileError(
            f"X has {n_rows} rows, but there are {len(ids)} protein_ids. Each row needs its id."
        )


def _read_pairs(annotations):
    """Turn a mapping of sets or a table into EntryID and term, both text, and days if there."""
    if isinstance(annotations, Mapping):
        sets = {protein: _as_terms(terms) for protein, terms in annotations.items()}
        pairs = [(protein, term) for protein, terms in sets.items() for term in terms]
        table = pd.DataFrame(pairs, columns=["EntryID", "term"])
    else:
        table = _two_columns(read_table(annotations, "annotations"))
    _check_filled(table[["EntryID", "term"]])
    table = table.astype({"EntryID": str, "term": str})
    if "date" in table:
        table["date"] = days_of(table["date"])
    table["EntryID"] = each(normalise_protein_id, table["EntryID"])
    check_protein_ids(table["EntryID"].unique(), lambda _: "annotations", AnnotationError)
    check_names(table["term"].unique(), "term", lambda _: "annotations", AnnotationError)
    return table


def _two_columns(table):
    if not isinstance(table, pd.DataFrame):
        raise AnnotationError(
            f"annotations is {type(table).__name__}. Pass {{protein: set of terms}}, or a "
            "DataFrame whose columns are proteins and terms."
        )
    if "qualifier" in table:
        raise AnnotationError(
            "annotations have a column 'qualifier', which may say NOT. Leave such rows out, drop "
            "the column, and pass the others; read_gaf and read_annotations do that."
        )
    if {"EntryID", "term"} <= set(table.columns):
        return table[[name for name in DATED_COLUMNS if name in table]].copy()
    if table.shape[1] != 2:
        raise AnnotationError(
            f"annotations have the columns {', '.join(map(str, table.columns))}; expected two, "
            "proteins and terms, or among others 'EntryID' and 'term'."
        )
    return table.set_axis(["EntryID", "term"], axis=1)


def _check_filled(table):
    for bad, said, advice in (
        (is_missing, "lack a protein or a term", "Complete or remove them"),
        (_is_no_text, "name one by what is no text", "Read the columns as text"),
    ):
        found = table.astype(object).map(bad).any(axis=1)
        if found.any():
            first = int(found.to_numpy().argmax())
            raise AnnotationError(
                f"{found.sum()} annotations {said}, the first is row {first}, "
                f"{table.iloc[first].tolist()}. {advice}."
            )


def _is_no_text(name):
    return isinstance(name, bytes) or not is_name(name)


def _rows_of(proteins, ids, namespace):
    """Find the row of each annotated protein, -1 where it has no vector; tell of these."""
    if not len(proteins):
        raise AnnotationError(f"No protein has an annotation in {namespace}.")
    rows = pd.Index(ids).get_indexer(pd.Index(proteins))
    annotated = proteins.unique()
    absent = [one for one in annotated if one not in set(ids.tolist())]
    message = (
        f"no vector for {len(absent)} of {len(annotated)} proteins annotated in {namespace} "
        f"(coverage {1 - len(absent) / len(annotated):.1%}): {a_few(absent)}."
    )
    if len(absent) == len(annotated):
        raise AnnotationError(
            f"{message} Are the ids of another database, or the columns of annotations not "
            "proteins and then terms?"
        )
    if absent:
        warn(message, EmbeddingWarning, stacklevel=users_level())
    return rows


def _read_groups(groups, ids):
    """Return the cluster of each protein (n_proteins,), its own id where it has none."""
    if groups is None:
        return ids.copy()
    if isinstance(groups, Mapping | pd.Series):
        cluster_of = {normalise_protein_id(str(one)): group for one, group in groups.items()}
        if not cluster_of.keys() & set(ids.tolist()):
            raise AnnotationError(
                f"groups names none of the {len(ids)} proteins, such as {a_few(ids.tolist())}. "
                "Pass one cluster a row, or {protein: cluster}."
            )
        groups = [cluster_of.get(one) for one in ids.tolist()]
    groups = list(groups)
    if len(groups) != len(ids):
        raise AnnotationError(
            f"groups has {len(groups)} clusters for {len(ids)} rows of X. Pass one a row, or "
            "{protein: cluster}."
        )
    return own_where_missing(groups, ids)


def own_where_missing(groups, ids):
    """Give the clusters (n_proteins,) as text; a protein without one is its own."""
    pairs = zip(groups, map(str, ids), strict=True)
    return np.array([one if _is_none(group) else str(group) for group, one in pairs], dtype=str)


def _is_none(group):
    return is_missing(group) or why_unreadable(str(group)) == "is blank"


def _read_sequences(sequences, ids):
    if sequences is None:
        return {}
    if not isinstance(sequences, Mapping):
        raise TypeError(
            f"sequences is {type(sequences).__name__}; pass {{protein: residues}}, as read_fasta "
            "returns it."
        )
    known = {normalise_protein_id(str(one)): residues for one, residues in sequences.items()}
    return {one: known[one] for one in ids.tolist() if one in known}
