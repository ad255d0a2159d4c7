"""States as tensors and JSON: what goes in comes out, and nothing else does."""

import json
import math
import os
import pickle

import numpy as np
import pytest
import safetensors.torch
import torch

from protimb.exceptions import ArtifactError, ArtifactWriteError, TrainingDiverged
from protimb.training import Checkpoint, TrainingLoop, load_state, save_state
from protimb.utils._folder import write_folder


class Countdown:
    """One weight that counts batches; `losses` may say otherwise than 1 for some steps."""

    def __init__(self, losses=None):
        self.losses = losses or {}
        self.weight = 0

    def train_batch(self, rows):
        self.weight += 1
        return {"loss": torch.tensor(self.losses.get(self.weight, 1.0))}

    def state_dict(self):
        return {"weight": torch.tensor(float(self.weight))}

    def load_state_dict(self, state):
        self.weight = int(state["weight"])


def train(checkpoint, *, losses=None, n_batches=3, **limits):
    batches = [torch.tensor([0])] * n_batches
    loop = TrainingLoop(Countdown(losses), batches, callbacks=[checkpoint], **limits)
    return loop.run()


def saved_steps(monkeypatch, checkpoint, **training):
    """The steps at which the checkpoint saves, in order."""
    steps = []
    monkeypatch.setattr(
        "protimb.training._checkpoint.save_state",
        lambda folder, state, manifest: steps.append(manifest["n_steps"]),
    )
    train(checkpoint, **training)
    return steps


def rewrite(folder, tensors, outline):
    """Save other content under a manifest that is right about it, as a forger would."""
    content = {
        "state.safetensors": safetensors.torch.save(tensors),
        "state.json": json.dumps(outline).encode(),
    }
    writers = {name: lambda path, c=c: path.write_bytes(c) for name, c in content.items()}
    write_folder(folder, writers, {})


def tensor_at(name, shape):
    return {"dict": [["w", {"tensor": name, "shape": shape}]]}


def test_a_state_comes_back_as_it_was(tmp_path):
    state = {
        "none": None,
        "flags": [True, False],
        "numbers": [1, 2**40, -0.1, math.inf, 1e-300],
        "pair": (1, "två"),
        "by_number": {0: {"step": torch.tensor(3.0)}, 1: {}},
        "nested": [[], {"x": [torch.arange(3)]}],
    }
    save_state(tmp_path, state, {"kind": "test"})
    loaded, manifest = load_state(tmp_path)
    assert manifest == {"kind": "test"}
    assert str(loaded) == str(state)
    assert math.isnan(_round_trip(tmp_path, {"x": math.nan})["x"])


def _round_trip(folder, state):
    save_state(folder, state)
    return load_state(folder)[0]


@pytest.mark.parametrize(
    "dtype",
    ["float64", "float32", "float16", "bfloat16", "int64", "uint8", "bool"],
)
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_tensors_keep_dtype_shape_and_bits(tmp_path, dtype, shape):
    dtype = getattr(torch, dtype)
    tensor = torch.randn(shape, generator=torch.Generator().manual_seed(0)).mul(50).to(dtype)
    loaded = _round_trip(tmp_path, {"x": tensor})["x"]
    assert loaded.dtype == dtype
    assert loaded.shape == tensor.shape
    assert torch.equal(loaded, tensor)


def test_arrays_and_numpy_numbers_keep_their_bits(tmp_path):
    rng = np.random.RandomState(3)
    name, keys, *rest = rng.get_state()
    loaded = _round_trip(tmp_path, {"rng": (name, keys, *rest), "best": np.float64(0.1)})
    again = np.random.RandomState()
    again.set_state(loaded["rng"])
    assert again.random_sample(5).tolist() == rng.random_sample(5).tolist()
    assert loaded["best"] == 0.1


def test_tensors_that_share_memory_or_are_views_are_saved_apart(tmp_path):
    base = torch.arange(6.0)
    loaded = _round_trip(tmp_path, {"a": base, "b": base, "c": base.view(2, 3).T, "a.0": base[:1]})
    assert loaded["b"].tolist() == base.tolist()
    assert loaded["c"].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_places_with_the_same_name_are_told_apart(tmp_path):
    state = {"a": {"b": torch.tensor(1)}, "a.b": torch.tensor(2)}
    loaded = _round_trip(tmp_path, state)
    assert (int(loaded["a"]["b"]), int(loaded["a.b"])) == (1, 2)


@pytest.mark.parametrize("value", [{1, 2}, object(), print, b"bytes", 1j])
def test_what_cannot_be_saved_is_named_with_its_place(tmp_path, value):
    with pytest.raises(TypeError, match=r"state\.a\.1 is a"):
        save_state(tmp_path, {"a": [0, value]})
    with pytest.raises(TypeError, match="keys must be strings or integers"):
        save_state(tmp_path, {(1, 2): 0})


def test_loading_and_saving_to_the_same_folder_changes_nothing(tmp_path):
    """Case 74."""
    state = {"w": torch.randn(50, 50, generator=torch.Generator().manual_seed(0))}
    save_state(tmp_path, state)
    for _ in range(3):
        save_state(tmp_path, load_state(tmp_path)[0])
    assert torch.equal(load_state(tmp_path)[0]["w"], state["w"])


def test_loaded_tensors_are_plain_ones_that_may_be_changed(tmp_path):
    """Case 73: whatever they were on, they are on the CPU."""
    loaded = _round_trip(tmp_path, {"weight": torch.nn.Parameter(torch.ones(2))})
    loaded["weight"].zero_()
    assert loaded["weight"].device.type == "cpu"
    assert not loaded["weight"].requires_grad


class Elsewhere(torch.Tensor):
    """Stand for a tensor on a device that this machine lacks: no numbers until it is fetched."""

    def detach(self):
        return self

    def to(self, device, *, copy):
        assert (device, copy) == ("cpu", True)
        return self.as_subclass(torch.Tensor).clone()

    def contiguous(self):
        raise AssertionError("read before it was on the CPU")


def test_a_tensor_of_another_device_is_fetched_before_it_is_written(tmp_path):
    """Case 73, without the device."""
    there = torch.arange(3.0).as_subclass(Elsewhere)
    assert _round_trip(tmp_path, {"weight": there})["weight"].tolist() == [0, 1, 2]


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("name", ["state.safetensors", "state.json"])
@pytest.mark.parametrize("protocol", [0, 4])
def test_a_pickle_in_place_of_weights_is_never_run(tmp_path, name, protocol):
    """Case 70."""
    folder, marker = tmp_path / "saved", tmp_path / "marker"
    evil = pickle.dumps(Evil(marker), protocol=protocol)
    save_state(folder, {"w": torch.ones(2)})
    (data,) = folder.glob("data-*")
    (data / name).write_bytes(evil)
    with pytest.raises(ArtifactError, match="bytes"):
        load_state(folder)
    whole = {file: (data / file).read_bytes() for file in ("state.safetensors", "state.json")}
    forged = {file: lambda path, c=content: path.write_bytes(c) for file, content in whole.items()}
    write_folder(folder, forged, {})  # now size and hash are right too
    with pytest.raises(ArtifactError, match="no readable state"):
        load_state(folder)
    assert not marker.exists()


def test_a_tensor_that_is_missing_or_too_many_is_named(tmp_path):
    """Case 72."""
    rewrite(tmp_path, {}, tensor_at("w", [2]))
    with pytest.raises(ArtifactError, match="'w' that was not saved"):
        load_state(tmp_path)
    rewrite(tmp_path, {"w": torch.ones(2), "spy": torch.ones(1)}, tensor_at("w", [2]))
    with pytest.raises(ArtifactError, match=r"no part of the state names.*spy"):
        load_state(tmp_path)


def test_a_tensor_of_another_shape_is_named(tmp_path):
    """Case 72."""
    rewrite(tmp_path, {"w": torch.ones(3)}, tensor_at("w", [2]))
    with pytest.raises(ArtifactError, match=r"'w' has shape \[3\]; \[2\] was saved"):
        load_state(tmp_path)


@pytest.mark.parametrize(
    "outline",
    [{}, {"dict": 3}, {"dict": [[1]]}, {"tuple": None}, {"tensor": []}, {"dict": [[[], 1]]}],
)
def test_an_outline_that_makes_no_sense_is_refused(tmp_path, outline):
    rewrite(tmp_path, {}, outline)
    with pytest.raises(ArtifactError, match="no readable state"):
        load_state(tmp_path)


def test_a_folder_with_other_files_holds_no_state(tmp_path):
    write_folder(tmp_path, {"config.json": lambda path: path.write_text("{}")}, {})
    with pytest.raises(ArtifactError, match=r"state\.json, state\.safetensors is missing"):
        load_state(tmp_path)


@pytest.mark.parametrize(
    ("settings", "training", "steps"),
    [
        ({}, {"max_epochs": 3}, [3, 6, 9]),
        ({"every_n_epochs": 2}, {"max_epochs": 5}, [6, 12, 15]),
        ({"every_n_epochs": None, "every_n_steps": 2}, {"max_epochs": 2}, [2, 4, 6]),
        ({"every_n_steps": 2}, {"max_epochs": 1}, [2, 3]),
        ({"every_n_epochs": 9}, {"max_steps": 4}, [4]),
    ],
)
def test_a_checkpoint_saves_as_often_as_asked_and_at_the_end(
    monkeypatch, tmp_path, settings, training, steps
):
    assert saved_steps(monkeypatch, Checkpoint(tmp_path, **settings), **training) == steps


@pytest.mark.parametrize("name", ["every_n_epochs", "every_n_steps"])
def test_a_checkpoint_every_zero_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=f"{name} of at least 1"):
        Checkpoint(tmp_path, **{name: 0})


def test_a_diverged_run_leaves_the_last_good_checkpoint(tmp_path):
    """Case 24."""
    checkpoint = Checkpoint(tmp_path, every_n_steps=1)
    with pytest.raises(TrainingDiverged, match="step 5"):
        train(checkpoint, losses={5: math.nan}, max_epochs=9)
    assert load_state(tmp_path)[1] == {"epoch": 1, "n_steps": 4}


def test_a_checkpoint_tells_about_its_run(tmp_path):
    loop = TrainingLoop(
        Countdown(),
        [torch.tensor([0])],
        max_epochs=2,
        callbacks=[Checkpoint(tmp_path)],
        manifest={"backbone": "mlp"},
    )
    loop.run()
    assert load_state(tmp_path)[1] == {"backbone": "mlp", "epoch": 2, "n_steps": 2}


def test_a_full_disk_ends_training_with_the_earlier_checkpoint_intact(tmp_path, monkeypatch):
    """Case 68."""
    train(Checkpoint(tmp_path), max_epochs=1)

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("protimb.utils._folder.os.fsync", fail)
    with pytest.raises(ArtifactWriteError, match="No space left"):
        train(Checkpoint(tmp_path), max_epochs=3)
    monkeypatch.undo()
    assert load_state(tmp_path)[1]["n_steps"] == 3
