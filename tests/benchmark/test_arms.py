"""An arm is a name, a sampler of one's own, or an Arm; none is always among them."""

import pytest
from imblearn.over_sampling import SMOTE

from protimb.benchmark import ARMS, Arm
from protimb.benchmark._arms import resolve_arms
from protimb.over_sampling import LabelwiseSampler, RandomLabelsetOverSampler

SETTINGS = {"sampling_strategy": 33, "random_state": 5, "verbose": 0}


def test_none_comes_first_even_if_not_asked_for():
    assert list(resolve_arms(["ros"])) == ["none", "ros"]
    assert list(resolve_arms(["ros", "none"])) == ["none", "ros"]


def test_one_name_is_one_arm():
    assert list(resolve_arms("knn")) == ["none", "knn"]


@pytest.mark.parametrize("name", [name for name, arm in ARMS.items() if arm.make_sampler])
def test_named_samplers_take_the_strategy_and_seed_of_the_comparison(name):
    sampler = ARMS[name].build_sampler({}, **SETTINGS)
    assert sampler.sampling_strategy == 33
    assert sampler.random_state == 5


def test_parameters_asked_for_by_name_come_last():
    sampler = ARMS["ros"].build_sampler({"sampling_strategy": 7}, **SETTINGS)
    assert sampler.sampling_strategy == 7


def test_own_sampler_keeps_its_strategy_and_is_not_touched():
    mine = LabelwiseSampler(SMOTE(), sampling_strategy=12)
    built = resolve_arms({"mine": mine})["mine"].build_sampler({}, **SETTINGS)
    assert (built.sampling_strategy, built.random_state) == (12, 5)
    assert mine.random_state is None


def test_own_seed_of_an_own_sampler_stays():
    mine = RandomLabelsetOverSampler(random_state=9)
    built = resolve_arms({"mine": mine})["mine"].build_sampler({}, **SETTINGS)
    assert built.random_state == 9


def test_an_arm_without_sampler_builds_none():
    assert ARMS["class_weight"].build_sampler({}, **SETTINGS) is None
    assert ARMS["class_weight"].stages == ("train", "evaluate")
    assert ARMS["knn"].stages == ("evaluate",)


@pytest.mark.parametrize(
    ("arms", "message"),
    [
        (["rose"], "Unknown arm 'rose'.*none, class_weight, ros"),
        ({"mine": 3}, "Arm 'mine' is int"),
        ({"none": SMOTE()}, "name yours otherwise"),
    ],
)
def test_what_is_no_arm_is_named(arms, message):
    with pytest.raises(ValueError, match=message):
        resolve_arms(arms)


def test_an_arm_may_be_written_out():
    arm = Arm("weights only", classifier_params={"class_weight": "balanced"})
    assert resolve_arms({"weights": arm})["weights"] is arm
