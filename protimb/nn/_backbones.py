"""Backbones: small objects that hold sizes and build a generator and a critic."""

from abc import ABC, abstractmethod
from numbers import Integral, Real
from typing import ClassVar

from sklearn.base import BaseEstimator
from torch import nn

from protimb.nn._layers import PiecewiseLinear, seeded_linear
from protimb.utils._sklearn_compat import Interval, check_params


class BaseBackbone(BaseEstimator, ABC):
    """Base of all backbones: subclass it, build two networks, pass an instance to the sampler.

    A backbone is a configuration: its constructor stores sizes and nothing else, so
    ``clone``, ``set_params(backbone__n_layers=3)`` and grid search reach inside. A user's own
    subclass needs no registration.
    """

    @abstractmethod
    def build_generator(self, n_latent, n_features, conditioner, rng):
        """Build the network that turns noise and a condition into protein vectors.

        Parameters
        ----------
        n_latent : int
            Width of the noise.
        n_features : int
            Width of a protein vector.
        conditioner : torch.nn.Module
            Maps (batch, n_terms) labels to (batch, ``conditioner.n_condition``).
        rng : torch.Generator
            Source of the initial weights; torch's global generator must stay untouched.

        Returns
        -------
        generator : ConditionalNetwork
            ``generator(z, labels)`` has shape (batch, n_features).
        """

    @abstractmethod
    def build_critic(self, n_features, conditioner, rng):
        """Build the network that scores how real a protein vector looks under its labels.

        Parameters
        ----------
        n_features : int
            Width of a protein vector.
        conditioner : torch.nn.Module
            Maps (batch, n_terms) labels to (batch, ``conditioner.n_condition``).
        rng : torch.Generator
            Source of the initial weights.

        Returns
        -------
        critic : ConditionalNetwork
            ``critic(x, labels)`` has shape (batch, 1). It must score each row on its own: no
            batch normalisation, or the gradient penalty of one row would depend on the others.
        """


class ConditionalNetwork(nn.Module):
    """A body that reads vectors next to a condition made from labels.

    Parameters
    ----------
    conditioner : torch.nn.Module
        Maps (batch, n_terms) labels to (batch, n_condition).
    body : torch.nn.Module
        Called with x of shape (batch, n_in) and a condition of shape (batch, n_condition).
    """

    def __init__(self, conditioner, body):
        super().__init__()
        self.conditioner = conditioner
        self.body = body

    def forward(self, x, labels):
        """Embed the labels and read them together with x."""
        return self.read(x, self.conditioner(labels))

    def read(self, x, condition):
        """Read x next to a condition embedded before: several x may share one embedding."""
        return self.body(x, condition)


class _ConditionalMLP(nn.Module):
    def __init__(self, n_in, n_condition, n_out, rng, *, n_layers, n_hidden, slope, normalise):
        super().__init__()
        # One layer over [x, condition], kept as two: the critic's pass over real and generated
        # rows then needs no gradient for its widest input.
        gain = 2**0.5 * (n_in / (n_in + n_condition)) ** 0.5
        self.from_x = seeded_linear(n_in, n_hidden, rng, gain=gain)
        gain = 2**0.5 * (n_condition / (n_in + n_condition)) ** 0.5
        self.from_condition = seeded_linear(n_condition, n_hidden, rng, bias=False, gain=gain)
        layers: list[nn.Module] = []
        for depth in range(n_layers):
            if depth > 0:
                layers.append(seeded_linear(n_hidden, n_hidden, rng, gain=2**0.5))
            if normalise:
                layers.append(nn.LayerNorm(n_hidden))
            layers.append(PiecewiseLinear(slope))
        self.hidden = nn.Sequential(*layers)
        self.out = seeded_linear(n_hidden, n_out, rng)

    def forward(self, x, condition):
        return self.out(self.hidden(self.from_x(x) + self.from_condition(condition)))


class MLPBackbone(BaseBackbone):
    """Fully connected generator and critic.

    Parameters
    ----------
    n_layers : int, default=2
        Hidden layers of each network.
    n_hidden : int, default=512
        Width of each hidden layer.
    negative_slope : float, default=0.2
        Slope of the leaky ReLU below zero.

    Notes
    -----
    Hidden layers of the generator are layer-normalised; the critic has no normalisation
    (Gulrajani et al. 2017 [1]_ show that batch normalisation breaks its gradient penalty).

    References
    ----------
    .. [1] I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville, "Improved training of
       Wasserstein GANs", NeurIPS 2017, arXiv:1704.00028.
    """

    _parameter_constraints: ClassVar[dict] = {
        "n_layers": [Interval(Integral, 1, None, closed="left")],
        "n_hidden": [Interval(Integral, 1, None, closed="left")],
        "negative_slope": [Interval(Real, 0, 1, closed="both")],
    }

    def __init__(self, n_layers=2, n_hidden=512, negative_slope=0.2):
        self.n_layers = n_layers
        self.n_hidden = n_hidden
        self.negative_slope = negative_slope

    def build_generator(self, n_latent, n_features, conditioner, rng):
        """Build noise -> hidden layers with layer normalisation -> vector, no final activation."""
        return self._build(n_latent, n_features, conditioner, rng, normalise=True)

    def build_critic(self, n_features, conditioner, rng):
        """Build vector -> hidden layers -> one unbounded score."""
        return self._build(n_features, 1, conditioner, rng, normalise=False)

    def _build(self, n_in, n_out, conditioner, rng, *, normalise):
        check_params(self)
        body = _ConditionalMLP(
            n_in,
            conditioner.n_condition,
            n_out,
            rng,
            n_layers=self.n_layers,
            n_hidden=self.n_hidden,
            slope=self.negative_slope,
            normalise=normalise,
        )
        return ConditionalNetwork(conditioner, body)


# A string is shorthand for an object: CGANSampler(backbone="mlp") means MLPBackbone().
BACKBONES: dict[str, type[BaseBackbone]] = {"mlp": MLPBackbone}
