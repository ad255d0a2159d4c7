"""Average precision by term and by frequency: equal to scikit-learn's, honest about gaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import average_precision_score

from protimb.exceptions import InvalidLabelsError
from protimb.metrics import FREQUENCY_BINS, average_precision_by_frequency, term_average_precision

TIED_SCORES = st.sampled_from([0.0, 0.2, 0.2000001, 0.5, 1.0])


@settings(max_examples=60)
@given(
    hnp.arrays(np.uint8, (8, 3), elements=st.integers(0, 1)),
    hnp.arrays(float, (8, 3), elements=TIED_SCORES),
    hnp.arrays(float, 8, elements=st.sampled_from([0.0, 1.0, 2.5])),
)
def test_average_precision_equals_scikit_learn_term_by_term(truth, score, weight):
    ours = term_average_precision(truth, score, sample_weight=weight)
    for term, value in enumerate(ours):
        if not weight[truth[:, term] == 1].any():
            assert np.isnan(value)
            continue
        theirs = average_precision_score(truth[:, term], score[:, term], sample_weight=weight)
        assert value == pytest.approx(theirs)


def test_average_precision_matches_the_hand_worked_example():
    # Ranks of the positives are 1 and 3: precision 1/1 and 2/3.
    truth, score = [[1], [0], [1], [0]], [[0.9], [0.8], [0.7], [0.6]]
    assert term_average_precision(truth, score) == pytest.approx([5 / 6])


def test_only_the_order_of_scores_matters(rng):
    truth = rng.integers(0, 2, (30, 4))
    score = rng.normal(size=(30, 4))
    np.testing.assert_allclose(
        term_average_precision(truth, score), term_average_precision(truth, np.exp(3 * score))
    )


def test_a_term_without_positives_is_excluded_and_counted():
    """Case 35: scikit-learn would count its average precision as 0."""
    truth = np.array([[1, 0], [0, 0]])
    score = np.array([[0.9, 0.9], [0.1, 0.1]])
    table = average_precision_by_frequency(truth, score, [5, 5])
    assert table.loc["<20"].tolist() == [1, 1, 1.0]


def test_a_bin_without_evaluable_terms_has_no_average():
    """Case 35: neither 0 nor a warning, but NaN beside a count of 0."""
    table = average_precision_by_frequency([[1], [0]], [[0.9], [0.1]], [30])
    assert table.loc["50-199", ["n_terms", "n_left_out"]].tolist() == [0, 0]
    assert np.isnan(table.loc["50-199", "average_precision"])


def test_bins_part_the_terms_at_their_edges():
    n_train = [0, 19, 20, 49, 50, 199, 200, 1999, 2000, 14000]
    truth = np.eye(10, dtype=int)
    table = average_precision_by_frequency(truth, truth.astype(float), n_train)
    assert table["n_terms"].to_dict() == {"all": 10} | dict.fromkeys(FREQUENCY_BINS, 2)


def test_the_mean_over_a_bin_gives_every_term_the_same_weight(rng):
    truth = rng.integers(0, 2, (20, 6))
    score = rng.random((20, 6))
    n_train = np.array([5, 5, 5, 100, 100, 3000])
    precision = term_average_precision(truth, score)
    table = average_precision_by_frequency(truth, score, n_train)["average_precision"]
    assert table["<20"] == pytest.approx(precision[:3].mean())
    assert table["50-199"] == pytest.approx(precision[3:5].mean())
    assert table["all"] == pytest.approx(precision.mean())


def test_bins_may_be_chosen():
    bins = {"rare": (0, 10), "frequent": (10, np.inf)}
    table = average_precision_by_frequency([[1, 1]], [[0.1, 0.2]], [9, 10], bins=bins)
    assert table["n_terms"].to_dict() == {"all": 2, "rare": 1, "frequent": 1}


@pytest.mark.parametrize("n_train", [[5.0], [5.0, np.nan], [5.0, -1.0]])
def test_training_counts_must_be_one_a_term(n_train):
    with pytest.raises(ValueError, match="n_train"):
        average_precision_by_frequency([[1, 0]], [[0.5, 0.5]], n_train)


def test_truth_must_be_a_matrix():
    with pytest.raises(InvalidLabelsError, match=r"shape is \(3,\)"):
        term_average_precision([1, 0, 1], [[0.5], [0.5], [0.5]])
