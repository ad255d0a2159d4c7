"""ConvBackbone and TransposedConvBackbone: vectors read as one-channel signals."""

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
from protimb.nn._layers import PiecewiseLinear, seeded_conv, seeded_linear
from protimb.utils._sklearn_compat import check_params


class _SignalBackbone(BaseBackbone):
    """Both backbones have the same critic: strided convolutions, then one dense layer."""

    _parameter_constraints: ClassVar[dict] = {
        **COMMON_CONSTRAINTS,
        "n_channels": AT_LEAST_ONE,
        "kernel_size": AT_LEAST_ONE,
        "stride": AT_LEAST_ONE,
    }

    def __init__(
        self,
        n_layers=2,
        n_channels=16,
        kernel_size=9,
        stride=4,
        n_hidden=128,
        negative_slope=0.2,
        normalisation="layer",
        final_activation=None,
    ):
        self.n_layers = n_layers
        self.n_channels = n_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.n_hidden = n_hidden
        self.negative_slope = negative_slope
        self.normalisation = normalisation
        self.final_activation = final_activation

    def build_critic(self, n_features, conditioner, rng):
        """Build vector -> strided convolutions -> dense layer -> one unbounded score."""
        check_params(self)
        sites = InjectionSites(
            n_condition=conditioner.n_condition,
            n_signal=n_features,
            widths=(*(self.n_channels,) * self.n_layers, self.n_hidden),
            n_last=self.n_hidden,
        )
        injection = conditioning_of(conditioner).build(sites, rng)
        trunk = _ConvScorer(n_features + injection.n_appended, injection.n_channels, rng, self)
        body = SignalBody(JoinedEntry(), trunk, injection)
        return ConditionalNetwork(conditioner, body, self.rows_at_once)


class ConvBackbone(_SignalBackbone):
    """Convolutions that read a protein vector as a signal of shape (batch, 1, n_features).

    The generator spreads noise over a signal as wide as a vector and refines it by convolutions;
    the critic shortens the signal by strided convolutions and scores it by one dense layer.

    Parameters
    ----------
    n_layers : int, default=2
        Convolutions of each network, the generator's last one not counted.
    n_channels : int, default=16
        Channels of each convolution.
    kernel_size : int, default=9
        Numbers of a vector under one kernel; may exceed the vector's width.
    stride : int, default=4
        Step of the critic's convolutions.
    n_hidden : int, default=128
        Width of the critic's dense layer.
    negative_slope : float, default=0.2
        Slope of the leaky ReLU below zero, less than 1.
    normalisation : {"layer", None}, default="layer"
        Normalisation of each row's signal in the generator, or none.
    final_activation : {None, "sigmoid", "tanh"}, default=None
        What ends the generator; None leaves its output unbounded.

    Attributes
    ----------
    output_range : None, (0, 1) or (-1, 1)
        Interval that the final activation confines generated numbers to.

    See Also
    --------
    TransposedConvBackbone : A generator that starts from a short signal.

    Notes
    -----
    A kernel shares its weights along the vector, which suits signals whose neighbours are alike
    [1]_. The numbers of a protein embedding come in no such order, so this backbone is here to
    be compared, not because it should win.

    References
    ----------
    .. [1] C. Donahue, J. McAuley, M. Puckette, "Adversarial audio synthesis", ICLR 2019,
       arXiv:1802.04208.

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import ConvBackbone, MultiHotCondition
    >>> rng = torch.Generator().manual_seed(0)
    >>> conditioner = MultiHotCondition().build(n_terms=5, rng=rng)
    >>> critic = ConvBackbone().build_critic(7, conditioner, rng)
    >>> critic(torch.zeros(3, 7), torch.eye(5)[:3]).shape
    torch.Size([3, 1])
    """

    rows_at_once: ClassVar[int | None] = 128

    def build_generator(self, n_latent, n_features, conditioner, rng):
        """Build noise -> signal as wide as a vector -> convolutions -> vector."""
        check_params(self)
        sites = InjectionSites(
            n_condition=conditioner.n_condition,
            n_signal=n_features,
            widths=(self.n_channels,) * self.n_layers,
        )
        injection = conditioning_of(conditioner).build(sites, rng)
        entry = DenseEntry(n_latent, injection.n_appended, n_features, rng)
        trunk = _ConvRefiner(n_features, injection.n_channels, rng, self)
        body = SignalBody(entry, trunk, injection)
        return ConditionalNetwork(conditioner, body, self.rows_at_once)


class TransposedConvBackbone(_SignalBackbone):
    """A generator that upsamples a short signal by transposed convolutions.

    Noise becomes a short signal of many channels, which each layer makes ``stride`` times as
    long until it is as wide as a vector. The critic is that of :class:`ConvBackbone`.

    Parameters
    ----------
    n_layers : int, default=2
        Transposed convolutions of the generator, and convolutions of the critic.
    n_channels : int, default=16
        Channels of each convolution.
    kernel_size : int, default=9
        Numbers of a signal under one kernel, at least ``stride``; may exceed the vector's width.
    stride : int, default=4
        How many times longer a layer of the generator makes the signal, and how many times
        shorter one of the critic.
    n_hidden : int, default=128
        Width of the critic's dense layer.
    negative_slope : float, default=0.2
        Slope of the leaky ReLU below zero, less than 1.
    normalisation : {"layer", None}, default="layer"
        Normalisation of each row's signal in the generator, or none.
    final_activation : {None, "sigmoid", "tanh"}, default=None
        What ends the generator; None leaves its output unbounded.

    Attributes
    ----------
    output_range : None, (0, 1) or (-1, 1)
        Interval that the final activation confines generated numbers to.

    See Also
    --------
    ConvBackbone : A generator that works at full width from the start.

    Notes
    -----
    The last layer may end beyond the width of a vector; what is too much is cut off, so any
    width works.

    References
    ----------
    .. [1] A. Radford, L. Metz, S. Chintala, "Unsupervised representation learning with deep
       convolutional generative adversarial networks", ICLR 2016, arXiv:1511.06434.

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import MultiHotCondition, TransposedConvBackbone
    >>> rng = torch.Generator().manual_seed(0)
    >>> conditioner = MultiHotCondition().build(n_terms=5, rng=rng)
    >>> generator = TransposedConvBackbone().build_generator(8, 33, conditioner, rng)
    >>> generator(torch.zeros(3, 8), torch.eye(5)[:3]).shape
    torch.Size([3, 33])
    """

    def build_generator(self, n_latent, n_features, conditioner, rng):
        """Build noise -> short signal -> transposed convolutions -> vector."""
        check_params(self)
        if self.kernel_size < self.stride:
            raise ValueError(
                f"TransposedConvBackbone(kernel_size={self.kernel_size}, stride={self.stride}) "
                "would leave numbers of a vector that no kernel reaches. Give a kernel_size of at "
                "least the stride."
            )
        n_start = math.ceil(n_features / self.stride**self.n_layers)
        sites = InjectionSites(
            n_condition=conditioner.n_condition,
            n_signal=n_start,
            widths=(self.n_channels,) * self.n_layers,
        )
        injection = conditioning_of(conditioner).build(sites, rng)
        n_seed = self.n_channels * n_start
        entry = DenseEntry(n_latent, injection.n_appended, n_seed, rng)
        trunk = _Upsampler(n_features, injection.n_channels, rng, self)
        body = _SeedBody(entry, trunk, injection)
        return ConditionalNetwork(conditioner, body, self.rows_at_once)


class _ConvScorer(nn.Module):
    def __init__(self, length, n_channels, rng, config):
        super().__init__()
        self.convs = nn.ModuleList()
        for _ in range(config.n_layers):
            conv = _conv(n_channels, config.n_channels, rng, config, stride=config.stride)
            self.convs.append(conv)
            n_channels = config.n_channels
            length = _length_after(conv, length)
        # Kernels alone would keep an appended condition apart from most of the vector.
        self.dense = seeded_linear(n_channels * length, config.n_hidden, rng, gain=2**0.5)
        self.activation = PiecewiseLinear(config.negative_slope)
        self.out = seeded_linear(config.n_hidden, 1, rng, bias=False)

    def forward(self, signal, condition, injection):
        h = signal  # (batch, n_channels, length)
        for depth, conv in enumerate(self.convs):
            h = self.activation(injection.modulate(conv(h), condition, depth))
        h = injection.modulate(self.dense(h.flatten(1)), condition, len(self.convs))
        h = self.activation(h)
        return injection.judge(self.out(h), h, condition)


class _ConvRefiner(nn.Module):
    def __init__(self, n_features, n_channels, rng, config):
        super().__init__()
        widths = [n_channels, *(config.n_channels,) * config.n_layers]
        self.convs = nn.ModuleList(_conv(a, config.n_channels, rng, config) for a in widths[:-1])
        self.norms = nn.ModuleList(_norm(config) for _ in self.convs)
        self.activation = PiecewiseLinear(config.negative_slope)
        self.out = seeded_conv(config.n_channels, 1, config.kernel_size, rng)
        self.final = final_activation(config.final_activation)
        self.n_features = n_features

    def forward(self, signal, condition, injection):
        h = signal
        for depth, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            h = self.activation(injection.modulate(norm(conv(h)), condition, depth))
        # An even kernel lengthens the signal by one.
        return self.final(self.out(h).squeeze(1)[:, : self.n_features])


class _SeedBody(SignalBody):
    """A signal body whose first signal has several channels."""

    def forward(self, x, condition):
        seed = self.entry(x, self.injection.appended(condition))
        return self.trunk(seed, self.injection.channel(condition), condition, self.injection)


class _Upsampler(nn.Module):
    def __init__(self, n_features, n_channels, rng, config):
        super().__init__()
        self.n_channels = config.n_channels
        self.n_features = n_features
        widths = [config.n_channels] * config.n_layers
        widths[0] += n_channels - 1  # with the condition's channel, where it has one
        self.norms = nn.ModuleList(_norm(config) for _ in widths)
        self.convs = nn.ModuleList(
            _conv(n, config.n_channels, rng, config, stride=config.stride, transposed=True)
            for n in widths[:-1]
        )
        self.activation = PiecewiseLinear(config.negative_slope)
        self.out = seeded_conv(
            widths[-1], 1, config.kernel_size, rng, stride=config.stride, transposed=True
        )
        self.final = final_activation(config.final_activation)

    def forward(self, seed, channel, condition, injection):
        h = seed.unflatten(1, (self.n_channels, -1))  # (batch, n_channels, n_start)
        h = self._activate(h, condition, injection, 0)
        if channel is not None:
            h = torch.cat([h, channel.unsqueeze(1)], dim=1)
        for depth, conv in enumerate(self.convs, start=1):
            h = self._activate(conv(h), condition, injection, depth)
        return self.final(self.out(h).squeeze(1)[:, : self.n_features])

    def _activate(self, h, condition, injection, depth):
        return self.activation(injection.modulate(self.norms[depth](h), condition, depth))


def _conv(n_in, n_out, rng, config, **kwargs):
    return seeded_conv(n_in, n_out, config.kernel_size, rng, gain=2**0.5, **kwargs)


def _norm(config):
    # One group: each row's signal is normalised as a whole, and no row sees another.
    return nn.Identity() if config.normalisation is None else nn.GroupNorm(1, config.n_channels)


def _length_after(conv, length):
    return (length + 2 * conv.padding[0] - conv.kernel_size[0]) // conv.stride[0] + 1
