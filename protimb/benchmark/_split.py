"""One fold: which proteins train and which test, and what every arm is judged with."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from protimb.classification import KNNTermClassifier

TEST_SIZE = 0.2  # of the clusters
BATCH_SIZE = 256


def split_by_cluster(groups, *, random_state, test_size=TEST_SIZE):
    """Hold out whole sequence clusters, so that no test protein has a close relative in training.

    Parameters
    ----------
    groups : array-like of shape (n_proteins,)
        Cluster of each protein.
    random_state : int or RandomState
        Chooses the clusters.
    test_size : float
        Share of the clusters, not of the proteins, to hold out.

    Returns
    -------
    train, test : ndarray of int
        Row numbers.

    See Also
    --------
    sklearn.model_selection.GroupShuffleSplit : Does the work.

    Examples
    --------
    >>> from protimb.benchmark import split_by_cluster
    >>> groups = ["a", "a", "b", "c", "d", "e"]
    >>> train, test = split_by_cluster(groups, random_state=0)
    >>> [groups[row] for row in test]
    ['c']
    """
    rows = np.arange(len(groups))
    splitter = GroupShuffleSplit(n_splits=1, test_size=test_size, random_state=random_state)
    return next(splitter.split(rows, groups=groups))


def make_fold(bunch, seed, information_accretion, draws, settings):
    """Split by cluster, and turn epochs of the real training rows into steps for every arm."""
    train, test = split_by_cluster(bunch.groups, random_state=seed)
    max_steps = settings.max_steps or settings.epochs * math.ceil(len(train) / BATCH_SIZE)
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

    @property
    def n_train(self):
        """Real training proteins of each term."""
        return self.bunch.y[self.train].sum(axis=0, dtype=np.int64)

    @property
    def n_test(self):
        """Test proteins of each term."""
        return self.bunch.y[self.test].sum(axis=0, dtype=np.int64)

    def describe(self):
        """Count rows, and the terms that this split cannot teach or cannot judge."""
        return {
            "seed": self.seed,
            "n_train": len(self.train),
            "n_test": len(self.test),
            "max_steps": self.max_steps,
            "n_terms_without_training_protein": int((self.n_train == 0).sum()),
            "n_terms_without_test_protein": int((self.n_test == 0).sum()),
        }

    def predict_neighbours(self):
        """Predict with the cosine neighbours of the real training rows, once a fold."""
        if self.neighbours is None:
            X, y = self.bunch.X, self.bunch.y
            model = KNNTermClassifier(n_neighbors=100).fit(X[self.train], y[self.train])
            self.neighbours = model.predict_proba(X[self.test])
        return self.neighbours
