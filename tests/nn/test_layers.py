"""Layers that draw from a generator of their own."""

import copy
import pickle

import pytest
import torch

from protimb.nn import SeededDropout, seeded_conv, seeded_linear


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


@pytest.mark.parametrize("transposed", [False, True])
def test_a_convolution_keeps_the_mean_square_through_relu(transposed):
    conv = seeded_conv(40, 50, 9, generator(), stride=3, transposed=transposed, gain=2**0.5)
    x = torch.randn(100, 40, 60, generator=generator(1))
    inner = conv(x)[:, :, 5:-5]  # away from the zeros around the signal
    assert torch.relu(inner).square().mean().item() == pytest.approx(1, rel=0.1)
    assert not conv.bias.any()


@pytest.mark.parametrize(
    ("kernel_size", "stride", "n_more"), [(4, 4, 0), (9, 4, 1), (8, 3, 1), (5, 1, 0), (7, 3, 0)]
)
def test_a_transposed_convolution_lengthens_by_its_stride(kernel_size, stride, n_more):
    conv = seeded_conv(1, 1, kernel_size, generator(), stride=stride, transposed=True)
    assert conv(torch.zeros(1, 1, 6)).shape == (1, 1, 6 * stride + n_more)


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
