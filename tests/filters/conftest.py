"""Clusters of vectors, one a term, that every filter can be tried on."""

import numpy as np
import pytest


@pytest.fixture
def draw_clusters():
    def draw(rng, sizes, n_features=16, spread=1.0):
        """Draw one cluster of vectors a term; every row also carries a common ancestor."""
        centres = 2 * rng.normal(size=(len(sizes), n_features))
        term = np.repeat(np.arange(len(sizes)), sizes)
        X = centres[term] + spread * rng.normal(size=(len(term), n_features))
        y = np.zeros((len(term), len(sizes) + 1), dtype=np.uint8)
        y[:, 0] = 1
        y[np.arange(len(term)), term + 1] = 1
        return X.astype(np.float32), y

    return draw


@pytest.fixture
def clusters(draw_clusters, rng):
    return draw_clusters(rng, sizes=[120, 60, 30, 12])
