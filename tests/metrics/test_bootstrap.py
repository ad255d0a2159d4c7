"""Resamples over proteins: each one equals the figures of the proteins that it drew."""

import numpy as np
import pytest

from protimb.metrics import (
    average_precision_by_frequency,
    brier_skill_score,
    decisions_by_frequency,
    draw_proteins,
    evaluate,
    expected_calibration_error,
    fmax_score,
    paired_difference,
    prevalence_ratio,
    smin_score,
)

BITS = np.array([0.5, 1.0, 2.0, 3.0])
N_TRAIN = np.array([5, 10, 30, 5000])


@pytest.fixture
def problem(rng):
    truth = (rng.random((40, 4)) < [0.1, 0.2, 0.4, 0.8]).astype(np.uint8)
    score = np.clip(0.4 * truth + 0.6 * rng.random((40, 4)), 0, 1).round(2)
    return truth, score


def run(truth, score, **kwargs):
    options = {"n_train": N_TRAIN, "information_accretion": BITS, "n_resamples": 30}
    return evaluate(truth, score, **(options | kwargs))


def test_the_point_estimate_equals_the_separate_metrics(problem):
    point = run(*problem).point
    by_bin = average_precision_by_frequency(*problem, N_TRAIN)["average_precision"]
    assert point["fmax"] == pytest.approx(fmax_score(*problem))
    assert point["smin"] == pytest.approx(smin_score(*problem, BITS))
    np.testing.assert_allclose(point.filter(like="AP "), by_bin)
    assert point.index[:8].tolist() == ["fmax", "smin", *(f"AP {name}" for name in by_bin.index)]


@pytest.mark.parametrize("number", [0, 7, 29])
def test_a_resample_equals_the_figures_of_its_repeated_rows(problem, number):
    truth, score = problem
    resample = run(truth, score).resamples.iloc[number]
    draws = draw_proteins(len(truth), 30, random_state=0)[:, number]
    rows = np.repeat(np.arange(len(truth)), draws.astype(int))
    by_bin = average_precision_by_frequency(truth[rows], score[rows], N_TRAIN)
    assert len(rows) == len(truth)
    assert resample["fmax"] == pytest.approx(fmax_score(truth[rows], score[rows]))
    assert resample["smin"] == pytest.approx(smin_score(truth[rows], score[rows], BITS))
    np.testing.assert_allclose(resample.filter(like="AP "), by_bin["average_precision"], rtol=1e-5)


CUTS = np.array([0.2, 0.3, 0.5, 0.7])


@pytest.mark.parametrize("number", [None, 0, 7, 29])
def test_decisions_and_calibration_equal_the_separate_metrics(problem, number):
    truth, score = problem
    found = run(truth, score, cuts=CUTS)
    draws = draw_proteins(len(truth), 30, random_state=0)
    weights = np.ones(len(truth)) if number is None else draws[:, number]
    figures = found.point if number is None else found.resamples.iloc[number]
    rows = np.repeat(np.arange(len(truth)), weights.astype(int))
    for suffix, cuts in {"@.5": 0.5, "@cut": CUTS}.items():
        table = decisions_by_frequency(truth[rows], score[rows], N_TRAIN, cuts=cuts)
        for name in ("F1", "precision", "recall"):
            mine = figures[[f"{name}{suffix} {one}" for one in table.index]]
            np.testing.assert_allclose(mine, table[name], rtol=1e-5)
    skill = brier_skill_score(truth[rows], score[rows])
    assert figures["Brier skill all"] == pytest.approx(np.nanmean(skill), rel=1e-4)
    assert figures["Brier skill <20"] == pytest.approx(np.nanmean(skill[:2]), rel=1e-4)
    rare = truth[:, :2], score[:, :2]
    error = expected_calibration_error(*rare, sample_weight=weights)
    assert figures["ECE <20"] == pytest.approx(error)
    ratio = prevalence_ratio(*rare, sample_weight=weights)
    assert figures["prevalence ratio <20"] == pytest.approx(ratio)
    assert np.isnan(figures["ECE 200-1999"])  # a bin without terms


def test_decisions_at_tuned_cuts_need_cuts(problem):
    assert not run(*problem).point.filter(like="@cut").size
    assert run(*problem, cuts=0.5).point.filter(like="F1@cut").size == 6
    with pytest.raises(ValueError, match="one for each of the 4 terms"):
        run(*problem, cuts=[0.5])


def test_cells_of_terms_without_a_positive_count_in_the_calibration(problem):
    truth, score = problem[0].copy(), problem[1]
    truth[:, 0] = 0
    point = run(truth, score).point
    expected = score[:, :2].sum() / truth[:, :2].sum()
    assert point["prevalence ratio <20"] == pytest.approx(expected)


def test_fmax_is_the_same_whether_or_not_unpredicted_terms_are_counted_beside(problem):
    truth, score = problem[0].copy(), problem[1]
    truth[:5] = 0  # some have rare terms only, some have none
    n_unpredicted = np.arange(40) % 3
    both = run(truth, score, n_unpredicted=n_unpredicted)
    alone = run(truth, score)
    assert both.point["fmax"] == alone.point["fmax"] == fmax_score(truth, score)
    np.testing.assert_array_equal(both.resamples["fmax"], alone.resamples["fmax"])


def test_a_term_whose_positives_were_not_drawn_is_left_out_of_that_resample():
    """Case 35, within a resample: one protein carries the rare term."""
    truth = np.array([[1, 1], [0, 1], [0, 1]])
    evaluation = evaluate(truth, truth * 0.9, n_train=[3, 30], n_resamples=50)
    missed = draw_proteins(3, 50, random_state=0)[0] == 0
    assert 0 < missed.sum() < 50
    np.testing.assert_array_equal(evaluation.resamples["AP <20"].isna(), missed)
    assert (evaluation.resamples["AP all"] == 1).all()


def test_terms_without_positives_are_counted_by_bin(problem):
    """Case 35."""
    truth, score = problem[0].copy(), problem[1]
    truth[:, 1] = 0
    evaluation = run(truth, score)
    assert evaluation.n_left_out.to_dict() == {
        "all": 1, "<20": 1, "20-49": 0, "50-199": 0, "200-1999": 0, ">=2000": 0
    }  # fmt: skip
    assert evaluation.n_terms["all"] == 3


def test_the_same_seed_draws_the_same_proteins(problem):
    first, second, other = run(*problem), run(*problem), run(*problem, random_state=1)
    assert first.resamples.equals(second.resamples)
    assert not first.resamples.equals(other.resamples)


def test_the_callers_generator_is_left_alone(problem):
    """Case 29."""
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    run(*problem)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_an_evaluation_does_not_differ_from_itself(problem):
    evaluation = run(*problem)
    difference = paired_difference(evaluation, evaluation).dropna()
    assert (difference == 0).all(axis=None)


def test_pairing_sees_what_separate_intervals_hide(rng):
    # A small gain on every protein: lost in the spread between proteins, clear in pairs.
    truth = (rng.random((150, 20)) < 0.3).astype(np.uint8)
    noise = rng.random(truth.shape)
    n_train = np.full(20, 10)
    poor, good = (
        evaluate(truth, (gain * truth + noise) / 2, n_train=n_train, n_resamples=200)
        for gain in (0.3, 0.36)
    )
    gain = paired_difference(good, poor).loc["AP all"]
    assert poor.interval().loc["AP all", "upper"] > good.interval().loc["AP all", "lower"]
    assert gain["lower"] > 0
    assert gain["estimate"] == pytest.approx(good.point["AP all"] - poor.point["AP all"])


def test_intervals_surround_the_estimate_although_repeats_flatter_rare_terms(rng):
    # One protein a term, ranked in the middle: drawn twice, it doubles its own precision.
    truth = np.eye(60, dtype=np.uint8)
    score = rng.random((60, 60))
    evaluation = evaluate(truth, score, n_train=np.full(60, 5), n_resamples=200)
    interval = evaluation.interval().loc["AP all"]
    assert evaluation.resamples["AP all"].mean() > evaluation.point["AP all"]
    assert interval["lower"] < evaluation.point["AP all"] < interval["upper"]


def test_a_wider_level_gives_a_wider_interval(problem):
    evaluation = run(*problem, n_resamples=200)
    narrow, wide = (evaluation.interval(level).loc["fmax"] for level in (0.5, 0.95))
    assert wide["lower"] < narrow["lower"] < narrow["upper"] < wide["upper"]


def test_without_bits_there_is_no_smin(problem):
    assert "smin" not in run(*problem, information_accretion=None).point


def test_point_estimates_alone_need_no_resamples(problem):
    evaluation = run(*problem, n_resamples=0)
    assert len(evaluation.resamples) == 0
    assert evaluation.point.equals(run(*problem).point)


@pytest.mark.parametrize(
    "change", [{"random_state": 1}, {"n_resamples": 29}, {"information_accretion": None}]
)
def test_evaluations_of_other_draws_or_figures_cannot_be_paired(problem, change):
    with pytest.raises(ValueError, match="cannot be paired"):
        paired_difference(run(*problem), run(*problem, **change))


def test_evaluations_of_other_truths_cannot_be_paired(problem):
    truth, score = problem
    with pytest.raises(ValueError, match="cannot be paired"):
        paired_difference(run(truth, score), run(truth[::-1], score))


def test_draws_that_are_given_stand_in_for_the_seed(problem):
    draws = draw_proteins(len(problem[0]), 30, random_state=7)
    assert run(*problem, draws=draws).resamples.equals(run(*problem, random_state=7).resamples)


def test_test_sets_that_share_proteins_vary_together_under_shared_draws(problem):
    # Two halves of one draw and their overlap: alike where proteins are, not by chance.
    truth, score = problem
    draws = draw_proteins(40, 200)
    first, second, apart = (
        run(truth[rows], score[rows], draws=draws[rows]).resamples["fmax"]
        for rows in (slice(0, 30), slice(5, 35), slice(30, 40))
    )
    assert first.corr(second) > 0.6
    assert abs(first.corr(apart)) < 0.3


@pytest.mark.parametrize("draws", [np.ones((39, 5)), np.ones(40), -np.ones((40, 5))])
def test_draws_need_a_row_of_counts_for_each_protein(problem, draws):
    with pytest.raises(ValueError, match="for each of the 40 proteins"):
        run(*problem, draws=draws)


def test_terms_without_a_column_are_true_and_missed():
    """Worked by hand: at 0.9 precision is (1 + 0) / 2 and recall (1/2 + 0) / 2."""
    y, score = [[1], [0]], [[0.9], [0.95]]
    found = evaluate(y, score, n_train=[9], n_unpredicted=[1, 1], n_resamples=5).point
    assert found["fmax"] == 1  # the second protein has no term that counts
    assert found["fmax_all"] == pytest.approx(1 / 3)
    silent = evaluate(y, [[0.9], [0.0]], n_train=[9], n_unpredicted=[1, 1]).point
    assert silent["fmax_all"] == pytest.approx(0.4)  # precision 1, recall 1/4


@pytest.mark.parametrize("counts", [[1], [0.5, 1], [-1, 1], [[1, 1]]])
def test_counts_of_terms_without_a_column_are_one_a_protein(counts):
    with pytest.raises(ValueError, match="a count of terms for each of the 2 proteins"):
        evaluate([[1], [0]], [[0.9], [0.1]], n_train=[9], n_unpredicted=counts)


def test_evaluations_that_miss_other_terms_cannot_be_paired():
    y, score = [[1], [0]], [[0.9], [0.95]]
    one, two = (evaluate(y, score, n_train=[9], n_unpredicted=n) for n in ([1, 1], [1, 2]))
    with pytest.raises(ValueError, match="cannot be paired"):
        paired_difference(one, two)
