"""A set of proteins as a training folder in CAFA's layout."""

import re
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from protimb.datasets._aspects import ONTOLOGIES, spelling_like
from protimb.datasets._dated import days_of_labels
from protimb.datasets._ids import check_protein_ids, normalise_protein_id
from protimb.ontology._obo_text import obo_text
from protimb.utils._days import spell_days
from protimb.utils._new_folder import new_folder
from protimb.utils._spelling import why_unreadable
from protimb.utils._validation import a_few, check_vectors

TABLE: dict[str, Any] = {"sep": "\t", "index": False, "quoting": 3}  # 3: nothing is quoted

_BREAKS = re.compile(r"[\t\n\r\0]")  # what no field of a table can hold


def write_folder(data, labels, folder):
    """Write a ProteinData, its labels an array or csr in the order of its terms."""
    _check_readable(data)
    with new_folder(folder) as draft:
        (draft / "go-basic.obo").write_text(obo_text(data.ontology), encoding="utf-8")
        np.save(draft / "train_embeddings.npy", np.asarray(data.X))
        np.save(draft / "train_ids.npy", np.asarray(data.protein_ids, dtype=str))
        _annotations(data, labels).to_csv(draft / "train_terms.tsv", **TABLE)
        clusters = pd.DataFrame({"EntryID": data.protein_ids, "cluster": data.groups})
        clusters.to_csv(draft / "clusters.tsv", **TABLE)
        (draft / "DESCR.md").write_text(data.get("DESCR", ""), encoding="utf-8")
        _write_sequences(data.get("sequences", {}), draft / "train_sequences.fasta")


def _check_readable(data):
    """Refuse what the readers of the folder would refuse, or take for something else."""
    if np.ndim(data.X) == 2 and not np.shape(data.X)[1]:
        raise ValueError(
            f"These {len(data.X)} proteins have no vectors (X has no column), which a training "
            "folder needs. read_cafa3(vectors=...) joins those that protimb embed made."
        )
    check_vectors(data.X, keep_half=True)
    for what, names in {"protein id": data.protein_ids, "cluster": data.groups}.items():
        bad = [one for one in map(str, names) if why_unreadable(one) or _BREAKS.search(one)]
        if bad:
            raise ValueError(
                f"{len(bad)} names cannot be a {what} in a table: {a_few(map(repr, bad))}. "
                "They are blank, or hold a tab, a line end, a NUL or a character that cannot "
                "be seen; rename them."
            )
    ids = pd.Index([normalise_protein_id(one) for one in map(str, data.protein_ids)])
    check_protein_ids(ids, lambda _: "These proteins", ValueError)
    repeated = ids[ids.duplicated()].unique()
    if len(repeated):
        raise ValueError(
            f"{len(repeated)} ids name more than one protein: {a_few(repeated)}. Rename them."
        )


def _annotations(data, labels):
    """Return CAFA's table: each term of each protein, the root where there is no other."""
    rows, columns = sparse.csr_array(labels).nonzero()
    bare = np.setdiff1d(np.arange(len(data.protein_ids)), rows)
    terms = [*np.asarray(data.terms)[columns], *[_root(data)] * len(bare)]
    ids = np.asarray(data.protein_ids)[[*rows, *bare]]
    aspects = {term: _aspect(data.ontology.namespace(term)) for term in dict.fromkeys(terms)}
    table = pd.DataFrame({"EntryID": ids, "term": terms, "aspect": [aspects[t] for t in terms]})
    if "dates" in data:
        days = days_of_labels(data)
        pairs = zip(map(str, ids), terms, strict=True)
        table["date"] = spell_days(pd.Series([days.get(pair, pd.NaT) for pair in pairs]))
    return table.sort_values("EntryID", kind="stable")


def _root(data):
    namespace = data.ontology.namespace(data.terms[0])
    roots = data.ontology.roots
    return next(root for root in roots if data.ontology.namespaces[root] == namespace)


def _aspect(namespace):
    if namespace not in ONTOLOGIES.values():
        raise ValueError(
            f"A CAFA folder has terms of {', '.join(ONTOLOGIES.values())}; these are of "
            f"{namespace!r}."
        )
    return spelling_like((), namespace)


def _write_sequences(sequences, path):
    there = sequences.in_file() if hasattr(sequences, "in_file") else sequences
    if there:
        path.write_text("".join(f">{one}\n{there[one]}\n" for one in there), encoding="utf-8")
