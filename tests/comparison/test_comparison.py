"""Tables, sentences and files hold the same numbers."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from protimb.comparison import compare
from protimb.comparison._comparison import COLUMNS, average_evaluations


def test_one_row_for_each_arm_classifier_and_metric(comparison):
    table = comparison.table
    assert list(table.columns) == COLUMNS
    keys = table[["arm", "classifier"]].drop_duplicates().apply(tuple, axis=1).tolist()
    trained = [(a, c) for a in ("none", "class_weight", "ros", "smote") for c in ("mlp", "mlp+knn")]
    assert keys == [*trained, ("knn", "alone")]
    assert not table.duplicated(["arm", "classifier", "metric"]).any()


def test_differences_are_those_of_the_estimates(comparison):
    wide = comparison.table.pivot(index="metric", columns=["arm", "classifier"])
    for classifier in ("mlp", "mlp+knn"):
        difference = wide["estimate", "ros", classifier] - wide["estimate", "none", classifier]
        np.testing.assert_allclose(wide["difference", "ros", classifier], difference)


def test_intervals_hold_their_estimates(comparison):
    table = comparison.table.dropna(subset="estimate")
    assert (table["low"] <= table["estimate"]).all()
    assert (table["estimate"] <= table["high"]).all()


def test_terms_average_to_the_table(comparison):
    table = comparison.table.set_index(["arm", "classifier", "metric"])["estimate"]
    for arm, classifier in comparison.evaluations:
        mean = comparison.terms[f"AP {arm} {classifier}"].mean()
        assert mean == pytest.approx(table[arm, classifier, "AP all"], abs=1e-5)


def test_terms_count_training_and_test_proteins(comparison, toy):
    total = comparison.terms["n_train"] + comparison.terms["n_test"]
    assert total.tolist() == toy.y.sum(axis=0).tolist()


def test_csv_comes_back_digit_for_digit(comparison, tmp_path):
    comparison.to_csv(tmp_path / "table.csv")
    # As text, since pandas before 3.1 reads the last digit of some numbers wrong.
    back = pd.read_csv(tmp_path / "table.csv", dtype=str).astype(comparison.table.dtypes)
    pd.testing.assert_frame_equal(back, comparison.table, check_dtype=False, check_exact=True)


def test_json_holds_table_parameters_seeds_and_versions(comparison, tmp_path):
    comparison.to_json(tmp_path / "comparison.json")
    back = json.loads((tmp_path / "comparison.json").read_text())
    table = pd.DataFrame(back["table"])[COLUMNS]
    pd.testing.assert_frame_equal(table, comparison.table, check_dtype=False, check_exact=True)
    assert back["parameters"]["n_resamples"] == 30
    assert back["parameters"]["seeds"] == [0]
    assert back["environment"]["packages"]["numpy"] == np.__version__
    assert back["winners"] == comparison.winners()
    verdicts = pd.DataFrame(back["verdicts"])
    pd.testing.assert_frame_equal(verdicts, comparison.verdicts(), check_dtype=False)
    assert back["ranks"]["mean_ranks"] == comparison.ranks().mean_ranks.to_dict()
    assert {"seed", "arm", "stage", "seconds"} == set(back["seconds"][0])


def test_stages_are_timed_for_every_arm(comparison):
    stages = pd.DataFrame(comparison.record["seconds"]).groupby("arm")["stage"].agg(list)
    assert stages["smote"] == ["resample", "map", "train", "evaluate", "evaluate"]
    assert stages["knn"] == ["evaluate"]


def test_wide_shows_estimate_interval_and_difference(comparison):
    wide = comparison.wide()
    row = comparison.table.set_index(["arm", "classifier", "metric"]).loc["ros", "mlp", "fmax"]
    shown = f"{row['estimate']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
    minus = f"{row['difference']:+.3f} [{row['diff_low']:+.3f}, {row['diff_high']:+.3f}]"
    minus += "*" * bool(row["diff_low"] > 0 or row["diff_high"] < 0)
    assert wide.loc[("mlp", "ros", ""), "Fmax"] == shown
    assert wide.loc[("mlp", "ros", "minus none"), "Fmax"] == minus
    assert ("mlp", "none", "minus none") not in wide.index


def test_wide_leaves_decisions_to_a_table_of_their_own(comparison):
    assert comparison.wide().columns.str.fullmatch("Fmax.*|Smin.*|AP .*").all()
    decisions = comparison.decisions()
    assert decisions.columns.tolist() == [
        "F1@.5", "prec@.5", "rec@.5", "Brier", "ECE", "pred/true"
    ]  # fmt: skip
    table = comparison.table.set_index(["arm", "classifier", "metric"])
    row = table.loc["class_weight", "mlp", "prevalence ratio <50"]
    star = "*" * bool(row["diff_low"] > 0 or row["diff_high"] < 0)
    assert decisions.loc[("mlp", "class_weight"), "pred/true"] == f"{row['estimate']:.3f}{star}"
    assert comparison.decisions("20-49").shape == decisions.shape


def test_blocks_of_rare_terms_fit_eighty_columns(comparison):
    text = comparison.render(80)
    blocks = [part for part in text.split("\n\n") if re.match("Verdicts|Decisions|Each arm", part)]
    assert len(blocks) == 9  # of each kind: mlp, mlp+knn, alone
    assert max(len(line) for block in blocks for line in block.splitlines()) <= 80


def test_arms_with_tuned_cuts_stand_beside_arms_without(comparison):
    tuned = comparison.evaluations["ros", "mlp"]
    point = tuned.point.rename({"F1@.5 <50": "F1@cut <50"})
    tuned = replace(
        tuned,
        point=pd.concat([tuned.point, point[["F1@cut <50"]]]),
        resamples=tuned.resamples.assign(**{"F1@cut <50": tuned.resamples["F1@.5 <50"]}),
    )
    mixed = replace(comparison, evaluations=comparison.evaluations | {("ros", "mlp"): tuned})
    decisions = mixed.decisions()
    assert decisions.loc[("mlp", "none"), "F1@cut"] == ""
    assert decisions.loc[("mlp", "ros"), "F1@cut"] == f"{tuned.point['F1@.5 <50']:.3f}"
    assert mixed.verdicts().equals(comparison.verdicts())
    assert "nan" not in mixed.render()


def test_text_holds_table_winners_and_caveat(comparison):
    text = str(comparison)
    assert all(sentence in text for sentence in comparison.winners())
    assert "minus none" in text
    assert "overstated" in text


def test_a_bin_that_one_seed_lacks_is_averaged_over_the_others(evaluation):
    full, empty = evaluation(0.4), evaluation(0.2)
    empty.point["AP <20"] = np.nan
    empty.resamples["AP <20"] = np.nan
    mean = average_evaluations([full, empty])
    assert mean.point["AP <20"] == 0.4
    assert mean.point["AP all"] == pytest.approx(0.3)
    assert mean.resamples["AP <20"].tolist() == full.resamples["AP <20"].tolist()


def test_averages_of_other_seeds_cannot_be_paired(evaluation):
    first, second = evaluation(0.1, fingerprint=1), evaluation(0.1, fingerprint=2)
    forward = average_evaluations([first, second]).fingerprint
    assert forward == average_evaluations([first, second]).fingerprint
    assert forward != average_evaluations([first, first]).fingerprint


def test_every_two_arms_are_held_against_each_other(comparison):
    pairs = comparison.pairwise().set_index(["arm", "other", "classifier", "metric"])["difference"]
    table = comparison.table.set_index(["arm", "classifier", "metric"])["estimate"]
    for metric in ("AP all", "AP <50", "fmax"):
        expected = table["smote", "mlp+knn", metric] - table["ros", "mlp+knn", metric]
        assert pairs["smote", "ros", "mlp+knn", metric] == pytest.approx(expected)
        assert pairs["ros", "smote", "mlp+knn", metric] == pytest.approx(-expected)
        alone = table["smote", "mlp+knn", metric] - table["knn", "alone", metric]
        assert pairs["smote", "knn", "mlp+knn", metric] == pytest.approx(alone)


def test_heads_are_held_against_each_other_pair_by_pair(comparison):
    pairs = comparison.between_heads().set_index(["arm", "classifier", "other", "metric"])
    estimates = comparison.table.set_index(["arm", "classifier", "metric"])["estimate"]
    assert set(pairs.index.get_level_values("arm")) == {"none", "class_weight", "ros", "smote"}
    row = pairs.loc[("ros", "mlp+knn", "mlp", "AP all")]
    expected = estimates["ros", "mlp+knn", "AP all"] - estimates["ros", "mlp", "AP all"]
    assert row["difference"] == pytest.approx(expected)
    assert row["low"] < row["high"]
    back = pairs.loc[("ros", "mlp", "mlp+knn", "AP all")]
    assert back["low"] == pytest.approx(-row["high"])
    shown = comparison.heads("ros")
    assert list(shown.index) == [("mlp", ""), ("mlp+knn", ""), ("mlp+knn", "minus mlp")]
    assert shown.loc[("mlp+knn", "minus mlp"), "AP all"].startswith(f"{expected:+.3f} [")
    assert "Heads without resampling:" in comparison.render()


def test_one_head_is_shown_alone_and_has_none_to_be_held_against(toy, quick):
    result = compare(toy, arms=["none"], classifiers=["mlp"], maps=(), **quick)
    assert list(result.heads().index) == [("mlp", "")]
    assert result.between_heads().empty
    with pytest.raises(ValueError, match="arm may be 'none'; got 'ros'"):
        result.heads("ros")
