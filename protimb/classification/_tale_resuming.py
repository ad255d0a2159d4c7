"""Go on from a checkpoint of TALE: the same data and parameters, or not at all."""

from pathlib import Path

import numpy as np
from scipy import sparse

from protimb.exceptions import ArtifactError
from protimb.training import load_state, resolve_device
from protimb.training._loop import check_run_state
from protimb.utils._declared import Anything, Record, Table, Text, check_declared
from protimb.utils._description import describe
from protimb.utils._rebuilding import rebuilding
from protimb.utils._same_run import differences, hash_arrays, restore_rng, rng_state

_KIND = "training of a TALEClassifier"

# Parameters that may change between runs; the course of training depends on all others.
_FREE = {"checkpoint", "checkpoint_steps", "device", "verbose", "neighbours", "network_share"}

# What a checkpoint says about its run, beside where it is.
_HASHES = dict.fromkeys(("proteins", "y", "sample_weight"), Text())
_MANIFEST = Record({**_HASHES, "parameters": Table(Anything())}, more=True)


def describe_run(rows, paths, classifier, rng):
    """Say what a run is known by, as JSON; rng before its first draw."""
    params = classifier.get_params(deep=False)
    shaping = {name: describe(value) for name, value in params.items() if name not in _FREE}
    shaping["device"] = resolve_device(classifier.device).type
    shaping["ontology"] = hash_arrays(paths)[:8]
    labels = sparse.csr_array(rows.labels)
    known = [] if rows.known is None else [rows.known]
    return {
        "kind": _KIND,
        "proteins": _hash_proteins(rows.X),
        "y": hash_arrays([labels.indptr, labels.indices, np.array(labels.shape), *known]),
        "sample_weight": hash_arrays([np.asarray(rows.weights)]),
        "parameters": shaping,
        "rng": rng_state(rng),
    }


def open_checkpoint(folder, run, rng):
    """Read the state of the same run, or None where none is saved yet; put rng where it started.

    Without a seed, the two runs would else differ. Any other run is an ArtifactError.
    """
    if not (Path(folder) / "manifest.json").exists():
        return None
    state, saved = load_state(folder)
    if saved.get("kind") != _KIND:
        raise ArtifactError(
            f"{folder} holds no checkpoint of TALE. Pass an empty folder as checkpoint; what "
            "save() writes is read by load()."
        )
    with rebuilding("TALEClassifier", folder):
        check_declared(saved, _MANIFEST)
        check_run_state(state)
    changed = [name for name in ("proteins", "y", "sample_weight") if saved[name] != run[name]]
    changed += differences(saved["parameters"], run["parameters"])
    if changed:
        raise ArtifactError(
            f"{folder} is a checkpoint of another run; these differ: {', '.join(changed)}. Fit "
            "with the data and parameters that it was started with, or pass another folder."
        )
    with rebuilding("TALEClassifier", folder):
        restore_rng(rng, saved["rng"])
    run["rng"] = saved["rng"]
    return state


def _hash_proteins(X):
    if isinstance(X[0], str):
        letters = np.frombuffer("\n".join(X).encode(), dtype=np.uint8)
        return hash_arrays([letters])
    return hash_arrays(X)
