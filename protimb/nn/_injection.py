"""Conditionings: how a condition enters a network."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from sklearn.base import BaseEstimator
from torch import nn

from protimb.nn._layers import seeded_linear


class InjectionSites(NamedTuple):
    """The places where a network can take a condition in.

    Parameters
    ----------
    n_condition : int
        Width of the condition.
    n_signal : int
        Width of the vector that one more channel is laid beside.
    widths : tuple of int
        Features of each layer that can be modulated.
    n_last : int or None
        Width of the layer that a critic's score is read from; None in a generator.
    feature_axis : {1, -1}
        Which axis of a layer's output holds its features.
    """

    n_condition: int
    n_signal: int
    widths: tuple[int, ...]
    n_last: int | None = None
    feature_axis: int = 1


class Injection(nn.Module):
    """What a network calls where a condition may enter; as it stands, none does.

    A conditioning builds a subclass that overrides one or two of the four methods.

    Attributes
    ----------
    n_appended : int
        Numbers that ``appended`` gives a row.
    n_channels : int
        Channels of the signal: 2 where ``channel`` adds one.
    """

    n_appended = 0
    n_channels = 1

    def appended(self, condition):
        """Return numbers to append to the vector, (batch, n_appended); None is none."""

    def channel(self, condition):
        """Return one more channel, (batch, n_signal); None is none."""

    def modulate(self, h, condition, depth):
        """Return a layer's output, before its activation, changed by the condition."""
        return h

    def judge(self, score, h, condition):
        """Return a critic's score, (batch, 1), changed by the condition."""
        return score


class BaseConditioning(BaseEstimator, ABC):
    """Base of all conditionings: says how a condition enters a network.

    Like a backbone it is a configuration, and a user's own subclass needs no registration.
    """

    @abstractmethod
    def build(self, sites, rng):
        """Build the part of a network that takes the condition in.

        Parameters
        ----------
        sites : InjectionSites
            The places that the network offers.
        rng : torch.Generator
            Source of the initial weights.

        Returns
        -------
        injection : Injection
        """


class ConcatConditioning(BaseConditioning):
    """Append the condition to the vector that enters the network.

    The form of the first conditional GAN [1]_. A fully connected network reads a longer vector;
    convolution and attention read a longer signal in the critic, and make their first signal
    from noise and condition together in the generator.

    References
    ----------
    .. [1] M. Mirza, S. Osindero, "Conditional generative adversarial nets", 2014,
       arXiv:1411.1784.

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import ConcatConditioning, InjectionSites
    >>> sites = InjectionSites(n_condition=2, n_signal=5, widths=())
    >>> injection = ConcatConditioning().build(sites, torch.Generator())
    >>> injection.appended(torch.tensor([[1.0, 2.0]]))
    tensor([[1., 2.]])
    """

    def build(self, sites, rng):
        """Build an injection without weights of its own."""
        return _Concat(sites.n_condition)


class ChannelConditioning(BaseConditioning):
    """Lay the condition beside the vector as one more channel of the same width.

    A learned linear map stretches the condition to the width of the vector, so that every
    position of the vector sees a number made from the labels. A fully connected network reads
    the two channels one after the other.
    """

    def build(self, sites, rng):
        """Build the map that stretches a condition to the width of the vector."""
        return _Channel(sites, rng)


class ProjectionConditioning(BaseConditioning):
    """Score how well a vector and its condition agree, by an inner product.

    The critic reads the vector alone and gives ``w h + <V c, h>``, where h is its last hidden
    layer and c the condition [1]_.

    Notes
    -----
    An inner product with the output is a critic's form. A generator has no score: there the
    condition is concatenated, as with :class:`ConcatConditioning`.

    References
    ----------
    .. [1] T. Miyato, M. Koyama, "cGANs with projection discriminator", ICLR 2018,
       arXiv:1802.05637.
    """

    def build(self, sites, rng):
        """Build the inner product for a critic, a concatenation for a generator."""
        if sites.n_last is None:
            return ConcatConditioning().build(sites, rng)
        return _Projection(sites, rng)


class FiLMConditioning(BaseConditioning):
    """Let the condition scale and shift every feature of every hidden layer.

    Feature-wise linear modulation [1]_: before each activation, h becomes
    ``(1 + scale(c)) * h + shift(c)``, with linear maps of the condition c.

    Notes
    -----
    The shift comes before the activation for a reason: a term that is added to a critic's score
    and depends on the labels alone is the same for the real and the generated row, so it would
    cancel from the loss and never learn.

    References
    ----------
    .. [1] E. Perez, F. Strub, H. de Vries, V. Dumoulin, A. Courville, "FiLM: Visual reasoning
       with a general conditioning layer", AAAI 2018, arXiv:1709.07871.
    """

    def build(self, sites, rng):
        """Build one pair of maps for each hidden layer."""
        return _FiLM(sites, rng)


# A string is shorthand for an object: conditioning="film" means FiLMConditioning().
CONDITIONINGS: dict[str, type[BaseConditioning]] = {
    "concat": ConcatConditioning,
    "channel": ChannelConditioning,
    "projection": ProjectionConditioning,
    "film": FiLMConditioning,
}


class _Concat(Injection):
    def __init__(self, n_condition):
        super().__init__()
        self.n_appended = n_condition

    def appended(self, condition):
        return condition


class _Channel(Injection):
    n_channels = 2

    def __init__(self, sites, rng):
        super().__init__()
        self.stretch = seeded_linear(sites.n_condition, sites.n_signal, rng, bias=False)

    def channel(self, condition):
        return self.stretch(condition)


class _Projection(Injection):
    def __init__(self, sites, rng):
        super().__init__()
        # <V c, h> sums n_last products: scaled to the size of the plain score.
        gain = sites.n_last**-0.5
        self.project = seeded_linear(sites.n_condition, sites.n_last, rng, bias=False, gain=gain)

    def judge(self, score, h, condition):
        return score + (self.project(condition) * h).sum(dim=1, keepdim=True)


class _FiLM(Injection):
    def __init__(self, sites, rng):
        super().__init__()
        self.feature_axis = sites.feature_axis
        # Smaller than the layer's own signal, so that a network starts near its unmodulated self.
        self.maps = nn.ModuleList(
            seeded_linear(sites.n_condition, 2 * width, rng, bias=False, gain=0.5)
            for width in sites.widths
        )

    def modulate(self, h, condition, depth):
        scale, shift = self.maps[depth](condition).chunk(2, dim=1)  # each (batch, width)
        if h.ndim == 3:
            # The same for all positions: (batch, width, length) or (batch, n_tokens, width).
            axis = 2 if self.feature_axis == 1 else 1
            scale, shift = scale.unsqueeze(axis), shift.unsqueeze(axis)
        return torch.addcmul(h + shift, h, scale)


class DenseEntry(nn.Module):
    """One layer over [x, what is appended], kept as two.

    The critic's pass over real and generated rows then needs no gradient for its widest input.
    """

    def __init__(self, n_in, n_appended, n_out, rng, *, gain=1.0):
        super().__init__()
        n_all = n_in + n_appended
        self.from_x = seeded_linear(n_in, n_out, rng, gain=gain * (n_in / n_all) ** 0.5)
        self.from_condition = None
        if n_appended:
            gain = gain * (n_appended / n_all) ** 0.5
            self.from_condition = seeded_linear(n_appended, n_out, rng, bias=False, gain=gain)

    def forward(self, x, appended):
        """Return (batch, n_out)."""
        h = self.from_x(x)
        return h if self.from_condition is None else h + self.from_condition(appended)


class JoinedEntry(nn.Module):
    """The vector as it is, what is appended behind it."""

    def forward(self, x, appended):
        """Return (batch, n_in + n_appended)."""
        return x if appended is None else torch.cat([x, appended], dim=1)


class SignalBody(nn.Module):
    """A body that reads a vector as a signal of one or two channels.

    Parameters
    ----------
    entry : DenseEntry or JoinedEntry
        Makes the first channel.
    trunk : torch.nn.Module
        Called with the signal (batch, n_channels, length), the condition and the injection.
    injection : Injection
        How the condition enters.
    """

    def __init__(self, entry, trunk, injection):
        super().__init__()
        self.entry = entry
        self.trunk = trunk
        self.injection = injection

    def forward(self, x, condition):
        """Return what the trunk makes of the signal."""
        signal = self.entry(x, self.injection.appended(condition))
        channel = self.injection.channel(condition)
        channels = [signal] if channel is None else [signal, channel]
        return self.trunk(torch.stack(channels, dim=1), condition, self.injection)
