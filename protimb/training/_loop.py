"""The training loop: epochs of batches, each batch one call of the step."""

import torch

from protimb.exceptions import TrainingDiverged


class TrainingLoop:
    """Drive a step over batches of row numbers, and let callbacks watch.

    Parameters
    ----------
    step : object
        Holds the networks, optimizers and data. ``step.train_batch(rows)`` makes one update
        from the rows at the given positions and returns its losses as a dict of
        zero-dimensional tensors; ``step.valid_batch()``, if there is one, returns a dict of
        floats after each epoch.
    batches : iterable of Tensor
        Yields one int64 tensor of row positions a batch; iterated anew in every epoch.
    max_epochs : int
        Passes over ``batches``.
    max_steps : int, optional
        Stop after this many batches, even in the middle of an epoch. ``max_epochs`` may then be
        None.
    callbacks : sequence of Callback
        Called at every hook, in order.

    Attributes
    ----------
    history : list of dict
        One record an epoch: ``epoch``, ``n_steps`` (batches so far) and the mean of each loss.
    n_steps : int
        Batches seen so far.
    stop_requested : bool
        A callback sets it to end training after the current epoch.
    """

    def __init__(self, step, batches, *, max_epochs=None, max_steps=None, callbacks=()):
        if max_epochs is None and max_steps is None:
            raise ValueError("TrainingLoop needs max_epochs, max_steps or both.")
        self.step = step
        self.batches = batches
        self.max_epochs = max_epochs
        self.max_steps = max_steps
        self.callbacks = callbacks
        self.history = []
        self.n_steps = 0
        self.stop_requested = False

    def run(self):
        """Train until an epoch limit, a step limit or a callback says stop.

        Returns
        -------
        self : TrainingLoop

        Raises
        ------
        TrainingDiverged
            When a loss is NaN or infinite; names the step.
        ValueError
            When an epoch has no batch, so that training would change nothing.
        """
        self._notify("on_train_begin")
        try:
            while not self._finished():
                self._run_epoch()
        finally:
            self._notify("on_train_end")
        return self

    def _finished(self):
        epochs_done = self.max_epochs is not None and len(self.history) >= self.max_epochs
        steps_done = self.max_steps is not None and self.n_steps >= self.max_steps
        return epochs_done or steps_done or self.stop_requested

    def _run_epoch(self):
        self._notify("on_epoch_begin")
        losses = []
        for rows in self.batches:
            losses.append(self.step.train_batch(rows))
            self.n_steps += 1
            self._notify("on_batch_end", losses[-1])
            if self.max_steps is not None and self.n_steps >= self.max_steps:
                break
        if not losses:
            raise ValueError("batches yielded nothing: an epoch needs at least one batch.")
        record = {"epoch": len(self.history) + 1, "n_steps": self.n_steps}
        record |= self._mean_losses(losses)
        if hasattr(self.step, "valid_batch"):
            record |= self.step.valid_batch()
        self.history.append(record)
        self._notify("on_epoch_end", record)

    def _mean_losses(self, losses):
        # Losses stay on the device until here: one transfer an epoch, not one a batch.
        names = list(losses[0])
        table = torch.stack([torch.stack([loss[name] for name in names]) for loss in losses])
        table = table.cpu().double()  # in this order: not every device has doubles
        bad = (~torch.isfinite(table)).any(dim=1).nonzero()
        if len(bad):
            step = self.n_steps - len(losses) + int(bad[0]) + 1
            row = table[int(bad[0])].tolist()
            values = ", ".join(f"{n}={v:g}" for n, v in zip(names, row, strict=True))
            raise TrainingDiverged(
                f"A loss stopped being finite at step {step} ({values}). "
                "Lower the learning rate, or look for outliers in X.",
                step,
            )
        return dict(zip(names, table.mean(dim=0).tolist(), strict=True))

    def _notify(self, hook, *args):
        for callback in self.callbacks:
            getattr(callback, hook)(self, *args)

    def n_steps_planned(self):
        """Count the batches that a full run makes, for progress bars; None if unknown."""
        limits = []
        if self.max_steps is not None:
            limits.append(self.max_steps)
        if self.max_epochs is not None and hasattr(self.batches, "__len__"):
            limits.append(self.max_epochs * len(self.batches))
        return min(limits, default=None)
