"""AttentionBackbone: a vector cut into patches that attend to each other."""

import math
from typing import ClassVar

import torch
from torch import nn

from protimb.nn._base import (
    AT_LEAST_ONE,
    COMMON_CONSTRAINTS,
    BaseBackbone,
    ConditionalNetwork,
    conditioning_of,
    final_activation,
)
from protimb.nn._conditionings import InjectionSites
from protimb.nn._entry import DenseEntry, JoinedEntry, SignalBody
from protimb.nn._layers import PiecewiseLinear, seeded_linear
from protimb.utils._sklearn_compat import check_params


class AttentionBackbone(BaseBackbone):
    """Self-attention over patches of a protein vector.

    A vector is cut into a few long patches; each becomes a token by a linear map of its own, and
    tokens exchange what they hold by multi-head self-attention [1]_, as in the generators and
    critics of images [2]_.

    Parameters
    ----------
    n_layers : int, default=2
        Blocks of attention and a dense layer in each network.
    n_hidden : int, default=48
        Width of a token, a multiple of ``n_heads``.
    n_heads : int, default=2
        Attention heads.
    patch_size : int, default=32
        Numbers of a vector in one patch; a vector always gives two patches or more.
    negative_slope : float, default=0.2
        Slope of the leaky ReLU below zero, less than 1.
    normalisation : {"layer", None}, default="layer"
        Layer normalisation of the generator's tokens, or none.
    final_activation : {None, "sigmoid", "tanh"}, default=None
        What ends the generator; None leaves its output unbounded.

    Attributes
    ----------
    output_range : None, (0, 1) or (-1, 1)
        Interval that the final activation confines generated numbers to.

    See Also
    --------
    MLPBackbone : About a third of the cost.

    Notes
    -----
    The numbers of a protein embedding have no neighbours, so patches share no map: each has its
    own, and its own bias tells the patches apart. The cost grows linearly in the width of a
    vector, as long as patches are few. The attention product is written out, because the fused
    kernels of torch cannot be differentiated twice, which the gradient penalty needs.

    References
    ----------
    .. [1] A. Vaswani et al., "Attention is all you need", NeurIPS 2017, arXiv:1706.03762.
    .. [2] H. Zhang, I. Goodfellow, D. Metaxas, A. Odena, "Self-attention generative adversarial
       networks", ICML 2019, PMLR 97:7354-7363, arXiv:1805.08318.

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import AttentionBackbone, MultiHotCondition
    >>> rng = torch.Generator().manual_seed(0)
    >>> conditioner = MultiHotCondition().build(n_terms=5, rng=rng)
    >>> critic = AttentionBackbone().build_critic(512, conditioner, rng)
    >>> critic(torch.zeros(3, 512), torch.eye(5)[:3]).shape
    torch.Size([3, 1])
    """

    _parameter_constraints: ClassVar[dict] = {
        **COMMON_CONSTRAINTS,
        "n_heads": AT_LEAST_ONE,
        "patch_size": AT_LEAST_ONE,
    }

    rows_at_once: ClassVar[int | None] = 64

    def __init__(
        self,
        n_layers=2,
        n_hidden=48,
        n_heads=2,
        patch_size=32,
        negative_slope=0.2,
        normalisation="layer",
        final_activation=None,
    ):
        self.n_layers = n_layers
        self.n_hidden = n_hidden
        self.n_heads = n_heads
        self.patch_size = patch_size
        self.negative_slope = negative_slope
        self.normalisation = normalisation
        self.final_activation = final_activation

    def build_generator(self, n_latent, n_features, conditioner, rng):
        """Build noise -> first vector -> patches -> blocks -> patches -> vector."""
        injection = self._injection(n_features, conditioner, rng, n_last=None)
        entry = DenseEntry(n_latent, injection.n_appended, n_features, rng)
        tokens = _Tokens(n_features, injection.n_channels, rng, self, normalise=True)
        trunk = _PatchWriter(tokens, n_features, rng, self)
        body = SignalBody(entry, trunk, injection)
        return ConditionalNetwork(conditioner, body, self.rows_at_once)

    def build_critic(self, n_features, conditioner, rng):
        """Build vector -> patches -> blocks -> sum of the tokens -> one unbounded score."""
        injection = self._injection(n_features, conditioner, rng, n_last=self.n_hidden)
        length = n_features + injection.n_appended
        tokens = _Tokens(length, injection.n_channels, rng, self, normalise=False)
        trunk = _TokenScorer(tokens, rng, self)
        body = SignalBody(JoinedEntry(), trunk, injection)
        return ConditionalNetwork(conditioner, body, self.rows_at_once)

    def _injection(self, n_features, conditioner, rng, n_last):
        check_params(self)
        if self.n_hidden % self.n_heads:
            raise ValueError(
                f"AttentionBackbone(n_hidden={self.n_hidden}, n_heads={self.n_heads}): heads share "
                "a token's width evenly. Give an n_hidden that is a multiple of n_heads."
            )
        sites = InjectionSites(
            n_condition=conditioner.n_condition,
            n_signal=n_features,
            widths=(self.n_hidden,) * self.n_layers,
            n_last=n_last,
            feature_axis=-1,
        )
        return conditioning_of(conditioner).build(sites, rng)


class _Tokens(nn.Module):
    """Cut a signal into patches, make tokens of them, and let the tokens attend."""

    def __init__(self, length, n_channels, rng, config, *, normalise):
        super().__init__()
        # Two tokens at least: attention over one is constant, and would learn nothing.
        self.patch_size = min(config.patch_size, math.ceil(length / 2))
        self.n_tokens = max(2, math.ceil(length / self.patch_size))
        self.n_missing = self.n_tokens * self.patch_size - length
        n_in = n_channels * self.patch_size
        self.embed = _OwnLinear(self.n_tokens, n_in, config.n_hidden, rng)
        self.blocks = nn.ModuleList(
            _Block(rng, config, normalise=normalise) for _ in range(config.n_layers)
        )

    def forward(self, signal, condition, injection):
        # (batch, n_channels, length) -> (batch, n_tokens, n_channels * patch_size)
        signal = nn.functional.pad(signal, (0, self.n_missing))
        patches = signal.unflatten(2, (self.n_tokens, self.patch_size)).transpose(1, 2).flatten(2)
        h = self.embed(patches)
        for depth, block in enumerate(self.blocks):
            h = block(h, condition, injection, depth)
        return h  # (batch, n_tokens, n_hidden)


class _Block(nn.Module):
    """Attention, then a dense layer, each added to what comes in."""

    def __init__(self, rng, config, *, normalise):
        super().__init__()
        n_hidden = config.n_hidden
        self.norms = nn.ModuleList(
            nn.LayerNorm(n_hidden) if normalise and config.normalisation else nn.Identity()
            for _ in range(2)
        )
        self.attention = _SelfAttention(n_hidden, config.n_heads, rng)
        self.dense = seeded_linear(n_hidden, n_hidden, rng, gain=2**0.5)
        self.activation = PiecewiseLinear(config.negative_slope)
        self.merge = seeded_linear(n_hidden, n_hidden, rng)

    def forward(self, h, condition, injection, depth):
        h = h + self.attention(self.norms[0](h))
        inner = injection.modulate(self.dense(self.norms[1](h)), condition, depth)
        return h + self.merge(self.activation(inner))


class _SelfAttention(nn.Module):
    def __init__(self, n_hidden, n_heads, rng):
        super().__init__()
        self.n_heads = n_heads
        # No biases: a key's would shift all scores of a query alike, a value's is the merge's.
        self.qkv = seeded_linear(n_hidden, 3 * n_hidden, rng, bias=False)
        self.merge = seeded_linear(n_hidden, n_hidden, rng)

    def forward(self, h):
        # Each of q, k, v: (batch, n_heads, n_tokens, n_hidden / n_heads).
        q, k, v = self.qkv(h).unflatten(2, (3, self.n_heads, -1)).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(2, 3) * q.shape[-1] ** -0.5).softmax(dim=-1)
        return self.merge((weights @ v).transpose(1, 2).flatten(2))


class _TokenScorer(nn.Module):
    def __init__(self, tokens, rng, config):
        super().__init__()
        self.tokens = tokens
        self.activation = PiecewiseLinear(config.negative_slope)
        self.out = seeded_linear(config.n_hidden, 1, rng, bias=False)

    def forward(self, signal, condition, injection):
        # Without the activation the last block's bias would be added to every score alike.
        h = self.activation(self.tokens(signal, condition, injection))
        h = h.sum(dim=1) * h.shape[1] ** -0.5  # (batch, n_hidden)
        return injection.judge(self.out(h), h, condition)


class _PatchWriter(nn.Module):
    def __init__(self, tokens, n_features, rng, config):
        super().__init__()
        self.tokens = tokens
        self.norm = nn.LayerNorm(config.n_hidden) if config.normalisation else nn.Identity()
        self.out = _OwnLinear(tokens.n_tokens, config.n_hidden, tokens.patch_size, rng)
        self.final = final_activation(config.final_activation)
        self.n_features = n_features

    def forward(self, signal, condition, injection):
        h = self.norm(self.tokens(signal, condition, injection))
        return self.final(self.out(h).flatten(1)[:, : self.n_features])


class _OwnLinear(nn.Module):
    """A linear map for each token, all in one batched product."""

    def __init__(self, n_tokens, n_in, n_out, rng):
        super().__init__()
        limit = math.sqrt(3.0 / n_in)
        weight = torch.empty(n_tokens, n_in, n_out).uniform_(-limit, limit, generator=rng)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(n_tokens, 1, n_out))

    def forward(self, x):
        # (batch, n_tokens, n_in) -> (batch, n_tokens, n_out)
        return torch.baddbmm(self.bias, x.transpose(0, 1), self.weight).transpose(0, 1)
