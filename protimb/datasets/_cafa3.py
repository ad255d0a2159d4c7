"""Other people's benchmarks: CAFA-3 as its organisers, and as the authors of TALE, lay it out."""

from pathlib import Path
from warnings import warn

import numpy as np
import pandas as pd

from protimb.datasets import _cafa3_release, _tale_files
from protimb.datasets._cafa import _check_any, _check_limits, _namespace, _namespaces
from protimb.datasets._embeddings import read_embeddings
from protimb.datasets._proteins import ProteinData
from protimb.exceptions import AnnotationError, AnnotationWarning
from protimb.ontology._lookup import look_up
from protimb.ontology._propagate import (
    count_left_out,
    cut_columns,
    frequent_terms,
    indicator,
    propagate_indicators,
)
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level

# How a folder is laid out, the first whose files are there.
LAYOUTS = (_tale_files, _cafa3_release)


def read_cafa3(
    folder, ontology="mf", *, vectors=None, min_proteins=10, max_proteins=None, max_bytes=None
):
    """Read CAFA-3, as its organisers lay it out or as TALE's authors do, with its split.

    Parameters
    ----------
    folder : str or path-like
        The organisers' files, in this folder or below: ``uniprot_sprot_exp.fasta`` and ``.txt``;
        the FASTA files of the targets, ``target*.fasta``; ``groundtruth/leafonly_MFO.txt`` and
        the like, with ``lists/mfo_all_type1.txt`` where there are lists; and the ontology of that
        time, ``go_cafa3.obo``, ``gene_ontology_edit.obo``, ``go.obo`` or ``go-basic.obo``. Or
        TALE's: ``train_seq_mf``, ``train_label_mf``, ``test_seq_mf``, ``test_label_mf`` and
        ``mf_go_1``, converted; those that are pickled are refused with the line that does it.
    ontology : {"mf", "bp", "cc"}
        Molecular function, biological process or cellular component.
    vectors : str or path-like, optional
        Vectors of the proteins, in any format of ``read_embeddings``. Without it ``X`` has no
        column: classifiers of sequences need none.
    min_proteins, max_proteins : int
        Leave out terms with fewer, or more, training proteins, counted after propagation.
    max_bytes : int, optional
        Most bytes that each compressed file may unfold to; by default what text and numbers do,
        see the readers of single files.

    Returns
    -------
    data : ProteinData
        As ``read_cafa`` returns it, training proteins first, and besides
        ``split`` : str of shape (n_proteins,), ``"train"`` or ``"test"``;
        ``knowledge`` : str of shape (n_proteins,), what was known of test proteins: ``"none"``
        (type 1), ``"limited"`` (type 2), or empty where no list names the protein.
        ``n_terms_left_out`` counts true terms that have no column. Each protein is a group of
        its own.

    Raises
    ------
    FileNotFoundError
        If a file is missing; names what was looked for.
    AnnotationError
        If a file is pickled, or malformed; if labels and sequences of TALE differ in number, or a
        protein is in both parts.
    FastaError, OntologyError, EmbeddingFileError
        If a file is malformed.

    Warns
    -----
    AnnotationWarning
        If annotated proteins have no sequence; they are left out.
    EmbeddingWarning
        If proteins have no vector; they are left out.
    OntologyWarning
        If annotations name terms that the ontology lacks.

    See Also
    --------
    protimb.evaluation.evaluate_predictions : Holds predictions against such a folder.
    read_cafa : The layout of CAFA-5 and CAFA-6.

    Notes
    -----
    Annotations are propagated over ``is_a`` and ``part_of`` inside the namespace. Of two
    benchmarks below the folder, such as ``benchmark20170605`` and ``benchmark20171115``, the
    later by name is read, with its own lists. Targets have CAFA's ids, training proteins UniProt's
    accessions.

    References
    ----------
    .. [1] N. Zhou et al., "The CAFA challenge reports improved protein function prediction and new
       functional annotations for hundreds of genes through experimental screens", Genome Biology
       20 (2019), doi 10.1186/s13059-019-1835-8.
    .. [2] Y. Cao, Y. Shen, "TALE: Transformer-based protein function Annotation with joint
       sequence-Label Embedding", Bioinformatics 37 (2021), doi 10.1093/bioinformatics/btab198.

    Examples
    --------
    >>> from protimb.datasets import read_cafa3
    >>> read_cafa3("missing_folder")
    Traceback (most recent call last):
        ...
    FileNotFoundError: missing_folder is no folder. Unpack the files of CAFA-3 or TALE into one.
    """
    namespace = _namespace(ontology)
    _check_limits(min_proteins, max_proteins)
    folder = Path(folder)
    part = _layout_of(folder).read(folder, ontology, max_bytes)
    lookup = look_up(part.pairs["term"].tolist(), part.graph)
    inside = _namespaces(lookup.columns, part.graph) == namespace
    _check_any(inside, namespace, folder)
    ids, propagated = _propagated(part, lookup.columns, inside, folder)
    X, ids, propagated = _with_vectors(vectors, ids, propagated, max_bytes)
    split = np.array([part.split[one] for one in ids.tolist()])
    _check_parts(split, namespace, folder)
    terms = frequent_terms(propagated[split == "train"], part.graph, min_proteins, max_proteins)
    return ProteinData(
        X=X,
        y=cut_columns(propagated, part.graph, terms).toarray(),
        protein_ids=ids,
        terms=np.array(terms, dtype=str),
        term_names=np.array([part.graph.names[term] for term in terms], dtype=str),
        groups=ids.copy(),
        ontology=part.graph,
        sequences={one: part.sequences[one] for one in ids.tolist()},
        n_terms_left_out=count_left_out(propagated, part.graph, terms),
        split=split,
        knowledge=np.array([part.knowledge.get(one, "") for one in ids.tolist()], dtype=str),
        DESCR=f"CAFA-3, {namespace}, read from {folder}.",
    )


def read_truth(folder):
    """Read who has which term among test proteins: a frame EntryID, term; and what was known.

    That is {namespace: {protein: "none" or "limited"}}.
    """
    folder = Path(folder)
    return _layout_of(folder).read_truth(folder)


def _layout_of(folder):
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder} is no folder. Unpack the files of CAFA-3 or TALE into one."
        )
    found = next((one for one in LAYOUTS if one.is_laid_out(folder)), None)
    if found is None:
        raise FileNotFoundError(
            f"{folder} has neither groundtruth/leafonly_*.txt, as CAFA-3 has, nor test_label_mf or "
            "the like, as TALE has. Check the path."
        )
    return found


def _propagated(part, columns, inside, folder):
    """Return the annotated proteins in the order of the parts, and CSR (n_proteins, n_terms)."""
    annotated = set(part.pairs["EntryID"][inside])
    _warn_of_missing(sorted(annotated - set(part.sequences)), len(annotated), folder)
    ids = [one for one in part.split if one in annotated and one in part.sequences]
    rows = pd.Index(ids, dtype=object).get_indexer(part.pairs["EntryID"])
    known = inside & (rows >= 0)
    direct = indicator(rows[known], columns[known], (len(ids), len(part.graph)))
    return np.array(ids, dtype=str), propagate_indicators(direct, part.graph)


def _warn_of_missing(missing, n_annotated, folder):
    if missing:
        warn(
            f"{folder}: no sequence of {len(missing)} of {n_annotated} annotated proteins, which "
            f"are left out: {a_few(missing)}.",
            AnnotationWarning,
            stacklevel=users_level(),
        )


def _with_vectors(vectors, ids, propagated, max_bytes):
    if vectors is None or not len(ids):
        return np.zeros((len(ids), 0), dtype=np.float32), ids, propagated
    X, kept = read_embeddings(vectors, select=ids, missing="drop", max_bytes=max_bytes)
    return X, kept, propagated[np.isin(ids, kept)]


def _check_parts(split, namespace, folder):
    missing = {"train", "test"} - set(split.tolist())
    if missing:
        raise AnnotationError(
            f"{folder}: no {' and no '.join(sorted(missing))} protein has a sequence and a term of "
            f"{namespace}. Do the files use the same ids?"
        )
