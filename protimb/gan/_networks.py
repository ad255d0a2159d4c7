"""Build the two players from what a user asked for: names or objects."""

import torch
from torch import nn

from protimb.nn import BACKBONES, CONDITIONINGS, CONDITIONS


class MemberGenerator(nn.Module):
    """A generator that moves real members: seed + gate * network([noise, seed], labels).

    The gate is one number for all features, learned from a small start: what an untrained
    network makes is noise, and would hide the member. A network that ends in an interval moves
    members both ways, and the sum is kept inside that interval.

    Parameters
    ----------
    network : torch.nn.Module
        Maps (batch, n_latent + n_features) and labels to (batch, n_features).
    n_latent : int
        Width of the noise in front of the seed.
    limits : tuple of two float or None
        Interval of what the network makes, and of scaled real vectors.
    """

    def __init__(self, network, n_latent, limits=None):
        super().__init__()
        self.limits = limits
        self.network = network
        self.n_latent = n_latent
        self.gate = nn.Parameter(torch.full((1,), 0.1))

    def forward(self, latent, labels):
        """Add to each seed what the network makes of it, its noise and its labels."""
        seed, change = latent[:, self.n_latent :], self.network(latent, labels)
        if self.limits is None:
            return seed + self.gate * change
        low, high = self.limits
        return (seed + self.gate * (change - (low + high) / 2)).clamp(low, high)


def build_networks(settings, n_features, n_terms, init, device, term_vectors=None):
    """Build generator and critic, untrained.

    Parameters
    ----------
    settings : CGANSampler
        Read for its hyper-parameters; not changed.
    n_features, n_terms : int
        Width of a vector and of a label row.
    init : torch.Generator
        Source of the initial weights (CPU).
    device : torch.device
    term_vectors : ndarray of shape (n_terms, n_dims) or None
        NaN rows where a term has none.

    Returns
    -------
    generator, critic : torch.nn.Module
    """

    def conditioner():
        built = condition.build(n_terms, init, term_vectors=term_vectors)
        built.conditioning = conditioning
        return built

    backbone = _resolve_backbone(settings.backbone)
    condition = resolve_condition(settings.condition)
    conditioning = resolve(settings.conditioning, CONDITIONINGS, "conditioning")
    from_member = settings.generate_from != "noise"
    n_inputs = settings.n_latent + (n_features if from_member else 0)
    generator = backbone.build_generator(n_inputs, n_features, conditioner(), init)
    if from_member:
        generator = MemberGenerator(generator, settings.n_latent, output_range(backbone))
    critic = backbone.build_critic(n_features, conditioner(), init)
    return generator.to(device), critic.to(device)


def resolve_condition(condition):
    """Turn the name of a condition into the object it stands for.

    Parameters
    ----------
    condition : str or BaseCondition

    Returns
    -------
    condition : BaseCondition
    """
    return resolve(condition, CONDITIONS, "condition")


def output_range(backbone):
    """Tell where a backbone's final activation puts features.

    Parameters
    ----------
    backbone : str or BaseBackbone

    Returns
    -------
    output_range : tuple of float or None
        None where features are unbounded, or a user's own class does not say.
    """
    return getattr(_resolve_backbone(backbone), "output_range", None)


def _resolve_backbone(backbone):
    return resolve(backbone, BACKBONES, "backbone")


def resolve(value, table, name):
    """Turn a name into the object it stands for, and leave objects as they are.

    Parameters
    ----------
    value : str or object
    table : dict of str to class
    name : str
        Parameter, for the message.

    Returns
    -------
    object
    """
    if not isinstance(value, str):
        return value
    if value not in table:
        example = next(iter(table.values())).__name__
        raise ValueError(
            f"The {name!r} parameter of CGANSampler must be one of {sorted(table)} or an "
            f"object like {example}(). Got {value!r} instead."
        )
    return table[value]()
