"""How alike residues and labels are, read by a convolution that never sees the whole matrix."""

import torch
from torch import nn
from torch.autograd.function import once_differentiable

# Similarities that are held at once: in the cache of a core, or enough to fill a GPU.
_CELLS = {"cpu": 2**19, "cuda": 2**28}

_LEAST = -40.0  # the logarithm of a weight that nothing notices


def attended(residues, labels, values):
    """Weigh values (n_terms, n_values) by softmax over terms of residues . labels.

    Residues are (n_positions, d), labels (n_terms, d); the result is (n_positions, n_values).
    """
    with torch.autocast(residues.device.type, enabled=False):  # it writes into what it has made
        return _Attended.apply(residues.float(), labels.float(), values.float())


class _Attended(torch.autograd.Function):
    """The softmax is made block by block, and again in the backward pass from its log-sum-exp."""

    @staticmethod
    def forward(ctx, residues, labels, values):
        out = residues.new_empty(len(residues), values.shape[1])
        totals = residues.new_empty(len(residues), 1)
        for block in _blocks(residues, labels):
            similarity = residues[block] @ labels.T
            highest = similarity.amax(dim=1, keepdim=True)
            weights = _weights(similarity.sub_(highest))
            total = weights.sum(dim=1, keepdim=True)
            torch.mm(weights, values, out=out[block]).div_(total)
            totals[block] = highest + total.log()
        ctx.save_for_backward(residues, labels, values, out, totals)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx, upstream):
        residues, labels, values, out, totals = ctx.saved_tensors
        upstream = upstream.contiguous()
        to_residues = torch.empty_like(residues)
        to_labels, to_values = torch.zeros_like(labels), torch.zeros_like(values)
        # What every weight of a position loses because they sum to 1.
        shared = (upstream * out).sum(dim=1, keepdim=True)
        for block in _blocks(residues, labels):
            weights = _weights(torch.addmm(-totals[block], residues[block], labels.T))
            to_values.addmm_(weights.T, upstream[block])
            weights.mul_(torch.addmm(-shared[block], upstream[block], values.T))
            torch.mm(weights, labels, out=to_residues[block])
            to_labels.addmm_(weights.T, residues[block])
        return to_residues, to_labels, to_values


def _weights(logs):
    # Numbers below 1e-38 would be denormal, which CPUs multiply a hundred times slower.
    return logs.clamp_(min=_LEAST).exp_()


def _blocks(residues, labels):
    n_rows = max(1, _CELLS.get(residues.device.type, 2**24) // len(labels))
    return [slice(start, start + n_rows) for start in range(0, len(residues), n_rows)]


def shifted_sum(x):
    """Sum x (batch, length, n_filters, width) along its diagonals: (batch, length, n_filters).

    What a convolution with "same" padding adds up: tap k of the neighbour k - (width - 1) // 2
    places on, nothing beyond the ends.
    """
    return _ShiftedSum.apply(x)


class _ShiftedSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.shape = x.shape
        width = x.shape[3]
        before = (width - 1) // 2
        padded = nn.functional.pad(x, (0, 0, 0, 0, before, width - 1 - before))
        return _diagonals(padded, x.shape).sum(dim=-1)

    @staticmethod
    @once_differentiable
    def backward(ctx, upstream):
        batch, length, n_filters, width = ctx.shape
        before = (width - 1) // 2
        padded = upstream.new_zeros(batch, length + width - 1, n_filters, width)
        _diagonals(padded, ctx.shape).copy_(upstream.unsqueeze(-1).expand(ctx.shape))
        return padded[:, before : before + length]


def _diagonals(padded, shape):
    """View (batch, length + width - 1, n_filters, width) so that [p, f, k] is place p + k."""
    per_row, per_place, per_filter, per_tap = padded.stride()
    return padded.as_strided(shape, (per_row, per_place, per_filter, per_place + per_tap))
