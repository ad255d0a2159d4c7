"""Targets of every kind are read into one form."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from protimb.exceptions import InvalidLabelsError
from protimb.utils import _memory
from protimb.utils._validation import check_indicator, check_vectors

LABELS = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize(
    "y",
    [
        LABELS,
        LABELS.astype(bool),
        LABELS.astype(float),
        LABELS.astype(np.float16),
        LABELS.tolist(),
        LABELS.astype(object),
        sparse.coo_matrix(LABELS),
        pd.DataFrame(LABELS),
        pd.DataFrame({0: [True, False, False], 1: [0, 0, 1], 2: [1.0, 0.0, 0.0]}),
    ],
    ids=lambda y: type(y).__name__,
)
def test_binary_indicators_are_read_from_anything(y):
    indicator, terms = check_indicator(y)
    assert isinstance(indicator, sparse.csr_array)
    assert indicator.dtype == np.uint8
    np.testing.assert_array_equal(indicator.toarray(), LABELS)
    assert terms == [0, 1, 2]


def test_explicit_zeros_are_no_members():
    y = sparse.csr_array((np.array([1, 0]), ([0, 1], [0, 0])), shape=(2, 2))
    assert check_indicator(y)[0].nnz == 1


def test_an_entry_stored_twice_is_not_binary():
    y = sparse.coo_array((np.array([1, 1]), ([0, 0], [0, 0])), shape=(2, 2))
    with pytest.raises(InvalidLabelsError, match="2"):
        check_indicator(y)


def test_the_target_is_not_written_to():
    y = sparse.csr_array((np.array([1, 0]), np.array([1, 0]), np.array([0, 2])), shape=(1, 2))
    check_indicator(y)
    assert y.nnz == 2
    assert y.indices.tolist() == [1, 0]


@pytest.mark.parametrize(
    "y",
    [
        [["GO:1"], ["GO:1", "GO:2"]],
        [["GO:1", "GO:2"], ["GO:2", "GO:3"]],
        pd.DataFrame({"a": [1, None], "b": [0, 1]}, dtype="Int64"),
        LABELS[:, 0],
        LABELS[:, :0],
        np.zeros((2, 2, 2)),
    ],
    ids=str,
)
def test_other_things_are_no_indicators(y):
    with pytest.raises(InvalidLabelsError, match="binary indicators"):
        check_indicator(y)


def test_a_term_has_one_column():
    with pytest.raises(InvalidLabelsError, match="repeated: GO:1"):
        check_indicator(pd.DataFrame(LABELS, columns=["GO:1", "GO:2", "GO:1"]))


def test_half_precision_is_computed_in_single():
    assert check_vectors(np.ones((2, 2), np.float16)).dtype == np.float32
    assert check_vectors(np.ones((2, 2), np.float32)).dtype == np.float32
    assert check_vectors(np.ones((2, 2), np.int8)).dtype == np.float64


def test_vectors_are_not_copied_without_need():
    X = np.ones((2, 2), np.float32)
    assert np.shares_memory(check_vectors(X), X)


def test_first_row_and_columns_of_a_missing_value_are_named():
    X = np.zeros((9, 9))
    X[4, :7] = np.nan
    with pytest.raises(
        ValueError, match=r"7 column\(s\) \(0, 1, 2, 3, 4, \.\.\.\), first in row 4"
    ):
        check_vectors(X)


def test_values_that_are_not_finite_are_found_in_any_block(monkeypatch):
    monkeypatch.setattr(_memory, "_BLOCK_BYTES", 4 * 4 * 7)
    X = np.ones((200, 4))
    X[150, 3] = np.inf
    with pytest.raises(ValueError, match=r"inf .* first in row 150"):
        check_vectors(X)


def test_half_precision_is_kept_only_where_asked_for():
    X = np.ones((3, 2), np.float16)
    assert check_vectors(X, keep_half=True) is X or np.shares_memory(
        check_vectors(X, keep_half=True), X
    )
    assert check_vectors(X).dtype == np.float32
