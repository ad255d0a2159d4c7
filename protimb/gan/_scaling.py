"""Bring features to the scale that a generator gives, and generated rows back."""

from dataclasses import dataclass

import numpy as np
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils import gen_batches

from protimb.utils._memory import read_blocks

# Rows brought back at a time: few enough for a cache, so that float64 never fills the memory.
_CACHED = 256


@dataclass(frozen=True)
class Scaling:
    """A linear map of each feature, and its inverse.

    Attributes
    ----------
    shift, scale : ndarray of float64, shape (n_features,)
        Scaled is ``(x - shift) / scale``.
    spread : ndarray of float64, shape (n_features,)
        What generated features are multiplied by: ``scale``, but 0 for constant features, which
        so stay constant.
    low : float
        The value that becomes ``shift``: 0, or the lower end of the range that features go to.
    """

    shift: np.ndarray
    scale: np.ndarray
    spread: np.ndarray
    low: float = 0.0

    def transform(self, X):
        """Scale rows.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            float16 is computed in float32.

        Returns
        -------
        X_scaled : ndarray of shape (n_rows, n_features), float32
        """
        dtype = np.dtype(np.float32) if X.dtype == np.float16 else X.dtype
        scaled = X.astype(dtype)  # a copy: what follows works in place
        scaled -= self.shift.astype(dtype)
        scaled /= self.scale.astype(dtype)
        if self.low:
            scaled += dtype.type(self.low)
        return scaled.astype(np.float32, copy=False)

    def inverse(self, X_scaled, dtype=np.float64):
        """Bring scaled rows back.

        Parameters
        ----------
        X_scaled : ndarray of shape (n_rows, n_features), float32
        dtype : dtype
            Of the result; computed in float64.

        Returns
        -------
        X : ndarray of shape (n_rows, n_features)
        """
        X = np.empty(X_scaled.shape, dtype)
        for block in gen_batches(len(X), _CACHED):
            X[block] = (X_scaled[block] - self.low) * self.spread + self.shift
        return X


def fit_scaling(X, output_range=None):
    """Learn how features are scaled, in blocks of rows.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
    output_range : tuple of float or None
        Where the generator's final activation puts its features; None standardises them.

    Returns
    -------
    scaling : Scaling
    """
    scaler = StandardScaler() if output_range is None else MinMaxScaler(output_range)
    for rows in read_blocks(X):
        scaler.partial_fit(rows.astype(np.float32) if rows.dtype == np.float16 else rows)
    if output_range is None:
        # The root of the variance, not scale_, which is 1 for constant features.
        return Scaling(scaler.mean_, scaler.scale_, np.sqrt(scaler.var_))
    low, high = output_range
    scale = 1 / scaler.scale_
    constant = scaler.data_range_ == 0
    spread = np.where(constant, 0.0, scaler.data_range_ / (high - low))
    return Scaling(scaler.data_min_, scale, spread, float(low))
