"""Run a network over sequences of all lengths, and average over residues."""

import numpy as np
import torch

from protimb.embeddings._batches import plan_batches
from protimb.exceptions import DeviceMemoryError, EncoderError
from protimb.training._room import Room


def pool_by_length(network, sequences, batch_tokens, bar):
    """Yield (row, vector of float32 (width,)) of each sequence as it is done, long ones first."""
    pieces = [piece for row, one in enumerate(sequences) for piece in network.cut(row, one)]
    lengths = [len(piece.residues) + network.n_special for piece in pieces]
    sums: dict = {}
    left = np.bincount([piece.row for piece in pieces], minlength=len(sequences))
    pool = _Pooling(network, batch_tokens)
    for batch in plan_batches(lengths, batch_tokens, network.min_fill):
        chosen = [pieces[item] for item in batch]
        for piece, part in zip(chosen, pool(chosen), strict=True):
            sums[piece.row] = sums.get(piece.row, 0) + part
            left[piece.row] -= 1
            if not left[piece.row]:
                yield piece.row, _finite(sums.pop(piece.row), network)
                bar.update(len(sequences[piece.row]))


class _Pooling:
    """Average pieces, as many tokens at a time as the device has room for."""

    def __init__(self, network, n_tokens):
        self.network, self.n_tokens = network, n_tokens

    def __call__(self, pieces):
        """Give (n_pieces, width) on the CPU, of pieces in order of length."""
        longest = len(pieces[0].residues) + self.network.n_special
        room = Room(max(1, self.n_tokens // longest), f"sequences of {longest:,} tokens")
        planned = room.n_most
        try:
            parts = room.blocks(len(pieces), lambda part: self.network.pool(pieces[part]))
        except torch.OutOfMemoryError as error:
            raise DeviceMemoryError(
                f"The device cannot embed {pieces[0].residues[:10]}...: {error} Pass a smaller "
                "window, precision='float16', or device='cpu'."
            ) from None
        if room.n_most < planned:
            self.n_tokens = room.n_most * longest
        return np.concatenate(parts)


def _finite(vector, network):
    if not np.isfinite(vector).all():
        raise EncoderError(
            f"{network.name} gave NaN or infinity. Half precision overflows in some models: pass "
            "precision='float32' or 'bfloat16'."
        )
    return vector
