"""Residues as vectors, and a transformer encoder that normalises before each of its parts."""

import functools
import math

import torch
from torch import nn

from protimb.nn._layers import SeededDropout, seeded_linear

N_TOKENS = 26  # 0 is padding
_EPS = 1e-6


@functools.lru_cache(maxsize=32)
def sinusoids(length, n_hidden):
    """Give positions as waves, all sines before all cosines: (length, n_hidden)."""
    n_waves = n_hidden // 2
    rates = torch.exp(-math.log(10_000) / max(n_waves - 1, 1) * torch.arange(n_waves))
    angles = torch.arange(length)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class ResidueEmbedding(nn.Module):
    """Token numbers (batch, length), 0 for padding, to (batch, length, n_hidden)."""

    places: torch.Tensor

    def __init__(self, n_hidden, max_length, dropout, generator, noise_generator):
        super().__init__()
        rows = torch.empty(N_TOKENS, n_hidden).normal_(std=n_hidden**-0.5, generator=generator)
        rows[0] = 0
        self.weight = nn.Parameter(rows)
        self.scale = n_hidden**0.5
        self.register_buffer("places", sinusoids(max_length, n_hidden), persistent=False)
        self.dropout = SeededDropout(dropout, noise_generator)

    def forward(self, tokens):
        """Look up the residues and add their places."""
        rows = nn.functional.embedding(tokens, self.weight, padding_idx=0)
        return self.dropout(self.scale * rows + self.places[: tokens.shape[1]])


class VectorProjection(nn.Module):
    """Given vectors in place of what the encoder makes of residues.

    (batch, length, n_features) become (batch, length, n_hidden); one vector a protein, (batch,
    n_features), is read as ``n_places`` positions.
    """

    def __init__(self, n_features, n_hidden, n_places, generator):
        super().__init__()
        self.n_places = n_places
        self.linear = seeded_linear(n_features, n_hidden * n_places, generator)

    def forward(self, x):
        """Project to positions."""
        return self.linear(x) if x.ndim == 3 else self.linear(x).unflatten(1, (self.n_places, -1))


class Encoder(nn.Module):
    """Blocks of attention and dense layers, and a closing norm; no block is allowed."""

    def __init__(self, n_layers, n_hidden, n_heads, dropout, generator, noise_generator):
        super().__init__()
        self.blocks = nn.ModuleList(
            _Block(n_hidden, n_heads, dropout, generator, noise_generator) for _ in range(n_layers)
        )
        self.norm = nn.LayerNorm(n_hidden, eps=_EPS)

    def forward(self, h, mask):
        """Encode h (batch, length, n_hidden); mask is True at residues, None where all are."""
        keys = None if mask is None else mask[:, None, None, :]
        for block in self.blocks:
            h = block(h, keys)
        return self.norm(h)


class _Block(nn.Module):
    def __init__(self, n_hidden, n_heads, dropout, generator, noise_generator):
        super().__init__()
        self.n_heads = n_heads
        self.norms = nn.ModuleList(nn.LayerNorm(n_hidden, eps=_EPS) for _ in range(2))
        self.qkv = seeded_linear(n_hidden, 3 * n_hidden, generator, bias=False)
        self.merge = seeded_linear(n_hidden, n_hidden, generator, bias=False)
        self.dense = nn.Sequential(
            seeded_linear(n_hidden, n_hidden, generator, gain=2**0.5),
            nn.ReLU(),
            seeded_linear(n_hidden, n_hidden, generator),
        )
        self.dropouts = nn.ModuleList(SeededDropout(dropout, noise_generator) for _ in range(2))

    def forward(self, h, keys):
        h = h + self.dropouts[0](self._attend(self.norms[0](h), keys))
        return h + self.dropouts[1](self.dense(self.norms[1](h)))

    def _attend(self, h, keys):
        # Each of q, k, v: (batch, n_heads, length, n_hidden / n_heads).
        q, k, v = self.qkv(h).unflatten(2, (3, self.n_heads, -1)).permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=keys)
        return self.merge(seen.transpose(1, 2).flatten(2))
