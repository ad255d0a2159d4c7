"""Backbones build networks that obey their contract, whatever the widths."""

import pytest
import torch
from backbones import small, with_parameter
from sklearn.base import clone

from protimb.nn import (
    BACKBONES,
    AttentionBackbone,
    BaseBackbone,
    ConditionalNetwork,
    ConvBackbone,
    MLPBackbone,
    MultiHotCondition,
    PiecewiseLinear,
    TransposedConvBackbone,
    seeded_linear,
)


def build(backbone, n_features=7, n_terms=5, n_latent=3, seed=0):
    rng = torch.Generator().manual_seed(seed)
    condition = MultiHotCondition(n_condition=4)
    return (
        backbone.build_generator(n_latent, n_features, condition.build(n_terms, rng), rng),
        backbone.build_critic(n_features, condition.build(n_terms, rng), rng),
    )


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("n_features", [1, 7, 256, 512, 1024, 1280])
def test_networks_map_noise_to_vectors_and_vectors_to_one_score(name, n_features):
    generator, critic = build(small(name), n_features)
    labels = torch.ones(6, 5, dtype=torch.uint8)
    x = generator(torch.randn(6, 3, generator=torch.Generator()), labels)
    assert x.shape == (6, n_features)
    assert critic(x, labels).shape == (6, 1)


@pytest.mark.parametrize("name", BACKBONES)
def test_every_parameter_receives_a_gradient(name):
    generator, critic = build(small(name))
    labels = torch.eye(5)
    z = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
    critic(generator(z, labels), labels).square().sum().backward()
    for network in (generator, critic):
        for parameter in network.parameters():
            assert parameter.grad is not None
            assert parameter.grad.abs().sum() > 0


@pytest.mark.parametrize("name", BACKBONES)
def test_the_critic_scores_each_row_on_its_own(name):
    _, critic = build(small(name))
    x = torch.randn(6, 7, generator=torch.Generator().manual_seed(1))
    labels = torch.eye(6, 5)
    together = critic(x, labels)
    alone = torch.cat([critic(x[i : i + 1], labels[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(together, alone)


@pytest.mark.parametrize("name", BACKBONES)
def test_building_leaves_the_global_generator_alone_and_repeats_with_its_seed(name):
    before = torch.get_rng_state()
    first, second = build(small(name), seed=3), build(small(name), seed=3)
    assert torch.equal(before, torch.get_rng_state())
    for a, b in zip(first, second, strict=True):
        for p, q in zip(a.parameters(), b.parameters(), strict=True):
            assert torch.equal(p, q)


def test_a_critic_may_have_fewer_layers_than_its_generator():
    def n_layers(network):
        return sum(isinstance(module, torch.nn.Linear) for module in network.modules())

    alike, apart = (build(MLPBackbone(3, 8, n_critic_layers=n)) for n in (None, 2))
    assert n_layers(apart[0]) == n_layers(alike[0])
    assert n_layers(apart[1]) == n_layers(alike[1]) - 1


@pytest.mark.parametrize("name", with_parameter("n_layers"))
def test_sizes_are_reached_by_clone_and_set_params(name):
    backbone = clone(small(name)).set_params(n_layers=1)
    n_two, n_one = (
        sum(p.numel() for p in build(b)[1].parameters()) for b in (small(name), backbone)
    )
    assert n_one < n_two


@pytest.mark.parametrize(
    ("config", "name", "value"),
    [
        (MLPBackbone, "n_layers", 0),
        (MLPBackbone, "n_hidden", 8.5),
        (MLPBackbone, "n_critic_layers", 0),
        (MLPBackbone, "negative_slope", -0.1),
        (MLPBackbone, "normalisation", "batch"),
        (MLPBackbone, "final_activation", "softmax"),
        (ConvBackbone, "kernel_size", 0),
        (ConvBackbone, "stride", 0),
        (TransposedConvBackbone, "n_channels", 0),
        (AttentionBackbone, "n_heads", 0),
        (AttentionBackbone, "patch_size", 0.5),
    ],
)
def test_sizes_that_make_no_network_are_named(config, name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of {config.__name__} must be"):
        build(config(**{name: value}))


def test_heads_that_cannot_share_a_token_are_refused():
    with pytest.raises(ValueError, match=r"n_hidden=8, n_heads=3.* multiple of n_heads"):
        build(AttentionBackbone(n_hidden=8, n_heads=3))


def test_kernels_that_would_leave_gaps_are_refused():
    with pytest.raises(ValueError, match=r"kernel_size=2, stride=4.* at least the stride"):
        build(TransposedConvBackbone(kernel_size=2))


@pytest.mark.parametrize("kernel_size", [1, 2, 5, 8, 30])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("config", [ConvBackbone, TransposedConvBackbone])
def test_any_kernel_and_stride_fit_any_width(config, kernel_size, stride):
    backbone = config(
        n_layers=3, n_channels=2, n_hidden=4, kernel_size=max(kernel_size, stride), stride=stride
    )
    generator, critic = build(backbone, n_features=7)
    x = generator(torch.zeros(2, 3), torch.eye(5)[:2])
    assert x.shape == (2, 7)
    assert critic(x, torch.eye(5)[:2]).shape == (2, 1)


@pytest.mark.parametrize("patch_size", [1, 3, 4, 7, 100])
@pytest.mark.parametrize("n_features", [1, 7])
def test_any_patch_fits_any_width(patch_size, n_features):
    generator, critic = build(AttentionBackbone(1, 8, patch_size=patch_size), n_features)
    x = generator(torch.zeros(2, 3), torch.eye(5)[:2])
    assert x.shape == (2, n_features)
    assert critic(x, torch.eye(5)[:2]).shape == (2, 1)


@pytest.mark.parametrize("name", with_parameter("final_activation"))
@pytest.mark.parametrize(("final", "limits"), [("sigmoid", (0, 1)), ("tanh", (-1, 1))])
def test_a_final_activation_confines_vectors_to_the_range_it_names(name, final, limits):
    backbone = small(name).set_params(final_activation=final)
    assert backbone.output_range == limits
    generator, critic = build(backbone)
    x = generator(100 * torch.randn(50, 3, generator=torch.Generator()), torch.eye(5).repeat(10, 1))
    assert limits[0] <= x.min() < x.max() <= limits[1]
    # A score has no range.
    assert critic(100 * torch.ones(1, 7), torch.eye(5)[:1]).abs() > 1


@pytest.mark.parametrize("name", BACKBONES)
def test_without_a_final_activation_vectors_have_no_range(name):
    assert small(name).output_range is None


def test_a_users_own_backbone_has_no_range_unless_it_says_so():
    class Own(BaseBackbone):
        def build_generator(self, n_latent, n_features, conditioner, rng): ...

        def build_critic(self, n_features, conditioner, rng): ...

    assert Own().output_range is None


@pytest.mark.parametrize("name", with_parameter("normalisation"))
def test_only_the_generator_is_normalised_and_only_if_wanted(name):
    for normalisation, is_normalised in (("layer", True), (None, False)):
        generator, critic = build(small(name).set_params(normalisation=normalisation))
        kinds = [{type(part).__name__ for part in n.modules()} for n in (generator, critic)]
        assert bool(kinds[0] & {"LayerNorm", "GroupNorm"}) == is_normalised
        assert not any("Norm" in kind for kind in kinds[1])


def test_labels_change_what_is_generated():
    generator, _ = build(small("mlp"))
    z = torch.zeros(1, 3)
    assert not torch.allclose(generator(z, torch.eye(5)[:1]), generator(z, torch.eye(5)[1:2]))


def test_a_row_with_many_labels_speaks_no_louder_than_one_with_few():
    conditioner = MultiHotCondition(n_condition=64).build(400, torch.Generator().manual_seed(0))
    few, many = torch.zeros(1, 400), torch.zeros(1, 400)
    few[:, :2] = 1
    many[:, :200] = 1
    lengths = [conditioner(labels).norm().item() for labels in (few, many)]
    assert lengths[1] == pytest.approx(lengths[0], rel=0.5)


def test_a_row_without_labels_has_a_neutral_condition():
    conditioner = MultiHotCondition(n_condition=4).build(5, torch.Generator().manual_seed(0))
    assert torch.equal(conditioner(torch.zeros(1, 5)), torch.zeros(1, 4))


def penalty_gradients(activation):
    """Gradients of a gradient penalty with respect to a two-layer critic's weights."""
    rng = torch.Generator().manual_seed(0)
    net = torch.nn.Sequential(
        seeded_linear(4, 8, rng), activation(), seeded_linear(8, 8, rng), activation()
    )
    x = torch.randn(6, 4, generator=rng).requires_grad_()
    (gradient,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
    ((gradient.norm(dim=1) - 1) ** 2).sum().backward()
    return [p.grad for p in net.parameters() if p.ndim == 2]


def test_the_activation_has_the_first_and_second_derivatives_of_a_leaky_relu():
    ours = penalty_gradients(lambda: PiecewiseLinear(0.2))
    torchs = penalty_gradients(lambda: torch.nn.LeakyReLU(0.2))
    for a, b in zip(ours, torchs, strict=True):
        torch.testing.assert_close(a, b)


@torch.no_grad()
@pytest.mark.parametrize("name", BACKBONES)
def test_rows_read_in_blocks_give_the_vectors_of_rows_read_at_once(name):
    generator, _ = build(small(name), n_features=64)
    z = torch.randn(10, 3, generator=torch.Generator().manual_seed(1))
    labels = torch.eye(10, 5)
    generator.rows_at_once = None
    whole = generator(z, labels)
    generator.rows_at_once = 3  # blocks of 3, 3, 3 and 1
    torch.testing.assert_close(generator(z, labels), whole, rtol=1e-5, atol=1e-6)


def test_no_block_is_longer_than_a_network_wants():
    sizes = []

    class Recorder(torch.nn.Module):
        def forward(self, x, condition):
            sizes.append((len(x), len(condition)))
            return x

    network = ConditionalNetwork(torch.nn.Identity(), Recorder(), rows_at_once=4)
    x = torch.arange(20.0).reshape(10, 2)
    with torch.no_grad():
        assert torch.equal(network(x, x), x)
    assert sizes == [(4, 4), (4, 4), (2, 2)]


def test_rows_that_train_are_read_at_once():
    _, critic = build(small("conv"))
    critic.rows_at_once = 2
    shapes = []
    critic.body.register_forward_hook(lambda module, args, out: shapes.append(len(out)))
    critic(torch.zeros(5, 7), torch.eye(5))
    assert shapes == [5]
