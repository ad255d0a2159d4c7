"""Callbacks: hooks that do nothing until a subclass gives them something to do."""

import copy
import math

from tqdm.auto import tqdm


class Callback:
    """Base of all callbacks; every hook gets the loop and may set ``loop.stop_requested``."""

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


class ProgressBar(Callback):
    """Show batches done, batches a second, time left and the epoch's mean losses.

    Parameters
    ----------
    description : str
        Text in front of the bar.
    """

    def __init__(self, description="training"):
        self.description = description

    def on_train_begin(self, loop):
        """Open the bar."""
        total = loop.n_steps_planned()
        self._bar = tqdm(total=total, desc=self.description, unit="step", dynamic_ncols=True)

    def on_batch_end(self, loop, losses):
        """Advance the bar by one batch."""
        self._bar.update()

    def on_epoch_end(self, loop, record):
        """Show the epoch's losses behind the bar."""
        shown = {k: f"{v:.3g}" for k, v in record.items() if k not in ("epoch", "n_steps")}
        self._bar.set_postfix(shown)

    def on_train_end(self, loop):
        """Close the bar."""
        self._bar.close()


class EarlyStopping(Callback):
    """Stop when a monitored value no longer improves, and go back to the best weights.

    Parameters
    ----------
    monitor : str
        Key of the epoch's record.
    patience : int
        Epochs without improvement before stopping.
    mode : {"min", "max"}
        Which direction is better.
    min_delta : float
        Smallest change that counts as an improvement.
    """

    def __init__(self, monitor="valid_loss", *, patience=5, mode="min", min_delta=0.0):
        self.monitor = monitor
        self.patience = patience
        self.mode = mode
        self.min_delta = min_delta

    def on_train_begin(self, loop):
        """Forget any earlier run."""
        self.best_score_ = math.inf
        self.best_epoch_ = 0
        self._best_state = None

    def on_epoch_end(self, loop, record):
        """Keep the weights if this epoch is the best so far, else count towards patience."""
        if self.monitor not in record:
            raise KeyError(
                f"EarlyStopping monitors {self.monitor!r}, which epochs do not record; "
                f"they record {', '.join(record)}."
            )
        value = record[self.monitor]
        score = value if self.mode == "min" else -value
        if score < self.best_score_ - self.min_delta:
            self.best_score_ = score
            self.best_epoch_ = record["epoch"]
            self._best_state = copy.deepcopy(loop.step.state_dict())
        elif record["epoch"] - self.best_epoch_ >= self.patience:
            loop.stop_requested = True

    def on_train_end(self, loop):
        """Put the best weights back."""
        if self._best_state is not None:
            loop.step.load_state_dict(self._best_state)
