"""LabelAttention: terms ask the parts of a protein, through weights that all terms share."""

import math

import torch
from torch import nn

from protimb.nn._layers import SeededDropout, SeededNoise, seeded_linear


class LabelAttention(nn.Module):
    """Score proteins for terms that are known by vectors: each term attends to parts of a protein.

    From a term's vector come a query, which says where in the protein to look, and a direction,
    which says what to find there. Both are made by weights that all terms share, so that a term
    which no protein ever had is asked about as any other. What a term has of its own, a bias and
    the residual weights of ``own``, starts at zero.

    Parameters
    ----------
    n_features : int
        Features of a residue, or of the one vector of a protein.
    n_dims : int
        Numbers in a term vector.
    n_terms : int
        Terms that may learn something of their own.
    n_tokens : int
        Parts that the one vector of a protein is read as; residues are parts already.
    n_hidden : int
        Width of the hidden layer of residues or vectors.
    n_heads : int
        Queries a term has.
    head_size : int
        Width of queries and of directions.
    dropout, input_noise : float
        As of GOTermClassifier.
    generator, noise_generator : torch.Generator
        Source of the initial weights (CPU), and of dropout and noise (training device).
    """

    def __init__(
        self,
        n_features,
        n_dims,
        n_terms,
        *,
        n_tokens=8,
        n_hidden=512,
        n_heads=1,
        head_size=64,
        dropout=0.5,
        input_noise=0.5,
        generator,
        noise_generator,
    ):
        super().__init__()
        self.n_tokens, self.n_heads, self.head_size = n_tokens, n_heads, head_size
        width = n_heads * head_size
        self.trunk = nn.Sequential(
            SeededNoise(input_noise, noise_generator),
            seeded_linear(n_features, n_hidden, generator),
            nn.LayerNorm(n_hidden),
            nn.GELU(),
            SeededDropout(dropout, noise_generator),
        )
        self.keys = seeded_linear(n_hidden, n_tokens * width, generator)
        self.values = seeded_linear(n_hidden, n_tokens * width, generator)
        self.queries = seeded_linear(n_dims, width, generator)
        self.directions = seeded_linear(n_dims, width, generator)
        self.own = seeded_linear(n_hidden, n_terms, generator, gain=0.1)

    def forward(self, x, term_vectors, padding=None, keep=None):
        """Give logits.

        Parameters
        ----------
        x : Tensor of shape (batch, n_features) or (batch, n_residues, n_features)
        term_vectors : Tensor of shape (n_terms, n_dims)
        padding : Tensor of bool, shape (batch, n_residues), optional
            True where there is no residue.
        keep : Tensor of shape (n_terms,), optional
            Factor of what each term has of its own; 1 by default.

        Returns
        -------
        logits : Tensor of shape (batch, n_terms)
        """
        hidden = self.trunk(x)
        own = nn.functional.linear(_pool(hidden, padding), self.own.weight)
        own = own if keep is None else own * keep
        return self._shared(hidden, term_vectors, padding) + own + self.own.bias

    def score_unseen(self, x, term_vectors, padding=None):
        """Give logits of terms that have nothing of their own, as ``forward`` without biases.

        Parameters
        ----------
        x : Tensor of shape (batch, n_features) or (batch, n_residues, n_features)
            Proteins, by one vector or by their residues.
        term_vectors : Tensor of shape (n_terms, n_dims)
            Vectors of the terms that are asked for.
        padding : Tensor of bool, shape (batch, n_residues), optional
            True where there is no residue.

        Returns
        -------
        logits : Tensor of shape (batch, n_terms)
        """
        return self._shared(self.trunk(x), term_vectors, padding)

    def _shared(self, hidden, term_vectors, padding=None):
        """Attend to parts: hidden (batch, [n_residues,] n_hidden) to logits (batch, n_terms)."""
        keys, values = self._parts(self.keys(hidden)), self._parts(self.values(hidden))
        queries, directions = self._heads(term_vectors)
        # A term's answer is linear in what it found, so that no (batch, n_terms, width) is made.
        scores = torch.einsum("bphd,thd->bhpt", keys, queries) / math.sqrt(self.head_size)
        found = torch.einsum("bphd,thd->bhpt", values, directions)
        if padding is not None:
            scores = scores.masked_fill(padding[:, None, :, None], -torch.inf)
        return (scores.softmax(dim=2) * found).sum(dim=(1, 2)) / math.sqrt(self.head_size)

    def _heads(self, term_vectors):
        shape = (-1, self.n_heads, self.head_size)
        return self.queries(term_vectors).view(shape), self.directions(term_vectors).view(shape)

    def _parts(self, projected):
        """Split (batch, [n_residues,] n_tokens * width) into (batch, n_parts, heads, head_size)."""
        return projected.view(len(projected), -1, self.n_heads, self.head_size)


def _pool(hidden, padding):
    """Average residues that are there: (batch, n_hidden); one vector stays what it is."""
    if hidden.ndim == 2:
        return hidden
    if padding is None:
        return hidden.mean(dim=1)
    there = ~padding[:, :, None]
    return (hidden * there).sum(dim=1) / there.sum(dim=1)
