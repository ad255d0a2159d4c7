"""Annotations of other namespaces beside the vectors, as numbers that training rows teach."""

from dataclasses import dataclass
from os import PathLike

import numpy as np
from scipy import sparse
from sklearn.preprocessing import StandardScaler, normalize
from sklearn.utils import gen_batches

from protimb.comparison._known import check_namespaces
from protimb.datasets._load import load_proteins, require_ontology
from protimb.datasets._proteins import ProteinData
from protimb.exceptions import AnnotationError, InvalidLabelsError
from protimb.preprocessing import AnnotationVectorizer
from protimb.utils._labelsets import count_rows_with_any
from protimb.utils._memory import release_pages, rows_a_block
from protimb.utils._same_run import hash_arrays
from protimb.utils._standardizing import fit_standardizer, standardize


@dataclass
class Known:
    """What other namespaces say of the proteins that are compared."""

    labels: sparse.csr_array  # (n_proteins, n_terms)
    namespaces: list
    as_of: str | None  # the first day that is not known

    def fingerprint(self):
        """Hash the labels, so that cells of others are told apart."""
        parts = (self.labels.indptr, self.labels.indices, self.labels.data)
        found = hash_arrays(part.astype(np.int64) for part in parts)
        return {"namespaces": self.namespaces, "sha256": found}

    def describe(self, heads):
        """Count terms and proteins with any, and name the heads {name: Head} that see none."""
        return {
            "namespaces": self.namespaces,
            "as_of": self.as_of,
            "n_terms": self.labels.shape[1],
            "n_proteins_with_any": count_rows_with_any(self.labels),
            "not_shown_to": [name for name, head in heads.items() if not head.needs_vectors],
        }


def check_known(known, data, ontology):
    """Refuse what cannot be known elsewhere: a tuple of namespaces or of ProteinData, or None."""
    if not isinstance(known, list | tuple | None):
        raise TypeError(
            f"known is a list of namespaces or of ProteinData; got {type(known).__name__}."
        )
    if not known:
        return None
    if all(isinstance(one, ProteinData) for one in known):
        return tuple(known)
    can_be_read = isinstance(data, (str, PathLike))
    if not can_be_read:
        raise ValueError(
            "data in memory cannot be read again for namespaces that known names. Pass ProteinData "
            "of the others: known=[processes, components]."
        )
    return check_namespaces(known, ontology)


def words_of_known(known):
    """Spell what was checked for a record."""
    return list(known) if known and isinstance(known[0], str) else known and "data of the caller"


def read_known(parameters, bunch):
    """Look proteins up in other namespaces, as parameters of `compare` ask; None where none is."""
    known, date = parameters["known"], parameters["date"]
    if known is None:
        return None
    if not bunch.X.shape[1]:
        raise ValueError(
            "known stands beside vectors, and these proteins have none (X has no column). Read "
            "them with their vectors, or leave out known."
        )
    others = [_load(one, parameters) for one in known]
    namespaces = list(dict.fromkeys(space for one in others for space in _namespaces_of(one)))
    _refuse_own(namespaces, bunch)
    labels = bunch.labels_in(*(others if date is None else _as_of(others, date)))
    labels.sort_indices()
    return Known(labels, namespaces, date)


def _load(one, parameters):
    """Read a namespace of the data by name; ProteinData stay what they are."""
    if not isinstance(one, str):
        return require_ontology(one)
    # Of large data their vectors, which nobody asks for here, stay on disk.
    return load_proteins(parameters["data"], one, parameters["min_proteins"], memory_map="auto")


def _namespaces_of(data):
    spaces = data.ontology.namespaces
    return sorted({spaces[term] for term in data.terms if term in spaces})


def _refuse_own(namespaces, bunch):
    # Rarer terms of the same namespace are no others: they imply those that are predicted.
    own = [space for space in _namespaces_of(bunch) if space in namespaces]
    if own:
        raise ValueError(
            f"known holds terms of {', '.join(own)}, which is predicted: that would be the answer. "
            "Pass ProteinData of other namespaces."
        )


def _as_of(others, date):
    try:
        return [one.as_of(date) for one in others]
    except AnnotationError as error:
        raise AnnotationError(
            f"What known holds has to be as it was before {date}, too. {error}"
        ) from error


@dataclass
class Beside:
    """Puts numbers made of annotations beside vectors: either part of a row has length 1."""

    labels: sparse.csr_array  # (n_proteins, n_terms), of all proteins
    scaler: StandardScaler
    vectorizer: AnnotationVectorizer

    @classmethod
    def fit(cls, X, labels, rows, seed):
        """Learn scales and directions from some rows of X (n_proteins, n_features), and labels."""
        is_row = np.zeros(len(X))
        is_row[rows] = 1
        try:
            vectorizer = AnnotationVectorizer(random_state=seed).fit(labels[rows])
        except ValueError as error:
            raise InvalidLabelsError(
                f"What is known elsewhere is too little to learn from in seed {seed}: no term has "
                f"enough of the {len(rows)} training proteins. Pass more, or leave out known."
            ) from error
        return cls(labels, fit_standardizer(X, is_row), vectorizer)

    def refit(self, X, rows, seed):
        """Learn the same from other rows."""
        return type(self).fit(X, self.labels, rows, seed)

    def join(self, X, rows):
        """Give some rows with both parts: (n_rows, n_features + n_components)."""
        n_features, n_more = X.shape[1], len(self.vectorizer.components_)
        dtype = np.result_type(X.dtype, np.float32)
        joined = np.empty((len(rows), n_features + n_more), dtype=dtype)
        for block in gen_batches(max(1, len(rows)), rows_a_block(X)):
            some = rows[block]
            vectors = standardize(self.scaler, X[some], own=True)
            joined[block, :n_features] = normalize(vectors, copy=False)
            joined[block, n_features:] = self.vectorizer.transform(self.labels[some])
            release_pages(X)
        return joined

    def describe(self, train, test):
        """Count the terms that were learned from, and the proteins of either side with any."""
        return {
            "n_known_terms": int((self.vectorizer.rarity_ > 0).sum()),
            "n_train_with_known": count_rows_with_any(self.labels[train]),
            "n_test_with_known": count_rows_with_any(self.labels[test]),
        }
