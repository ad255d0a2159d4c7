"""Go on from a checkpoint: with the same data and parameters, or not at all."""

import hashlib
import warnings

import numpy as np

from protimb.exceptions import ArtifactError, ProtimbWarning
from protimb.training import load_state, resolve_device
from protimb.utils._description import describe
from protimb.utils._memory import read_blocks

KIND = "training of a CGANSampler"

# Parameters on which the course of training depends; the others may change between runs.
_SHAPING = (
    "term_range",
    "backbone",
    "condition",
    "conditioning",
    "n_latent",
    "generate_from",
    "move_scale",
    "n_critic",
    "gradient_penalty",
    "auxiliary_weight",
    "batch_size",
    "lr",
    "lr_schedule",
    "sampling_exponent",
    "averaging",
    "max_grad_norm",
    "validation_fraction",
    "mixed_precision",
    "random_state",
)


def describe_run(X, y, settings, term_vectors, rng):
    """Say what a run is known by, as JSON: its data, its parameters, and where draws start.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
    y : csr_array of shape (n_rows, n_terms), uint8
    settings : CGANSampler
    term_vectors : ndarray of shape (n_terms, n_dims) or None
    rng : numpy.random.RandomState
        Before its first draw.

    Returns
    -------
    run : dict
    """
    params = settings.get_params(deep=False)
    shaping = {name: describe(params[name]) for name in _SHAPING}
    shaping["device"] = resolve_device(settings.device).type
    if settings.lr_schedule != "constant":
        shaping["max_epochs"] = settings.max_epochs  # the schedule spans them
    if term_vectors is not None:
        shaping["term_vectors"] = _hash([term_vectors])
    return {
        "kind": KIND,
        "X": _hash(read_blocks(X)),
        "y": _hash([y.indptr, y.indices, np.array(y.shape)]),
        "parameters": shaping,
        "rng": rng_state(rng),
    }


def open_checkpoint(folder, run, rng):
    """Read a checkpoint of the same run, and put the source of draws where that run started.

    Parameters
    ----------
    folder : str or path-like
    run : dict
        As :func:`describe_run` gives it for the data and parameters at hand.
    rng : numpy.random.RandomState
        Its state is replaced: without a seed, the two runs would else differ.

    Returns
    -------
    state : dict
        For ``TrainingLoop.load_state_dict``.

    Raises
    ------
    ArtifactError
        If the folder holds something else, or a run with other data or parameters.
    """
    state, saved = load_state(folder)
    if saved.get("kind") != KIND:
        raise ArtifactError(
            f"{folder} holds no checkpoint of a CGANSampler. Checkpoints are what "
            "callbacks=[Checkpoint(folder)] writes; save() writes fitted samplers, see load()."
        )
    changed = [name for name in ("X", "y") if saved[name] != run[name]]
    changed += _differences(saved["parameters"], run["parameters"])
    if changed:
        raise ArtifactError(
            f"{folder} is a checkpoint of another run; these differ: {', '.join(changed)}. Resume "
            "with the data and parameters that it was started with, or fit without resume_from."
        )
    kind, keys, *rest = saved["rng"]
    rng.set_state((kind, np.array(keys, dtype=np.uint32), *rest))
    return state


def check_epochs(n_done, max_epochs):
    """Refuse to end a run before the epoch that it has reached.

    Parameters
    ----------
    n_done, max_epochs : int

    Raises
    ------
    ArtifactError
        If the run has more epochs behind it than that.
    """
    if max_epochs < n_done:
        raise ArtifactError(
            f"max_epochs={max_epochs}: the run has {n_done} epochs behind it, and none can be "
            "taken back. Ask for more, or start another run."
        )


def warn_if_ended(state, max_epochs):
    """Say so where a callback had ended the run before the epochs that are asked for.

    Parameters
    ----------
    state : dict
        Of the checkpoint.
    max_epochs : int
    """
    n_done = len(state["history"])
    if state["stop_requested"] and n_done < max_epochs:
        warnings.warn(
            f"The run was ended after {n_done} epochs, by early stopping or another callback, so "
            f"there are none to add although max_epochs={max_epochs}.",
            ProtimbWarning,
            stacklevel=6,
        )


def rng_state(rng):
    """Describe the state of a source of draws as JSON.

    Parameters
    ----------
    rng : numpy.random.RandomState

    Returns
    -------
    state : list
    """
    kind, keys, *rest = rng.get_state()
    return [kind, keys.tolist(), *rest]


def _differences(saved, given):
    names = sorted(set(saved) | set(given))
    return [
        f"{name} (saved {saved.get(name)!r}, given {given.get(name)!r})"
        for name in names
        if saved.get(name) != given.get(name)
    ]


def _hash(parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{part.dtype}{part.shape}".encode())
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
