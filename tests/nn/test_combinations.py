"""Every backbone works with every condition, however the condition enters."""

from itertools import product

import pytest
import torch
from backbones import small

from protimb.gan._step import AdversarialStep
from protimb.nn import BACKBONES, CONDITIONINGS, CONDITIONS
from protimb.nn._losses import gradient_penalty
from protimb.nn._pooling import POOLINGS

N_ROWS, N_FEATURES, N_TERMS, N_LATENT = 12, 7, 5, 3

ALL_CONDITIONS = [
    ("none", {}),
    ("multihot", {"n_condition": 4}),
    *(
        (name, {"n_condition": 4, "pooling": pooling})
        for name in ("term_vectors", "both")
        for pooling in POOLINGS
    ),
]
assert {name for name, _ in ALL_CONDITIONS} == set(CONDITIONS)


def networks(backbone, condition, conditioning, n_features=N_FEATURES, seed=0):
    """A tiny generator and critic of one combination, from one seed."""
    rng = torch.Generator().manual_seed(seed)
    name, params = condition
    config = CONDITIONS[name](**params)
    vectors = torch.randn(N_TERMS, 6, generator=rng)
    vectors[2] = torch.nan  # a term without a vector
    conditioners = [config.build(N_TERMS, rng, vectors.numpy()) for _ in range(2)]
    for conditioner in conditioners:
        conditioner.conditioning = CONDITIONINGS[conditioning]()
    config = small(backbone)
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


def critic_loss(critic, x_real, x_fake, labels, rng):
    condition = critic.conditioner(labels)
    mix = torch.rand(len(x_real), 1, generator=rng, dtype=x_real.dtype)
    penalty = gradient_penalty(critic, x_real, x_fake, condition, mix).mean()
    real, fake = critic.read(x_real, condition), critic.read(x_fake, condition)
    return fake.mean() - real.mean() + 10 * penalty


def assert_all_reached(network):
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        # In double precision a gradient that only rounding makes is near 1e-16.
        assert parameter.grad.abs().max() > 1e-9, name


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
@pytest.mark.parametrize(
    "condition",
    [("multihot", {"n_condition": 4}), ("both", {"n_condition": 4, "pooling": "attention"})],
)
@pytest.mark.parametrize("backbone", BACKBONES)
def test_the_loss_with_its_penalty_reaches_every_parameter(backbone, condition, conditioning):
    generator, critic = (n.double() for n in networks(backbone, condition, conditioning))
    rng = torch.Generator().manual_seed(1)
    labels = torch.eye(N_TERMS, dtype=torch.uint8).repeat(3, 1)  # one label a row: the hard case
    z = torch.randn(len(labels), N_LATENT, generator=rng, dtype=torch.double)
    x_real = torch.randn(len(labels), N_FEATURES, generator=rng, dtype=torch.double)
    critic_loss(critic, x_real, generator(z, labels).detach(), labels, rng).backward()
    assert_all_reached(critic)
    critic.requires_grad_(False)
    critic(generator(z, labels), labels).mean().backward()
    assert_all_reached(generator)


@pytest.mark.parametrize("conditioning", CONDITIONINGS)
@pytest.mark.parametrize("backbone", BACKBONES)
def test_labels_matter_and_rows_do_not_see_each_other(backbone, conditioning):
    labels = torch.eye(N_TERMS, dtype=torch.uint8)
    rng = torch.Generator().manual_seed(1)
    networks_and_inputs = zip(
        networks(backbone, ("multihot", {"n_condition": 4}), conditioning),
        (N_LATENT, N_FEATURES),
        strict=True,
    )
    for network, n_in in networks_and_inputs:
        x = torch.randn(1, n_in, generator=rng).repeat(N_TERMS, 1)
        together = network(x, labels)
        alone = torch.cat([network(x[i : i + 1], labels[i : i + 1]) for i in range(N_TERMS)])
        torch.testing.assert_close(together, alone)
        assert len(together.detach().round(decimals=5).unique(dim=0)) == N_TERMS
