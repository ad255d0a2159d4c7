"""Long sequences in overlapping windows, and batches of windows of nearly one length."""

from typing import NamedTuple

import numpy as np


class Piece(NamedTuple):
    """A stretch of one sequence."""

    row: int  # of its sequence
    residues: str
    weights: np.ndarray  # (n_residues,): the sequence's pieces, weighted so, add up to its mean


def cut(row, sequence, window, overlap):
    """Cut a sequence into windows that overlap by `overlap` residues or more; None cuts nothing."""
    n_residues = len(sequence)
    starts = _starts(n_residues, window, overlap)
    spans = [slice(start, start + (window or n_residues)) for start in starts]
    coverage = np.zeros(n_residues, dtype=np.float32)
    for span in spans:
        coverage[span] += 1
    weights = 1 / (n_residues * coverage)
    return [Piece(row, sequence[span], weights[span]) for span in spans]


def _starts(n_residues, window, overlap):
    if window is None or n_residues <= window:
        return [0]
    # The last window ends with the sequence and is as long as the others.
    return [*range(0, n_residues - window, window - overlap), n_residues - window]


def plan_batches(lengths, batch_tokens, min_fill):
    """Group items by length, longest first: n * longest <= batch_tokens, each >= min_fill of it."""
    order = np.argsort(-np.asarray(lengths), kind="stable")
    batches: list[list[int]] = []
    longest = 0
    for item in order.tolist():
        full = not batches or (len(batches[-1]) + 1) * longest > batch_tokens
        if full or lengths[item] < min_fill * longest:
            batches.append([])
            longest = lengths[item]
        batches[-1].append(item)
    return batches


def padding_share(lengths, batches):
    """Say which share of the tokens of all batches is padding."""
    n_cells = sum(len(batch) * max(lengths[item] for item in batch) for batch in batches)
    return 1 - sum(lengths) / n_cells
