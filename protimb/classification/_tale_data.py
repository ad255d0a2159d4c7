"""Proteins as a TALE network reads them: padded batches on its device, and windows of long ones."""

import math
import warnings
from typing import NamedTuple

import numpy as np
import torch

from protimb.exceptions import ProtimbWarning
from protimb.training._processes import hash_rows
from protimb.utils._row_blocks import BLOCK_ROWS
from protimb.utils._warnings import users_level

# Residue -> token; 0 is padding. X stands for J, which the model's authors have no token for.
_TOKENS = np.zeros(256, dtype=np.uint8)
_TOKENS[np.frombuffer(b"ARNDCEQGHILKMFPSTWYVBOUXZ", dtype=np.uint8)] = np.arange(1, 26)
_TOKENS[ord("J")] = _TOKENS[ord("X")]

_STEP = 8  # widths are multiples of it: GPUs align to it, and few widths make few shapes


class Window(NamedTuple):
    """A stretch of a protein's positions."""

    row: int
    start: int
    length: int


class PositionSource:
    """Rows of unequal length, one behind the other on a device, cut into batches by row number.

    ``values`` are tokens (n_all,) or residue vectors (n_all, n_features); ``lengths`` (n_rows,).
    """

    def __init__(self, values, lengths, max_length, device, *, full_width=False):
        self.values = values.to(device)
        self.lengths = torch.as_tensor(lengths, dtype=torch.int64)
        self.starts = self.lengths.cumsum(0) - self.lengths
        self.max_length = max_length
        self.full_width = full_width

    def __len__(self):
        return len(self.lengths)

    @property
    def n_together(self):
        """Windows that are scored together; on a GPU, their company shows in the last bits."""
        return 1 if self.values.device.type == "cpu" else 64

    @property
    def costs(self):
        """Positions that the network sees of each row, (n_rows,)."""
        return self.lengths.clamp(max=self.max_length)

    def batch(self, rows, generator=None):
        """Pad rows (batch,) to one width: values (batch, width, ...) and mask, None if all True.

        Of what is too long a stretch is drawn from the generator; without one, it is the first.
        """
        lengths = self.costs[rows]
        starts = self.starts[rows]
        if generator is not None:
            spare = self.lengths[rows] - lengths + 1
            starts = starts + (torch.rand(len(rows), generator=generator) * spare).long()
        values, mask = self._cut(starts, lengths, self._width(int(lengths.max())))
        return values, None if int(lengths.min()) == mask.shape[1] else mask

    def hashed(self):
        """Hash the positions, and how many each protein has."""
        return hash_rows(self.values) + hash_rows(self.lengths)

    def windows(self):
        """List evenly spaced windows of every row: one, or as many as it takes to cover it."""
        return [
            Window(row, start, min(length, self.max_length))
            for row, length in enumerate(self.lengths.tolist())
            for start in _window_starts(length, self.max_length)
        ]

    def of_windows(self, windows):
        """Pad windows of one width, as ``batch`` does; the mask is always there."""
        rows, starts, lengths = torch.tensor(windows).T
        return self._cut(self.starts[rows] + starts, lengths, self.width_of(windows[0]))

    def width_of(self, window):
        """Say how wide a window is padded, whatever stands beside it."""
        return self._width(window.length)

    def _width(self, length):
        wide = math.ceil(length / _STEP) * _STEP
        return self.max_length if self.full_width else min(wide, self.max_length)

    def _cut(self, starts, lengths, width):
        device = self.values.device
        # One transfer, which the CPU does not wait for.
        starts, lengths = torch.stack([starts, lengths]).to(device, non_blocking=True)
        places = torch.arange(width, device=device)
        mask = places < lengths[:, None]
        index = torch.where(mask, starts[:, None] + places, 0)
        values = self.values[index.flatten()].unflatten(0, index.shape)
        return torch.where(mask if values.ndim == 2 else mask[..., None], values, 0), mask


class TokenSource(PositionSource):
    """Proteins by their sequences."""

    def __init__(self, sequences, max_length, device, *, full_width=False):
        letters = np.frombuffer("".join(sequences).encode("ascii"), dtype=np.uint8)
        lengths = [len(sequence) for sequence in sequences]
        tokens = torch.from_numpy(_TOKENS[letters])
        super().__init__(tokens, lengths, max_length, device, full_width=full_width)

    def _cut(self, starts, lengths, width):
        tokens, mask = super()._cut(starts, lengths, width)
        return tokens.int(), mask


class ResidueSource(PositionSource):
    """Proteins by vectors of their residues, a list of (n_residues, n_features)."""

    def __init__(self, arrays, max_length, device, *, full_width=False):
        values = torch.from_numpy(np.concatenate(list(arrays)))
        lengths = [len(array) for array in arrays]
        super().__init__(values, lengths, max_length, device, full_width=full_width)


class VectorSource:
    """Proteins by one vector each, (n_rows, n_features)."""

    costs = None  # all the same
    n_together = BLOCK_ROWS

    def __init__(self, X, device):
        self.X = torch.from_numpy(X).to(device)

    def __len__(self):
        return len(self.X)

    def batch(self, rows, generator=None):
        """Give vectors (batch, n_features), and no mask."""
        return self.X[rows.to(self.X.device)], None

    def hashed(self):
        """Hash the vectors."""
        return hash_rows(self.X)

    def windows(self):
        """List the rows, each in one piece."""
        return [Window(row, 0, 1) for row in range(len(self.X))]

    def of_windows(self, windows):
        """Give vectors (batch, n_features), and no mask."""
        return self.batch(torch.tensor([window.row for window in windows]))

    def width_of(self, window):
        """Say that all are alike."""
        return 1


def warn_if_cut(lengths, max_length):
    """Say once how many proteins are longer than what is seen of them at a time."""
    n_longer = int((np.asarray(lengths) > max_length).sum())
    if n_longer:
        warnings.warn(
            f"{n_longer} of {len(lengths)} proteins have more than max_length={max_length} "
            "residues: training sees a random stretch of each in every epoch, and predictions are "
            "averaged over windows. Raise max_length to see more at once.",
            ProtimbWarning,
            stacklevel=users_level(),
        )


def _window_starts(length, max_length):
    n_windows = math.ceil(length / max_length)
    if n_windows <= 1:
        return [0]
    spare = length - max_length
    return [round(number * spare / (n_windows - 1)) for number in range(n_windows)]
