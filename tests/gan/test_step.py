"""One update of the conditional Wasserstein GAN, against numbers worked by hand."""

import pytest
import torch

from protimb.gan._step import AdversarialStep
from protimb.nn import MLPBackbone, MultiHotCondition
from protimb.nn._losses import gradient_penalty
from protimb.training import share_batch


class HandCritic:
    """A critic given by a formula of x."""

    def __init__(self, formula):
        self.formula = formula

    def read(self, x, condition):
        return self.formula(x)


def penalty_of(formula, x_real, x_fake, mix):
    condition = torch.zeros(len(x_real), 0)
    return gradient_penalty(HandCritic(formula), x_real, x_fake, condition, mix)


def test_penalty_of_a_linear_critic_is_the_distance_of_its_slope_from_one():
    # Case 22: f(x) = 3 x1 + 4 x2 has a gradient of length 5 everywhere: (5 - 1)^2 = 16.
    w = torch.tensor([3.0, 4.0])
    x = torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    penalty = penalty_of(lambda x: x @ w, x, x + 1, torch.full((2, 1), 0.5))
    assert penalty.tolist() == [16.0, 16.0]


def test_penalty_is_taken_row_by_row_on_the_line_between_real_and_generated():
    # Case 22: f(x) = |x|^2 / 2 has gradient x. Row 1 at 3/4 of the way from 0 to (4, 0) is (3, 0),
    # row 2 at 1/4 of the way from 0 to (0, 8) is (0, 2).
    x_real = torch.tensor([[4.0, 0.0], [0.0, 8.0]])
    mix = torch.tensor([[0.75], [0.25]])
    penalty = penalty_of(lambda x: (x**2).sum(1) / 2, x_real, torch.zeros(2, 2), mix)
    torch.testing.assert_close(penalty, torch.tensor([4.0, 1.0]))


def test_a_constant_critic_gets_a_penalty_of_one_and_a_finite_gradient():
    # Case 22: the gradient's length is exactly 0, where sqrt(sum(x^2)) would give NaN.
    w = torch.zeros(3, requires_grad=True)
    penalty = penalty_of(lambda x: x @ w, torch.ones(2, 3), torch.zeros(2, 3), torch.rand(2, 1))
    penalty.sum().backward()
    assert penalty.tolist() == [1.0, 1.0]
    assert torch.isfinite(w.grad).all()


def make_step(n_critic=3, **kwargs):
    rng = torch.Generator().manual_seed(0)
    backbone, condition = MLPBackbone(n_layers=1, n_hidden=8), MultiHotCondition(4)
    settings = {"n_latent": 2, "n_critic": n_critic, "penalty_weight": 10.0, "lr": 1e-3}
    return AdversarialStep(
        torch.randn(40, 5, generator=rng),
        (torch.rand(40, 3, generator=rng) < 0.5).to(torch.uint8),
        backbone.build_generator(2, 5, condition.build(3, rng), rng),
        backbone.build_critic(5, condition.build(3, rng), rng),
        rng=rng,
        **(settings | kwargs),
    )


def n_updates(optimizer):
    return int(next(iter(optimizer.state.values()))["step"])


def test_the_critic_learns_n_critic_times_for_each_time_the_generator_learns():
    step = make_step(n_critic=3)
    step.train_batch(torch.arange(30))
    assert n_updates(step.critic_optimizer) == 3
    assert n_updates(step.generator_optimizer) == 1


def test_losses_of_the_critic_add_up():
    losses = make_step(penalty_weight=7.0).train_batch(torch.arange(30))
    expected = -losses["wasserstein"] + 7.0 * losses["penalty"]
    torch.testing.assert_close(losses["critic_loss"], expected)


def test_updating_the_generator_leaves_the_critic_as_it_was():
    step = make_step()
    before = [p.clone() for p in step.critic.parameters()]
    step._update_generator(share_batch(10), torch.arange(10), step.labels[:10])
    assert all(torch.equal(a, b) for a, b in zip(before, step.critic.parameters(), strict=True))
    assert all(p.grad is None and p.requires_grad for p in step.critic.parameters())


def test_a_good_critic_tells_real_from_generated():
    step = make_step(lr=1e-2)
    step.X += 3  # the generator starts around 0, so the two are easy to tell apart
    for _ in range(30):
        losses = step.train_batch(torch.arange(30))
    assert losses["wasserstein"] > 1


def test_a_state_put_back_goes_on_as_if_nothing_had_happened():
    step, other = make_step(), make_step()
    step.train_batch(torch.arange(30))
    other.load_state_dict(step.state_dict())
    expected, got = (s.train_batch(torch.arange(30)) for s in (step, other))
    assert {k: v.item() for k, v in got.items()} == pytest.approx(
        {k: v.item() for k, v in expected.items()}, rel=0, abs=0
    )
