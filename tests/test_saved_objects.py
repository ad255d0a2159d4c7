"""Folders of any origin: a forged part of any saved object is refused, or does no harm.

Hashes are always right: whoever changes a part can change its hash too.
"""

import random
import warnings

import numpy as np
import pytest
import saved_objects
import torch
from devices import DEVICE

from protimb import CGANSampler
from protimb.classification import GOTermClassifier, KNNTermClassifier, TALEClassifier
from protimb.exceptions import ArtifactError, ProtimbWarning
from protimb.training import load_state

# Forgeries of each object that `make test` tries; there are some thousand of each.
N_TRIED = 12


@pytest.fixture(scope="module", params=[*saved_objects.MAKERS, "checkpoint"])
def saved(request, tmp_path_factory):
    """A folder, what loads it, and what uses what was loaded."""
    folder = tmp_path_factory.mktemp("saved")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)
        if request.param == "checkpoint":
            return folder, saved_objects.make_checkpoint(folder), lambda resumed: None
        return folder, *saved_objects.make(request.param, folder)


@pytest.mark.filterwarnings("ignore")
def test_a_forged_part_is_refused_with_its_folder_or_does_no_harm(saved, tmp_path):
    folder, load, use = saved
    use(load(folder))
    forged = list(saved_objects.forgeries(folder))
    n_refused = 0
    for what, *change in random.Random(0).sample(forged, N_TRIED):
        saved_objects.write(tmp_path, *saved_objects.forge(folder, what, *change))
        refusal = try_out(load, use, tmp_path)
        assert refusal is None or str(tmp_path) in refusal, what
        n_refused += refusal is not None
    assert n_refused > N_TRIED // 3


def try_out(load, use, folder):
    """Load and use what a folder holds, or give the words of the refusal."""
    try:
        loaded = load(folder)
    except ArtifactError as error:
        return str(error)
    use(loaded)
    return None


def sampler(folder):
    return CGANSampler.load(folder, device=DEVICE)


def put(*path, at):
    """Make a function that puts a number at a place of an array in a state."""

    def forge(state, manifest):
        array = state
        for name in path:
            array = array[name]
        array.reshape(-1)[at[0]] = at[1]

    return forge


def ask_for(**parameters):
    """Make a function that writes parameters of the backbone into a manifest."""

    def forge(state, manifest):
        backbone = manifest["model"]["parameters"]["backbone"]["params"]
        backbone.update(parameters)

    return forge


def say(name, value, *inside):
    """Make a function that writes something into a manifest."""

    def forge(state, manifest):
        part = manifest
        for one in inside:
            part = part[one]
        part[name] = value

    return forge


# What crashed, filled the memory, never ended or was let pass -> what is said of it.
FORGED = {
    "an index of 2^30": ("sampler", put("starts", "indices", at=(0, 2**30)), "name column 10737"),
    "a negative index": ("sampler", put("starts", "indices", at=(0, -1)), "indices holds numbers"),
    "a decreasing indptr": ("sampler", put("starts", "indptr", at=(1, 40)), "indptr decreases"),
    "10^9 layers": ("sampler", ask_for(n_layers=10**9), "backbone.n_layers is 1,000,000,000"),
    "20,000 layers": ("sampler", ask_for(n_layers=20_000), "n_layers is 20,000"),
    "more layers than weights": ("sampler", ask_for(n_layers=300), "larger network"),
    "a wide network": ("sampler", ask_for(n_hidden=10**6), "n_hidden is 1,000,000"),
    "n_features of 10^12": ("sampler", say("n_features_in", 10**12, "model"), "n_features"),
    "weights of NaN": ("sampler", put("generator", "gate", at=(0, np.nan)), "generator.gate holds"),
    "a term twice": ("sampler", say("terms", [1, 1, 2, 3, 4, 5], "model"), "something twice"),
    "a scale of 0": ("sampler", put("scaling", "scale", at=(0, 0)), "scaling.scale holds numbers"),
    "an endless dtype": ("network", say("dtype", "<U1000000000", "coding"), "is no dtype"),
    "a voter of NaN": ("neighbours", put("votes", "directions", at=(0, np.nan)), "holds NaN"),
    "a label past the end": ("neighbours", put("votes", "indices", at=(0, 6000)), "name column"),
    "a place for each atom": ("tale", say("max_length", 10**10, "parameters"), "max_length"),
    "heads that do not fit": ("tale", say("n_heads", 3, "parameters"), "tale"),
}
LOADERS = {
    "sampler": sampler,
    "network": GOTermClassifier.load,
    "neighbours": KNNTermClassifier.load,
    "tale": TALEClassifier.load,
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("objects")
    for name in LOADERS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ProtimbWarning)
            saved_objects.make(name, root / name)
    return root


@pytest.mark.parametrize("attack", sorted(FORGED))
def test_what_would_crash_or_fill_the_memory_is_named(folders, tmp_path, attack):
    name, forge, message = FORGED[attack]
    state, manifest = load_state(folders / name)
    forge(state, manifest)
    folder = tmp_path / name
    saved_objects.write(folder, state, manifest)
    with pytest.raises(ArtifactError, match=message) as caught:
        LOADERS[name](folder)
    assert str(folder) in str(caught.value)


def moment(name, change):
    """Make a function that changes what an optimizer remembers of its first parameter."""

    def forge(state, manifest):
        moments = state["step"]["generator_optimizer"]["state"]
        moments[0][name] = change(moments[0][name])

    return forge


def renumber(state, manifest):
    moments = state["step"]["critic_optimizer"]["state"]
    moments["0"] = moments.pop(0)


def reach_beyond(state, manifest):
    manifest["rng"][2] = 10**6


def forget_all_keys(state, manifest):
    manifest["rng"][1] = [0] * 624


CHECKPOINTS = {
    "a long moment": (moment("exp_avg", lambda kept: kept.repeat(2)), "exp_avg is a tensor of"),
    "a moment of integers": (moment("exp_avg_sq", torch.Tensor.int), "exp_avg_sq is a tensor of"),
    "squares below zero": (moment("exp_avg_sq", lambda kept: kept - 1), "squares below zero"),
    "an endless count": (moment("step", lambda kept: kept + torch.inf), "counts inf steps"),
    "a parameter named by text": (renumber, "speaks of other parameters"),
    "a source that reads past its end": (reach_beyond, "rng.2 is 1000000"),
    "a source that never draws": (forget_all_keys, "rng.1 is all zeros"),
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)
        return folder, saved_objects.make_checkpoint(folder)


@pytest.mark.parametrize("attack", sorted(CHECKPOINTS))
def test_a_checkpoint_that_would_corrupt_the_process_is_named(checkpoint, tmp_path, attack):
    folder, resume = checkpoint
    forge, message = CHECKPOINTS[attack]
    state, manifest = load_state(folder)
    forge(state, manifest)
    saved_objects.write(tmp_path, state, manifest)
    with pytest.raises(ArtifactError, match=message) as caught:
        resume(tmp_path)
    assert str(tmp_path) in str(caught.value)
