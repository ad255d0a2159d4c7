"""Members and rarest terms, counted piece by piece, are those of the dense matrix."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from protimb.utils import _labelsets
from protimb.utils._labelsets import count_members, rarest_terms


@pytest.fixture(autouse=True)
def in_pieces(monkeypatch):
    monkeypatch.setattr(_labelsets, "_ROWS", 3)
    monkeypatch.setattr(_labelsets, "_ENTRIES", 4)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csc_matrix])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_members_are_counted_as_in_a_dense_matrix(rng, share, container):
    dense = (rng.random((11, 5)) < share).astype(np.uint8)
    counts = count_members(container(dense))
    assert_array_equal(counts, dense.sum(axis=0))
    assert counts.dtype == np.int64


@pytest.mark.parametrize("n_rows", [1, 3, 11])
def test_the_rarest_term_of_each_row_is_that_of_a_dense_matrix(rng, n_rows):
    dense = (rng.random((n_rows, 5)) < 0.4).astype(np.uint8)
    dense[0] = 0
    counts = np.array([4, 2, 0, 7, 2])
    expected = []
    for row in dense:
        carried = [term for term in np.flatnonzero(row) if counts[term]]
        expected.append(min(carried, key=lambda term: counts[term], default=-1))
    assert_array_equal(rarest_terms(sparse.csr_array(dense), counts), expected)
