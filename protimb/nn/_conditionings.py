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

    def __init__(self):
        super().__init__()

    def appended(self, condition):
        """Return what to append to the vector that enters.

        Parameters
        ----------
        condition : Tensor of shape (batch, n_condition)

        Returns
        -------
        numbers : Tensor of shape (batch, n_appended) or None
        """
        return

    def channel(self, condition):
        """Return what to lay beside the vector as one more channel.

        Parameters
        ----------
        condition : Tensor of shape (batch, n_condition)

        Returns
        -------
        channel : Tensor of shape (batch, n_signal) or None
        """
        return

    def modulate(self, h, condition, depth):
        """Change a layer's output, before its activation.

        Parameters
        ----------
        h : Tensor of shape (batch, width), or with one axis more for positions
            Output of the layer; ``feature_axis`` of the sites says where its features are.
        condition : Tensor of shape (batch, n_condition)
        depth : int
            Which of the layers in ``widths`` of the sites.

        Returns
        -------
        h : Tensor
            Of the same shape.
        """
        return h

    def judge(self, score, h, condition):
        """Change a critic's score; a generator has none, and never calls this.

        Parameters
        ----------
        score : Tensor of shape (batch, 1)
        h : Tensor of shape (batch, n_last)
            The layer that the score was read from.
        condition : Tensor of shape (batch, n_condition)

        Returns
        -------
        score : Tensor of shape (batch, 1)
        """
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
