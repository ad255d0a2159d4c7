"""The rows of a batch that are a process's own, and draws and means that are those of one process.

A batch is drawn alike in every process and then parted. Noise is drawn alike for all rows around a
process's own, and it keeps what belongs to its rows; gradients and losses are averaged over
processes by the rows that each had. So the seed and the size of the whole batch decide what is
learned, and not the number of processes. In one process nothing of this happens.
"""

import math
from contextvars import ContextVar
from typing import Any

import torch

from protimb.exceptions import DeviceMemoryError
from protimb.training._processes import sum_over_processes
from protimb.utils._ranks import n_processes, rank

# What one process draws of a batch at a time: a process draws no block that it has no row of. Small
# batches are drawn whole.
_BLOCK_ROWS = 2048


def share_batch(n_rows, n_parts=1):
    """Part a batch among processes: ``with share_batch(len(rows)) as share``.

    Parameters
    ----------
    n_rows : int
        Rows of the whole batch.
    n_parts : int, default=1
        Parts that the batch is used in, one after the other, as ``Tensor.chunk`` cuts them.

    Returns
    -------
    share : object
        ``own(rows)`` cuts a process's own rows out of a tensor of the batch; ``average(network,
        losses)`` turns gradients and losses, means over own rows, into those over the batch;
        ``total(tensor)`` adds up over processes; ``split(tensor)`` parts a tensor of own rows, and
        ``parts`` are the shares of these. While it is entered `draw_rows` draws for the batch.

    See Also
    --------
    draw_rows : Draws noise that does not depend on the number of processes.

    Examples
    --------
    >>> import torch
    >>> from protimb.training import share_batch
    >>> with share_batch(4) as share:
    ...     share.own(torch.arange(4))
    tensor([0, 1, 2, 3])
    """
    return _Whole(n_rows, n_parts) if n_processes() == 1 else _Part.of(n_rows, n_parts)


def draw_rows(draw, shape, generator, device=None):
    """Draw for the rows at hand what they would get if one process held the whole batch.

    Parameters
    ----------
    draw : callable
        ``torch.rand`` or its like: called with a shape, ``generator`` and ``device``.
    shape : tuple of int
        The first is the number of rows at hand.
    generator : torch.Generator or None
        In the same state in every process. None is torch's global one.
    device : torch.device, optional
        Where to draw; that of the generator by default.

    Returns
    -------
    drawn : Tensor
        Of that shape.

    Notes
    -----
    On the CPU more than 2,048 rows are drawn by blocks of as many, each from a source of its own
    that the generator seeds, so that no process draws blocks in which it has no row.

    Examples
    --------
    >>> import torch
    >>> from protimb.training import draw_rows
    >>> draw_rows(torch.rand, (2, 3), torch.Generator().manual_seed(0)).shape
    torch.Size([2, 3])
    """
    device = generator.device if device is None else device
    if (draws := _REMEMBERED.get()) is not None:
        draws.remember(generator)
    share = _ENTERED.get()
    n_rows = shape[0] if share is None else share.n_rows
    own = (lambda rows: rows) if share is None else share.own
    if n_rows > _BLOCK_ROWS and device.type == "cpu":
        return _draw_blocks(draw, (n_rows, *shape[1:]), generator, own)
    return own(draw((n_rows, *shape[1:]), generator=generator, device=device))


def _draw_blocks(draw, shape, generator, cut):
    """Draw by blocks for the rows that are cut out of a batch, in order."""
    own, drawn, starts = cut(torch.arange(shape[0])), [], range(0, shape[0], _BLOCK_ROWS)
    seeds = torch.randint(2**62, (len(starts),), generator=generator).tolist()
    begins = torch.searchsorted(own, torch.tensor([*starts, shape[0]])).tolist()
    for number, (start, seed) in enumerate(zip(starts, seeds, strict=True)):
        rows = own[begins[number] : begins[number + 1]] - start
        if len(rows):
            n_rows, source = min(_BLOCK_ROWS, shape[0] - start), torch.Generator().manual_seed(seed)
            block = draw((n_rows, *shape[1:]), generator=source, device=source.device)
            drawn.append(block if len(rows) == n_rows else block[rows])
    return torch.cat(drawn)


def cut_share(share, n_own, n_most):
    """Cut a process's own rows of a batch into parts of n_most at most."""
    size = min(n_most, n_own)
    starts = range(0, n_own, size)
    return [_Cut(share, slice(start, min(start + size, n_own)), n_own) for start in starts]


def gather_batch(tensor):
    """Join the rows of all processes, (n_own, ...), to those of the batch, (n_rows, ...)."""
    share = _ENTERED.get()
    return tensor if share is None else share.gather(tensor)


_ENTERED: ContextVar[Any] = ContextVar("share", default=None)  # an _Entered, or None


class RememberedDraws:
    """The sources that ``draw_rows`` has drawn from, and where each stood before."""

    def __init__(self):
        self._before = {}

    def remember(self, generator):
        """Keep the state of a source, if it has not been drawn from."""
        if generator is not None and generator not in self._before:
            self._before[generator] = generator.get_state()

    def rewind(self):
        """Put all sources back where they stood."""
        for generator, state in self._before.items():
            generator.set_state(state)

    def __enter__(self):
        self._token = _REMEMBERED.set(self)
        return self

    def __exit__(self, *error):
        _REMEMBERED.reset(self._token)


_REMEMBERED: ContextVar["RememberedDraws | None"] = ContextVar("draws", default=None)


class _Entered:
    """Rows that draws and joins are made for while a block runs."""

    def __enter__(self):
        self._token = _ENTERED.set(self)
        return self

    def __exit__(self, *error):
        _ENTERED.reset(self._token)


class _Cut(_Entered):
    """Some of a process's own rows: draws are made for the whole batch, and theirs are kept.

    ``rows`` cuts them out of the own ones, of which they are the share ``weight``.
    """

    def __init__(self, share, rows, n_own):
        self.share, self.rows = share, rows
        self.weight = (rows.stop - rows.start) / n_own
        self.is_first, self.is_all = rows.start == 0, rows.stop - rows.start == n_own
        self.n_rows = getattr(share, "n_rows", n_own)

    def own(self, rows):
        return self.share.own(rows)[self.rows]

    def gather(self, rows):
        if self.is_all:
            return self.share.gather(rows)
        raise DeviceMemoryError(
            "The device has no room for a batch, and the loss looks at all of its rows together "
            "(isda), so that they cannot be computed in parts. Lower batch_size."
        )


class _Whole:
    """All rows: what the only process has of a batch."""

    def __init__(self, n_rows, n_parts):
        self.size = max(1, math.ceil(n_rows / n_parts))
        self.parts = [self] * math.ceil(n_rows / self.size)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def own(self, rows):
        return rows

    def split(self, rows):
        return rows.split(self.size)

    def average(self, network, losses):
        return losses

    def total(self, tensor):
        return tensor

    def gather(self, rows):
        return rows


class _Part(_Entered):
    """Some rows of a batch: ``index`` cuts them, ``weight`` is their share of the batch."""

    def __init__(self, index, n_rows, weight, parts=()):
        self.index, self.n_rows, self.weight = index, n_rows, weight
        self.parts = parts or (self,)
        self.sizes = [part.n_own for part in self.parts]

    @classmethod
    def of(cls, n_rows, n_parts):
        """Take this process's rows of each part, which are as torch.chunk makes them."""
        parts, index = [], []
        for chunk in torch.arange(n_rows).chunk(n_parts):
            parts.append(cls._of_one(len(chunk)))
            index.append(chunk[parts[-1].index])
        if len(parts) == 1:
            return parts[0]
        return cls(torch.cat(index), n_rows, None, parts)

    @classmethod
    def _of_one(cls, n_rows):
        start, stop = (n_rows * number // n_processes() for number in (rank(), rank() + 1))
        # More processes than rows: one without any computes for the first row, and counts for none.
        return cls(slice(start, max(stop, start + 1)), n_rows, (stop - start) / n_rows)

    @property
    def n_own(self):
        return self.index.stop - self.index.start

    def own(self, rows):
        return rows[self.index]

    def split(self, rows):
        return rows.split(self.sizes)

    @torch.no_grad()
    def average(self, network, losses):
        """Average gradients of a network, and losses: one message for all."""
        weights = [p for p in network.parameters() if p.grad is not None]
        tensors = [*(p.grad for p in weights), *losses.values()]
        # torch.cat takes the widest type of all; each gets its own back.
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors]).mul_(self.weight)
        pieces = sum_over_processes(flat).split([tensor.numel() for tensor in tensors])
        shared = [_like(tensor, piece) for tensor, piece in zip(tensors, pieces, strict=True)]
        for weight, gradient in zip(weights, shared, strict=False):
            weight.grad = gradient  # a part of the message: no copy
        for loss, mean in zip(losses.values(), shared[len(weights) :], strict=True):
            loss.copy_(mean)
        return losses

    def total(self, tensor):
        return sum_over_processes(tensor if self.weight else torch.zeros_like(tensor))

    def gather(self, rows):
        joined = rows.new_zeros(self.n_rows, *rows.shape[1:])
        if self.weight:
            joined[self.index] = rows
        return sum_over_processes(joined)


def _like(tensor, piece):
    """Give a piece of a message, (n_numbers,), the shape and type of a tensor."""
    return piece.view_as(tensor).to(tensor.dtype)
