"""Calibration: equal to what scikit-learn's pieces give, and honest about rare terms."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from protimb.exceptions import InvalidLabelsError
from protimb.metrics import (
    _calibration,
    brier_skill_score,
    expected_calibration_error,
    prevalence_ratio,
)


@pytest.fixture
def problem(rng):
    truth = (rng.random((60, 5)) < [0.05, 0.1, 0.2, 0.5, 0.9]).astype(int)
    return truth, (0.3 * truth + 0.7 * rng.random((60, 5))).round(2)


def test_brier_skill_is_one_minus_a_ratio_of_brier_scores(problem, rng):
    truth, score = problem
    weight = rng.integers(0, 3, 60)
    found = brier_skill_score(truth, score, sample_weight=weight)
    for term in range(5):
        share = np.full(60, np.average(truth[:, term], weights=weight))
        own, constant = (
            brier_score_loss(truth[:, term], one, sample_weight=weight, pos_label=1)
            for one in (score[:, term], share)
        )
        assert found[term] == pytest.approx(1 - own / constant)


def test_the_share_itself_has_no_skill_and_the_truth_all():
    truth = np.array([[1, 1], [0, 0], [0, 0], [0, 0]])
    score = np.array([[0.25, 1.0], [0.25, 0], [0.25, 0], [0.25, 0]])
    assert brier_skill_score(truth, score).tolist() == [0, 1]


def test_brier_skill_is_undefined_without_positives_or_negatives():
    assert np.isnan(brier_skill_score([[0, 1], [0, 1]], [[0.1, 0.9], [0.1, 0.9]])).all()


@pytest.mark.parametrize("strategy", ["quantile", "uniform"])
def test_calibration_error_weighs_the_bins_of_scikit_learn(problem, strategy):
    truth, score = (one.ravel() for one in problem)
    true, predicted = calibration_curve(truth, score, n_bins=5, strategy=strategy)
    inner = np.linspace(0, 1, 6)[1:-1]
    edges = np.quantile(score, inner) if strategy == "quantile" else inner
    sizes = np.unique(np.searchsorted(edges, score), return_counts=True)[1]
    expected = np.average(np.abs(true - predicted), weights=sizes)
    found = expected_calibration_error(*problem, n_bins=5, strategy=strategy)
    assert found == pytest.approx(expected)


def test_calibration_error_matches_the_hand_worked_example():
    # Equal mass: {.1, .2} with no true cell, {.6, .9} with one; gaps .15 and .25.
    truth, score = [[0, 0], [1, 0]], [[0.1, 0.2], [0.6, 0.9]]
    assert expected_calibration_error(truth, score, n_bins=2) == pytest.approx(0.2)


def test_one_bin_sees_the_mean_alone(problem):
    truth, score = problem
    found = expected_calibration_error(truth, score, n_bins=1)
    assert found == pytest.approx(abs(truth.mean() - score.mean()))


def test_whole_weights_repeat_proteins_within_the_same_edges(problem, rng):
    truth, score = problem
    weight = rng.integers(0, 3, 60)
    rows = np.repeat(np.arange(60), weight)
    found = expected_calibration_error(truth, score, strategy="uniform", sample_weight=weight)
    repeated = expected_calibration_error(truth[rows], score[rows], strategy="uniform")
    assert found == pytest.approx(repeated)
    assert prevalence_ratio(truth, score, sample_weight=weight) == pytest.approx(
        prevalence_ratio(truth[rows], score[rows])
    )


def test_scores_that_are_all_equal_share_a_bin():
    assert expected_calibration_error([[1], [0]], [[0.5], [0.5]]) == 0


def test_prevalence_ratio_says_how_many_times_too_much(problem):
    truth, score = problem
    assert prevalence_ratio(truth, score) == pytest.approx(score.sum() / truth.sum())
    assert prevalence_ratio(truth, truth.astype(float)) == 1
    assert np.isnan(prevalence_ratio(0 * truth, score))


def test_proteins_that_weigh_nothing_say_nothing():
    weightless = {"y_true": [[1], [0]], "y_score": [[0.5], [0.2]], "sample_weight": [0, 0]}
    assert np.isnan(expected_calibration_error(**weightless))
    assert np.isnan(prevalence_ratio(**weightless))
    assert np.isnan(brier_skill_score(**weightless)).all()


FIGURES = [brier_skill_score, expected_calibration_error, prevalence_ratio]


@pytest.mark.parametrize("figure", FIGURES)
def test_logits_are_refused(figure):
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        figure([[1], [0]], [[2.5], [-1.0]])


@pytest.mark.parametrize("figure", FIGURES)
def test_counts_are_no_truth(figure):
    with pytest.raises(InvalidLabelsError):
        figure([[2], [0]], [[0.5], [0.5]])


@pytest.mark.parametrize("options", [{"strategy": "width"}, {"n_bins": 0}])
def test_bins_that_there_are_not_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        expected_calibration_error([[1]], [[0.5]], **options)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 2, 7, 5000])
@pytest.mark.parametrize("kind", ["rare", "few", "zeros", "ones"])
def test_quantiles_of_blocks_are_numpys(rng, dtype, n, kind):
    made = {"rare": rng.random(n) ** 8, "few": rng.integers(3, size=n) / 2}
    cells = made.get(kind, np.full(n, kind == "ones")).astype(dtype)
    cells[cells == 0] *= -1  # negative zeros are zeros
    shares = np.linspace(0, 1, 16)
    found = _calibration._quantiles(lambda: np.array_split(cells, 3), shares)
    np.testing.assert_allclose(found, np.quantile(cells.astype(float), shares), rtol=1e-12)
