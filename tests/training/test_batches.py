"""Which rows make a batch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from protimb.exceptions import ArtifactError
from protimb.training import LengthBatches, ShuffledBatches, WeightedBatches


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@given(n_rows=st.integers(1, 40), batch_size=st.integers(1, 50))
def test_an_epoch_holds_every_row_once(n_rows, batch_size):
    batches = ShuffledBatches(n_rows, batch_size, generator())
    drawn = list(batches)
    assert len(drawn) == len(batches)
    assert sorted(torch.cat(drawn).tolist()) == list(range(n_rows))
    assert max(len(rows) for rows in drawn) == min(n_rows, batch_size)


def test_epochs_differ_in_order_and_seeds_repeat_them():
    batches = ShuffledBatches(50, 50, generator())
    first, second = next(iter(batches)), next(iter(batches))
    assert first.tolist() != second.tolist()
    again = ShuffledBatches(50, 50, generator())
    assert [next(iter(again)).tolist() for _ in range(2)] == [first.tolist(), second.tolist()]


@pytest.mark.parametrize("late", [False, True])
def test_the_place_in_an_epoch_is_that_of_its_latest_iterator(late):
    batches = ShuffledBatches(10, 2, generator())
    abandoned = iter(batches)
    next(abandoned)
    present = iter(batches)
    drawn = torch.cat([next(present), next(present)])
    if late:
        abandoned.close()
    state = batches.state_dict()
    resumed = ShuffledBatches(10, 2, generator(5))
    resumed.load_state_dict(state)
    rest = torch.cat(list(resumed))
    assert sorted(torch.cat([drawn, rest]).tolist()) == list(range(10))
    assert len(torch.cat(list(resumed))) == 10  # the next epoch is whole again


def test_rows_are_drawn_in_proportion_to_their_weights():
    weights = torch.tensor([1.0, 0.0, 3.0])
    rows = torch.cat(list(WeightedBatches(weights, 1000, 20, generator())))
    share = torch.bincount(rows, minlength=3) / len(rows)
    # 20,000 draws: the standard deviation of a share is about .003.
    torch.testing.assert_close(share, torch.tensor([0.25, 0.0, 0.75]), atol=0.015, rtol=0)


def test_rows_of_weight_zero_at_either_end_are_never_drawn():
    weights = torch.tensor([0.0, 1e-30, 0.0])
    rows = torch.cat(list(WeightedBatches(weights, 100, 3, generator())))
    assert rows.unique().tolist() == [1]


def test_weighted_batches_have_the_size_and_number_asked_for():
    batches = WeightedBatches(torch.ones(2), 7, 3, generator())
    assert len(batches) == 3
    assert [len(rows) for rows in batches] == [7, 7, 7]


@pytest.mark.parametrize("value", [0.0, float("nan")])
def test_weights_without_mass_are_refused(value):
    with pytest.raises(ValueError, match="positive weight"):
        WeightedBatches(torch.full((3,), value), 2, 1, generator())


@given(lengths=st.lists(st.integers(1, 60), min_size=1, max_size=40), size=st.integers(1, 9))
def test_batches_by_length_hold_every_row_once_in_as_many_batches(lengths, size):
    batches = LengthBatches(torch.tensor(lengths), size, generator())
    drawn = list(batches)
    assert len(drawn) == len(batches) == -(-len(lengths) // min(size, len(lengths)))
    assert sorted(torch.cat(drawn).tolist()) == list(range(len(lengths)))


def test_batches_by_length_waste_little_and_differ_from_epoch_to_epoch():
    lengths = torch.randint(20, 513, (2000,), generator=generator())
    batches = LengthBatches(lengths, 32, generator())
    epochs = [[rows.tolist() for rows in batches] for _ in range(2)]
    for epoch in epochs:
        n_cells = sum(len(rows) * int(lengths[rows].max()) for rows in epoch)
        assert 1 - int(lengths.sum()) / n_cells < 0.05
    together = [{frozenset(rows) for rows in epoch} for epoch in epochs]
    assert not together[0] & together[1]
    # Short and long batches come mixed.
    means = [float(lengths[rows].double().mean()) for rows in epochs[0]]
    assert abs(np.corrcoef(means, range(len(means)))[0, 1]) < 0.4


def test_batches_by_length_resume_in_the_middle_of_an_epoch():
    lengths = torch.arange(1, 24)
    batches = LengthBatches(lengths, 4, generator())
    list(batches)
    rest = iter(batches)
    next(rest)
    state = batches.state_dict()
    expected = [rows.tolist() for rows in rest] + [rows.tolist() for rows in batches]
    resumed = LengthBatches(lengths, 4, generator(9))
    resumed.load_state_dict(state)
    assert [r.tolist() for r in resumed] + [r.tolist() for r in resumed] == expected
    with pytest.raises(ArtifactError, match="n_residues"):
        LengthBatches(lengths + 1, 4, generator()).load_state_dict(state)
