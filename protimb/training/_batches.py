"""Which rows make a batch: positions only, so that data is cut by index in one call."""

import math
from abc import ABC, abstractmethod

import torch

from protimb.exceptions import ArtifactError
from protimb.training._fitting import check_order, put_back
from protimb.utils._declared import Anything, Integer, check_declared


class _ResumableBatches(ABC):
    """What the two kinds share: a place in the epoch that a state can name and return to."""

    generator: torch.Generator
    _epoch = None  # what is fixed for the whole of the present epoch
    _position = 0  # batches given out in the present epoch
    _resumed = False
    _reader = None  # the iterator that the position belongs to

    @abstractmethod
    def __len__(self):
        """Count the batches of an epoch."""

    @abstractmethod
    def _built(self):
        """Say what a resumed run must have in common, as a dict of numbers."""

    @abstractmethod
    def _shape(self):
        """Give the shape of what is fixed for a whole epoch, and how many rows it orders."""

    @abstractmethod
    def _draw_epoch(self):
        """Draw what is fixed for a whole epoch: a tensor, or None."""

    @abstractmethod
    def _batch(self, epoch, number):
        """Give the rows of one batch."""

    def __iter__(self):
        if not self._resumed:
            self._epoch, self._position = self._draw_epoch(), 0
        self._resumed = False
        reader = self._reader = object()
        epoch = self._epoch
        try:
            while self._position < len(self):
                self._position += 1
                yield self._batch(epoch, self._position - 1)
        finally:
            if self._reader is reader:  # and not an earlier iterator, closed late
                self._epoch, self._position = None, 0

    def state_dict(self):
        """Return the place in the epoch and the source of what comes next.

        Returns
        -------
        state : dict
            For ``load_state_dict`` of batches that are built alike.
        """
        return {
            "built": self._built(),
            "epoch": self._epoch,
            "position": self._position,
            "generator": self.generator.get_state(),
        }

    def load_state_dict(self, state):
        """Go on from a state: the next iteration gives the rest of its epoch.

        Parameters
        ----------
        state : dict
            From ``state_dict`` of batches that were built alike.

        Raises
        ------
        ArtifactError
            If rows, batch size or batches differ from those of the state.
        ValueError
            If it is no state of batches; names the part.
        """
        kinds = dict.fromkeys(("built", "epoch", "generator"), Anything())
        check_declared(state, {**kinds, "position": Integer(0, len(self))}, place="batches")
        if state["built"] != self._built():
            raise ArtifactError(
                f"The saved run drew batches from {state['built']}, this one draws from "
                f"{self._built()}. Resume with the same data and batch_size."
            )
        self._check_epoch(state["epoch"], state["position"])
        self._epoch, self._position = state["epoch"], state["position"]
        self._resumed = self._position > 0
        put_back(self.generator, state["generator"], "batches.generator")

    def _check_epoch(self, epoch, position):
        shape, n_rows = self._shape()
        if epoch is not None and shape is not None:
            check_order(epoch, shape, n_rows, "batches.epoch")
        elif (epoch is None) != (shape is None or not position):
            raise ValueError("batches.epoch does not fit its position")


class ShuffledBatches(_ResumableBatches):
    """Every row once an epoch, in a new order each time; the last batch may be shorter.

    Parameters
    ----------
    n_rows : int
        Rows to draw from.
    batch_size : int
        Rows a batch; shrinks to ``n_rows`` where there are fewer.
    generator : torch.Generator
        Source of the order.
    """

    def __init__(self, n_rows, batch_size, generator):
        self.n_rows = n_rows
        self.batch_size = min(batch_size, n_rows)
        self.generator = generator

    def __len__(self):
        return math.ceil(self.n_rows / self.batch_size)

    def _built(self):
        return {"n_rows": self.n_rows, "batch_size": self.batch_size}

    def _shape(self):
        return (self.n_rows,), self.n_rows

    def _draw_epoch(self):
        return torch.randperm(self.n_rows, generator=self.generator)

    def _batch(self, order, number):
        return order[number * self.batch_size : (number + 1) * self.batch_size]


class LengthBatches(_ResumableBatches):
    """Every row once an epoch, rows of nearly one length together, in a new order each time.

    A batch is as long as its longest row, and the rest is padding. Each epoch stretches lengths by
    a random share of up to ``jitter``, sorts by them, cuts batches, and shuffles these: batches are
    never the same twice, and yet waste little.

    Parameters
    ----------
    lengths : Tensor of int, shape (n_rows,)
        What each row costs, such as its residues.
    batch_size : int
        Rows a batch; shrinks to ``n_rows`` where there are fewer.
    generator : torch.Generator
        Source of the order.
    jitter : float
        0 always joins the rows that are closest; larger values mix more and waste more.

    See Also
    --------
    ShuffledBatches : Where all rows cost the same.

    Examples
    --------
    >>> import torch
    >>> from protimb.training import LengthBatches
    >>> lengths = torch.tensor([10, 200, 11, 210])
    >>> batches = LengthBatches(lengths, 2, torch.Generator().manual_seed(0))
    >>> sorted(sorted(batch.tolist()) for batch in batches)
    [[0, 2], [1, 3]]
    """

    def __init__(self, lengths, batch_size, generator, *, jitter=0.05):
        self.lengths = lengths
        self.batch_size = min(batch_size, len(lengths))
        self.generator = generator
        self.jitter = jitter

    def __len__(self):
        return math.ceil(len(self.lengths) / self.batch_size)

    def _built(self):
        return {
            "n_rows": len(self.lengths),
            "n_residues": int(self.lengths.sum()),
            "batch_size": self.batch_size,
        }

    def _shape(self):
        return (len(self), self.batch_size), len(self.lengths)

    def _draw_epoch(self):
        stretched = self.lengths * (1 + self.jitter * self._shares(len(self.lengths)))
        # One batch lacks rows: its places are empty, -1.
        rows = torch.full((len(self) * self.batch_size,), -1)
        rows[: len(self.lengths)] = stretched.argsort()
        order = torch.randperm(len(self), generator=self.generator)
        return rows.view(len(self), self.batch_size)[order]

    def _shares(self, n_shares):
        return torch.rand(n_shares, generator=self.generator, dtype=torch.float64)

    def _batch(self, rows, number):
        return rows[number][rows[number] >= 0]


class WeightedBatches(_ResumableBatches):
    """Rows drawn with replacement, each in proportion to its weight.

    Parameters
    ----------
    weights : Tensor of shape (n_rows,)
        Non-negative, not all zero; need not sum to 1.
    batch_size : int
        Rows a batch.
    n_batches : int
        Batches an epoch.
    generator : torch.Generator
        Source of the draws.

    Raises
    ------
    ValueError
        If no row has a positive weight.
    """

    def __init__(self, weights, batch_size, n_batches, generator):
        # Inverse-CDF draws: torch.multinomial stops at 2**24 categories and is slower.
        self.cumulative = weights.double().cumsum(0)
        if not self.cumulative[-1] > 0:
            raise ValueError("WeightedBatches needs at least one row of positive weight.")
        self.batch_size = batch_size
        self.n_batches = n_batches
        self.generator = generator

    def __len__(self):
        return self.n_batches

    def _built(self):
        return {
            "n_rows": len(self.cumulative),
            "batch_size": self.batch_size,
            "n_batches": self.n_batches,
        }

    def _shape(self):
        return None, 0  # each batch is drawn when it is asked for

    def _draw_epoch(self):
        return None

    def _batch(self, epoch, number):
        point = torch.rand(self.batch_size, generator=self.generator, dtype=torch.float64)
        rows = torch.searchsorted(self.cumulative, point * self.cumulative[-1], right=True)
        return rows.clamp_(max=len(self.cumulative) - 1)
