"""One fold: which proteins train and which test, and what every arm is judged with."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from protimb.classification import KNNTermClassifier
from protimb.comparison._beside import Beside
from protimb.comparison._sizes import choose_terms_to_cut, keep_few, take_clusters
from protimb.comparison._splits import describe_split, split_rows
from protimb.exceptions import InvalidLabelsError
from protimb.model_selection import split_at_random, split_by_cluster

BATCH_SIZE = 256


def make_fold(bunch, seed, information_accretion, draws, protocol, known=None):
    """Split the proteins, and turn epochs of the real training rows into steps for every arm."""
    train, test = split_rows(bunch, seed, protocol.split, protocol.date)
    if protocol.max_train is not None:
        train = take_clusters(bunch.groups, train, protocol.max_train, seed)
    cut = None
    if protocol.shots is not None:
        train, cut = _cut_terms(bunch, train, test, protocol.shots, seed)
    max_steps = protocol.max_steps or protocol.epochs * math.ceil(len(train) / BATCH_SIZE)
    fold = Fold(bunch, seed, train, test, information_accretion, draws[test], max_steps, cut=cut)
    beside = known and Beside.fit(bunch.X, known.labels, train, seed)
    return replace(fold, split=protocol.split, date=protocol.date, beside=beside)


def _cut_terms(bunch, train, test, n_shots, seed):
    """Leave rows out until each of some frequent terms has n_shots: rows and terms."""
    # A row whose label alone were hidden would teach that the protein lacks the term.
    y_train = np.asarray(bunch.y[train])
    terms = choose_terms_to_cut(y_train, np.asarray(bunch.y[test]), n_shots)
    if not len(terms):
        raise InvalidLabelsError(
            f"In seed {seed} no term can be cut to shots={n_shots}: that takes as many "
            "training proteins, at least 20, and ten test proteins, in no more than half of the "
            "rows. Pass more proteins."
        )
    return train[keep_few(y_train[:, terms], n_shots, seed)], terms


def require_truth(fold):
    """Refuse a fold whose test proteins have no term."""
    if not fold.n_test.any():
        raise InvalidLabelsError(
            f"No test protein of seed {fold.seed} has any term, so nothing can be judged. Pass "
            "another seed (or date), or more proteins."
        )
    return fold


@dataclass
class Fold:
    """Training and test rows of one seed, and what every arm is judged with."""

    bunch: Any
    seed: int
    train: np.ndarray
    test: np.ndarray
    information_accretion: np.ndarray
    draws: np.ndarray | None  # (n_test, n_resamples), how often each resample draws a test protein
    max_steps: int
    is_first: bool = False  # figures are drawn from the first fold
    neighbours: np.ndarray | None = None  # (n_test, n_terms), predicted when first asked for
    cut: np.ndarray | None = None  # columns of the terms that were cut to a few proteins
    split: str = "cluster"
    date: Any = None  # of a split by date
    beside: Beside | None = None  # what stands beside the vectors, learned from training rows

    def inner(self):
        """Split the training rows once more: what is tuned is tuned on held-out rows."""
        # By date, too, clusters are parted: the day has made its split.
        if self.split == "random":
            train, test = split_at_random(len(self.train), random_state=self.seed)
        else:
            groups = np.asarray(self.bunch.groups)[self.train]
            train, test = split_by_cluster(groups, random_state=self.seed)
        rows = {"train": self.train[train], "test": self.train[test]}
        beside = self.beside and self.beside.refit(self.bunch.X, rows["train"], self.seed)
        return replace(self, **rows, draws=None, is_first=False, neighbours=None, beside=beside)

    @property
    def judged(self):
        """Columns that are judged: terms that were cut, where some were, else all."""
        return slice(None) if self.cut is None else self.cut

    @property
    def n_train(self):
        """Real training proteins of each term."""
        return self.bunch.y[self.train].sum(axis=0, dtype=np.int64)

    @property
    def n_test(self):
        """Test proteins of each term."""
        return self.bunch.y[self.test].sum(axis=0, dtype=np.int64)

    @property
    def n_unpredicted(self):
        """True terms of each test protein that have no column, or None where that is unknown."""
        counts = getattr(self.bunch, "n_terms_left_out", None)
        if self.cut is not None:
            return None  # only terms that were cut are judged
        return None if counts is None else np.asarray(counts)[self.test]

    @property
    def test_ids(self):
        """Names of the test proteins."""
        return np.asarray(self.bunch.protein_ids)[self.test]

    def describe(self):
        """Count rows, and the terms that this split cannot teach or cannot judge."""
        return {
            "seed": self.seed,
            "n_train": len(self.train),
            "n_test": len(self.test),
            "max_steps": self.max_steps,
            "n_terms_without_training_protein": int((self.n_train == 0).sum()),
            "n_terms_without_test_protein": int((self.n_test == 0).sum()),
            "n_true": int(self.n_test.sum()),
            **self._describe_split(),
            **self._describe_left_out(),
            **self._describe_cut(),
            **(self.beside.describe(self.train, self.test) if self.beside else {}),
        }

    def _describe_split(self):
        if self.split == "cluster":
            return {}
        return describe_split(self.bunch, self.train, self.test, self.date)

    def _describe_cut(self):
        if self.cut is None:
            return {}
        n_shots = self.n_train[self.cut]
        return {"n_terms_cut": len(self.cut), "mean_shots": round(float(n_shots.mean()), 2)}

    def _describe_left_out(self):
        counts = self.n_unpredicted
        return {} if counts is None else {"n_true_left_out": int(counts.sum())}

    def inputs(self, takes, rows):
        """Give what a head is shown of rows: vectors and what is beside, or residues, as str."""
        if takes == "vectors":
            X, beside = self.bunch.X, self.beside
            return X[rows] if beside is None else beside.join(X, rows)
        ids = np.asarray(self.bunch.protein_ids)[rows]
        return np.array([self.bunch.sequences[one] for one in map(str, ids)], dtype=object)

    def predict_neighbours(self):
        """Predict with the cosine neighbours of the real training rows, once a fold."""
        if self.neighbours is None:
            X_train, X_test = (self.inputs("vectors", rows) for rows in (self.train, self.test))
            model = KNNTermClassifier(n_neighbors=100).fit(X_train, self.bunch.y[self.train])
            self.neighbours = model.predict_proba(X_test)
        return self.neighbours
