"""Every backbone works with every condition, however the condition enters."""

from itertools import product

import pytest
import torch

from protimb.nn import BACKBONES, CONDITIONINGS, CONDITIONS
from protimb.nn._pooling import POOLINGS
from protimb.over_sampling._gan_step import AdversarialStep

N_ROWS, N_FEATURES, N_TERMS, N_LATENT = 12, 7, 5, 3

TINY = {
    "mlp": {"n_layers": 2, "n_hidden": 8},
    "conv": {"n_layers": 2, "n_channels": 3, "n_hidden": 8},
    "transposed_conv": {"n_layers": 2, "n_channels": 3, "n_hidden": 8},
    "attention": {"n_layers": 1, "n_hidden": 8, "patch_size": 4},
}

ALL_CONDITIONS = [
    (name, {} if name == "multihot" else {"pooling": pooling})
    for name in CONDITIONS
    for pooling in (POOLINGS if name != "multihot" else [None])
]


def networks(backbone, condition, conditioning, n_features=N_FEATURES, seed=0):
    """A tiny generator and critic of one combination, from one seed."""
    rng = torch.Generator().manual_seed(seed)
    name, params = condition
    config = CONDITIONS[name](n_condition=4, **params)
    vectors = torch.randn(N_TERMS, 6, generator=rng)
    vectors[2] = torch.nan  # a term without a vector
    conditioners = [config.build(N_TERMS, rng, vectors.numpy()) for _ in range(2)]
    for conditioner in conditioners:
        conditioner.conditioning = CONDITIONINGS[conditioning]()
    config = BACKBONES[backbone](**TINY[backbone])
    return (
        config.build_generator(N_LATENT, n_features, conditioners[0], rng),
        config.build_critic(n_features, conditioners[1], rng),
    )


def train_two_steps(generator, critic, n_features=N_FEATURES):
    rng = torch.Generator().manual_seed(1)
    labels = (torch.rand(N_ROWS, N_TERMS, generator=rng) < 0.4).to(torch.uint8)
    step = AdversarialStep(
        torch.randn(N_ROWS, n_features, generator=rng),
        labels,
        generator,
        critic,
        n_latent=N_LATENT,
        n_critic=2,
        penalty_weight=10.0,
        lr=1e-3,
        rng=rng,
    )
    for _ in range(2):
        step.train_batch(torch.arange(N_ROWS))


def snapshot(network):
    return {name: p.detach().clone() for name, p in network.named_parameters()}


@pytest.mark.parametrize(
    ("backbone", "condition", "conditioning"),
    list(product(BACKBONES, ALL_CONDITIONS, CONDITIONINGS)),
)
def test_two_steps_move_every_parameter_of_both_networks(backbone, condition, conditioning):
    players = networks(backbone, condition, conditioning)
    before = [snapshot(player) for player in players]
    train_two_steps(*players)
    for player, old in zip(players, before, strict=True):
        for name, now in player.named_parameters():
            assert torch.isfinite(now).all(), name
            assert not torch.equal(now, old[name]), f"{name} did not move"
