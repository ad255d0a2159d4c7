"""ingest: sequences, annotations, ontology and vectors become one clean folder."""

import json
import shutil
import warnings
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from protimb.datasets import read_embeddings, read_fasta
from protimb.datasets._cafa import _read_groups
from protimb.datasets._embeddings import find_vectors, ids_beside, names_own_rows
from protimb.datasets._evidence import read_eco_codes, wanted_codes
from protimb.datasets._write_cafa import TABLE
from protimb.embeddings import EncoderRecord
from protimb.embeddings._record import record_path
from protimb.exceptions import AnnotationError, FastaError, OntologyError, ProtimbWarning
from protimb.ingest._annotations import read_any_annotations
from protimb.ingest._clusters import METHODS, check_share, choose_method, cluster_sequences
from protimb.ingest._fasta_facts import describe_fasta
from protimb.ingest._report import IngestReport
from protimb.ingest._terms import map_terms
from protimb.ontology import GeneOntology, read_obo
from protimb.utils._csv import UTF8
from protimb.utils._files import file_hash, local_path
from protimb.utils._new_folder import check_new, new_folder
from protimb.utils._validation import a_few

_N_EXAMPLES = 3
_STEPS = ("ontology", "sequences", "annotations", "terms", "vectors", "clusters", "folder")


def ingest(
    fasta,
    annotations,
    obo,
    out,
    *,
    embeddings=None,
    ids=None,
    evidence="experimental",
    taxon=None,
    eco=None,
    clusters="auto",
    identity=0.3,
    coverage=0.8,
    verbose=False,
):
    r"""Write a clean CAFA folder from files as databases publish them.

    Files disagree: ids are spelt in several ways, terms have been merged since, proteins lack a
    sequence. Here they are joined once, and what was lost on the way is said.

    Parameters
    ----------
    fasta : str or path-like
        Sequences; as all files here, plain or gzipped.
    annotations : str or path-like
        GAF, GPAD, or a table of proteins and terms; told apart by what is in it.
    obo : str or path-like
        The ontology, such as ``go-basic.obo``.
    out : str or path-like
        Folder to write, new or empty. It appears whole or not at all.
    embeddings : str or path-like, optional
        Vectors, as ``read_embeddings`` takes them. Without them, ``protimb embed`` makes them of
        the folder's sequences.
    ids : str, path-like or sequence of str, optional
        Protein of each vector, where their file does not say. Of ``X.npy``, ``X_ids.npy`` is
        taken, and ``train_ids.npy`` of ``train_embeds.npy``.
    evidence : {"experimental", "curated", "all"} or collection of str
        As for ``read_gaf``. A table says nothing of evidence, and is taken whole.
    taxon : int or collection of int, optional
        NCBI's numbers of the species to keep. GAF alone says it.
    eco : mapping of str to str or path-like, optional
        As for ``read_gpad``.
    clusters : {"auto", "mmseqs", "minhash", None} or path-like
        How to cluster sequences, as for ``cluster_sequences``; or a file of a protein and its
        cluster a line; or not at all.
    identity, coverage : float in (0, 1]
        As for ``cluster_sequences``.
    verbose : bool
        Show a progress bar.

    Returns
    -------
    report : IngestReport
        All that was dropped, mapped or repaired, with counts. The folder has it as
        ``report.json``.

    Raises
    ------
    FileExistsError
        If ``out`` holds something.
    AnnotationError
        If annotations are malformed, none of them passes the filters, or none is left that has a
        sequence and a term of the ontology; or a taxon is asked for that the file does not say.
    FastaError, OntologyError, EmbeddingFileError, ClusteringError
        If another file is malformed, or clustering fails.

    See Also
    --------
    protimb.datasets.read_cafa : Reads the folder.
    protimb.embeddings.embed_fasta : Makes vectors of its sequences.

    Notes
    -----
    In the folder are proteins that have a sequence, an annotation and, where vectors are given, a
    vector; in the order of the FASTA file. Annotations are those that were read, not propagated,
    each once, with the present id of the term, the ontology's aspect and, where the file says it,
    the day (``date``), by which ``protimb compare --split temporal`` parts proteins. Vectors that
    half precision holds without loss are written in it; a record of their encoder goes with them.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from protimb.ingest import ingest
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     folder = pathlib.Path(folder)
    ...     _ = (folder / "a.fasta").write_text(">sp|P12345|X_HUMAN\nMKVLA\n>Q1\nMKKLA\n")
    ...     _ = (folder / "a.tsv").write_text("P12345\tGO:0003674\nP12345\tGO:7777777\n")
    ...     _ = (folder / "a.obo").write_text(
    ...         "format-version: 1.2\n\n[Term]\nid: GO:0003674\nname: molecular_function\n"
    ...         "namespace: molecular_function\n"
    ...     )
    ...     report = ingest(
    ...         folder / "a.fasta",
    ...         folder / "a.tsv",
    ...         folder / "a.obo",
    ...         folder / "out",
    ...         clusters="minhash",
    ...     )
    ...     sorted(path.name for path in (folder / "out").iterdir())
    ['DESCR.md', 'clusters.tsv', 'go-basic.obo', 'report.json', 'train_sequences.fasta',
     'train_terms.tsv']
    >>> report.kept["proteins"], report.count("annotations of terms that the ontology lacks")
    (1, 1)
    """
    check_new(out)
    method = _method_of(clusters)
    _check_options(evidence, eco, identity, coverage)
    errors = {"fasta": FastaError, "annotations": AnnotationError, "obo": OntologyError}
    given = {"fasta": fasta, "annotations": annotations, "obo": obo}
    paths = {what: local_path(path, errors[what]) for what, path in given.items()}
    record = None if embeddings is None else _record_of(embeddings, ids)
    filters = {"evidence": evidence, "taxon": taxon, "eco": eco}
    with _bar(verbose) as step:
        with _caught_warnings() as said:
            parts = _join(paths, filters, embeddings, ids, step)
            step("clusters")
            groups = _groups(method, clusters, parts.sequences, identity, coverage)
        step("folder")
        report = IngestReport(
            folder=Path(out),
            kept=_kept(parts, groups),
            changes=parts.changes.table(),
            notes=parts.notes,
            warnings=said,
            sources=_sources(paths, {"embeddings": embeddings, "clusters": _file_of(clusters)}),
            options=_options(evidence, taxon, method, identity, coverage),
        )
        _write(out, paths["obo"], parts, groups, report, record)
    return report


class _Parts(NamedTuple):
    """What fits together: annotations and sequences of the same proteins, perhaps vectors."""

    table: pd.DataFrame
    sequences: dict
    X: np.ndarray | None
    graph: GeneOntology
    changes: "_Changes"
    notes: list


def _join(paths, filters, embeddings, ids, step):
    """Read all files and keep the proteins that have everything, as _Parts."""
    changes = _Changes()
    notes: list[str] = []
    step("ontology")
    graph = read_obo(paths["obo"])
    step("sequences")
    sequences = read_fasta(paths["fasta"])
    changes.add_all("sequences", describe_fasta(paths["fasta"], sequences))
    step("annotations")
    table, found = read_any_annotations(paths["annotations"], filters, notes)
    changes.add_all("annotations", found)
    table = _with_sequence(table, sequences, changes)
    step("terms")
    table, found = map_terms(table, graph, paths["annotations"])
    changes.add_all("terms", found)
    proteins = _annotated(sequences, table, changes)
    step("vectors")
    X, proteins = _vectors(embeddings, ids, proteins, changes)
    table = table[table["EntryID"].isin(proteins)]
    kept = {one: sequences[one] for one in proteins}
    return _Parts(table, kept, X, graph, changes, notes)


class _Changes:
    """Collects what was dropped, mapped or repaired: step, what, how often, a few examples."""

    def __init__(self):
        self._rows = []

    def add(self, step, what, names):
        """Count names, of which some become examples, or take a count as it is."""
        is_count = isinstance(names, (int, np.integer))
        examples = [] if is_count else [str(name) for name in list(names)[:_N_EXAMPLES]]
        n = int(names) if is_count else len(names)
        self._rows.append({"step": step, "what": what, "n": n, "examples": examples})

    def add_all(self, step, found):
        for what, names in found.items():
            self.add(step, what, names)

    def table(self):
        rows = sorted(self._rows, key=lambda row: _STEPS.index(row["step"]))
        return pd.DataFrame(rows, columns=["step", "what", "n", "examples"])


@contextmanager
def _bar(verbose):
    """Give a function that names the next step and moves the bar on."""
    with tqdm(total=len(_STEPS), disable=not verbose, desc="ingest", unit="step") as bar:

        def step(name):
            bar.set_postfix_str(name)
            bar.update(_STEPS.index(name) - bar.n)

        yield step
        bar.set_postfix_str("done")
        bar.update(len(_STEPS) - bar.n)


@contextmanager
def _caught_warnings():
    """Give a list that gets what our readers warn of; other warnings are passed on."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ProtimbWarning)
        yield said
        said += [str(one.message) for one in caught if issubclass(one.category, ProtimbWarning)]
    for one in caught:
        if not issubclass(one.category, ProtimbWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


def _method_of(clusters):
    """Return the method that will cluster, "file" or None; refuse a program that is not there."""
    if clusters is None or clusters in ("auto", *METHODS):
        return clusters and choose_method(clusters)
    local_path(clusters, AnnotationError)
    if not Path(clusters).is_file():
        raise FileNotFoundError(
            f"clusters={str(clusters)!r} is neither auto, {', '.join(METHODS)} nor a file."
        )
    return "file"


def _check_options(evidence, eco, identity, coverage):
    """Refuse what would be refused, or be passed over, after files of gigabytes were read."""
    wanted_codes(evidence)
    read_eco_codes(eco)
    check_share(identity, "identity")
    check_share(coverage, "coverage")


def _file_of(clusters):
    return clusters if _method_of(clusters) == "file" else None


def _with_sequence(table, sequences, changes):
    has = table["EntryID"].isin(sequences.keys())
    absent = table.loc[~has, "EntryID"].unique().tolist()
    changes.add("annotations", "annotated proteins without a sequence", absent)
    changes.add("annotations", "annotations of these", int((~has).sum()))
    if not has.any():
        raise AnnotationError(
            f"None of {len(absent)} annotated proteins, such as {a_few(absent)}, is among the "
            f"{len(sequences)} sequences, such as {a_few(list(sequences))}. Are the ids of "
            "another database?"
        )
    return table[has]


def _annotated(sequences, table, changes):
    """Return the proteins that have an annotation, in the order of their sequences."""
    annotated = set(table["EntryID"])
    bare = [one for one in sequences if one not in annotated]
    changes.add("sequences", "sequences without an annotation that is kept", bare)
    return [one for one in sequences if one in annotated]


def _vectors(embeddings, ids, proteins, changes):
    """Return vectors (n_proteins, width) or None, and the proteins that are kept."""
    if embeddings is None:
        return None, proteins
    X, kept = read_embeddings(embeddings, ids, select=proteins, missing="drop")
    absent = sorted(set(proteins) - set(kept.tolist()))
    changes.add("vectors", "proteins without a vector", absent)
    if not len(kept):
        raise AnnotationError(
            f"None of {len(proteins)} proteins, such as {a_few(proteins)}, has a vector in "
            f"{embeddings}. Are its ids of another database?"
        )
    return _half_if_lossless(X), kept.tolist()


def _record_of(embeddings, ids):
    """Read which encoder made vectors, or None; refuse rows without ids before all is read."""
    path = find_vectors(embeddings)
    if ids is None and not names_own_rows(path):
        ids_beside(path)
    return EncoderRecord.read(path)


def _half_if_lossless(X):
    with np.errstate(over="ignore"):
        half = X.astype(np.float16)
    return half if (half == X).all() else X


def _groups(method, clusters, sequences, identity, coverage):
    """Return {protein: cluster}, or None where no clusters are wanted."""
    if method is None:
        return None
    if method != "file":
        return cluster_sequences(sequences, method=method, identity=identity, coverage=coverage)
    proteins = np.array(list(sequences), dtype=str)
    groups = _read_groups(Path(clusters), proteins)
    return dict(zip(proteins.tolist(), groups.tolist(), strict=True))


def _kept(parts, groups):
    """Count what is in the folder."""
    table, X = parts.table, parts.X
    kept = {"proteins": table["EntryID"].nunique(), "annotations": len(table)}
    spaces = table["term"].map(parts.graph.namespaces.get)
    for space in sorted(spaces.unique()):
        part = table[spaces == space]
        kept[f"annotations in {space}"] = len(part)
        kept[f"proteins in {space}"] = part["EntryID"].nunique()
    if X is not None:
        kept["numbers in each vector"] = X.shape[1]
    if groups is not None:
        sizes = Counter(groups.values())
        kept["clusters"] = len(sizes)
        kept["proteins in the largest cluster"] = max(sizes.values())
    return {what: int(n) for what, n in kept.items()}


def _sources(paths, optional):
    paths = paths | {what: path for what, path in optional.items() if path is not None}
    return {what: _facts(Path(path)) for what, path in paths.items()}


def _facts(path):
    if not path.is_file():  # a folder of vectors, for example
        return {"name": path.name, "bytes": 0, "sha256": ""}
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": file_hash(path)}


def _options(evidence, taxon, method, identity, coverage):
    return {
        "evidence": evidence if isinstance(evidence, str) else sorted(evidence),
        "taxon": None if taxon is None else str(taxon),
        "clusters": method,
        "identity": identity,
        "coverage": coverage,
    }


def _write(out, obo, parts, groups, report, record):
    table, sequences, X = parts.table, parts.sequences, parts.X
    with new_folder(out) as draft:
        suffix = ".gz" if obo.suffix == ".gz" else ""
        shutil.copyfile(obo, draft / f"go-basic.obo{suffix}")
        table.to_csv(draft / "train_terms.tsv", **TABLE)
        with (draft / "train_sequences.fasta").open("w", encoding="utf-8") as file:
            file.writelines(f">{one}\n{residues}\n" for one, residues in sequences.items())
        if X is not None:
            np.save(draft / "train_embeds.npy", X)
            np.save(draft / "train_ids.npy", np.array(list(sequences), dtype=str))
        if record is not None:
            record.write(record_path(draft / "train_embeds.npy"))
        if groups is not None:
            clusters = pd.DataFrame(groups.items(), columns=["EntryID", "cluster"])
            clusters.to_csv(draft / "clusters.tsv", **TABLE)
        (draft / "DESCR.md").write_text(report.to_markdown(), **UTF8)
        facts = json.dumps(report.to_dict(), indent=2, default=str)
        (draft / "report.json").write_text(facts + "\n", encoding="utf-8")
