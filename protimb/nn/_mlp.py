"""MLPBackbone: fully connected generator and critic."""

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
from protimb.nn._entry import DenseEntry
from protimb.nn._layers import PiecewiseLinear, seeded_linear
from protimb.utils._sklearn_compat import check_params


class MLPBackbone(BaseBackbone):
    """Fully connected generator and critic.

    Parameters
    ----------
    n_layers : int, default=2
        Hidden layers of each network.
    n_hidden : int, default=512
        Width of each hidden layer.
    negative_slope : float, default=0.2
        Slope of the leaky ReLU below zero, less than 1.
    normalisation : {"layer", None}, default="layer"
        Layer normalisation of the generator's hidden layers, or none.
    final_activation : {None, "sigmoid", "tanh"}, default=None
        What ends the generator; None leaves its output unbounded.
    n_critic_layers : int or None, default=None
        Hidden layers of the critic, where it should have fewer or more than the generator.

    Attributes
    ----------
    output_range : None, (0, 1) or (-1, 1)
        Interval that the final activation confines generated numbers to.

    See Also
    --------
    ConvBackbone, TransposedConvBackbone, AttentionBackbone : The other backbones.

    Notes
    -----
    The critic is never normalised (Gulrajani et al. 2017 [1]_ show that batch normalisation
    breaks its gradient penalty). Its score has no bias, which the loss could not learn: real and
    generated rows would shift alike.

    References
    ----------
    .. [1] I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville, "Improved training of
       Wasserstein GANs", NeurIPS 2017, arXiv:1704.00028.

    Examples
    --------
    >>> import torch
    >>> from protimb.nn import MLPBackbone, MultiHotCondition
    >>> rng = torch.Generator().manual_seed(0)
    >>> conditioner = MultiHotCondition().build(n_terms=5, rng=rng)
    >>> generator = MLPBackbone(final_activation="tanh").build_generator(8, 32, conditioner, rng)
    >>> generator(torch.zeros(3, 8), torch.eye(5)[:3]).shape
    torch.Size([3, 32])
    """

    _parameter_constraints: ClassVar[dict] = {
        **COMMON_CONSTRAINTS,
        "n_critic_layers": [*AT_LEAST_ONE, None],
    }

    def __init__(
        self,
        n_layers=2,
        n_hidden=512,
        negative_slope=0.2,
        normalisation="layer",
        final_activation=None,
        n_critic_layers=None,
    ):
        self.n_layers = n_layers
        self.n_hidden = n_hidden
        self.negative_slope = negative_slope
        self.normalisation = normalisation
        self.final_activation = final_activation
        self.n_critic_layers = n_critic_layers

    def build_generator(self, n_latent, n_features, conditioner, rng):
        """Build noise -> hidden layers, normalised if wanted -> vector."""
        return self._build(n_latent, n_features, conditioner, rng, is_critic=False)

    def build_critic(self, n_features, conditioner, rng):
        """Build vector -> hidden layers -> one unbounded score."""
        return self._build(n_features, 1, conditioner, rng, is_critic=True)

    def _build(self, n_in, n_out, conditioner, rng, *, is_critic):
        check_params(self)
        n_layers = (is_critic and self.n_critic_layers) or self.n_layers
        sites = InjectionSites(
            n_condition=conditioner.n_condition,
            n_signal=n_in,
            widths=(self.n_hidden,) * n_layers,
            n_last=self.n_hidden if is_critic else None,
        )
        injection = conditioning_of(conditioner).build(sites, rng)
        body = _DenseBody(
            n_in, n_out, injection, rng, config=self, n_layers=n_layers, is_critic=is_critic
        )
        return ConditionalNetwork(conditioner, body)


class _DenseBody(nn.Module):
    def __init__(self, n_in, n_out, injection, rng, *, config, n_layers, is_critic):
        super().__init__()
        n_hidden = config.n_hidden
        self.injection = injection
        n_beside = injection.n_appended + (injection.n_channels - 1) * n_in
        self.entry = DenseEntry(n_in, n_beside, n_hidden, rng, gain=2**0.5)
        self.hidden = nn.ModuleList(
            seeded_linear(n_hidden, n_hidden, rng, gain=2**0.5) for _ in range(n_layers - 1)
        )
        normalise = config.normalisation == "layer" and not is_critic
        self.norms = nn.ModuleList(
            nn.LayerNorm(n_hidden) if normalise else nn.Identity() for _ in range(n_layers)
        )
        self.activation = PiecewiseLinear(config.negative_slope)
        # A critic's bias would shift real and generated rows alike: the loss cannot see it.
        self.out = seeded_linear(n_hidden, n_out, rng, bias=not is_critic)
        self.is_critic = is_critic
        self.final = final_activation(config.final_activation)

    def forward(self, x, condition):
        h = self._activate(self.entry(x, self._beside(condition)), condition, 0)
        for depth, layer in enumerate(self.hidden, start=1):
            h = self._activate(layer(h), condition, depth)
        if self.is_critic:
            return self.injection.judge(self.out(h), h, condition)
        return self.final(self.out(h))

    def _activate(self, h, condition, depth):
        h = self.injection.modulate(self.norms[depth](h), condition, depth)
        return self.activation(h)

    def _beside(self, condition):
        offered = (self.injection.appended(condition), self.injection.channel(condition))
        taken = [numbers for numbers in offered if numbers is not None]
        return torch.cat(taken, dim=1) if taken else None
