"""Where a device has no room for some rows at once: the same in halves, and a warning."""

import gc
import math
import warnings

import torch

from protimb.exceptions import DeviceMemoryWarning
from protimb.training._shares import RememberedDraws, cut_share
from protimb.utils._warnings import users_level

BATCH_ROWS = "rows of a batch"


class Room:
    """How many rows a device has room for at once: ``n_most``, halved where that is too many.

    What does not fit is done again with half of the rows, with a `DeviceMemoryWarning`, and so is
    all that follows. Where one row is too many, torch's own error is raised.
    """

    def __init__(self, n_most=math.inf, rows="rows"):
        self.n_most = n_most
        self.rows = rows  # what they are called in the warning

    def blocks(self, n_rows, function):
        """Call a function with slices of n_rows, one behind the other; list what it returned."""
        done: list = []
        start = 0
        while start < n_rows or not done:
            stop = min(start + self.n_most, n_rows)
            try:
                done.append(function(slice(start, stop)))
            except torch.OutOfMemoryError as error:
                reason = str(error)
            else:
                start = stop
                continue
            self._halve(stop - start, reason)
        return done

    def batch(self, share, function, *own):
        """Call a function with a process's own rows of a batch, or with parts of them that fit.

        It takes a part and tensors (or None) of its rows; a list by part of what it returned comes
        back. What ``draw_rows`` draws for a row does not depend on parts.
        """
        n_rows = len(own[0])
        with RememberedDraws() as draws:
            while True:
                try:
                    return self._in_parts(share, draws, function, own)
                except torch.OutOfMemoryError as error:
                    reason = str(error)
                self._halve(min(n_rows, self.n_most), reason)

    def _in_parts(self, share, draws, function, own):
        results = []
        for part in cut_share(share, len(own[0]), self.n_most):
            draws.rewind()
            rows = [None if tensor is None else tensor[part.rows] for tensor in own]
            with part:
                results.append(function(part, *rows))
        return results

    def gradients(self, share, optimizer, loss_of, *own):
        """Give an optimizer's tensors the gradients of a loss; return the means of its record.

        ``loss_of`` takes tensors of rows and gives their mean loss and a dict of means to record.
        """

        def descend(part, *rows):
            if part.is_first:  # of a try: what one left that failed is dropped
                optimizer.zero_grad(set_to_none=True)
            loss, record = loss_of(*rows)
            (part.weight * loss).backward()
            return {name: part.weight * value.detach() for name, value in record.items()}

        records = self.batch(share, descend, *own)
        return {name: sum(record[name] for record in records) for name in records[0]}

    def _halve(self, n_rows, reason):
        release_memory()
        if n_rows <= 1:
            raise torch.OutOfMemoryError(f"One of the {self.rows} alone does not fit: {reason}")
        self.n_most = n_rows // 2
        warnings.warn(
            f"The device has no room for {n_rows:,} {self.rows} at a time: {reason} Going on with "
            f"{self.n_most:,}, which changes results by rounding alone.",
            DeviceMemoryWarning,
            stacklevel=users_level(),
        )


def release_memory():
    """Give back to the device what nothing holds any longer."""
    # To be called where the error is gone, and with it the frames that held tensors.
    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()
