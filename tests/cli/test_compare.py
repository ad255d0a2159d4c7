"""The command says what `compare` says: one table, the winners, one line for an error."""

import errno
import json

import pandas as pd
import pytest
from command import invoke

from protimb.comparison import _comparison

QUICK = ["--max-steps", "3", "--resamples", "20", "--min-proteins", "5", "--verbose", "0"]
# test_terminals.py has the figures of a comparison drawn.
pytestmark = pytest.mark.usefixtures("no_figures")


@pytest.fixture
def no_figures(monkeypatch):
    monkeypatch.setattr("protimb.comparison._figures.draw_figures", lambda *args: {})


def test_a_cafa_folder_goes_in_and_a_report_comes_out(folder, tmp_path):
    out = tmp_path / "out"
    arms = ["--arms", "ros,knn", "--sampling-strategy", "20", "--heads", "mlp"]
    result = invoke("compare", "--data", folder, *arms, "--out", out, *QUICK)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(out / "table.csv", keep_default_na=False)
    assert table[["arm", "classifier"]].drop_duplicates().to_numpy().tolist() == [
        ["none", "mlp"],
        ["ros", "mlp"],
        ["knn", "alone"],
    ]
    record = json.loads((out / "comparison.json").read_text())
    assert record["parameters"]["sampling_strategy"] == 20
    assert all(sentence in result.stdout for sentence in record["winners"])
    assert (out / "report.html").is_file()


def test_several_ontologies_get_a_folder_each(folder, tmp_path):
    out = tmp_path / "out"
    options = ["--data", folder, "--ontology", "mf,cc", "--arms", "none", "--out", out]
    result = invoke("compare", *options, *QUICK)
    assert result.exit_code == 0, result.output
    namespaces = [json.loads((out / n / "comparison.json").read_text()) for n in ("mf", "cc")]
    assert [one["data"]["n_terms"] for one in namespaces] == [2, 2]


def test_sampler_parameters_reach_the_sampler(folder, tmp_path):
    options = ["--data", folder, "--arms", "ros", "--out", tmp_path, *QUICK]
    invoke(
        "compare", *options, "--param", "ros.sampling_strategy=80", "--param", "ros.min_members=2"
    )
    record = json.loads((tmp_path / "comparison.json").read_text())
    asked = {"ros": {"sampling_strategy": 80, "min_members": 2}}
    assert record["parameters"]["sampler_params"] == asked
    # The parameter wins over --sampling-strategy: 90 rows grow to hold 80 of the rare term.
    assert record["n_synthetic"]["ros"] > 40
    assert record["samplers"]["ros"]["random_state"] == 0


def test_a_missing_folder_is_one_line_and_code_two(tmp_path):
    result = invoke("compare", "--data", tmp_path / "missing", *QUICK)
    assert result.exit_code == 2
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert "go-basic.obo" in line


def test_an_error_that_protimb_names_is_one_line_and_code_two(folder):
    result = invoke("compare", "--data", folder, "--min-proteins", "1000", "--verbose", "0")
    assert result.exit_code == 2
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("error: 0 terms have 1000 or more of 90 proteins, and all terms have 15")


@pytest.mark.parametrize(
    ("option", "value", "known"),
    [
        ("--arms", "rose", "smote"),
        ("--heads", "tail", "mlp+knn"),
        ("--ontology", "xx", "bp"),
        ("--maps", "mds", "umap"),
        ("--sampling-strategy", "many", "auto"),
        ("--param", "none.x=1", "cgan"),
        ("--param", "cgan", "arm.name=value"),
        ("--param", "ros.epochs=3", "min_members"),
        ("--param", "cgan.n_latent=-1", "[1, inf)"),
        ("--param", "cgan.backbone__n_wide=8", "n_hidden"),
        ("--split", "time", "temporal"),
        ("--split", "random,cluster", "give one of"),
        ("--date", "2022-01-01", "for split='temporal'"),
        ("--head-param", "tale", "head.name=value"),
        ("--head-param", "tale.=3", "head.name=value"),
        ("--head-param", "gbm.max_iter=3", "Trained are mlp"),
        ("--head-param", "mlp.dropout=3", "[0"),
        ("--synthetic-labels", "own", "targeted"),
        ("--known", "xx", "bp"),
        ("--known", "", "choose from mf, bp, cc"),
        ("--known", "bp,bp", "named twice"),
        ("--known", "mf,bp", "--known bp,cc"),
    ],
)
def test_a_word_that_is_not_known_is_answered_with_those_that_are(option, value, known):
    result = invoke("compare", option, value)
    assert result.exit_code == 2
    assert known in result.stderr
    assert "Traceback" not in result.output


def test_seeds_are_a_number_or_a_list(folder, tmp_path):
    result = invoke(
        "compare", "--data", folder, "--arms", "none", "--seeds", "7,9", "--out", tmp_path, *QUICK
    )
    assert result.exit_code == 0, result.output
    assert pd.read_csv(tmp_path / "seeds.csv")["seed"].unique().tolist() == [7, 9]
    for wrong in ("0", "-1", "1,x", ""):
        result = invoke("compare", "--data", folder, "--seeds", wrong, *QUICK)
        assert result.exit_code == 2
        assert "--seeds" in result.output


def test_shots_and_sizes_get_a_table_and_a_folder_each(folder, tmp_path):
    options = ["--data", folder, "--arms", "none", "--heads", "mlp", "--out", tmp_path, *QUICK]
    result = invoke("compare", *options, "--max-train", "40,60")
    assert result.exit_code == 0, result.output
    n_train = [
        json.loads((tmp_path / name / "comparison.json").read_text())["folds"][0]["n_train"]
        for name in ("max_train_40", "max_train_60")
    ]
    assert n_train[0] <= 40 < n_train[1] <= 60
    assert "mf, max train 40" in result.stdout
    for wrong in ("0", "5,x", "", "5,5"):
        result = invoke("compare", *options, "--shots", wrong)
        assert result.exit_code == 2
        assert "--shots" in result.stderr


def test_a_folder_of_another_comparison_is_one_line(folder, tmp_path):
    options = ["--data", folder, "--arms", "none", "--heads", "mlp", "--out", tmp_path, *QUICK]
    invoke("compare", *options)
    result = invoke("compare", *options, "--epochs", "3")
    assert result.exit_code == 2
    assert "parameter epochs was 30, is 3" in result.stderr
    assert invoke("compare", *options, "--epochs", "3", "--no-resume").exit_code == 0


def test_a_folder_whose_annotations_have_dates_can_be_split_by_one(folder, tmp_path):
    options = ["--data", folder, "--arms", "none", "--heads", "mlp", "--out", tmp_path / "out"]
    options += ["--split", "temporal", "--date", "2022-01-01", *QUICK]
    result = invoke("compare", *options)
    assert result.exit_code == 2
    assert "train_terms.tsv has a column 'date'" in result.stderr
    path = folder / "train_terms.tsv"
    table = pd.read_csv(path, sep="\t")
    protein = table["EntryID"].astype("category").cat.codes
    table["date"] = ["2023-01-31" if code % 4 == 0 else "20190131" for code in protein]
    table.to_csv(path, sep="\t", index=False)
    result = invoke("compare", *options)
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert record["parameters"]["split"] == "temporal"
    (fold,) = record["folds"]
    assert fold["n_test"] < fold["n_train"]
    assert "split by date" in " ".join(result.stdout.split())
    result = invoke("compare", *options[: -len(QUICK)], "--no-resume", "--known", "cc", *QUICK)
    assert result.exit_code == 0, result.output
    assert "cellular component as known before 2022-01-01: 2 terms" in result.stdout


def test_what_is_known_in_other_namespaces_stands_in_the_title(folder, tmp_path):
    options = ["--data", folder, "--arms", "none", "--heads", "mlp", "--out", tmp_path / "out"]
    result = invoke("compare", *options, "--known", "cc", *QUICK)
    assert result.exit_code == 0, result.output
    # The root says nothing; of ninety proteins two thirds have a membrane.
    said = "cellular component: 2 terms, and 67% of the proteins have any"
    assert f"mf, known cc\n\nBeside the vectors stand annotations of {said}" in result.stdout
    record = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert record["parameters"]["known"] == ["cc"]
    assert (record["known"]["n_terms"], record["known"]["n_proteins_with_any"]) == (2, 60)
    assert said in (tmp_path / "out" / "report.html").read_text()
    again = invoke("compare", *options, *QUICK)
    assert again.exit_code == 2
    assert "parameter known was" in again.stderr
    # With several ontologies the refusal comes before the first is computed.
    several = invoke(
        "compare", *options[:-1], tmp_path / "two", "--ontology", "mf,cc", "--known", "cc"
    )
    assert several.exit_code == 2
    assert "known names cc, which is predicted" in several.stderr
    assert not (tmp_path / "two").exists()


def test_the_table_is_printed_before_a_full_disk_is_told_and_an_earlier_report_stays(
    folder, tmp_path, monkeypatch
):
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").write_text("earlier")

    def fill_the_disk(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_comparison, "write_csv", fill_the_disk)
    options = ["--data", folder, "--arms", "none", "--heads", "mlp", "--maps", "none"]
    result = invoke("compare", *options, "--out", out, *QUICK)
    assert result.exit_code == 2
    assert "Each arm, with mlp" in result.stdout
    assert result.stderr == f"error: {out}: No space left on device.\n"
    assert sorted(path.name for path in out.iterdir()) == ["cells", "report.html"]
    assert (out / "report.html").read_text() == "earlier"
    assert len(list((out / "cells").glob("*.npz"))) == 1


def test_parameters_that_do_not_exist_are_refused_in_one_line():
    result = invoke("compare", "--param", "ros.\x1b[31m=1", *QUICK)
    assert result.exit_code == 2
    *_, line = result.stderr.splitlines()
    assert line.startswith("Error: Invalid value for --param: ")
    assert "\\x1b[31m" in line
    assert "\x1b" not in result.stderr


def test_a_seed_named_twice_is_refused():
    assert invoke("compare", "--seeds", "1,1", *QUICK).exit_code == 2
