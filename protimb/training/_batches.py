"""Which rows make a batch: positions only, so that data is cut by index in one call."""

import math

import torch


class ShuffledBatches:
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

    def __iter__(self):
        order = torch.randperm(self.n_rows, generator=self.generator)
        yield from order.split(self.batch_size)


class WeightedBatches:
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

    def __iter__(self):
        for _ in range(self.n_batches):
            point = torch.rand(self.batch_size, generator=self.generator, dtype=torch.float64)
            rows = torch.searchsorted(self.cumulative, point * self.cumulative[-1], right=True)
            yield rows.clamp_(max=len(self.cumulative) - 1)
