"""Evidence on pairs of a vector and labels: how near real rows are, and what these carry."""

import warnings

import numpy as np
from scipy import sparse
from sklearn.preprocessing import normalize

from protimb.exceptions import WhiteningWarning
from protimb.filters._correlation import LabelCorrelation
from protimb.neighbors._search import search_among
from protimb.preprocessing import WithinTermWhitening
from protimb.utils._labelsets import count_members, rarest_terms
from protimb.utils._nearest_gaps import Cosine
from protimb.utils._row_blocks import blocks_of_rows, padded

# Difference of cosines that changes the weight of a neighbour's vote by the factor e.
_TEMPERATURE = 0.05

# Odds are kept within about 1 to 100: neighbours that say never or always have not seen all.
_DOUBT = 0.01

# The neighbour whose cosine tells how dense the place is, beside the first.
_TENTH = 9


class Evidence:
    """Measure pairs (vector, labels) against real rows that do not hold them.

    A row's evidence is what its neighbours in whitened space say of its labels (bits of evidence in
    the mean, in sum and of its rarest term; how alike labelsets are; information that they carry,
    and that of it which the row claims), how near they are, the cosine to the means of its terms,
    canonical correlation of vector and labels, and what kind of labels these are.
    """

    def __init__(self, n_neighbors):
        self.n_neighbors = n_neighbors

    def fit(self, X, labels):
        """Remember real rows (n_rows, n_features) and a csr of labels (n_rows, n_terms)."""
        self.n_members = count_members(labels)
        self._share = (self.n_members + 1) / (len(X) + 2)
        self._information = np.where(self.n_members > 0, -np.log2(self._share), 0)
        self._labels = labels.astype(np.float32)
        self._labelsets = self._weigh(labels)
        self._usual = self._labelsets.mean(axis=0)
        self._carried = self._labels @ self._information
        self._space = _whitening(X, labels)
        directions = self._space.transform(X)
        self._rows, self._n_asked = search_among(directions, self.n_neighbors, Cosine())
        self._means = normalize(self._labels.T @ self._rows.rows)
        self._correlation = LabelCorrelation().fit(X, self._labelsets)
        return self

    def is_known(self, claims):
        """Tell which rows, (n_new,) bool, claim a term that real rows carry."""
        return claims @ (self.n_members > 0) > 0

    def measure(self, X, claims):
        """Collect the evidence on rows that claim something known: (n_new, n_kinds) float32."""
        parts = [self._measure_block(X[place], claims[place]) for place in blocks_of_rows(len(X))]
        return np.concatenate(parts).astype(np.float32)

    def _measure_block(self, X, claims):
        n_rows, X = len(X), padded(X)
        claims = claims.astype(np.float32)
        claims.resize((len(X), claims.shape[1]))
        claimed = _Claims(claims, self._information, rarest_terms(claims, self.n_members))
        directions, labelsets = self._space.transform(X), self._weigh(claims)
        kinds = [
            *self._ask_neighbours(directions, labelsets, claimed),
            *self._ask_means(directions, claimed),
            *self._correlation.compare(X, labelsets).T,
            labelsets @ self._usual,
            claimed.weight,
            np.diff(claims.indptr),
            self.n_members[claimed.rarest],
        ]
        return np.column_stack(kinds)[:n_rows]

    def _ask_neighbours(self, directions, labelsets, claimed):
        gaps, rows = self._rows.nearest(directions, self._n_asked)
        cosines = -gaps.astype(np.float32)
        votes = np.exp((cosines - cosines[:, :1]) / _TEMPERATURE)
        votes /= votes.sum(axis=1, keepdims=True)
        starts = np.arange(0, votes.size + 1, votes.shape[1])
        shape = (len(votes), len(self._rows.rows))
        ballots = sparse.csr_array((votes.ravel(), rows.ravel(), starts), shape=shape)
        probability = np.minimum((ballots @ self._labels).toarray(), 1)
        total = claimed.sum_up(self._bits(claimed.of_each(probability), claimed.terms))
        agreement = (ballots @ self._labelsets).multiply(labelsets).sum(axis=1)
        return (
            total / np.maximum(claimed.weight, np.finfo(np.float32).tiny),
            total,
            self._bits(claimed.of_rarest(probability), claimed.rarest),
            agreement - labelsets @ self._usual,
            ballots @ self._carried,
            claimed.sum_up(claimed.of_each(probability)),
            cosines[:, 0],
            cosines[:, min(_TENTH, cosines.shape[1] - 1)],
        )

    def _ask_means(self, directions, claimed):
        cosines = directions @ self._means.T
        spread = np.maximum(cosines.std(axis=1), np.finfo(np.float32).eps)
        mean = claimed.sum_up(claimed.of_each(cosines))
        mean /= np.maximum(claimed.weight, np.finfo(np.float32).tiny)
        return claimed.of_rarest(cosines), (mean - cosines.mean(axis=1)) / spread

    def _bits(self, probability, terms):
        """Weigh probabilities of terms, both (n,), against what is usual of them, in bits."""
        share = self._share[terms]
        odds = (probability + _DOUBT * share) / (1 - probability + _DOUBT)
        return np.log2(odds * (1 - share) / share)

    def _weigh(self, labels):
        """Make labelsets, csr (n_rows, n_terms), directions in which rare terms weigh more."""
        return normalize(labels.multiply(self._information[None, :]).tocsr())


class _Claims:
    """What a block of rows claims, and figures of terms summed up over it by information."""

    def __init__(self, claims, information, rarest):
        self._rows, self.terms = claims.nonzero()
        self._weights = information[self.terms]
        self.rarest, self._n_rows = rarest, claims.shape[0]
        self.weight = claims @ information

    def sum_up(self, values):
        """Add up the values of all claims, (n_claims,), over each row: (n_block,)."""
        return np.bincount(self._rows, self._weights * values, minlength=self._n_rows)

    def of_each(self, values):
        """Take the values of all claims, (n_claims,), from those of all terms."""
        return values[self._rows, self.terms]

    def of_rarest(self, values):
        """Take each row's value of its rarest term: (n_block,)."""
        return values[np.arange(self._n_rows), self.rarest]


def _whitening(X, labels):
    with warnings.catch_warnings():
        # Without terms of a useful size the covariance of all rows serves here as well.
        warnings.simplefilter("ignore", WhiteningWarning)
        return WithinTermWhitening().fit(X, labels)
