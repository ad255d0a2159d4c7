"""A verdict says what paired intervals of order and of decisions say, and how little they see."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control, norm

from protimb.comparison._verdict import VERDICTS, correct_holm, judge_arms
from protimb.metrics import Evaluation

pytestmark = pytest.mark.usefixtures("blank_figures")

BIN = "<50"


def evaluation(order=0.2, decided=0.1, error=0.001, at_cut=None, n_terms=5):
    """Make an Evaluation whose differences to one at the defaults have that standard error."""
    points = {f"AP {BIN}": order, f"F1@.5 {BIN}": decided}
    points |= {} if at_cut is None else {f"F1@cut {BIN}": at_cut}
    # Normal quantiles: without chance in it, the spread is what was asked for.
    noise = error * norm.ppf((np.arange(400) + 0.5) / 400)
    resamples = {name: value + noise for name, value in points.items()}
    return Evaluation(
        point=pd.Series(points),
        resamples=pd.DataFrame(resamples),
        n_terms=pd.Series({"all": 9, BIN: n_terms}),
        n_left_out=pd.Series({"all": 0, BIN: 0}),
        fingerprint=1,
    )


NONE = evaluation(error=0)


def judge(arm, none=NONE):
    return judge_arms({("none", "mlp"): none, ("arm", "mlp"): arm}).iloc[0]


@pytest.mark.parametrize(
    ("arm", "verdict"),
    [
        (evaluation(0.21), "ranks better"),
        (evaluation(0.21, 0.5), "ranks better"),
        (evaluation(0.19, 0.5), "ranks worse"),
        (evaluation(0.2, 0.5), "only moves the threshold"),
        (evaluation(0.2, 0.05), "only moves the threshold"),
        (evaluation(0.2), "neither"),
        (evaluation(0.201, 0.1005), "neither"),
        (evaluation(0.205, error=0.01), "undecided at this size"),
        (evaluation(0.2, error=0.01), "undecided at this size"),
        (NONE, "neither"),
    ],
)
def test_the_verdict_follows_from_both_intervals(arm, verdict):
    assert judge(arm)["verdict"] == verdict


def test_every_verdict_can_be_reached_and_the_last_one_always():
    nothing = {"low": np.nan, "high": np.nan}
    assert list(VERDICTS)[-1] == "undecided at this size"
    assert [name for name, holds in VERDICTS.items() if holds(nothing, nothing)] == [
        "undecided at this size"
    ]


def test_the_detectable_difference_is_seen_four_times_of_five():
    found = judge(evaluation(0.21, error=0.01))
    error = found["detectable"] / 2.8016
    assert error == pytest.approx(0.01, rel=0.02)
    # The chance that an estimate around that difference is 1.96 errors or more above zero.
    assert norm.sf(1.96 * error, loc=found["detectable"], scale=error) == pytest.approx(0.8, 1e-3)


def test_p_is_that_of_a_two_sided_test():
    assert judge(evaluation(0.2 + 0.0196, error=0.01))["p"] == pytest.approx(0.05, abs=0.002)
    assert judge(NONE)["p"] == 1


def test_holms_steps_match_the_hand_worked_example():
    # Sorted .01 .02 .03 .04 times 4 3 2 1, never falling: .04 .06 .06 .06.
    found = correct_holm([0.03, 0.01, 0.04, 0.02])
    assert found.tolist() == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert correct_holm([0.9, np.nan, 0.8])[[0, 2]].tolist() == [1, 1]
    assert np.isnan(correct_holm([0.9, np.nan, 0.8])[1])


def test_holm_never_calls_more_than_a_weaker_correction(rng):
    p = rng.random(20) ** 3
    assert (correct_holm(p) >= false_discovery_control(p) - 1e-12).all()


def test_arms_are_held_against_none_with_their_own_classifier_and_corrected_within_it():
    evaluations = {
        ("none", "mlp"): NONE,
        ("none", "forest"): evaluation(0.5, error=0),
        ("ros", "mlp"): evaluation(0.203, error=0.001),
        ("ros", "forest"): evaluation(0.503, error=0.001),
        ("smote", "forest"): evaluation(0.4, error=0.001),
    }
    table = judge_arms(evaluations).set_index(["arm", "classifier"])
    assert table["verdict"].to_dict() == {
        ("ros", "mlp"): "ranks better",
        ("ros", "forest"): "ranks better",
        ("smote", "forest"): "ranks worse",
    }
    assert table.loc[("ros", "mlp"), "p_holm"] == table.loc[("ros", "mlp"), "p"]
    assert table.loc[("ros", "forest"), "p_holm"] == table.loc[("ros", "forest"), "p"]
    assert table.loc[("smote", "forest"), "p_holm"] >= table.loc[("smote", "forest"), "p"]


def test_an_arm_that_moves_its_cut_alone_only_moves_the_threshold():
    moved = evaluation(0.2, 0.1, at_cut=0.3)
    for none in (NONE, evaluation(error=0, at_cut=0.1)):  # none decides at 0.5
        found = judge(moved, none)
        assert found["verdict"] == "only moves the threshold"
        assert found["decided"] == pytest.approx(0.2)


def test_where_all_tune_their_cuts_decisions_at_one_half_are_compared():
    found = judge(evaluation(0.2, 0.1, at_cut=0.3), evaluation(error=0, at_cut=0.25))
    assert found["verdict"] == "neither"
    assert found["decided"] == pytest.approx(0)


def test_without_an_arm_there_is_no_verdict():
    table = judge_arms({("none", "mlp"): NONE})
    assert table.empty
    assert "verdict" in table


def test_a_bin_without_terms_gets_no_verdict():
    arm = evaluation(n_terms=0)
    for one in (arm, NONE):
        one.point["AP all"] = one.point["F1@.5 all"] = 0.3
        one.resamples["AP all"] = one.resamples["F1@.5 all"] = 0.3
    table = judge_arms({("none", "mlp"): arm, ("arm", "mlp"): arm})
    assert table["bin"].tolist() == ["all"]
