"""Toy targets of all tests of under-samplers."""

import numpy as np
import pytest


@pytest.fixture
def X():
    return np.random.RandomState(0).normal(size=(30, 4)).astype(np.float32)


@pytest.fixture
def y():
    """30 proteins: 20 with term 0, the first 3 with term 1 too, 10 with term 2, 2 with none.

    IRLbl is 1, 6.67 and 2, MeanIR 3.22: term 1 is a minority.
    """
    y = np.zeros((30, 3), dtype=np.int64)
    y[:20, 0] = y[:3, 1] = y[18:28, 2] = 1
    return y
