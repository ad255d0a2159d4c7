"""Callbacks: hooks that do nothing until a subclass gives them something to do."""

import copy
import math
import time
import warnings
from typing import Any, ClassVar

from tqdm.auto import tqdm

from protimb.exceptions import PenaltyWarning
from protimb.utils._declared import Anything, Integer, Maybe, Real, check_declared
from protimb.utils._ranks import is_first
from protimb.utils._warnings import users_level


class Callback:
    """Base of all callbacks; every hook gets the loop and may set ``loop.stop_requested``.

    A callback that remembers something from epoch to epoch gives it in ``state_dict``, forgets it
    in ``on_train_begin`` and takes it back in ``load_state_dict``, which a resumed loop calls after
    ``on_train_begin``. ``runs_last = True`` has it called after the others at every hook.

    Where several processes train together each of them calls every hook, with the same values: a
    callback that decides needs nothing more, one that writes does so in the first process alone.
    """

    runs_last = False

    def on_train_begin(self, loop):
        """Run once before the first epoch."""

    def on_epoch_begin(self, loop):
        """Run before the first batch of an epoch."""

    def on_batch_end(self, loop, losses):
        """Run after each batch; ``losses`` are zero-dimensional tensors."""

    def on_epoch_end(self, loop, record):
        """Run after each epoch; ``record`` is the new last entry of ``loop.history``."""

    def on_train_end(self, loop):
        """Run once after the last epoch, also when training failed."""

    def state_dict(self):
        """Return what a resumed run must know; nothing, for most callbacks.

        Returns
        -------
        state : dict
        """
        return {}

    def load_state_dict(self, state):
        """Take back what ``state_dict`` returned.

        Parameters
        ----------
        state : dict
        """

    def check_state(self, state, place):
        """Refuse a state, of any origin, that ``load_state_dict`` could not take back.

        Parameters
        ----------
        state : object
        place : str
            What messages call it.

        Returns
        -------
        kept : dict or None
            State of the loop's step within it, which has to fit that step.

        Raises
        ------
        TypeError, ValueError
            If it is no such state; names the part.
        """
        if not isinstance(state, dict):
            raise TypeError(f"{place} is a {type(state).__name__}, where a dict belongs")


class ProgressBar(Callback):
    """Show steps done, time left, rows a second, and the epoch's mean losses and penalty.

    Parameters
    ----------
    description : str
        Text in front of the bar.
    """

    def __init__(self, description="training"):
        self.description = description
        self._bar: Any = None

    def on_train_begin(self, loop):
        """Open the bar, at the step where a resumed run goes on."""
        self._bar = tqdm(
            total=loop.n_steps_planned(),
            initial=loop.n_steps,
            desc=self.description,
            unit="step",
            dynamic_ncols=True,
            disable=not is_first(),
        )
        self._started = time.perf_counter()
        self._rows_before = loop.n_rows

    def on_batch_end(self, loop, losses):
        """Advance the bar by one batch."""
        self._bar.update()

    def on_epoch_end(self, loop, record):
        """Show the epoch's values and the speed behind the bar."""
        shown = {k: f"{v:.3g}" for k, v in record.items() if k not in ("epoch", "n_steps")}
        seconds = max(time.perf_counter() - self._started, 1e-9)
        speed = tqdm.format_sizeof((loop.n_rows - self._rows_before) / seconds)
        self._bar.set_postfix({**shown, "samples/s": speed})

    def on_train_end(self, loop):
        """Close the bar."""
        self._bar.close()
        self._bar = None  # an open terminal cannot be copied, and estimators' callbacks are


class _Returning(Callback):
    """Base of callbacks that keep the weights of one epoch and put them back at the end."""

    monitor: str
    _counted: tuple[str, ...]
    _declared: ClassVar[dict[str, Any]]  # what each count may be
    _kept = None  # a snapshot of the loop

    def on_train_begin(self, loop):
        """Forget any earlier run."""
        if not hasattr(loop.step, "state_dict"):
            raise TypeError(
                f"{type(self).__name__} goes back to earlier weights, but the step "
                f"{type(loop.step).__name__} has no state_dict and load_state_dict."
            )
        self._kept = None

    def on_train_end(self, loop):
        """Put the kept weights back."""
        if self._kept is not None:
            # A copy: optimizers go on updating the very tensors that they are given.
            loop.step.load_state_dict(copy.deepcopy(self._kept["state"]))

    def _value(self, record):
        if self.monitor not in record:
            raise KeyError(
                f"{type(self).__name__} monitors {self.monitor!r}, which epochs do not record; "
                f"they record {', '.join(record)}."
            )
        return record[self.monitor]

    def state_dict(self):
        """Return the kept weights and what the callback counts.

        Returns
        -------
        state : dict
        """
        return {name: getattr(self, name) for name in ("_kept", *self._counted)}

    def load_state_dict(self, state):
        """Take back the kept weights and the counts.

        Parameters
        ----------
        state : dict
            From ``state_dict``.
        """
        for name in ("_kept", *self._counted):
            setattr(self, name, state[name])

    def check_state(self, state, place):
        """Refuse a state without the counts, or with others.

        Parameters
        ----------
        state : object
        place : str

        Returns
        -------
        kept : dict or None
        """
        kept = Maybe({"n_steps": Integer(), "state": Anything()})
        counts = {name: self._declared.get(name, Anything()) for name in self._counted}
        check_declared(state, {"_kept": kept, **counts}, place=place)
        return state["_kept"] and state["_kept"]["state"]


class EarlyStopping(_Returning):
    """Stop when a monitored value no longer improves, and go back to the best weights.

    Parameters
    ----------
    monitor : str
        Key of the epoch's record: ``"valid_loss"``, or a quality such as ``"frechet"`` where the
        step records one.
    patience : int
        Epochs without improvement before stopping; ``math.inf`` only chooses the best epoch.
    mode : {"min", "max"}
        Which direction is better.
    min_delta : float
        Smallest change that counts as an improvement.

    Attributes
    ----------
    best_score_ : float
        Best value so far, its sign turned where ``mode="max"``.
    best_epoch_ : int
        The epoch that had it, counted from 1; 0 before any.
    """

    _counted: tuple[str, ...] = ("best_score_", "best_epoch_")
    _declared: ClassVar = {"best_score_": Real(nan=True), "best_epoch_": Integer()}

    def __init__(self, monitor="valid_loss", *, patience=5, mode="min", min_delta=0.0):
        self.monitor = monitor
        self.patience = patience
        self.mode = mode
        self.min_delta = min_delta

    def on_train_begin(self, loop):
        """Forget any earlier run."""
        super().on_train_begin(loop)
        self.best_score_ = math.inf
        self.best_epoch_ = 0

    def on_epoch_end(self, loop, record):
        """Keep the weights if this epoch is the best so far, else count towards patience."""
        value = self._value(record)
        score = value if self.mode == "min" else -value
        if score < self.best_score_ - self.min_delta:
            self.best_score_ = score
            self.best_epoch_ = record["epoch"]
            self._kept = loop.snapshot
        elif record["epoch"] - self.best_epoch_ >= self.patience:
            loop.stop_requested = True


class PenaltyGuard(_Returning):
    """Warn when a gradient penalty grows past a threshold, then stop with the weights before it.

    A critic whose gradients run away gives the generator no direction any more, long before a loss
    stops being finite.

    Parameters
    ----------
    threshold : float, default=100.0
        Largest penalty, as the epoch's mean, that is taken for healthy. A penalty of 100 means
        gradients of length 11 where 1 is wanted.
    patience : int, default=3
        Epochs in a row above the threshold before stopping. The first of them warns.
    monitor : str, default="penalty"
        Key of the epoch's record.

    Attributes
    ----------
    n_above_ : int
        Epochs in a row above the threshold, up to the last.

    Warns
    -----
    PenaltyWarning
        Once when the threshold is passed, and once when that ends training.

    Notes
    -----
    Training that ends below the threshold keeps its last weights. Where it ends above, the step
    gets those of the last epoch below.
    """

    _counted = ("n_above_",)
    _declared: ClassVar = {"n_above_": Integer()}

    def __init__(self, threshold=100.0, *, patience=3, monitor="penalty"):
        self.threshold = threshold
        self.patience = patience
        self.monitor = monitor

    def on_train_begin(self, loop):
        """Forget any earlier run."""
        super().on_train_begin(loop)
        self.n_above_ = 0

    def on_epoch_end(self, loop, record):
        """Count epochs above the threshold; keep the weights of the others."""
        value = self._value(record)
        if value <= self.threshold:
            self.n_above_ = 0
            self._kept = loop.snapshot
            return
        self.n_above_ += 1
        told = f"{self.monitor} is {value:.3g} in epoch {record['epoch']}, above {self.threshold:g}"
        if self.n_above_ >= self.patience:
            loop.stop_requested = True
            _warn(f"{told} for {self.n_above_} epochs: training stops with the last weights below.")
        elif self.n_above_ == 1:
            _warn(f"{told}. Lower lr or raise gradient_penalty if it stays there.")

    def on_train_end(self, loop):
        """Put back the weights of the last epoch below the threshold, if it was passed since."""
        if self.n_above_:
            super().on_train_end(loop)


def _warn(message):
    warnings.warn(message, PenaltyWarning, stacklevel=users_level())
