"""Decisions at a cut: equal to scikit-learn's, and silent or missing terms are counted."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse
from sklearn.metrics import precision_recall_fscore_support

from protimb.exceptions import InvalidLabelsError
from protimb.metrics import decisions_by_frequency, decisions_by_term

FIGURES = ["precision", "recall", "F1"]


@settings(max_examples=30)
@given(
    hnp.arrays(np.uint8, (8, 3), elements=st.integers(0, 1)),
    hnp.arrays(float, (8, 3), elements=st.sampled_from([0.0, 0.2, 0.5, 1.0])),
    hnp.arrays(float, 3, elements=st.sampled_from([0.0, 0.2, 0.7, np.inf])),
    hnp.arrays(float, 8, elements=st.sampled_from([0.0, 1.0, 2.5])).filter(np.any),
)
def test_decisions_equal_scikit_learns_where_they_are_defined(truth, score, cuts, weight):
    ours = decisions_by_term(truth, score, cuts=cuts, sample_weight=weight)
    theirs = precision_recall_fscore_support(
        truth, (score >= cuts).astype(int), sample_weight=weight, average=None, zero_division=np.nan
    )
    expected = np.transpose(theirs[:3])
    expected[ours["n_true"] == 0] = np.nan  # a term without a positive is left out
    # scikit-learn leaves F1 of a term without a prediction undefined or 0, by version.
    np.testing.assert_allclose(ours[["precision", "recall"]], expected[:, :2])
    both = ~np.isnan(expected[:, 2])
    np.testing.assert_allclose(ours["F1"][both], expected[both, 2])


def test_decisions_match_the_hand_worked_example():
    # Three true, three predicted, two of them right.
    truth = np.array([[1, 1, 1, 0, 0]]).T
    score = np.array([[0.9, 0.5, 0.1, 0.8, 0.4999]]).T
    found = decisions_by_term(truth, score).iloc[0]
    assert found[["n_true", "n_predicted", "n_correct"]].tolist() == [3, 3, 2]
    assert found[FIGURES].tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3])


def test_a_silent_term_has_no_precision_but_an_f1_of_zero():
    found = decisions_by_term([[1], [0]], [[0.4], [0.1]]).iloc[0]
    assert np.isnan(found["precision"])
    assert found[["recall", "F1"]].tolist() == [0, 0]


def test_a_term_without_a_positive_has_no_figure_whatever_is_predicted():
    found = decisions_by_term([[0], [0]], [[0.9], [0.1]]).iloc[0]
    assert found[FIGURES].isna().all()
    assert found["n_predicted"] == 1


def test_cuts_are_found_by_name():
    y = pd.DataFrame([[1, 0], [0, 1]], columns=["GO:1", "GO:2"])
    score = pd.DataFrame([[0.3, 0.1], [0.1, 0.7]], columns=["GO:1", "GO:2"])
    found = decisions_by_term(y, score, cuts=pd.Series({"GO:2": 0.6, "GO:1": 0.2}))
    assert found.index.tolist() == ["GO:1", "GO:2"]
    assert found["F1"].tolist() == [1, 1]


def test_sparse_truths_are_read(rng):
    truth, score = rng.integers(0, 2, (9, 4)), rng.random((9, 4))
    dense = decisions_by_term(truth, score)
    pd.testing.assert_frame_equal(decisions_by_term(sparse.csr_array(truth), score), dense)


def test_means_by_frequency_count_what_they_leave_out():
    # Terms: right, silent, without a positive; the first is frequent.
    truth = [[1, 1, 0], [0, 0, 0]]
    score = [[0.9, 0.2, 0.9], [0.1, 0.1, 0.1]]
    table = decisions_by_frequency(truth, score, [500, 5, 5])
    assert table.loc["<20", ["n_terms", "n_left_out", "n_silent"]].tolist() == [1, 1, 1]
    assert table.loc["all", FIGURES].tolist() == [1, 0.5, 0.5]  # precision: the first term alone
    assert np.isnan(table.loc["<20", "precision"])
    assert table.loc["<20", "F1"] == 0
    assert table.loc["50-199", "n_terms"] == 0
    assert table.loc["50-199", FIGURES].isna().all()


@pytest.mark.parametrize("cuts", [np.nan, [0.5], [0.5, np.nan], [[0.5, 0.5]]])
def test_cuts_are_one_for_all_or_one_a_term(cuts):
    with pytest.raises(ValueError, match="one for each of the 2 terms, and not NaN"):
        decisions_by_term([[1, 0]], [[0.5, 0.5]], cuts=cuts)


def test_counts_are_no_truth():
    with pytest.raises(InvalidLabelsError):
        decisions_by_term([[2, 0]], [[0.5, 0.5]])
