"""Go on from a checkpoint: with the same data and parameters, or not at all."""

import warnings

import numpy as np

from protimb.exceptions import ArtifactError, ProtimbWarning
from protimb.training import load_state, resolve_device
from protimb.training._loop import check_run_state
from protimb.utils._declared import Anything, Record, Table, Text, check_declared
from protimb.utils._description import describe
from protimb.utils._memory import read_blocks
from protimb.utils._rebuilding import rebuilding
from protimb.utils._same_run import differences, hash_arrays, restore_rng, rng_state
from protimb.utils._warnings import users_level

KIND = "training of a ConditionalGAN"

# Parameters that may change between runs; the course of training depends on all others.
_FREE = {"max_updates", "min_updates", "n_iter_no_change", "callbacks", "device", "verbose"}

# What a checkpoint says about its run, beside where it is.
_MANIFEST = Record({"X": Text(), "y": Text(), "parameters": Table(Anything())}, more=True)


def describe_run(X, y, model, towards, known, rng):
    """Say what a run is known by, as JSON: its data, its parameters, and where draws start.

    X is (n_rows, n_features), y csr of uint8, towards bool (n_terms,); ``known`` are vectors and
    ancestors of terms, or None; rng before its first draw.
    """
    term_vectors, ancestors = known
    params = model.get_params(deep=False)
    shaping = {name: describe(value) for name, value in params.items() if name not in _FREE}
    shaping["device"] = resolve_device(model.device).type
    if model.lr_schedule != "constant":
        shaping["max_updates"] = model.max_updates  # the schedule spans them
    if term_vectors is not None:
        shaping["term_vectors"] = hash_arrays([term_vectors])
    if ancestors is not None:
        shaping["ontology"] = hash_arrays([ancestors.indptr, ancestors.indices])[:8]
    if not towards.all():
        shaping["terms to train towards"] = f"{towards.sum()} of them, {hash_arrays([towards])[:8]}"
    return {
        "kind": KIND,
        "X": hash_arrays(read_blocks(X)),
        "y": hash_arrays([y.indptr, y.indices, np.array(y.shape)]),
        "parameters": shaping,
        "rng": rng_state(rng),
    }


def open_checkpoint(folder, run, rng):
    """Read the state of the same run, and put the source of draws where that run started.

    Without a seed, the two runs would else differ. Any other run is an ArtifactError.
    """
    state, saved = load_state(folder)
    if saved.get("kind") != KIND:
        raise ArtifactError(
            f"{folder} holds no checkpoint of a conditional GAN. Checkpoints are what "
            "callbacks=[Checkpoint(folder)] writes; what save() writes is read by load()."
        )
    with rebuilding("ConditionalGAN", folder):
        check_declared(saved, _MANIFEST)
        check_run_state(state)
    changed = [name for name in ("X", "y") if saved[name] != run[name]]
    changed += differences(saved["parameters"], run["parameters"])
    if changed:
        raise ArtifactError(
            f"{folder} is a checkpoint of another run; these differ: {', '.join(changed)}. Resume "
            "with the data and parameters that it was started with, or fit without resume_from."
        )
    with rebuilding("ConditionalGAN", folder):
        restore_rng(rng, saved["rng"])
    return state


def warn_if_ended(state, max_updates):
    """Say so where a callback had ended the run before the updates that are asked for."""
    n_done = state["n_steps"]
    if state["stop_requested"] and n_done < max_updates:
        warnings.warn(
            f"The run was ended after {n_done} updates, by early stopping or another callback, so "
            f"there are none to add although max_updates={max_updates}.",
            ProtimbWarning,
            stacklevel=users_level(),
        )
