"""What real values look like: the range of each feature, and whether it holds whole numbers."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from protimb.utils._declared import Array
from protimb.utils._memory import read_blocks


@dataclass(frozen=True)
class Observed:
    """Range of each feature, float64, and whether all its values are whole: (n_features,)."""

    low: np.ndarray
    high: np.ndarray
    whole: np.ndarray

    DECLARED: ClassVar = {
        "low": Array("f8", "n_features"),
        "high": Array("f8", "n_features"),
        "whole": Array("b", "n_features"),
    }

    def clip(self, X):
        """Bring rows (n_rows, n_features) into the ranges, in place; round what has to be whole."""
        X[:, self.whole] = X[:, self.whole].round()
        return np.clip(X, self.low.astype(X.dtype), self.high.astype(X.dtype), out=X)


def observe(X):
    """Look at rows X (n_rows, n_features) of finite numbers, in blocks."""
    parts = [(X.min(axis=0), X.max(axis=0), (X % 1 == 0).all(axis=0)) for X in read_blocks(X)]
    lows, highs, wholes = (np.array(part) for part in zip(*parts, strict=True))
    low, high = lows.min(axis=0).astype(np.float64), highs.max(axis=0).astype(np.float64)
    return Observed(low, high, np.logical_and.reduce(wholes))
