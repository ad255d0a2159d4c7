"""The training loop: epochs of batches, each batch one call of the step."""

import copy
import itertools

import torch

from protimb.exceptions import ArtifactError, DeviceMemoryError, TrainingDiverged
from protimb.training._processes import check_alike, hash_state
from protimb.training._room import release_memory
from protimb.utils._declared import Anything, Each, Flag, Integer, Rows, Text, check_declared
from protimb.utils._ranks import n_processes
from protimb.utils._rebuilding import DAMAGE, rebuilding


class TrainingLoop:
    """Drive a step over batches of row numbers, and let callbacks watch.

    Parameters
    ----------
    step : object
        Holds the networks, optimizers and data. ``step.train_batch(rows)`` makes one update
        from the rows at the given positions and returns its losses as a dict of
        zero-dimensional tensors; ``step.valid_batch()``, if there is one, returns a dict of
        floats after each epoch. ``step.fingerprint()``, if there is one, returns {name: hash} of
        data that processes which train together must share. ``step.state_dict()`` and
        ``step.load_state_dict(state)``, if there are any, make training resumable.
    batches : iterable of Tensor
        Yields one int64 tensor of row positions a batch; iterated anew in every epoch.
    max_epochs : int
        Passes over ``batches``.
    max_steps : int, optional
        Stop after this many batches, even in the middle of an epoch. ``max_epochs`` may then be
        None.
    callbacks : sequence of Callback
        Called at every hook, in order; those that say ``runs_last`` after the others.
    manifest : dict, optional
        What checkpoints should say about the run (its parameters, say), as JSON.

    Attributes
    ----------
    history : list of dict
        One record an epoch: ``epoch``, ``n_steps`` (batches so far) and the mean of each loss.
    n_steps : int
        Batches seen so far.
    n_rows : int
        Rows seen so far.
    stop_requested : bool
        A callback sets it to end training after the current epoch.
    snapshot : dict or None
        ``n_steps`` and ``state``: a copy of the step's state at the latest end of an epoch, or at
        the start. None where the step has no state. Not to be changed.
    """

    def __init__(
        self, step, batches, *, max_epochs=None, max_steps=None, callbacks=(), manifest=None
    ):
        if max_epochs is None and max_steps is None:
            raise ValueError("TrainingLoop needs max_epochs, max_steps or both.")
        self.step = step
        self.batches = batches
        self.max_epochs = max_epochs
        self.max_steps = max_steps
        self.callbacks = sorted(
            map(_check_callback, callbacks), key=lambda c: getattr(c, "runs_last", False)
        )
        self.manifest = dict(manifest or {})
        self.history = []
        self.n_steps = 0
        self.n_rows = 0
        self.stop_requested = False
        self.snapshot = None
        self._earlier_snapshot = None
        self._epoch = _EpochLosses()
        self._callback_states = []

    def run(self):
        """Train until an epoch limit, a step limit or a callback says stop.

        After `load_state_dict` training goes on from there, in the middle of an epoch if need be;
        ``on_epoch_begin`` is not announced again for such an epoch.

        Returns
        -------
        self : TrainingLoop

        Raises
        ------
        TrainingDiverged
            When a loss is NaN or infinite; names the step. The step gets its last finite weights
            back.
        DeviceMemoryError
            When the device runs out of memory; names the step and the rows of its batch. The
            device's cache is released first.
        ProcessError
            When several processes train together and differ in data, weights or draws, or one of
            them is lost.
        ValueError
            When an epoch has no batch, so that training would change nothing.
        """
        self._meet_other_processes()
        begun = []
        try:
            for callback in self.callbacks:
                callback.on_train_begin(self)
                begun.append(callback)
            self._restore_callbacks()
            self._keep_snapshot()
            while not self.finished():
                self._run_epoch()
        except TrainingDiverged as error:
            self._return_to_finite(error)
            raise
        finally:
            for callback in begun:  # one that failed to begin leaves those before it to be closed
                callback.on_train_end(self)
        return self

    def finished(self):
        """Say whether an epoch limit, a step limit or a callback ends training now.

        Returns
        -------
        finished : bool
        """
        if len(self._epoch):
            return False  # resumed after an epoch's last batch: its record is still to be made
        epochs_done = self.max_epochs is not None and len(self.history) >= self.max_epochs
        return epochs_done or self._steps_done() or self.stop_requested

    def check_losses(self):
        """Look at the losses of the unfinished epoch, which fetches them from the device.

        Raises
        ------
        TrainingDiverged
            When one is NaN or infinite; names the step.
        """
        bad = self._epoch.first_bad()
        if bad is None:
            return
        number, losses = bad
        step = self.n_steps - len(self._epoch) + number + 1
        values = ", ".join(f"{name}={value:g}" for name, value in losses.items())
        raise TrainingDiverged(
            f"A loss stopped being finite at step {step} ({values}). "
            "Lower the learning rate, or look for outliers in X.",
            step,
        )

    def n_steps_planned(self):
        """Count the batches that a full run makes, for progress bars; None if unknown."""
        limits = []
        if self.max_steps is not None:
            limits.append(self.max_steps)
        if self.max_epochs is not None and hasattr(self.batches, "__len__"):
            limits.append(self.max_epochs * len(self.batches))
        return min(limits, default=None)

    def state_dict(self):
        """Return all that training needs to go on from here.

        Call it from a callback, between two batches or after an epoch. As in torch, the tensors
        are those in use and not copies.

        Returns
        -------
        state : dict
            Nested dicts and lists of tensors, numbers, strings, booleans and None.
        """
        return {
            "step": self.step.state_dict() if hasattr(self.step, "state_dict") else None,
            "batches": self._batches_state(),
            "n_steps": self.n_steps,
            "n_rows": self.n_rows,
            "history": copy.deepcopy(self.history),
            "stop_requested": self.stop_requested,
            "epoch": self._epoch.state_dict(),
            "callbacks": [
                {"name": type(callback).__name__, "state": callback.state_dict()}
                for callback in self.callbacks
                if hasattr(callback, "state_dict")
            ],
        }

    def load_state_dict(self, state):
        """Have the next ``run()`` go on from a state, bit for bit on the same CPU.

        Step and batches must be built as for the run that saved it. Limits may differ. A callback
        gets the state of one of its class; new ones start fresh.

        Parameters
        ----------
        state : dict
            From `state_dict`; it is copied.

        Raises
        ------
        ArtifactError
            If the state is not one of a loop, or does not fit this step, its networks or these
            batches. The loop is then of no further use.
        """
        state = copy.deepcopy(state)
        with rebuilding("TrainingLoop", "The saved state"):
            check_run_state(state)
            self._check_callbacks(state["callbacks"])
            if hasattr(self.batches, "load_state_dict"):
                self.batches.load_state_dict(state["batches"])
        self._load_step(state["step"])
        self.n_steps = state["n_steps"]
        self.n_rows = state["n_rows"]
        self.history = state["history"]
        self.stop_requested = state["stop_requested"]
        self._epoch = _EpochLosses(state["epoch"])
        self._callback_states = state["callbacks"]

    def _load_step(self, state):
        resumable = hasattr(self.step, "load_state_dict")
        if resumable != (state is not None):
            raise ArtifactError("Of the saved run and this one, only one has a step with a state.")
        if not resumable:
            return
        try:
            self.step.load_state_dict(state)
        except DAMAGE as error:
            raise ArtifactError(
                f"The saved state does not fit these networks: {error} Resume with the parameters, "
                "features and terms of the run that saved it."
            ) from error

    def _check_callbacks(self, saved):
        """Refuse what callbacks could not take back; the weights that they keep are tried on."""
        for number, one in enumerate(saved):
            alike = (c for c in self.callbacks if type(c).__name__ == one["name"])
            callback = next(alike, None)
            if callback is not None and hasattr(callback, "check_state"):
                kept = callback.check_state(one["state"], f"callbacks.{number}.state")
                if kept is not None:
                    self._load_step(kept)

    def _batches_state(self):
        has_state = hasattr(self.batches, "state_dict")
        return self.batches.state_dict() if has_state else None

    def _restore_callbacks(self):
        # After on_train_begin, in which callbacks forget what they know of earlier runs.
        waiting = list(self.callbacks)
        for saved in self._callback_states:
            alike = (c for c in waiting if type(c).__name__ == saved["name"])
            if (callback := next(alike, None)) is not None:
                callback.load_state_dict(saved["state"])
                waiting.remove(callback)
        self._callback_states = []

    def _meet_other_processes(self):
        if n_processes() == 1:
            return
        facts = self.step.fingerprint() if hasattr(self.step, "fingerprint") else {}
        if hasattr(self.step, "state_dict"):
            facts["weights and draws"] = hash_state(self.step.state_dict())
        facts["batches"] = hash_state(self._batches_state())
        facts["steps done"] = self.n_steps
        check_alike(facts)

    def _run_epoch(self):
        if not len(self._epoch):
            self._notify("on_epoch_begin")
        batches = self._remaining_batches()
        for rows in () if self._steps_done() else batches:
            losses = self._on_device(f"with a batch of {len(rows)} rows", "train_batch", rows)
            self._epoch.append(losses)
            self.n_steps += 1
            self.n_rows += len(rows)
            self._notify("on_batch_end", losses)
            if self._steps_done():
                break
        if hasattr(batches, "close"):
            batches.close()  # an epoch cut short by a limit is over too
        self._end_epoch()

    def _remaining_batches(self):
        batches = iter(self.batches)
        keeps_place = hasattr(self.batches, "load_state_dict")
        return batches if keeps_place else itertools.islice(batches, len(self._epoch), None)

    def _steps_done(self):
        return self.max_steps is not None and self.n_steps >= self.max_steps

    def _on_device(self, doing, method, *args):
        try:
            return getattr(self.step, method)(*args)
        except torch.OutOfMemoryError as error:
            reason = str(error)
        release_memory()
        raise DeviceMemoryError(
            f"The device ran out of memory {doing}, after {self.n_steps} steps: {reason} "
            "Lower batch_size (by half, to begin with) or the widths of the networks, or pass "
            "device='cpu'."
        )

    def _end_epoch(self):
        if not len(self._epoch):
            raise ValueError("batches yielded nothing: an epoch needs at least one batch.")
        self.check_losses()
        record = {"epoch": len(self.history) + 1, "n_steps": self.n_steps}
        record |= self._epoch.means()
        if hasattr(self.step, "valid_batch"):
            record |= self._on_device("in validation", "valid_batch")
        self.history.append(record)
        self._epoch = _EpochLosses()
        self._keep_snapshot()
        self._notify("on_epoch_end", record)

    def _keep_snapshot(self):
        if hasattr(self.step, "state_dict") and hasattr(self.step, "load_state_dict"):
            self._earlier_snapshot = self.snapshot
            state = copy.deepcopy(self.step.state_dict())
            self.snapshot = {"n_steps": self.n_steps, "state": state}

    def _return_to_finite(self, error):
        """Put back the latest weights that gave a finite loss in the batch after them."""
        # The update before the first bad loss may have been what made the weights infinite.
        proven = self.snapshot is not None and self.snapshot["n_steps"] + 1 < error.step
        error.last_finite = self.snapshot if proven else self._earlier_snapshot or self.snapshot
        if error.last_finite is not None:
            self.step.load_state_dict(copy.deepcopy(error.last_finite["state"]))

    def _notify(self, hook, *args):
        for callback in self.callbacks:
            getattr(callback, hook)(self, *args)


_STATE = {
    "step": Anything(),
    "batches": Anything(),
    "n_steps": Integer(),
    "n_rows": Integer(),
    "history": Rows(),
    "stop_requested": Flag(),
    "epoch": {"names": Each(Text()), "table": Anything()},
    "callbacks": Each({"name": Text(), "state": Anything()}),
}


def check_run_state(state):
    """Refuse what is no state of a TrainingLoop, but for its step, its batches and callbacks."""
    check_declared(state, _STATE)
    names, table = state["epoch"]["names"], state["epoch"]["table"]
    if table is None:
        return
    if not isinstance(table, torch.Tensor) or not table.is_floating_point() or table.ndim != 2:
        raise ValueError("epoch.table is no table of losses")
    if not len(table) or table.shape[1] != len(names) or len(set(names)) < len(names):
        raise ValueError(f"epoch.table of {tuple(table.shape)} for the losses {names}")


class _EpochLosses:
    """The losses of one epoch's batches, left on the device until somebody asks for them."""

    def __init__(self, state=None):
        self.names = state["names"] if state else []
        self._fetched = state["table"] if state else None  # (batches, names), on the CPU
        self._pending = []

    def __len__(self):
        return len(self._pending) + (0 if self._fetched is None else len(self._fetched))

    def append(self, losses):
        self.names = self.names or list(losses)
        self._pending.append(losses)

    def means(self):
        means = self._table().double().mean(dim=0)
        return dict(zip(self.names, means.tolist(), strict=True))

    def first_bad(self):
        """Give number and losses of the first batch with a loss that is not finite, or None."""
        bad = (~torch.isfinite(self._table())).any(dim=1).nonzero()
        if not len(bad):
            return None
        number = int(bad[0])
        return number, dict(zip(self.names, self._table()[number].tolist(), strict=True))

    def state_dict(self):
        return {"names": self.names, "table": self._table() if len(self) else None}

    def _table(self):
        if self._pending:
            # One transfer for all: each alone would stop the device.
            rows = [torch.stack([row[name] for name in self.names]) for row in self._pending]
            parts = [] if self._fetched is None else [self._fetched]
            self._fetched = torch.cat([*parts, torch.stack(rows).cpu()])
            self._pending = []
        return self._fetched


def _check_callback(callback):
    """Return the callback, if it is one."""
    if not hasattr(callback, "on_train_begin"):
        raise TypeError(
            f"callbacks holds {callback!r}, a {type(callback).__name__}; it wants objects of a "
            "class derived from protimb.training.Callback."
        )
    return callback
