"""CAFA-3 as its organisers released it: training data, targets, ground truth, lists of targets."""

import pandas as pd

from protimb.datasets._annotations import read_annotations
from protimb.datasets._aspects import ONTOLOGIES, spelling_like
from protimb.datasets._benchmark import Benchmark
from protimb.datasets._fasta import read_fasta
from protimb.datasets._ids import check_protein_ids, normalise_protein_id
from protimb.exceptions import AnnotationError
from protimb.ontology import read_obo
from protimb.utils._files import is_there, local_path, read_text
from protimb.utils._spelling import line_of
from protimb.utils._validation import a_few

_OBO = ("go_cafa3.obo", "gene_ontology_edit.obo", "go.obo", "go-basic.obo")
_ENDINGS = ("", ".gz")
# What lists of targets are called -> what was known of a target before.
_LISTS = {"type1": "none", "type2": "limited"}


def is_laid_out(folder):
    """Tell whether a folder holds ground truth as CAFA-3 lays it out."""
    return any(_find(folder, f"leafonly_{_aspect(one)}.txt") for one in ONTOLOGIES)


def read(folder, ontology, max_bytes=None):
    """Read training data and targets of one ontology: a Benchmark."""
    cap = {"max_bytes": max_bytes}
    training = read_annotations(_need(folder, "uniprot_sprot_exp.txt"), **cap)[["EntryID", "term"]]
    truth = read_annotations(_need(folder, f"leafonly_{_aspect(ontology)}.txt"), **cap)
    sequences = read_fasta(_need(folder, "uniprot_sprot_exp.fasta"), **cap)
    wanted = set(truth["EntryID"])
    targets = {one: it for one, it in _read_targets(folder, cap).items() if one in wanted}
    both = sorted(wanted & set(sequences))
    if both:
        raise AnnotationError(
            f"{folder}: {len(both)} proteins are targets and in training: {a_few(both)}."
        )
    split = dict.fromkeys(sequences, "train") | dict.fromkeys(targets, "test")
    return Benchmark(
        pairs=pd.concat([training, truth[["EntryID", "term"]]], ignore_index=True),
        split=split,
        sequences=sequences | targets,
        graph=read_obo(_need(folder, *_OBO), **cap),
        knowledge=_read_lists(folder, ontology, cap),
    )


def read_truth(folder):
    """Read the ground truth of all ontologies that are there, and what lists say was known."""
    paths = {one: _find(folder, f"leafonly_{_aspect(one)}.txt") for one in ONTOLOGIES}
    tables = [read_annotations(path)[["EntryID", "term"]] for path in paths.values() if path]
    lists = {ONTOLOGIES[one]: _read_lists(folder, one, {}) for one, path in paths.items() if path}
    return pd.concat(tables, ignore_index=True), lists


def _aspect(ontology):
    return spelling_like((), ONTOLOGIES[ontology])  # MFO, BPO, CCO


def _find(folder, *names):
    """Return the file of the first name that is there, in the folder or below, or None."""
    for name in names:
        found = sorted(p for end in _ENDINGS for p in folder.rglob(name + end) if is_there(p))
        if found:
            return found[-1]  # of the later of two benchmarks
    return None


def _benchmark_of(folder, name):
    """Return the widest folder, this or below, whose only file of that name is the one read."""
    path = _find(folder, name)
    # Lists of an earlier benchmark would say of its targets what was known at another time.
    within = [one for one in path.parents if one.is_relative_to(folder)]
    there = [one for end in _ENDINGS for one in folder.rglob(name + end)]
    others = [one for one in there if one.parent != path.parent]
    return [one for one in within if not any(it.is_relative_to(one) for it in others)][-1]


def _need(folder, *names):
    path = _find(folder, *names)
    if path is None:
        raise FileNotFoundError(
            f"{folder} has no {' or '.join(names)}, which CAFA-3 has. Put it there, or below."
        )
    return path


def _read_targets(folder, cap):
    paths = [path for end in _ENDINGS for path in folder.rglob(f"target*.fasta{end}")]
    if not paths:
        raise FileNotFoundError(
            f"{folder} has no target*.fasta with the sequences of CAFA-3's targets. Put them "
            "there, or below."
        )
    sequences: dict[str, str] = {}
    for path in sorted(paths):
        found = read_fasta(path, **cap)
        differ = [one for one in found if sequences.get(one, found[one]) != found[one]]
        if differ:
            raise AnnotationError(
                f"{path}: {a_few(differ)} has other residues in another target*.fasta of {folder}. "
                "Leave one of both files out."
            )
        sequences |= found
    return sequences


def _read_lists(folder, ontology, cap):
    """Return {protein: "none" or "limited"} by the lists of all species, where there are some."""
    folder = _benchmark_of(folder, f"leafonly_{_aspect(ontology)}.txt")
    knowledge: dict[str, str] = {}
    for kind, known in _LISTS.items():
        name = f"{_aspect(ontology).lower()}_all_{kind}.txt"
        path = _find(folder, name)
        named = read_names(path, **cap) if path else []
        both = sorted(knowledge.keys() & set(named))
        if both:
            raise AnnotationError(f"{path}: {a_few(both)} are in the list of type 1 as well.")
        knowledge |= dict.fromkeys(named, known)
    return knowledge


def read_names(path, max_bytes=None):
    """Read a list of proteins, one a line."""
    path = local_path(path, AnnotationError)
    lines = read_text(path, AnnotationError, max_bytes=max_bytes).split("\n")
    names = [normalise_protein_id(line.split()[0]) for line in lines if line.strip()]
    if not names:
        raise AnnotationError(f"{path}: no protein in this file. It needs one a line.")
    check_protein_ids(names, lambda one: line_of(one, lines, path), AnnotationError)
    return names
