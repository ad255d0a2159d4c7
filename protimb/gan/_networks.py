"""Build the two players from their parts."""

import torch
from torch import nn


class MemberGenerator(nn.Module):
    """A generator that moves real vectors: start + gate * network([noise, start], labels).

    The gate is one number for all features, learned from 0, as in ReZero (T. Bachlechner et al.,
    UAI 2021, PMLR 161:1352-1361): what an untrained network makes is a shift of all rows, by which
    a classifier tells them from real ones. A network that ends in an interval
    (``limits``) moves both ways, and the sum is kept inside that interval.
    """

    def __init__(self, network, n_latent, limits=None):
        super().__init__()
        self.limits = limits
        self.network = network
        self.n_latent = n_latent
        self.gate = nn.Parameter(torch.zeros(1))

    def forward(self, latent, labels):
        """Add to each start what the network makes of it, its noise and its labels."""
        start, change = latent[:, self.n_latent :], self.network(latent, labels)
        if self.limits is None:
            return start + self.gate * change
        low, high = self.limits
        return (start + self.gate * (change - (low + high) / 2)).clamp(low, high)


def build_networks(parts, shape, *, n_latent, start_width, term_vectors, init, device):
    """Build generator and critic for ``shape`` (n_features, n_terms), untrained.

    ``parts`` are as ``find_parts`` gives them, ``init`` draws weights on the CPU.
    """
    n_features, n_terms = shape
    backbone = parts["backbone"]

    def conditioner():
        built = parts["condition"].build(n_terms, init, term_vectors=term_vectors)
        built.conditioning = parts["conditioning"]
        return built

    n_inputs = n_latent + start_width
    generator = backbone.build_generator(n_inputs, n_features, conditioner(), init)
    if start_width:
        generator = MemberGenerator(generator, n_latent, output_range(backbone))
    critic = backbone.build_critic(n_features, conditioner(), init)
    return generator.to(device), critic.to(device)


def output_range(backbone):
    """Tell where a backbone's final activation puts features; None where unbounded or unsaid."""
    return getattr(backbone, "output_range", None)
