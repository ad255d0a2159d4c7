"""Canonical correlations of vectors and labelsets: what one tells of the other."""

import numpy as np
from scipy import linalg
from sklearn.utils import gen_batches
from sklearn.utils.extmath import randomized_svd

from protimb.filters._thresholds import MOST_ASKED, some_of_all
from protimb.utils._row_blocks import sum_products
from protimb.utils._standardizing import fit_standardizer

# Directions of labelsets that are kept; the rest is the noise of rare terms.
_N_COMPONENTS = 200

# Rows whose covariances are summed at a time.
_BLOCK_ROWS = 4096

# Of the covariances of vectors and of labelsets: shares of an identity of equal trace.
_SHRINKAGE, _LABEL_SHRINKAGE = 0.1, 0.01

# A correlation of 1 would weigh infinitely; it is that of rows too few.
_LARGEST = 0.99


class LabelCorrelation:
    """Learn which directions of vectors go with which directions of labelsets."""

    def fit(self, X, labelsets):
        """Learn from vectors (n_rows, n_features) and a csr of labelsets (n_rows, n_terms)."""
        n_components = min(_N_COMPONENTS, *labelsets.shape)
        some = labelsets[some_of_all(len(X), MOST_ASKED)]
        self._axes = randomized_svd(some, n_components, random_state=0)[2].T
        self._scaler = fit_standardizer(X)
        self._mean = np.asarray(labelsets.mean(axis=0)).ravel() @ self._axes
        n_features, n_axes = X.shape[1], self._axes.shape[1]
        both = (
            np.hstack([self._standardized(X[rows]), self._centred(labelsets[rows])])
            for rows in gen_batches(len(X), _BLOCK_ROWS)
        )
        covariance = sum_products(both, n_features + n_axes) / len(X)
        from_vectors = _inverse_root(covariance[:n_features, :n_features], _SHRINKAGE)
        from_labels = _inverse_root(covariance[n_features:, n_features:], _LABEL_SHRINKAGE)
        between = from_vectors @ covariance[:n_features, n_features:] @ from_labels
        left, correlations, right = linalg.svd(between, full_matrices=False)
        self._correlations = np.minimum(correlations, _LARGEST)
        self._of_vectors, self._of_labels = from_vectors @ left, from_labels @ right.T
        return self

    def compare(self, X, labelsets):
        """Give the log density ratio of pairs against strangers, and its product term: (n, 2)."""
        vectors = self._standardized(X) @ self._of_vectors
        labels = self._centred(labelsets) @ self._of_labels
        r = self._correlations
        products = r * vectors * labels
        # Of Gaussian pairs with correlation r, against two independent ones; constants left out.
        ratio = (products - r**2 * (vectors**2 + labels**2) / 2) / (1 - r**2)
        return np.column_stack([ratio.sum(axis=1), products.sum(axis=1)])

    def _centred(self, labelsets):
        return labelsets @ self._axes - self._mean

    def _standardized(self, X):
        return self._scaler.transform(X).astype(np.float64)


def _inverse_root(covariance, shrinkage):
    """Shrink a covariance (n, n) towards the identity; its inverse square root."""
    spread = np.trace(covariance) / len(covariance) or 1.0  # nothing varies: any scale will do
    values, vectors = linalg.eigh(covariance + shrinkage * spread * np.eye(len(covariance)))
    return vectors / np.sqrt(values) @ vectors.T
