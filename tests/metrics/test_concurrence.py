"""SCUMBLE, by hand and as invariants."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from protimb.exceptions import InvalidLabelsError
from protimb.metrics import (
    imbalance_ratio_per_label,
    imbalance_report,
    scumble_per_label,
    scumble_per_row,
    scumble_score,
)

# IRLbl 1, 2, 4. Row 0 has all three: geometric mean 2, arithmetic 7/3. Row 1: sqrt(2) and 3/2.
Y = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 0, 0]], dtype=np.uint8)
ROWS = [1 / 7, 1 - 2 * 2**0.5 / 3, 0, 0]
CONTAINERS = [np.asarray, sparse.csr_array, sparse.coo_matrix, pd.DataFrame, np.ndarray.tolist]


@pytest.mark.parametrize("container", CONTAINERS)
def test_scumble_matches_the_hand_worked_example(container):
    y = container(Y)
    np.testing.assert_allclose(scumble_per_row(y), ROWS, rtol=0, atol=1e-12)
    assert scumble_score(y) == pytest.approx(sum(ROWS) / 4, abs=1e-12)
    by_label = [sum(ROWS) / 4, sum(ROWS) / 2, ROWS[0]]
    np.testing.assert_allclose(scumble_per_label(y), by_label, rtol=0, atol=1e-12)


def test_report_holds_scumble_by_label():
    np.testing.assert_array_equal(imbalance_report(Y)["SCUMBLE"], scumble_per_label(Y))


def test_rows_with_fewer_than_two_terms_do_not_scumble():
    assert scumble_per_row([[1, 0], [1, 0], [0, 1], [0, 0]]).tolist() == [0, 0, 0, 0]


def test_terms_of_equal_count_do_not_scumble():
    assert scumble_score([[1, 1, 1], [1, 1, 1], [0, 0, 0]]) == 0


def test_term_without_members_has_no_scumble_and_disturbs_no_other():
    y = np.hstack([Y, np.zeros((4, 1))])
    np.testing.assert_array_equal(scumble_per_row(y), scumble_per_row(Y))
    assert np.isnan(scumble_per_label(y)[3])


def test_copies_of_a_row_where_rare_meets_frequent_raise_scumble():
    y = np.array([[1, 0]] * 90 + [[1, 1]] * 10)
    assert scumble_score(np.vstack([y, [[1, 1]] * 10])) > scumble_score(y)


def test_only_binary_indicators_are_measured():
    for measure in (scumble_score, scumble_per_row, scumble_per_label):
        with pytest.raises(InvalidLabelsError, match="binary indicators"):
            measure(2 * Y)


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(
        np.uint8, st.tuples(st.integers(1, 8), st.integers(1, 5)), elements=st.integers(0, 1)
    )
)
def test_scumble_agrees_with_the_definition_row_by_row(y):
    ratios = imbalance_ratio_per_label(y)
    for row, scumble in zip(y, scumble_per_row(y), strict=True):
        own = ratios[row == 1]
        expected = 1 - np.prod(own) ** (1 / len(own)) / np.mean(own) if len(own) else 0
        assert scumble == pytest.approx(expected, abs=1e-12)
        assert 0 <= scumble < 1
