"""Learning rates along a run."""

import pytest
import torch

from protimb.training import LR_SCHEDULES, build_schedule


def rates(name, n_steps, n_updates):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=2.0)
    schedule = build_schedule(name, optimizer, n_steps)
    seen = []
    for _ in range(n_updates):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return seen


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("constant", [2, 2, 2, 2, 2, 2]),
        ("linear", [2, 1.5, 1, 0.5, 0, 0]),
        ("cosine", [2, 1 + 2**-0.5, 1, 1 - 2**-0.5, 0, 0]),
    ],
)
def test_rates_match_the_hand_worked_run_of_four_steps(name, expected):
    assert rates(name, 4, 6) == pytest.approx(expected, abs=1e-12)


def test_a_warm_up_rises_for_a_twentieth_of_the_run_and_starts_above_zero():
    warm = rates("warmup_cosine", 100, 7)
    cosine = rates("cosine", 100, 7)
    assert warm[:5] == pytest.approx([c * (i + 1) / 5 for i, c in enumerate(cosine[:5])])
    assert warm[5:] == pytest.approx(cosine[5:])


@pytest.mark.parametrize("name", sorted(LR_SCHEDULES))
def test_no_schedule_leaves_the_range_from_zero_to_the_full_rate(name):
    seen = rates(name, 30, 40)
    assert min(seen) >= 0
    assert max(seen) <= 2
    assert seen[0] > 0


@pytest.mark.parametrize("name", sorted(LR_SCHEDULES))
def test_a_schedule_of_one_step_trains(name):
    assert rates(name, 1, 1)[0] == 2


def test_cosine_is_that_of_torch():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=2.0)
    oracle = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    expected = []
    for _ in range(10):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        oracle.step()
    assert rates("cosine", 10, 10) == pytest.approx(expected)


def test_an_unknown_schedule_is_named_with_what_there_is():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    with pytest.raises(ValueError, match=r"'constant', 'cosine'.*Got 'step'"):
        build_schedule("step", optimizer, 3)
    with pytest.raises(ValueError, match="n_steps=0"):
        build_schedule("linear", optimizer, 0)
