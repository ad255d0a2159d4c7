"""Term probabilities from the nearest training proteins, by cosine; no training needed."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from scipy import sparse
from sklearn.preprocessing import normalize
from sklearn.utils import gen_batches

from protimb.classification._base import BaseTermClassifier
from protimb.neighbors._search import NEIGHBORS, search_among, warn_if_slow
from protimb.utils._nearest import Reference
from protimb.utils._nearest_gaps import Cosine
from protimb.utils._restoring import unchanged_on_failure
from protimb.utils._sklearn_compat import Interval
from protimb.utils._standardizing import fit_standardizer, standardize

# Rows whose neighbours are looked for at a time, and whose votes are counted: these are as wide as
# there are terms.
_BLOCK = 1024
_COUNTED = 128


class KNNTermClassifier(BaseTermClassifier):
    """Give a protein the terms of the training proteins that point the same way.

    Similar proteins share functions: the oldest method of the field, and one that rare terms
    do well with, because a single close member is enough. The neighbours of a row vote with
    weights ``softmax(cosine / temperature)``; a term's probability is the weight of the
    neighbours that carry it. A parent never scores below its child where training labels
    respect the true-path rule.

    Parameters
    ----------
    n_neighbors : int or object
        Training rows that vote; all of them where there are fewer.
        An object that searches, such as :class:`protimb.neighbors.SampledNeighbors` or
        scikit-learn's ``NearestNeighbors``, is copied, and asked for its own ``n_neighbors``.
        Rows that it does not search are forgotten.
    temperature : float
        Cosine difference that changes a vote's weight by the factor e. Small values listen to
        the closest neighbour only.
    standardize : bool
        Whether to bring features to mean 0 and variance 1 first. Raw embeddings share a large
        common direction, which leaves all cosines near 1.

    Attributes
    ----------
    classes_ : ndarray
        Classes of a single label; column numbers for multilabel targets.
    terms_ : ndarray of object or None
        Names of the label columns, where y is a DataFrame.
    n_outputs_ : int
        Label columns; 1 for a single label.
    n_features_in_ : int
        Features seen in ``fit``.

    See Also
    --------
    GOTermClassifier : A network, optionally averaged with these neighbours.

    Notes
    -----
    Neighbours come from blocks of one float32 matrix product, so a query costs at most
    ``n_train * n_features`` multiplications and memory holds one block of similarities; the nearest
    are then compared in double precision. Beyond five thousand million pairs (70,000 rows asked,
    and as many learned from) a ``SlowSearchWarning`` says what to pass instead. A row without a
    direction (all features at their mean) is equally similar to every row, and the first rows vote
    on it.

    References
    ----------
    Littmann et al., Embeddings from deep learning transfer GO annotations beyond homology.
    Scientific Reports 11 (2021). https://doi.org/10.1038/s41598-020-80786-0

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.classification import KNNTermClassifier
    >>> X = np.array([[2.0, 0.1], [1.9, -0.1], [-2.0, 0.1], [-1.9, -0.1]])
    >>> y = np.array([[1, 1], [1, 0], [0, 1], [0, 1]])
    >>> knn = KNNTermClassifier(n_neighbors=2, standardize=False).fit(X, y)
    >>> knn.predict_proba([[3.0, 0.0]]).round(2)
    array([[1. , 0.5]])
    """

    _parameter_constraints: ClassVar = {
        "n_neighbors": NEIGHBORS,
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "standardize": ["boolean"],
    }

    def __init__(self, n_neighbors=100, *, temperature=0.05, standardize=True):
        self.n_neighbors = n_neighbors
        self.temperature = temperature
        self.standardize = standardize

    def fit(self, X, y):
        """Remember the training rows and their terms.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Protein vectors.
        y : array-like or sparse of shape (n_rows, n_terms) or (n_rows,)
            Binary indicators, or one class a row.

        Returns
        -------
        self : KNNTermClassifier

        Raises
        ------
        InvalidLabelsError
            If indicators are not 0 or 1.
        """
        return self._remember(X, y)

    def _fit_own(self, X, y):
        """Fit on rows that nobody else needs, which are changed: no second copy is made."""
        return self._remember(X, y, own=True)

    def _remember(self, X, y, *, own=False):
        self._validate_params()
        with unchanged_on_failure(self):
            X, labels = self._read_training(X, y)
            self._scaler = fit_standardizer(X) if self.standardize else None
            votes = CosineVote(self.n_neighbors, self.temperature)
            rows = self._standardized(X, own=own)
            self._votes = votes.fit(rows, labels, own=own or self.standardize)
        return self

    def _scores(self, X, dtype):
        if isinstance(self.n_neighbors, Integral):
            warn_if_slow((len(X), "n_neighbors"), len(self._votes.directions))
        return self._votes.scores(self._standardized(X)).astype(dtype, copy=False)

    def _voters(self, X):
        return self._votes, self._standardized(X)

    def _standardized(self, X, *, own=False):
        return X if self._scaler is None else standardize(self._scaler, X, own=own)


class CosineVote:
    """Let the nearest rows by cosine vote on every label column, by softmax of the cosines."""

    def __init__(self, n_neighbors, temperature=0.05):
        self.n_neighbors = n_neighbors
        self.temperature = temperature

    def fit(self, X, labels, *, own=False):
        """Remember rows (n_train, n_features) and their labels (n_train, n_columns).

        ``own`` rows, which nobody else needs, are brought to unit length where they lie.
        """
        self.labels = sparse.csr_array(labels, dtype=np.float32)
        found = search_among(normalize(X, copy=not own), self.n_neighbors, Cosine())
        self._reference, self.n_neighbors = found
        # What a sample leaves out has no vote, and is not kept.
        sampled = getattr(self._reference.search, "sample_indices_", None)
        if sampled is not None:
            self.directions, self.labels = self.directions[sampled], self.labels[sampled]
        return self

    @property
    def directions(self):
        """Rows of unit length: (n_train, n_features)."""
        return self._reference.rows

    @directions.setter
    def directions(self, rows):
        self._reference = Reference(rows, Cosine())

    def scores(self, X):
        """Return the weight of the voters that carry each label, (n_rows, n_columns)."""
        scores = np.empty((len(X), self.labels.shape[1]), dtype=np.float32)
        for block in gen_batches(len(X), _BLOCK):
            self._score_block(X[block], scores[block])
        return scores

    def nearest(self, X, n_neighbors):
        """Return cosines and positions of the nearest rows, both (n_rows, n_neighbors)."""
        gaps, positions = self._reference.nearest(normalize(X), n_neighbors)
        return -gaps.astype(np.float32), positions

    def _score_block(self, X, scores):
        """Fill in the scores, (n_rows, n_columns), of rows."""
        similarity, nearest = self.nearest(X, self.n_neighbors)
        votes = self._softmax(similarity)
        for some in gen_batches(len(X), _COUNTED):
            scores[some] = self._count(votes[some], nearest[some])

    def _count(self, votes, nearest):
        starts = np.arange(0, votes.size + 1, votes.shape[1])
        shape = (len(votes), len(self.directions))
        ballots = sparse.csr_array((votes.ravel(), nearest.ravel(), starts), shape=shape)
        scores = (ballots @ self.labels).toarray()
        # Sums of votes may exceed 1 by a rounding error.
        return np.minimum(scores, 1, out=scores)

    def _softmax(self, similarity):
        # The largest exponent is 0, so nothing overflows however small the temperature.
        votes = np.exp((similarity - similarity.max(axis=1, keepdims=True)) / self.temperature)
        return votes / votes.sum(axis=1, keepdims=True)
