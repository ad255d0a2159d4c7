"""Rows that are equal have one number, in the order in which they come."""

import numpy as np
from numpy.testing import assert_array_equal

from protimb.utils import _memory
from protimb.utils._equal_rows import digests, number_equal


def test_numbers_are_those_of_a_dict_of_the_rows(rng):
    X = rng.integers(0, 3, size=(200, 3)).astype(np.float16)
    seen = {}
    wanted = [seen.setdefault(tuple(row), len(seen)) for row in X.tolist()]
    assert_array_equal(number_equal(digests(X)), wanted)


def test_negative_zero_is_zero_and_precision_does_not_matter():
    zeros = np.zeros((1, 3), dtype=np.float32)
    assert len({*digests(zeros), *digests(-zeros), *digests(zeros.astype(np.float16))}) == 1


def test_blocks_do_not_matter(rng, monkeypatch):
    X = rng.normal(size=(50, 3)).astype(np.float32)
    whole = list(digests(X))
    monkeypatch.setattr(_memory, "_BLOCK_BYTES", 4 * 3 * 7)
    assert list(digests(X)) == whole


def test_no_rows_have_no_numbers():
    assert len(number_equal(digests(np.empty((0, 3))))) == 0
