"""From files, frames and mappings to places in one ontology."""

import os
from collections.abc import Mapping
from typing import NamedTuple
from warnings import warn

import numpy as np
import pandas as pd
from scipy import sparse

from protimb.datasets import read_predictions
from protimb.datasets._cafa3 import read_truth
from protimb.datasets._read_predictions import COLUMNS, join_predictions
from protimb.datasets._term_pairs import read_term_pairs
from protimb.exceptions import AnnotationError, OntologyError, OntologyWarning, PredictionError
from protimb.ontology import GeneOntology, read_information_accretion, read_obo
from protimb.ontology._propagate import indicator, propagate_indicators
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level


class Places(NamedTuple):
    """What ids stand for: their positions, and those that stand for nothing with their counts."""

    positions: np.ndarray  # (n_rows,); -1 where unknown
    unknown: dict[str, int]


def is_path(value):
    """Whether a value names a file."""
    return isinstance(value, str | os.PathLike)


def load_ontology(ontology):
    """Read an ontology where it is a path, with the edges that the CAFA evaluation follows."""
    ontology = read_obo(ontology, conditional="keep") if is_path(ontology) else ontology
    if not isinstance(ontology, GeneOntology):
        raise TypeError(f"ontology is {type(ontology).__name__}; pass a GeneOntology or a path.")
    return _inside_namespaces(ontology)


def _inside_namespaces(ontology):
    space = ontology.namespaces
    if all(space[one] == space[term] for term, above in ontology.parents.items() for one in above):
        return ontology
    parents = {
        term: tuple(one for one in above if space[one] == space[term])
        for term, above in ontology.parents.items()
    }
    return GeneOntology(
        ontology.names, space, parents, ontology.alt_ids, ontology.obsolete, ontology.version
    )


def load_predictions(predictions):
    """Return a frame EntryID, term, score, checked, its ids as categories."""
    if not isinstance(predictions, pd.DataFrame):
        return read_predictions(predictions)
    _check_columns(predictions, COLUMNS, "predictions", PredictionError)
    score = predictions["score"].to_numpy(dtype=float)
    bad = np.flatnonzero(~((score >= 0) & (score <= 1)))
    if len(bad):
        raise PredictionError(
            f"predictions: {len(bad)} scores are not in [0, 1], the first is {score[bad[0]]} in "
            f"row {bad[0]}. Pass probabilities."
        )
    ids = {name: predictions[name].astype(str).astype("category") for name in COLUMNS[:2]}
    table = pd.DataFrame(ids | {"score": score}).reset_index(drop=True)
    return join_predictions([table])


def load_truth(truth):
    """Return a frame EntryID, term, and {namespace: {protein: what was known}} of a benchmark."""
    if is_path(truth) and os.path.isdir(truth):
        return read_truth(truth)
    return load_pairs(truth, "truth"), {}


def load_pairs(annotations, name):
    """Return a frame EntryID, term of a file, a frame or a mapping {protein: terms}."""
    if is_path(annotations):
        return read_term_pairs(annotations)
    if isinstance(annotations, Mapping):
        pairs = [(protein, term) for protein, terms in annotations.items() for term in terms]
        return pd.DataFrame(pairs, columns=COLUMNS[:2], dtype=str)
    if not isinstance(annotations, pd.DataFrame):
        raise TypeError(
            f"{name} is {type(annotations).__name__}; pass a path, a DataFrame with EntryID and "
            "term, or a mapping of proteins to their terms."
        )
    _check_columns(annotations, COLUMNS[:2], name, AnnotationError)
    return annotations[COLUMNS[:2]].astype(str)


def _check_columns(table, columns, name, error_type):
    missing = [column for column in columns if column not in table]
    if missing:
        raise error_type(
            f"{name} has no column {', '.join(missing)}; it has {a_few(table.columns)}."
        )


def find_terms(ids, ontology, obsolete):
    """Find the position of each id (n_rows,), a Series, in ontology.terms."""
    codes, names = pd.factorize(ids)
    found = [_find(name, ontology, obsolete) for name in names]
    rank = ontology._rank
    positions = np.array([rank.get(term, -1) for term in found], dtype=np.int64)
    counts = np.bincount(codes, minlength=len(names))
    unknown = {names[n]: int(counts[n]) for n in np.flatnonzero(positions < 0)}
    return Places(positions[codes], unknown)


def _find(name, ontology, obsolete):
    if obsolete == "drop" and name in ontology.obsolete:
        return None
    return ontology._find(name)


def closed_matrix(proteins, terms, n_proteins, ontology):
    """Propagate places (protein, term), -1 where unknown, as CSR (n_proteins, len(ontology))."""
    known = (proteins >= 0) & (terms >= 0)
    shape = (n_proteins, len(ontology))
    return propagate_indicators(indicator(proteins[known], terms[known], shape), ontology)


def count_training(training, ontology, obsolete):
    """Return the training proteins of each term, (len(ontology),), of annotations or counts."""
    if isinstance(training, pd.Series):
        training = training.to_dict()
    if isinstance(training, Mapping) and all(np.isscalar(one) for one in training.values()):
        return _by_term(training, ontology, "training")
    pairs = load_pairs(training, "training")
    proteins, ids = pd.factorize(pairs["EntryID"])
    terms = find_terms(pairs["term"], ontology, obsolete).positions
    closed = closed_matrix(proteins, terms, len(ids), ontology)
    return closed.sum(axis=0, dtype=np.int64).A1


def load_bits(information_accretion, ontology):
    """Return the bits of each term, (len(ontology),), NaN where nothing says them."""
    if is_path(information_accretion):
        information_accretion = read_information_accretion(information_accretion)
    if isinstance(information_accretion, pd.Series):
        information_accretion = information_accretion.to_dict()
    values = dict(information_accretion)
    wrong = [term for term, bits in values.items() if not 0 <= bits < np.inf]
    if wrong:
        raise OntologyError(
            f"information_accretion must be finite and not negative; it is not for {len(wrong)} "
            f"terms, such as {wrong[0]!r}: {values[wrong[0]]}."
        )
    return _by_term(values, ontology, "information_accretion", np.nan)


def _by_term(values, ontology, name, missing=0):
    """Spread {term: number} over the ontology; a term under two ids keeps its own."""
    by_term = np.full(len(ontology), missing, dtype=float)
    found = {one: ontology._find(one) for one in values}
    for one in sorted(values, key=lambda one: one == found[one]):
        if found[one]:
            by_term[ontology._rank[found[one]]] = values[one]
    if values and not any(found.values()):
        raise OntologyError(
            f"{name}: none of its {len(values)} terms is in this ontology; they are like "
            f"{a_few(values)}."
        )
    return by_term


def warn_of_unknown(places, name, ontology):
    """Say how many annotations name terms that the ontology does not have."""
    if places.unknown:
        warn(
            f"{name}: left out {sum(places.unknown.values())} of {len(places.positions)} lines, "
            f"which name {len(places.unknown)} terms that this ontology (version "
            f"{ontology.version or 'unknown'}) does not have, or has retired: "
            f"{a_few(sorted(places.unknown))}.",
            OntologyWarning,
            stacklevel=users_level(),
        )


def without(matrix, other):
    """Clear the places of one CSR of bool that are set in another of the same shape."""
    return sparse.csr_matrix(matrix > matrix.multiply(other))
