"""Layers that draw from a generator of their own."""

import copy
import pickle

import pytest
import torch

from protimb.nn import SeededDropout, seeded_linear


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_one_seed_gives_one_layer_and_leaves_the_global_state_alone():
    """Case 29."""
    before = torch.get_rng_state()
    first, second = (seeded_linear(5, 3, generator()) for _ in range(2))
    assert torch.equal(first.weight, second.weight)
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_are_uniform_with_variance_gain_squared_over_n_in():
    layer = seeded_linear(400, 500, generator(), gain=2.0)
    assert layer.weight.var().item() == pytest.approx(4 / 400, rel=0.02)
    assert layer.weight.abs().max().item() <= 2 * (3 / 400) ** 0.5
    assert not layer.bias.any()


def test_a_gain_of_root_two_keeps_the_mean_square_through_relu():
    x = torch.randn(2000, 300, generator=generator(1))
    out = torch.relu(seeded_linear(300, 400, generator(), gain=2**0.5)(x))
    assert out.square().mean().item() == pytest.approx(1, rel=0.05)


def test_a_layer_without_bias_maps_zero_to_zero():
    layer = seeded_linear(4, 2, generator(), bias=False)
    assert layer.bias is None
    assert not layer(torch.zeros(1, 4)).any()


def test_dropout_zeroes_a_share_and_rescales_the_rest():
    out = SeededDropout(0.25, generator())(torch.ones(100, 1000))
    assert (out == 0).double().mean().item() == pytest.approx(0.25, abs=0.01)
    assert out.unique().tolist() == [0, pytest.approx(4 / 3)]


def test_dropout_is_the_identity_in_eval_mode_and_at_p_0():
    x = torch.ones(3, 4)
    assert torch.equal(SeededDropout(0.5, generator()).eval()(x), x)
    assert torch.equal(SeededDropout(0.0, generator())(x), x)


def test_dropout_masks_come_from_its_generator_alone():
    x = torch.ones(20, 20)
    before = torch.get_rng_state()
    first, second = (SeededDropout(0.5, generator())(x) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)


def test_copies_of_dropout_continue_where_the_original_stands():
    x = torch.ones(20, 20)
    dropout = SeededDropout(0.5, generator())
    dropout(x)
    copies = [copy.deepcopy(dropout), pickle.loads(pickle.dumps(dropout))]
    expected = dropout(x)
    assert all(torch.equal(twin(x), expected) for twin in copies)
