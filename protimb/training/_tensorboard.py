"""Training curves for TensorBoard."""

from typing import Any

from protimb.training._callbacks import Callback
from protimb.utils._optional import import_optional
from protimb.utils._ranks import is_first


class TensorBoard(Callback):
    """Write each epoch's record as TensorBoard scalars.

    Parameters
    ----------
    log_dir : str or path-like
        Folder of the event files; look at it with ``tensorboard --logdir``.
    prefix : str, default="train"
        Group of the curves: the loss is shown as ``train/loss``.

    Raises
    ------
    MissingExtraError
        If tensorboard is not installed (``pip install 'protimb[tensorboard]'``).

    See Also
    --------
    ProgressBar : Shows the same numbers in the terminal.

    Notes
    -----
    The horizontal axis is the number of batches. A resumed run hides what an interrupted one
    wrote after the step at which it goes on.
    """

    def __init__(self, log_dir, prefix="train"):
        import_optional("tensorboard")
        self.log_dir = log_dir
        self.prefix = prefix
        self._writer: Any = None

    def on_train_begin(self, loop):
        """Open the event file."""
        if not is_first():
            return
        from torch.utils.tensorboard import SummaryWriter

        resumed_at = loop.n_steps + 1 if loop.n_steps else None
        self._writer = SummaryWriter(str(self.log_dir), purge_step=resumed_at)

    def on_epoch_end(self, loop, record):
        """Write the epoch's values, and have them seen at once."""
        if self._writer is None:  # not the first process of several
            return
        for name, value in record.items():
            if name not in ("epoch", "n_steps"):
                self._writer.add_scalar(f"{self.prefix}/{name}", value, record["n_steps"])
        self._writer.flush()

    def on_train_end(self, loop):
        """Close the event file."""
        if self._writer is not None:
            self._writer.close()
        self._writer = None
