"""One seeded generator for all tests of the figures."""

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(0)
