"""Training that can be gone on with: states as tensors and JSON, saved whole, never unpickled."""

import json

import numpy as np
import safetensors
import safetensors.torch
import torch

from protimb.exceptions import ArtifactError
from protimb.training._callbacks import Callback
from protimb.utils._folder import read_folder, write_folder
from protimb.utils._json_text import read_json
from protimb.utils._ranks import is_first

_TENSORS = "state.safetensors"
_OUTLINE = "state.json"


class Checkpoint(Callback):
    """Save all that training needs to go on, so that a run can be interrupted at any moment.

    Each save replaces the one before. A process that is killed while it saves leaves the previous
    save in force.

    Parameters
    ----------
    dirname : str or path-like
        The folder; made where it is missing.
    every_n_epochs : int or None, default=1
        Save after every so many epochs, and after the last one. None saves at no epoch's end.
    every_n_steps : int or None, default=None
        Save after every so many batches too, in the middle of an epoch.

    See Also
    --------
    save_state, load_state : The files below.

    Notes
    -----
    Runs after all other callbacks, wherever it stands in the list, so that it saves what they
    have learned from the epoch. In the middle of an epoch it looks at the losses so far first:
    weights that have diverged never replace a good save.

    Examples
    --------
    >>> import tempfile, torch
    >>> from protimb.training import Checkpoint, ShuffledBatches, TrainingLoop, load_state
    >>> class Step:
    ...     def train_batch(self, rows):
    ...         return {"loss": torch.tensor(0.5)}
    >>> folder = tempfile.TemporaryDirectory()
    >>> batches = ShuffledBatches(10, 4, torch.Generator().manual_seed(0))
    >>> loop = TrainingLoop(Step(), batches, max_epochs=2, callbacks=[Checkpoint(folder.name)])
    >>> history = loop.run().history
    >>> state, about = load_state(folder.name)
    >>> state["n_steps"], about["epoch"]
    (6, 2)
    >>> folder.cleanup()
    """

    runs_last = True

    def __init__(self, dirname, *, every_n_epochs=1, every_n_steps=None):
        for name, every in [("every_n_epochs", every_n_epochs), ("every_n_steps", every_n_steps)]:
            if every is not None and every < 1:
                raise ValueError(f"Checkpoint needs {name} of at least 1, or None; got {every}.")
        self.dirname = dirname
        self.every_n_epochs = every_n_epochs
        self.every_n_steps = every_n_steps

    def on_batch_end(self, loop, losses):
        """Save if this batch is one of every ``every_n_steps``."""
        if self.every_n_steps is not None and loop.n_steps % self.every_n_steps == 0:
            loop.check_losses()
            self._save(loop)

    def on_epoch_end(self, loop, record):
        """Save if this epoch is one of every ``every_n_epochs``, or the last."""
        if self.every_n_epochs is None:
            return
        if record["epoch"] % self.every_n_epochs == 0 or loop.finished():
            self._save(loop)

    def _save(self, loop):
        if not is_first():  # processes that train together have the same state
            return
        about = {"epoch": len(loop.history), "n_steps": loop.n_steps}
        save_state(self.dirname, loop.state_dict(), {**loop.manifest, **about})


def save_state(folder, state, manifest=None):
    """Save a state dict: its tensors by safetensors, the rest as JSON, with hashes of both.

    Parameters
    ----------
    folder : str or path-like
        Made where it is missing; an earlier save in it is replaced at once or not at all.
    state : dict
        Dicts, lists and tuples of tensors, arrays, numbers, strings, booleans and None, nested as
        deep as need be. Keys are strings or integers.
    manifest : dict, optional
        What else to say about the save, as JSON.

    Raises
    ------
    TypeError
        If the state holds anything else; names the place.
    ArtifactWriteError
        If the folder cannot be written; an earlier save is intact.

    See Also
    --------
    load_state : The way back.

    Examples
    --------
    >>> import tempfile, torch
    >>> from protimb.training import load_state, save_state
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_state(folder, {"weight": torch.ones(2), "best": 0.25}, {"backbone": "mlp"})
    ...     load_state(folder)
    ({'weight': tensor([1., 1.]), 'best': 0.25}, {'backbone': 'mlp'})
    """
    tensors: dict[str, torch.Tensor] = {}
    outline = json.dumps(_take_apart(state, "state", tensors))
    packed = safetensors.torch.save(tensors)
    writers = {
        _TENSORS: lambda path: path.write_bytes(packed),
        _OUTLINE: lambda path: path.write_text(outline, encoding="utf-8"),
    }
    write_folder(folder, writers, manifest or {})


def load_state(folder):
    """Load what `save_state` saved, after a check of sizes and hashes; nothing is unpickled.

    Parameters
    ----------
    folder : str or path-like

    Returns
    -------
    state : dict
        Tensors are on the CPU, whatever device they were saved from.
    manifest : dict

    Raises
    ------
    ArtifactError
        If a file is missing, truncated or changed, holds tensors that the state does not name or
        lacks some that it does, or comes from a newer protimb.

    See Also
    --------
    save_state : Writes the folder.
    """
    saved = read_folder(folder)
    missing = sorted({_TENSORS, _OUTLINE} - set(saved.files))
    if missing:
        raise ArtifactError(f"{folder} holds no training state: {', '.join(missing)} is missing.")
    source = f"{folder} holds no readable state: {_OUTLINE}"
    outline = read_json(saved.files[_OUTLINE], source, ArtifactError)
    try:
        tensors = safetensors.torch.load(saved.files[_TENSORS])
        state = _put_together(outline, tensors)
    except ArtifactError as error:
        raise ArtifactError(f"{folder} holds no readable state: {error}") from error
    except (safetensors.SafetensorError, *_UNREADABLE) as error:
        raise ArtifactError(f"{folder} holds no readable state ({error!r}).") from error
    if tensors:
        raise ArtifactError(f"{folder}: no part of the state names the tensors {sorted(tensors)}.")
    if not isinstance(state, dict):
        raise ArtifactError(f"{folder} holds no state but a {type(state).__name__}.")
    return state, saved.manifest


def check_updates(n_done, max_updates):
    """Refuse to end a run before the update that it has reached.

    Parameters
    ----------
    n_done : int
        Updates in the checkpoint.
    max_updates : int
        Updates asked for.

    Raises
    ------
    ArtifactError
        If the run has more updates behind it than that.

    Examples
    --------
    >>> from protimb.training import check_updates
    >>> check_updates(3, 2)
    Traceback (most recent call last):
        ...
    protimb.exceptions.ArtifactError: max_updates=2: the run has 3 updates behind it, ...
    """
    if type(n_done) is not int or n_done < 0:
        raise ArtifactError(f"The checkpoint is damaged: it counts {n_done!r:.60} updates.")
    if max_updates < n_done:
        raise ArtifactError(
            f"max_updates={max_updates}: the run has {n_done} updates behind it, and none can be "
            "taken back. Ask for more, or start another run."
        )


def _take_apart(value, place, tensors):
    """Turn a value into what JSON can hold, and move its tensors into `tensors` by place."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | np.generic):
        return value.item() if isinstance(value, np.generic) else value
    if isinstance(value, torch.Tensor):
        return {"tensor": _keep(value, place, tensors), "shape": list(value.shape)}
    if isinstance(value, np.ndarray):
        tensor = torch.from_numpy(np.ascontiguousarray(value))
        return {"array": _keep(tensor, place, tensors), "shape": list(value.shape)}
    if isinstance(value, list | tuple):
        parts = [_take_apart(part, f"{place}.{i}", tensors) for i, part in enumerate(value)]
        return {"tuple": parts} if isinstance(value, tuple) else parts
    if isinstance(value, dict):
        return {"dict": [_take_item(item, place, tensors) for item in value.items()]}
    raise TypeError(
        f"{place} is a {type(value).__name__}. A state that can be saved holds tensors, arrays, "
        "numbers, strings, booleans and None, in dicts, lists and tuples."
    )


def _take_item(item, place, tensors):
    key, value = item
    if not isinstance(key, str | int):
        raise TypeError(f"{place} has the key {key!r}; keys must be strings or integers.")
    return [key, _take_apart(value, f"{place}.{key}", tensors)]


def _keep(tensor, place, tensors):
    # A copy: safetensors refuses tensors that share memory, and views of larger ones.
    name = place if place not in tensors else f"{place}#{len(tensors)}"
    tensors[name] = tensor.detach().to("cpu", copy=True).contiguous()
    return name


# What parts of other types, or in other places, raise.
_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError, RuntimeError)


def _put_together(outline, tensors):
    """Undo `_take_apart`; a tensor that has found its place leaves `tensors`."""
    if isinstance(outline, list):
        return [_put_together(part, tensors) for part in outline]
    if not isinstance(outline, dict):
        return outline
    if "dict" in outline:
        return {_key(key): _put_together(value, tensors) for key, value in outline["dict"]}
    if "tuple" in outline:
        return tuple(_put_together(part, tensors) for part in outline["tuple"])
    name = outline["array"] if "array" in outline else outline["tensor"]
    if name not in tensors:
        raise ArtifactError(f"The state names a tensor {name!r} that was not saved.")
    tensor = tensors.pop(name)
    if tensor.is_complex():
        raise ArtifactError(f"Tensor {name!r} holds complex numbers, which no state does.")
    if list(tensor.shape) != outline["shape"]:
        raise ArtifactError(
            f"Tensor {name!r} has shape {list(tensor.shape)}; {outline['shape']} was saved."
        )
    return tensor.numpy() if "array" in outline else tensor


def _key(key):
    if type(key) not in (str, int):  # True is 1 to a dict, and no key that is ever written
        raise ArtifactError(f"The state has the key {key!r}; keys are text or whole numbers.")
    return key
