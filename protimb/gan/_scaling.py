"""Bring features to the scale that a generator gives, and generated rows back."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils import gen_batches

from protimb.utils._declared import Array, Real
from protimb.utils._memory import read_blocks

# Rows brought back at a time: few enough for a cache, so that float64 never fills the memory.
_CACHED = 256


@dataclass(frozen=True)
class Scaling:
    """A linear map of each feature, ``(x - shift) / scale + low``, and its inverse.

    Arrays are float64 (n_features,). ``spread`` is ``scale``, but 0 for constant features, which
    so stay constant in generated rows. ``low`` is the lower end of the range that features go to.
    """

    shift: np.ndarray
    scale: np.ndarray
    spread: np.ndarray
    low: float = 0.0

    DECLARED: ClassVar = {
        "shift": Array("f", "n_features"),
        "scale": Array("f", "n_features", low=np.finfo(np.float64).tiny),
        "spread": Array("f", "n_features", low=0),
        "low": Real(),
    }

    def transform(self, X):
        """Scale rows (n_rows, n_features) to float32; float16 is computed in float32."""
        dtype = np.dtype(np.float32) if X.dtype == np.float16 else X.dtype
        scaled = X.astype(dtype)  # a copy: what follows works in place
        scaled -= self.shift.astype(dtype)
        scaled /= self.scale.astype(dtype)
        if self.low:
            scaled += dtype.type(self.low)
        return scaled.astype(np.float32, copy=False)

    def inverse(self, X_scaled, dtype=np.float64):
        """Bring scaled rows (n_rows, n_features) back; computed in float64."""
        X = np.empty(X_scaled.shape, dtype)
        for block in gen_batches(len(X), _CACHED):
            X[block] = (X_scaled[block] - self.low) * self.spread + self.shift
        return X


def fit_scaling(X, output_range=None):
    """Learn how to scale X (n_rows, n_features), in blocks of rows.

    ``output_range`` is where the generator's final activation puts features; None standardizes.
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
