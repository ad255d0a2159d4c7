"""One fold: which proteins train and which test, and what every arm is judged with."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from protimb.classification import KNNTermClassifier
from protimb.model_selection import split_by_cluster

BATCH_SIZE = 256


def make_fold(bunch, seed, information_accretion, draws, protocol):
    """Split by cluster, and turn epochs of the real training rows into steps for every arm."""
    train, test = split_by_cluster(bunch.groups, random_state=seed)
    max_steps = protocol.max_steps or protocol.epochs * math.ceil(len(train) / BATCH_SIZE)
    return Fold(bunch, seed, train, test, information_accretion, draws[test], max_steps)


@dataclass
class Fold:
    """Training and test rows of one seed, and what every arm is judged with."""

    bunch: Any
    seed: int
    train: np.ndarray
    test: np.ndarray
    information_accretion: np.ndarray
    draws: np.ndarray  # (n_test, n_resamples), how often each resample draws a test protein
    max_steps: int
    is_first: bool = False  # figures are drawn from the first fold
    neighbours: np.ndarray | None = None  # (n_test, n_terms), predicted when first asked for

    def inner(self):
        """Split the training rows by cluster once more: what is tuned is tuned on held-out rows."""
        train, test = split_by_cluster(
            np.asarray(self.bunch.groups)[self.train], random_state=self.seed
        )
        rows = {"train": self.train[train], "test": self.train[test]}
        return replace(self, **rows, draws=None, is_first=False, neighbours=None)

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
            **self._describe_left_out(),
        }

    def _describe_left_out(self):
        counts = self.n_unpredicted
        return {} if counts is None else {"n_true_left_out": int(counts.sum())}

    def predict_neighbours(self):
        """Predict with the cosine neighbours of the real training rows, once a fold."""
        if self.neighbours is None:
            X, y = self.bunch.X, self.bunch.y
            model = KNNTermClassifier(n_neighbors=100).fit(X[self.train], y[self.train])
            self.neighbours = model.predict_proba(X[self.test])
        return self.neighbours
