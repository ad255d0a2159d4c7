"""Conditions describe a set of labels: no order, no shouting, a policy for what is not known."""

import numpy as np
import pytest
import torch

from protimb.exceptions import TermVectorError
from protimb.nn import (
    CONDITIONINGS,
    CONDITIONS,
    BaseConditioning,
    Injection,
    InjectionSites,
    JointCondition,
    MLPBackbone,
    MultiHotCondition,
    TermVectorCondition,
)
from protimb.nn._pooling import POOLINGS
from protimb.nn._term_table import term_table

VECTORS = np.array([[1.0, 0.0], [0.0, 3.0], [-1.0, 0.0], [0.0, -3.0]])  # centred already


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def pool(name, labels):
    return POOLINGS[name](torch.from_numpy(VECTORS).float(), generator())(torch.tensor(labels))


@pytest.mark.parametrize(
    ("name", "pooled"),
    [
        ("mean", [0.5, 1.5]),
        ("sum", [2**-0.5, 3 * 2**-0.5]),
        ("max", [1.0, 3.0]),
        ("min", [0.0, 0.0]),
    ],
)
def test_pooling_matches_the_hand_worked_example(name, pooled):
    assert pool(name, [[1.0, 1.0, 0.0, 0.0]]).tolist() == [pytest.approx(pooled)]


def test_the_maximum_may_be_negative():
    assert pool("max", [[0.0, 0.0, 1.0, 1.0]]).tolist() == [[0, 0]]
    assert pool("max", [[0.0, 0.0, 0.0, 1.0]]).tolist() == [[0, -3]]


def test_the_minimum_may_be_positive():
    assert pool("min", [[1.0, 0.0, 0.0, 0.0]]).tolist() == [[1, 0]]
    assert pool("min", [[0.0, 1.0, 0.0, 0.0]]).tolist() == [[0, 3]]


def test_attention_stays_inside_the_hull_of_the_vectors_and_zero():
    x, y = pool("attention", [[1.0, 1.0, 0.0, 0.0]])[0].tolist()
    assert x > 0
    assert y > 0
    assert x / 1 + y / 3 < 1


@pytest.mark.parametrize("name", POOLINGS)
def test_a_row_without_labels_pools_to_zeros(name):
    assert pool(name, [[0.0, 0, 0, 0], [1.0, 0, 0, 0]])[0].tolist() == [0, 0]


@pytest.mark.parametrize("name", POOLINGS)
def test_the_order_of_labels_does_not_matter(name):
    order = torch.randperm(4, generator=generator())
    labels = (torch.rand(20, 4, generator=generator()) < 0.5).to(torch.uint8)
    condition = TermVectorCondition(pooling=name, n_condition=3)
    straight = condition.build(4, generator(), VECTORS)(labels)
    shuffled = condition.build(4, generator(), VECTORS[order])(labels[:, order])
    torch.testing.assert_close(straight, shuffled)


def test_the_order_of_indicators_does_not_matter():
    order = torch.randperm(4, generator=generator())
    labels = (torch.rand(20, 4, generator=generator()) < 0.5).to(torch.uint8)
    straight, shuffled = (MultiHotCondition(3).build(4, generator()) for _ in range(2))
    with torch.no_grad():
        shuffled.embed.weight.copy_(straight.embed.weight[:, order])
    torch.testing.assert_close(straight(labels), shuffled(labels[:, order]))


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_seed_gives_one_conditioner_and_the_global_state_is_left_alone(name):
    before = torch.get_rng_state()
    one, two = (CONDITIONS[name]().build(4, generator(), VECTORS) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    labels = torch.eye(4)
    assert torch.equal(one(labels), two(labels))
    assert one(labels).shape == (4, one.n_condition)


def test_term_vectors_say_what_they_are_needed_by():
    needing = {name for name, condition in CONDITIONS.items() if condition().needs_term_vectors}
    assert needing == {"term_vectors", "both"}


def test_related_terms_have_related_conditions():
    vectors = np.array([[1.0, 0.1], [1.0, 0.0], [-1.0, 0.5], [0.0, -1.0]])
    conditioner = TermVectorCondition(n_condition=64).build(4, generator(), vectors)
    one, sister, stranger, _ = conditioner(torch.eye(4))
    assert (one - sister).norm() < (one - stranger).norm() / 5


def test_vectors_are_centred_and_scaled_by_one_factor():
    table = term_table(VECTORS * 100 + 7, 4, "mean", "X")
    assert table.mean(dim=0).abs().max() < 1e-6
    assert table.std(correction=0).item() == pytest.approx(1)
    assert (table[1, 1] / table[0, 0]).item() == pytest.approx(3)


def test_vectors_that_are_all_alike_do_not_divide_by_zero():
    assert not term_table(np.ones((3, 2)), 3, "mean", "X").any()


def test_a_term_without_vector_gets_the_mean_or_zeros_as_the_policy_says():
    vectors = np.vstack([VECTORS + 10, [[np.nan, np.nan]]])
    # Zeros lie 10 from the mean in each dimension, in units of the spread.
    spread = VECTORS.std()
    mean, zero = (term_table(vectors, 5, policy, "X")[4].tolist() for policy in ("mean", "zero"))
    assert mean == [0, 0]
    assert zero == pytest.approx([-10 / spread, -10 / spread])


@pytest.mark.parametrize("config", [TermVectorCondition, JointCondition])
@pytest.mark.parametrize(
    ("vectors", "missing", "message"),
    [
        (None, "mean", "was given none"),
        (VECTORS[:3], "mean", r"shape \(4, n_dims\), and got shape \(3, 2\)"),
        (np.full((4, 2), np.nan), "mean", "no term has a vector"),
        (np.where(VECTORS == 3, np.nan, VECTORS), "mean", r"NaN or infinity in 1 row\(s\): 1"),
        (np.where(VECTORS == 3, np.inf, VECTORS), "mean", r"NaN or infinity in 1 row\(s\): 1"),
        (
            np.where([[0], [0], [1], [0]], np.nan, VECTORS),
            "raise",
            r"1 term\(s\) have no vector, columns 2 of y",
        ),
    ],
)
def test_vectors_that_describe_no_terms_are_refused(config, vectors, missing, message):
    with pytest.raises(TermVectorError, match=rf"{config.__name__}.*{message}"):
        config(missing=missing).build(4, generator(), vectors)


@pytest.mark.parametrize(
    ("config", "name", "value"),
    [
        (MultiHotCondition, "n_condition", 0),
        (TermVectorCondition, "pooling", "median"),
        (TermVectorCondition, "missing", "drop"),
        (JointCondition, "n_condition", 1),
    ],
)
def test_values_that_make_no_condition_are_named(config, name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of {config.__name__} must be"):
        config(**{name: value}).build(4, generator(), VECTORS)


def test_a_generator_has_no_score_so_projection_concatenates_there():
    sites = InjectionSites(n_condition=3, n_signal=5, widths=(4,))
    injection = CONDITIONINGS["projection"]().build(sites, generator())
    assert injection.appended(torch.ones(2, 3)).shape == (2, 3)


def test_projection_adds_an_inner_product_to_the_score():
    sites = InjectionSites(n_condition=2, n_signal=5, widths=(2,), n_last=2)
    injection = CONDITIONINGS["projection"]().build(sites, generator())
    with torch.no_grad():
        injection.project.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 2.0]]))
    h, condition = torch.tensor([[3.0, 4.0]]), torch.tensor([[5.0, 6.0]])
    # 1 + (5 * 3 + 12 * 4)
    assert injection.judge(torch.ones(1, 1), h, condition).tolist() == [[64]]


@pytest.mark.parametrize(("axis", "shape"), [(1, (2, 3, 5)), (-1, (2, 5, 3)), (1, (2, 3))])
def test_film_scales_and_shifts_features_alike_at_all_positions(axis, shape):
    sites = InjectionSites(n_condition=4, n_signal=5, widths=(3,), feature_axis=axis)
    injection = CONDITIONINGS["film"]().build(sites, generator())
    condition = torch.randn(2, 4, generator=generator(1))
    scale, shift = injection.maps[0](condition).chunk(2, dim=1)
    features_last = injection.modulate(torch.full(shape, 2.0), condition, 0).movedim(axis, -1)
    expected = 2 * (1 + scale) + shift
    for position in features_last.reshape(2, -1, 3).unbind(dim=1):
        torch.testing.assert_close(position, expected)


def test_a_users_own_conditioning_needs_no_registration():
    class Loudness(BaseConditioning):
        """The condition scales the score."""

        def build(self, sites, rng):
            class Scaled(Injection):
                def judge(self, score, h, condition):
                    return score * condition.sum(dim=1, keepdim=True)

            return Scaled()

    conditioner = MultiHotCondition(n_condition=3).build(4, generator())
    conditioner.conditioning = Loudness()
    critic = MLPBackbone(1, 8).build_critic(5, conditioner, generator())
    x = torch.ones(1, 5)
    loud, louder = (critic.read(x, torch.full((1, 3), c)).item() for c in (1.0, 2.0))
    assert louder == pytest.approx(2 * loud)


def test_a_conditioner_that_says_nothing_is_concatenated():
    class Bare(torch.nn.Module):
        n_condition = 4

        def forward(self, labels):
            return labels.float()

    critic = MLPBackbone(1, 8).build_critic(5, Bare(), generator())
    scores = critic(torch.ones(4, 5), torch.eye(4))
    assert len(scores.unique()) == 4
