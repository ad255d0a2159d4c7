"""An interrupted run goes on as if nothing had happened, and only with what it was started with."""

import errno
import json
import shutil

import numpy as np
import pandas as pd
import pytest

from protimb.exceptions import ArtifactError, ArtifactWriteError
from protimb.runs import resume_training, train_sampler
from protimb.training import Callback, TrainingLoop, _checkpoint
from protimb.utils import _new_folder
from protimb.utils._locks import hold_folder

# Few epochs of tiny networks: their rows do hardly differ.
pytestmark = pytest.mark.filterwarnings("ignore::protimb.exceptions.ModeCollapseWarning")


class PulledPlug(Exception):
    """What a test raises in place of a power cut."""


@pytest.fixture
def interrupt_after(monkeypatch):
    """Make training stop after so many epochs, once the checkpoint is written."""

    class PullThePlug(Callback):
        runs_last = True

        def __init__(self, n_epochs):
            self.n_epochs = n_epochs

        def on_epoch_end(self, loop, record):
            if record["epoch"] == self.n_epochs:
                raise PulledPlug

    def interrupt_after(n_epochs):
        begin = TrainingLoop.__init__

        def begin_with_plug(self, step, batches, *, callbacks=(), **options):
            begin(self, step, batches, callbacks=[*callbacks, PullThePlug(n_epochs)], **options)

        monkeypatch.setattr(TrainingLoop, "__init__", begin_with_plug)
        return monkeypatch

    return interrupt_after


@pytest.mark.parametrize("n_epochs", [0, 1, 2])
def test_a_run_interrupted_after_any_epoch_ends_as_an_uninterrupted_one(
    run, train, interrupt_after, tmp_path, n_epochs
):
    if n_epochs:
        patch = interrupt_after(n_epochs)
        with pytest.raises(PulledPlug):
            train(tmp_path / "run")
        patch.undo()
    else:  # before the first checkpoint: there is a config and nothing else
        (tmp_path / "run").mkdir()
        shutil.copy(run.folder / "config.json", tmp_path / "run")
    resumed = resume_training(tmp_path / "run")
    np.testing.assert_array_equal(resumed.generated.X, run.generated.X)
    pd.testing.assert_frame_equal(resumed.sampler.history_, run.sampler.history_)
    assert resumed.quality.to_json() == run.quality.to_json()


def test_a_finished_run_may_become_longer(run, train, params, tmp_path):
    shutil.copytree(run.folder, tmp_path / "run")
    longer = resume_training(tmp_path / "run", max_updates=4)
    at_once = train(tmp_path / "at_once", sampler_params=params | {"max_updates": 4})
    assert longer.sampler.history_["epoch"].tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(longer.generated.X, at_once.generated.X)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["parameters"]["max_updates"] == 4


def test_a_run_cannot_become_shorter(run, tmp_path):
    shutil.copytree(run.folder, tmp_path / "run")
    with pytest.raises(ValueError, match=r"has 2 updates behind it"):
        resume_training(tmp_path / "run", max_updates=1)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["parameters"]["max_updates"] == 2


def test_a_run_whose_learning_rate_falls_to_its_end_cannot_become_longer(
    train, params, interrupt_after, tmp_path
):
    falling = params | {"lr_schedule": "linear"}
    patch = interrupt_after(1)
    with pytest.raises(PulledPlug):
        train(tmp_path / "run", sampler_params=falling)
    patch.undo()
    with pytest.raises(ValueError, match="falls over the 2 updates"):
        resume_training(tmp_path / "run", max_updates=4)
    assert len(resume_training(tmp_path / "run").sampler.history_) == 2  # still as it was asked for


def test_a_run_does_not_go_on_with_other_data(run, other_cafa, tmp_path):
    shutil.copytree(run.folder, tmp_path / "run")
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    config["settings"]["data"] = str(other_cafa)
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    with pytest.raises(ArtifactError, match=r"no longer what .* was trained on"):
        resume_training(tmp_path / "run")


def test_term_vectors_come_from_the_ontology_or_from_a_file(train, params, tmp_path):
    described = params | {"condition": "term_vectors", "conditioning": "film"}
    by_ontology = train(tmp_path / "ontology", sampler_params=described)
    path = tmp_path / "vectors.tsv"
    path.write_text("GO:0000001\t1.0\t0.0\nGO:0000002\t0.0\t1.0\n")
    by_file = train(tmp_path / "file", sampler_params=described, term_vectors=path)
    settings = json.loads((tmp_path / "file" / "config.json").read_text())["settings"]
    assert settings["term_vectors"] == str(path)
    assert by_file.sampler.term_vectors["GO:0000002"].tolist() == [0.0, 1.0]
    assert by_ontology.sampler.term_vectors.keys() == {"GO:0000001", "GO:0000002"}


def test_term_vectors_that_nobody_would_read_are_refused(tmp_path):
    with pytest.raises(ValueError, match="would not be read"):
        train_sampler(tmp_path / "run", term_vectors="vectors.tsv")


def test_a_folder_in_which_a_run_is_trained_is_refused_to_others_at_once(run, train, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(run.folder, folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    empty = tmp_path / "empty"
    empty.mkdir()
    with hold_folder(folder), hold_folder(empty):
        with pytest.raises(ArtifactWriteError, match=r"run: process \d+ is writing there"):
            resume_training(folder, max_updates=4)
        with pytest.raises(ArtifactWriteError, match="empty: process"):
            train(empty)
    assert before == {path: path.read_bytes() for path in before}
    assert list(empty.iterdir()) == []


def test_a_finished_or_interrupted_run_is_not_started_anew_but_one_that_learned_nothing_is(
    run, train, tmp_path
):
    with pytest.raises(FileExistsError, match=r"holds a run already\. Go on with it .*--resume"):
        train(run.folder)
    folder = tmp_path / "run"
    (folder / ".draft-0123456789abcdef").mkdir(parents=True)
    shutil.copy(run.folder / "config.json", folder)
    for leftover in (".lock", ".config.json.lock", ".config.json-0123456789abcdef"):
        (folder / leftover).touch()
    train(folder)
    assert {path.name for path in folder.iterdir()} == {path.name for path in run.folder.iterdir()}


def test_a_longer_run_that_no_disk_can_hold_leaves_the_shorter_one_and_can_be_gone_on_with(
    run, tmp_path, monkeypatch
):
    folder = tmp_path / "run"
    shutil.copytree(run.folder, folder)
    (folder / "checkpoints" / f"data-{'0' * 32}").mkdir()  # of a save that was killed
    results = [path for path in folder.rglob("*") if path.is_file() and path.name != "config.json"]
    before = {path: path.read_bytes() for path in results}

    def fill_the_disk(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(_checkpoint, "write_folder", fill_the_disk)
        with pytest.raises(OSError, match="No space left"):
            resume_training(folder, max_updates=4)
    assert before == {path: path.read_bytes() for path in results}
    assert len(resume_training(folder).sampler.history_) == 4
    assert len(list((folder / "checkpoints").iterdir())) == 2  # one save and its manifest
    assert list(folder.rglob(".*")) == []


@pytest.mark.parametrize("k", range(4))
def test_results_of_a_longer_run_replace_those_of_the_shorter_one_together(
    run, tmp_path, monkeypatch, k
):
    folder = tmp_path / "run"
    shutil.copytree(run.folder, folder)
    (folder / "history.csv").unlink()
    (tmp_path / "mine").write_text("mine")
    (folder / "history.csv").symlink_to(tmp_path / "mine")
    names = ["generated.npz", "losses.png", "quality.csv", "quality_by_term.csv"]
    before = {name: (folder / name).read_bytes() for name in names}
    real, count = _new_folder.sync, [0]

    def fail(path):
        count[0] += path.parent.name.startswith(".draft-")
        if count[0] > k:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path)

    with monkeypatch.context() as patch:
        patch.setattr(_new_folder, "sync", fail)
        with pytest.raises(OSError, match="No space left"):
            resume_training(folder)
    assert before == {name: (folder / name).read_bytes() for name in names}
    assert (tmp_path / "mine").read_text() == "mine"
