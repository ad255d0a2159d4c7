"""Run a network over sequences of all lengths, and average over residues."""

import gc

import numpy as np
import torch

from protimb.embeddings._batches import plan_batches
from protimb.exceptions import DeviceMemoryError, EncoderError


def pool_by_length(network, sequences, batch_tokens, bar):
    """Yield (row, vector of float32 (width,)) of each sequence as it is done, long ones first."""
    pieces = [piece for row, one in enumerate(sequences) for piece in network.cut(row, one)]
    lengths = [len(piece.residues) + network.n_special for piece in pieces]
    sums: dict = {}
    left = np.bincount([piece.row for piece in pieces], minlength=len(sequences))
    for batch in plan_batches(lengths, batch_tokens, network.min_fill):
        chosen = [pieces[item] for item in batch]
        for piece, part in zip(chosen, _pool(network, chosen), strict=True):
            sums[piece.row] = sums.get(piece.row, 0) + part
            left[piece.row] -= 1
            if not left[piece.row]:
                yield piece.row, _finite(sums.pop(piece.row), network)
                bar.update(len(sequences[piece.row]))


def _pool(network, pieces):
    """Average pieces, (n_pieces, width) on the CPU; by halves where the device is too small."""
    try:
        return network.pool(pieces)
    except torch.OutOfMemoryError as error:
        reason = str(error)
    # Out here the error is gone, and with it the frames that held the batch's tensors.
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if len(pieces) == 1:
        raise DeviceMemoryError(
            f"The device has no room for {len(pieces[0].residues)} residues: {reason} Pass a "
            "smaller window, precision='float16', or device='cpu'."
        )
    half = len(pieces) // 2
    return np.concatenate([_pool(network, pieces[:half]), _pool(network, pieces[half:])])


def _finite(vector, network):
    if not np.isfinite(vector).all():
        raise EncoderError(
            f"{network.name} gave NaN or infinity. Half precision overflows in some models: pass "
            "precision='float32' or 'bfloat16'."
        )
    return vector
