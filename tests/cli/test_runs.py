"""The two subcommands: a run and an enlarged folder from words, one line for an error."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from command import invoke

from protimb import CGANSampler
from protimb.datasets import read_cafa
from protimb.training import TrainingLoop

# Few epochs of tiny networks: their rows do hardly differ.
pytestmark = [
    pytest.mark.usefixtures("blank_figures"),
    pytest.mark.filterwarnings("ignore::protimb.exceptions.ModeCollapseWarning"),
]

TINY = [
    "--param",
    "backbone__n_hidden=8",
    "--param",
    "n_latent=4",
    "--updates",
    "2",
    "--param",
    "check_every=1",
]
QUICK = ["--min-proteins", "5", "--hold-out", "0.3", "--verbose", "0", *TINY]


def test_a_run_and_an_enlarged_folder_come_from_words(cafa, tmp_path):
    options = ["--data", cafa, "--term-range", "5", "20", "--sampling-strategy", "30"]
    options += ["--param", "quality_filter=None", "--seed", "3", *QUICK]
    trained = invoke("train-sampler", "--out", tmp_path / "run", *options)
    assert trained.exit_code == 0, trained.output
    assert "Too few to judge: 17 generated rows" in trained.stdout
    settings = json.loads((tmp_path / "run" / "config.json").read_text())["settings"]
    assert settings["sampler"]["term_range"] == [5, 20]
    assert settings["sampler"]["quality_filter"] is None
    assert settings["seed"] == 3
    written = invoke("resample", "--run", tmp_path / "run", "--out", tmp_path / "more")
    assert written.exit_code == 0, written.output
    bunch = read_cafa(tmp_path / "more", "mf", min_proteins=5)
    is_new = np.char.startswith(bunch.protein_ids, "synthetic_mf_")
    assert written.stdout.startswith(f"{is_new.sum()} generated proteins")
    assert is_new.sum() > 10


def test_what_is_not_asked_for_is_as_in_the_library(cafa, tmp_path, monkeypatch):
    def two_updates(*args, **options):
        return TrainingLoop(*args, **options | {"max_steps": 2})

    monkeypatch.setattr("protimb.gan._training.TrainingLoop", two_updates)
    words = ["--data", cafa, "--out", tmp_path / "run", "--min-proteins", "5", "--verbose", "0"]
    params = ["--param", "backbone__n_hidden=8", "--param", "quality_filter=None"]
    trained = invoke("train-sampler", *words, *params)
    assert trained.exit_code == 0, trained.output
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    defaults = CGANSampler().get_params()
    for name in ("max_updates", "generate_from", "condition", "lr"):
        assert config["parameters"][name] == defaults[name]


def test_a_run_goes_on_to_more_updates_and_refuses_other_changes(run, tmp_path):
    shutil.copytree(run.folder, tmp_path / "run")
    words = ["train-sampler", "--out", tmp_path / "run", "--resume"]
    resumed = invoke(*words, "--updates", "3", "--verbose", "0")
    assert resumed.exit_code == 0, resumed.output
    history = pd.read_csv(tmp_path / "run" / "history.csv")
    assert history["epoch"].tolist() == [1, 2, 3]
    shorter = invoke(*words, "--updates", "1", "--verbose", "0")
    assert shorter.exit_code == 2
    assert shorter.stderr.startswith("error: max_updates=1: the run has 3 updates behind it")
    refused = invoke(*words, "--seed", "4", "--backbone", "mlp")
    assert refused.exit_code == 2
    assert "leave out --backbone, --seed" in " ".join(refused.stderr.replace("│", " ").split())


def test_a_missing_run_is_one_line_and_code_two(tmp_path):
    result = invoke("resample", "--run", tmp_path / "missing", "--out", tmp_path / "out")
    assert result.exit_code == 2
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert "holds no run" in line


def test_a_folder_in_use_is_one_line_and_code_two(cafa):
    result = invoke("train-sampler", "--out", cafa, "--data", cafa, *QUICK)
    assert result.exit_code == 2
    (line,) = result.stderr.strip().splitlines()
    assert line.endswith("is not an empty folder. Name another one.")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--backbone", "mlq"], "of CGANSampler must be one of mlp"),
        (["--param", "n_latent"], "write name=value"),
        (["--param", "n_latent=0"], "'n_latent' parameter"),
        (["--param", "latent=4"], "Invalid parameter 'latent'"),
        (["--sampling-strategy", "many"], "give a number of rows"),
        (["--param", "condition__pooling=max"], "Invalid parameter 'pooling'"),
        (["--ontology", "cl"], "choose from mf, bp, cc"),
        (["--ontology", "mf,cc"], "learns one namespace"),
        (["--term-range", "200", "20"], "term_range"),
    ],
)
def test_words_that_make_no_run_are_refused_before_anything_is_read(tmp_path, words, message):
    data = tmp_path / "missing"
    result = invoke("train-sampler", "--data", data, "--out", tmp_path / "run", *words)
    assert result.exit_code == 2
    # Boxed and folded for the terminal: compare without frames and line ends.
    text = " ".join(result.stderr.replace("│", " ").split())
    assert message in text
    assert not (tmp_path / "run").exists()


def test_an_option_and_a_parameter_that_contradict_are_refused(tmp_path):
    found = invoke("train-sampler", "--out", tmp_path / "run", *QUICK, "--param", "max_updates=3")
    assert found.exit_code == 2
    assert "--updates sets 'max_updates' too" in found.output
