"""Read a CAFA training folder: vectors, propagated annotations, groups and ontology."""

from functools import lru_cache
from pathlib import Path
from warnings import warn

import numpy as np
import pandas as pd
from scipy import sparse

from protimb.datasets._annotations import read_annotations
from protimb.datasets._aspects import ONTOLOGIES, SPELLINGS, namespace_of
from protimb.datasets._dated import dated_annotations
from protimb.datasets._embeddings import (
    READERS,
    ids_file,
    names_own_rows,
    read_embeddings,
    vector_files,
)
from protimb.datasets._fasta import LazySequences
from protimb.datasets._folders import find_file
from protimb.datasets._ids import normalise_protein_id
from protimb.datasets._proteins import ProteinData
from protimb.datasets._vectors import ID_NAMES
from protimb.exceptions import (
    AnnotationError,
    AnnotationWarning,
    InvalidLabelsError,
    OntologyWarning,
)
from protimb.ontology import read_obo
from protimb.ontology._lookup import look_up
from protimb.ontology._propagate import (
    count_left_out,
    cut_columns,
    frequent_terms,
    indicator,
    propagate_indicators,
)
from protimb.utils._containers import label_frame
from protimb.utils._files import local_path, read_text
from protimb.utils._spelling import check_names
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level

# What is read -> the names that it goes by; the first that exists is taken.
FILES = {
    "ontology": ("go-basic.obo", "go-basic.obo.gz"),
    "terms": ("train_terms.tsv", "train_terms.tsv.gz"),
    "ids": ("train_ids.npy",),
    "vectors": vector_files("train"),
    "sequences": ("train_sequences.fasta", "train_sequences.fasta.gz"),
    "clusters": ("clusters.tsv", "clusters.tsv.gz"),
    "description": ("DESCR.md",),
}

_MOST_WORDS = 2**20  # letters of a description

# What tables of clusters call the column of proteins, in lower case.
_PROTEIN_COLUMNS = {*ID_NAMES, "member", "members", "sequence"}


def read_cafa(
    folder,
    ontology="mf",
    *,
    min_proteins=10,
    max_proteins=None,
    as_frame=False,
    return_X_y=False,
    max_bytes=None,
    memory_map=False,
):
    """Read a training folder in the layout of CAFA-5 and CAFA-6.

    Parameters
    ----------
    folder : str or path-like
        Holds ``train_terms.tsv``, ``go-basic.obo``, and ``train_embeds`` or ``train_embeddings``
        in any format of ``read_embeddings``, with ``train_ids.npy`` where that is ``.npy``;
        possibly ``train_sequences.fasta`` and ``clusters.tsv`` (``EntryID``, ``cluster``, in
        either order; a header may say which). Text files may be gzipped; files may lie in a
        subfolder ``Train``, as Kaggle packs them. Aspects are spelt as in CAFA-5 (``MFO``) or
        CAFA-6 (``F``).
    ontology : {"mf", "bp", "cc"}
        Molecular function, biological process or cellular component.
    min_proteins : int
        Leave out terms with fewer proteins, counted after propagation.
    max_proteins : int, optional
        Leave out terms with more proteins.
    as_frame : bool
        Return ``X`` and ``y`` as DataFrames, indexed by protein id.
    return_X_y : bool
        Return ``(X, y)`` instead of an object.
    max_bytes : int, optional
        Most bytes that each compressed file may unfold to; by default what text and numbers do,
        see the readers of single files.
    memory_map : bool or "auto", default=False
        Map ``X``, as `read_embeddings` does, and leave ``y`` sparse, a csr_array: for vectors or
        labels that memory does not hold. ``"auto"`` does so where the vectors would take more than
        256 MiB, and the file can be mapped.

    Returns
    -------
    data : ProteinData
        ``X`` : float32 of shape (n_proteins, width), protein vectors.
        ``y`` : uint8 of shape (n_proteins, n_terms), propagated indicators.
        ``protein_ids`` : str of shape (n_proteins,), sorted.
        ``terms``, ``term_names`` : str of shape (n_terms,), sorted by id, the root left out.
        ``groups`` : str of shape (n_proteins,), sequence cluster of each protein; without a
        table of clusters every protein is its own, and a split by cluster a split at random.
        ``ontology`` : GeneOntology, all three namespaces.
        ``sequences`` : mapping of protein id to residues, read when first asked for; empty
        without a FASTA file.
        ``n_terms_left_out`` : int of shape (n_proteins,), terms of each protein that the limits
        left out.
        ``dates`` : DataFrame of ``EntryID``, ``term`` and ``date``, the annotations as they were
        made, not propagated; only where ``train_terms.tsv`` has a column ``date``.
        ``DESCR`` : str.

    Raises
    ------
    FileNotFoundError
        If a file is missing; names what was looked for.
    AnnotationError, EmbeddingFileError, OntologyError
        If a file is malformed.
    InvalidLabelsError
        If no term has ``min_proteins`` to ``max_proteins``.

    Warns
    -----
    OntologyWarning
        If annotations name terms that the ontology lacks, or contradict it.
    EmbeddingWarning
        If annotated proteins have no vector; they are left out.
    AnnotationWarning
        If the table of clusters lacks proteins; each is then a cluster of its own.

    See Also
    --------
    load_human_go : The packaged human data.
    read_embeddings, read_annotations, read_fasta : Read single files.

    Notes
    -----
    Proteins are those with an annotation in the namespace. Annotations are propagated over
    ``is_a`` and ``part_of`` inside it, as in the CAFA evaluation. A protein whose every term
    is too rare or too frequent keeps an all-zero row.

    Examples
    --------
    >>> from protimb.datasets import read_cafa
    >>> read_cafa("missing_folder")
    Traceback (most recent call last):
        ...
    FileNotFoundError: missing_folder has no go-basic.obo or go-basic.obo.gz, ...
    """
    namespace = _namespace(ontology)
    _check_limits(min_proteins, max_proteins)
    paths = _find_files(Path(folder))
    graph = _read_obo_once(paths["ontology"], max_bytes)
    annotations = read_annotations(paths["terms"], dates=True, max_bytes=max_bytes)
    lookup = look_up(annotations["term"].tolist(), graph)
    _warn_of_aspects(annotations, lookup.columns, graph)
    inside = _namespaces(lookup.columns, graph) == namespace
    _check_any(inside, namespace, paths["terms"])
    protein_ids, propagated = _propagated(annotations[inside], lookup.columns[inside], graph)
    wanted = {"select": protein_ids, "missing": "drop", "max_bytes": max_bytes}
    X, kept = read_embeddings(paths["vectors"], paths["ids"], memory_map=memory_map, **wanted)
    propagated = propagated[np.isin(protein_ids, kept)]
    terms = terms_between(propagated, graph, min_proteins, max_proteins)
    labels, is_mapped = cut_columns(propagated, graph, terms), isinstance(X, np.memmap)
    bunch = ProteinData(
        X=X,
        y=sparse.csr_array(labels, dtype=np.uint8) if is_mapped else labels.toarray(),
        protein_ids=kept,
        terms=np.array(terms, dtype=str),
        term_names=np.array([graph.names[term] for term in terms], dtype=str),
        groups=_read_groups(paths["clusters"], kept, max_bytes),
        ontology=graph,
        sequences=_sequences(paths["sequences"], kept, max_bytes),
        n_terms_left_out=count_left_out(propagated, graph, terms),
        DESCR=_read_description(paths["description"], folder),
    )
    dates = dated_annotations(annotations[inside], lookup.columns[inside], graph, kept)
    if dates is not None:
        bunch["dates"] = dates
    return _shaped(bunch, as_frame, return_X_y)


def _namespace(ontology):
    if ontology not in ONTOLOGIES:
        raise ValueError(f"ontology must be one of {sorted(ONTOLOGIES)}, got {ontology!r}.")
    return ONTOLOGIES[ontology]


def _check_limits(min_proteins, max_proteins):
    if max_proteins is not None and max_proteins < min_proteins:
        raise ValueError(
            f"No term has min_proteins={min_proteins} or more, and max_proteins={max_proteins} or "
            "fewer. Lower one, or raise the other."
        )


def terms_between(propagated, graph, min_proteins, max_proteins):
    """List the terms of csr (n_proteins, len(graph)) with so many proteins; none is an error."""
    terms = frequent_terms(propagated, graph, min_proteins, max_proteins)
    if not terms:
        every = frequent_terms(propagated, graph)
        counts = cut_columns(propagated, graph, every).sum(axis=0, dtype=np.int64).A1
        most = f", and all terms have {counts.min()} to {counts.max()}" if len(counts) else ""
        upper = "or more" if max_proteins is None else f"to {max_proteins}"
        raise InvalidLabelsError(
            f"0 terms have {min_proteins} {upper} of {propagated.shape[0]} proteins{most}. Lower "
            "min_proteins or raise max_proteins; roots are no terms to learn."
        )
    return terms


def _find_files(folder):
    paths = {what: find_file(folder, names) for what, names in FILES.items()}
    optional = {"sequences", "clusters", "description"}
    if paths["vectors"] and names_own_rows(paths["vectors"]):
        paths["ids"] = None
        optional.add("ids")
    elif paths["vectors"]:
        paths["ids"] = ids_file(paths["vectors"]) or paths["ids"]
    for what, path in paths.items():
        if path is None and what not in optional:
            raise FileNotFoundError(
                f"{folder} has no {_called(what)}, which a CAFA training folder has. "
                "Check the path."
            )
    return paths


def _called(what):
    """Say what a file is called, in short where there are many names."""
    if what == "vectors":
        return f"train_embeds or train_embeddings, with {', '.join(READERS)} behind"
    return " or ".join(FILES[what])


def _sequences(path, protein_ids, max_bytes):
    return {} if path is None else LazySequences(path, protein_ids, max_bytes)


def _read_obo_once(path, max_bytes=None):
    # A GeneOntology is immutable, so every data set of a process may share one.
    status = path.stat()
    return _read_obo_version(path.resolve(), status.st_mtime_ns, status.st_size, max_bytes)


@lru_cache(maxsize=2)
def _read_obo_version(path, mtime, size, max_bytes):
    return read_obo(path, max_bytes=max_bytes)


def _check_any(inside, namespace, path):
    if not inside.any():
        raise AnnotationError(
            f"{path}: none of {len(inside)} annotations is in {namespace}. Name the ontologies "
            f"that it has, of {', '.join(ONTOLOGIES)}; --ontology does so on the command line."
        )


def _propagated(annotations, columns, graph):
    """Return the proteins annotated, and their propagated indicators as CSR."""
    rows, proteins = pd.factorize(annotations["EntryID"], sort=True)
    direct = indicator(rows, columns, (len(proteins), len(graph)))
    return np.array(proteins, dtype=str), propagate_indicators(direct, graph)


def _namespaces(columns, graph):
    # An unknown term has column -1, which takes the "" at the end.
    return np.array([*map(graph.namespaces.get, graph.terms), ""], dtype=object)[columns]


def _warn_of_aspects(annotations, columns, graph):
    if "aspect" not in annotations:
        return
    namespace = {aspect: namespace_of(aspect) for aspect in annotations["aspect"].unique()}
    said = annotations["aspect"].map(namespace).to_numpy()
    wrong = (columns >= 0) & (said != _namespaces(columns, graph))
    for what, these in {
        f"an aspect that is none of {', '.join(SPELLINGS)}": wrong & pd.isna(said),
        "an aspect that contradicts the ontology": wrong & ~pd.isna(said),
    }.items():
        _warn_of_rows(annotations[these], what)


def _warn_of_rows(rows, what):
    if len(rows):
        first = rows.iloc[0]
        warn(
            f"{len(rows)} annotations have {what}, such as {first['term']} of "
            f"{first['EntryID']} ({first['aspect']}). The ontology is followed.",
            OntologyWarning,
            stacklevel=users_level(),
        )


def _read_groups(path, protein_ids, max_bytes=None):
    if path is None:
        return protein_ids.copy()
    cluster_of: dict[str, str] = {}
    for number, protein, cluster in _cluster_lines(path, protein_ids, max_bytes):
        if cluster_of.setdefault(protein, cluster) != cluster:
            raise AnnotationError(
                f"{path}, line {number}: protein {protein!r} is in two clusters, "
                f"{cluster_of[protein]!r} and {cluster!r}. Keep one."
            )
    _warn_of_unclustered([one for one in protein_ids.tolist() if one not in cluster_of], path)
    return np.array([cluster_of.get(one, one) for one in protein_ids.tolist()], dtype=str)


def _cluster_lines(path, protein_ids, max_bytes):
    """Return (line number, protein, cluster) of each line, whichever column the proteins are in."""
    lines = read_text(path, AnnotationError, max_bytes=max_bytes).split("\n")
    rows = {n: _two_fields(line, n, path) for n, line in enumerate(lines, 1) if line.strip()}
    columns = list(zip(*rows.values(), strict=True))
    names = [list(map(normalise_protein_id, column)) for column in columns]
    wanted = set(protein_ids.tolist())
    n_known = [len(wanted.intersection(column)) for column in names]
    if not any(n_known):
        raise AnnotationError(
            f"{path} names none of the {len(wanted)} proteins, such as {a_few(sorted(wanted))}. "
            "A line is a protein, a tab and its cluster; are the ids of another database?"
        )
    second = _said_by_header(next(iter(rows.values())), wanted)
    if second is None or not n_known[second]:
        # MMseqs2 names a cluster by one of its proteins and writes it first: then both columns
        # hold proteins, and that of the members holds more of them, and each once.
        is_each_once = [len(set(column)) == len(column) for column in names]
        second = (n_known[1], is_each_once[1]) > (n_known[0], is_each_once[0])
    return zip(rows, names[second], columns[not second], strict=True)


def _said_by_header(cells, proteins):
    """Return the place of the column that a first line calls proteins, or None."""
    is_named = [cell.lower() in _PROTEIN_COLUMNS for cell in cells]
    is_header = proteins.isdisjoint(map(normalise_protein_id, cells)) and sum(is_named) == 1
    return is_named.index(True) if is_header else None


def _two_fields(line, number, path):
    fields = [field.strip() for field in line.split("\t")]
    if len(fields) != 2 or not all(fields):
        raise AnnotationError(
            f"{path}, line {number}: expected a protein and its cluster, found {fields!r}."
        )
    check_names(fields, "name", lambda _: f"{path}, line {number}", AnnotationError)
    return fields


def _warn_of_unclustered(proteins, path):
    if proteins:
        warn(
            f"{path}: no cluster for {len(proteins)} proteins, such as {a_few(proteins)}. Each "
            "becomes a cluster of its own, so a split by cluster may part it from its relatives.",
            AnnotationWarning,
            stacklevel=users_level(),
        )


def _read_description(path, folder):
    if path is None:
        return f"Proteins with GO annotations, read from {folder}."
    with local_path(path, AnnotationError).open(encoding="utf-8", errors="replace") as file:
        return file.read(_MOST_WORDS)  # for people, whatever wrote it


def _shaped(bunch, as_frame, return_X_y):
    if as_frame:
        index = pd.Index(bunch.protein_ids, name="EntryID")
        names = [f"x{i}" for i in range(bunch.X.shape[1])]
        bunch.X = pd.DataFrame(bunch.X, index=index, columns=names)
        bunch.y = label_frame(bunch.y, bunch.terms, index)
    return (bunch.X, bunch.y) if return_X_y else bunch
