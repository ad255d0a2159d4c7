"""Ranks over seeds and classifiers: Friedman's test as SciPy has it, Nemenyi's as published."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import friedmanchisquare

from protimb.comparison._ranks import critical_difference, rank_arms

ARMS = ["none", "ros", "smote", "cgan"]


def table(estimates, classifiers=("mlp",), arms=ARMS):
    """Lay estimates, (n_seeds, n_arms), out as Comparison.by_seed, alike for all classifiers."""
    rows = [
        {"seed": seed, "arm": arm, "classifier": name, "metric": "AP <50", "estimate": value}
        for name in classifiers
        for seed, values in enumerate(estimates)
        for arm, value in zip(arms, values, strict=True)
    ]
    return pd.DataFrame(rows)


# Demsar 2006, table 5a, divided by the square root that stands beside it.
@pytest.mark.parametrize(
    ("n_arms", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (6, 2.850), (10, 3.164)]
)
def test_the_critical_difference_is_the_published_one(n_arms, q):
    expected = q * np.sqrt(n_arms * (n_arms + 1) / (6 * 14))
    assert critical_difference(n_arms, 14) == pytest.approx(expected, abs=2e-3)


def test_the_worked_example_of_demsar():
    """Four algorithms, 14 data sets: mean ranks and the critical difference, 1.25."""
    scores = np.array(
        [
            [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569],
            [0.954, 0.971, 0.968, 0.967], [0.628, 0.661, 0.654, 0.657],
            [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931],
            [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625],
            [0.775, 0.838, 0.866, 0.875], [1.000, 1.000, 1.000, 1.000],
            [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
            [0.972, 0.981, 0.9751, 0.975], [0.957, 0.978, 0.946, 0.970],
        ]
    )  # fmt: skip
    found = rank_arms(table(scores), "AP <50")
    assert found.mean_ranks[ARMS].round(3).tolist() == pytest.approx(
        [3.143, 2.0, 2.893, 1.964], abs=2e-3
    )
    assert found.critical_difference == pytest.approx(1.25, abs=5e-3)


def test_the_statistic_is_scipys(rng):
    estimates = rng.random((5, 4)).round(1)  # with ties
    found = rank_arms(table(estimates, ["mlp", "mlp+knn"]), "AP <50")
    expected = friedmanchisquare(*np.vstack([estimates, estimates]).T)
    assert (found.statistic, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert (found.n_seeds, found.n_classifiers) == (5, 2)


def test_the_best_arm_has_the_lowest_rank():
    found = rank_arms(table([[0.1, 0.4, 0.2, 0.3]] * 3), "AP <50")
    assert found.mean_ranks.to_dict() == {"ros": 1, "cgan": 2, "smote": 3, "none": 4}
    assert list(found.mean_ranks.index) == ["ros", "cgan", "smote", "none"]
    assert "1 the best, over 3 seeds and 1 classifier: ros 1.00, cgan 2.00" in found.sentence()


def test_arms_that_never_differ_have_no_evidence_against_them():
    found = rank_arms(table([[0.3] * 4] * 3), "AP <50")
    assert (found.statistic, found.p) == (0, 1)


@pytest.mark.parametrize(
    ("estimates", "arms"), [([[0.1, 0.2, 0.3, 0.4]], ARMS), ([[0.1, 0.2]] * 5, ARMS[:2])]
)
def test_one_seed_or_two_arms_are_too_few_and_the_sentence_says_so(estimates, arms):
    found = rank_arms(table(estimates, arms=arms), "AP <50")
    assert np.isnan(found.p)
    assert found.sentence() == (
        "No Friedman test of ranks by AP <50: it needs two seeds and three arms, here are "
        f"{len(estimates)} and {len(arms)}."
    )
    assert found.to_dict()["critical_difference"] is None


def test_seeds_without_the_bin_and_arms_without_a_classifier_are_left_out():
    rows = table([[0.1, 0.2, 0.3, 0.4]] * 3, ["mlp", "forest"])
    rows.loc[rows["seed"] == 1, "estimate"] = np.nan
    rows = rows[(rows["arm"] != "cgan") | (rows["classifier"] != "forest")]
    alone = table([[0.9]] * 3, ["alone"], arms=["knn"])
    found = rank_arms(pd.concat([rows, alone]), "AP <50")
    assert found.n_seeds == 2
    assert set(found.mean_ranks.index) == {"none", "ros", "smote"}


def test_without_estimates_of_seeds_there_are_no_ranks():
    assert "no seed is on record" in rank_arms(pd.DataFrame(), "AP <50").sentence()
