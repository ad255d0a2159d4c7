"""The first sentence of a report says what to use, and that nothing helped where nothing did."""

import pytest

from protimb.comparison._advice import advise


@pytest.fixture
def make(evaluation):
    """Make evaluations by arm and classifier; noise is their own, so intervals are honest."""

    def build(points, spread=0.001):
        return {
            key: evaluation(point, spread, seed) for seed, (key, point) in enumerate(points.items())
        }

    return build


def test_the_arm_that_is_clearly_above_is_what_to_use(make):
    said = advise(make({("none", "mlp"): 0.2, ("ros", "mlp"): 0.3, ("cgan", "mlp"): 0.19}))
    assert said.startswith("For your 5 rare terms (those with fewer than 20 training proteins), ")
    assert "use ros with mlp: average precision 0.300, against 0.200" in said
    assert "+0.100 [" in said
    assert "cgan" not in said


def test_others_that_help_are_named_too(make):
    said = advise(make({("none", "mlp"): 0.2, ("ros", "mlp"): 0.3, ("cgan", "mlp"): 0.29}))
    assert said.endswith("So is cgan with mlp.")


def test_nothing_is_praised_that_a_better_classifier_makes_superfluous(make):
    points = {("none", "mlp"): 0.2, ("ros", "mlp"): 0.25}
    points |= {("none", "mlp+knn"): 0.3, ("ros", "mlp+knn"): 0.28}
    said = advise(make(points))
    assert "use mlp+knn on the proteins as they are" in said
    assert "clearly more than mlp)" in said
    assert "None of 2 others ranks proteins better with confidence" in said


def test_a_gain_that_nobody_would_notice_is_no_advice(make):
    said = advise(make({("none", "mlp"): 0.2, ("ros", "mlp"): 0.203}, spread=0.0002))
    assert "use mlp on the proteins as they are" in said
    assert "by so little that nobody would notice: +0.003" in said


def test_noise_is_no_advice(make):
    said = advise(make({("none", "mlp"): 0.2, ("ros", "mlp"): 0.25}, spread=0.1))
    assert "use mlp on the proteins as they are" in said
    assert "the highest, ros with mlp, differs by +0.050" in said


def test_what_an_arm_costs_stands_beside_its_gain(make):
    evaluations = make({("none", "mlp"): 0.2, ("ros", "mlp"): 0.3})
    assert "What falls" not in advise(evaluations)
    own = evaluations["ros", "mlp"]
    own.point["fmax"] -= 0.2
    own.resamples["fmax"] -= 0.2
    assert "with confidence. What falls is Fmax (-0.100 [-0.1" in advise(evaluations)


def test_without_an_arm_nothing_is_said_of_arms(make):
    said = advise(make({("none", "mlp"): 0.2}))
    assert said.endswith(
        "use mlp on the proteins as they are (average precision 0.200); nothing else was run."
    )
