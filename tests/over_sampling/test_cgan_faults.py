"""What goes wrong in a GAN, and how the sampler says so: collapse, copies, divergence, memory."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from protimb import CGANSampler
from protimb.budgets._plan import Plan
from protimb.exceptions import DeviceMemoryError, ModeCollapseWarning, TrainingDiverged
from protimb.nn import MLPBackbone
from protimb.over_sampling._quality_control import are_copies, report_quality
from protimb.training import Callback


def tiny(**kwargs):
    defaults = {
        "sampling_strategy": 20,
        "backbone": MLPBackbone(n_layers=1, n_hidden=8),
        "n_latent": 4,
        "max_epochs": 3,
        "n_critic": 1,
        "quality_filter": None,
        "random_state": 0,
    }
    return CGANSampler(**(defaults | kwargs))


class Silence(Callback):
    """Set every weight of the generator to zero: whatever the noise, one vector comes out."""

    def on_train_end(self, loop):
        with torch.no_grad():
            for parameter in loop.step.generator.parameters():
                parameter.zero_()


def test_a_generator_that_gives_one_vector_is_reported_as_collapsed(toy):
    # Case 25.
    sampler = tiny(callbacks=[Silence()], generate_from="noise")
    with pytest.warns(ModeCollapseWarning, match="hardly differ from one another"):
        sampler.fit_resample(toy.X, toy.y)
    report = sampler.quality_report_
    assert (report["diversity"][report["n_planned"] > 1] == 0).all()


def test_rows_identical_to_training_rows_are_counted(toy, monkeypatch):
    # Case 27: a stub that hands out real rows, every second one changed in its last number.
    def draw(self, y_rows, rng, terms=None):
        rows = toy.X[rng.randint(len(toy.X), size=y_rows.shape[0])]
        rows[::2, -1] += 1
        return rows

    monkeypatch.setattr(CGANSampler, "_draw", draw)
    sampler = tiny()
    sampler.fit_resample(toy.X, toy.y)
    assert sampler.quality_report_["n_copies"].sum() == sampler.n_synthetic_ // 2


def test_a_copy_equals_a_real_row_in_every_number():
    real = np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32)
    new = np.array([[1.0, 2.0], [1.0, 4.0], [3.0, 4.0], [5.0, 2.0]], dtype=np.float32)
    assert_array_equal(are_copies(new, real), [True, False, True, False])


def test_diversity_is_the_spread_of_new_rows_over_that_of_the_rows_they_stand_for():
    # Term 0: real rows 0 and 2 (variance 1), new rows 0 and 4 (variance 4): ratio of spreads 2.
    # Term 1: one real row, so there is no spread to compare with.
    X = np.array([[0.0], [2.0], [7.0]])
    plan = Plan(rows=np.array([0, 1, 2, 2]), terms=np.array([0, 0, 1, 1]))
    X_new = np.array([[0.0], [4.0], [1.0], [1.0]])
    passed, n_draws = np.ones(4, dtype=bool), np.ones(4, dtype=np.int64)
    report = report_quality(["a", "b", "c"], plan, passed, n_draws, X, X_new)
    assert_array_equal(report["diversity"], [2.0, np.nan, np.nan])
    assert report["n_planned"].tolist() == [2, 2, 0]


def test_a_run_that_diverges_hands_over_its_last_finite_weights(toy):
    # Case 24.
    class Poison(Callback):
        def on_epoch_begin(self, loop):
            if len(loop.history) == 2:
                with torch.no_grad():
                    next(loop.step.critic.parameters()).fill_(torch.nan)

    sampler = tiny(max_epochs=5, callbacks=[Poison()])
    with pytest.raises(TrainingDiverged, match="at step 3") as caught:
        sampler.fit(toy.X, toy.y)
    last = caught.value.last_finite
    assert last["n_steps"] <= 2
    weights = last["state"]["generator"].values()
    assert all(torch.isfinite(weight).all() for weight in weights)
    assert not hasattr(sampler, "generator_")


def test_a_device_without_room_is_named_with_advice(toy, monkeypatch):
    # Case 33: in training and in generation.
    def refuse(*args, **kwargs):
        raise torch.OutOfMemoryError("no room")

    sampler = tiny().fit(toy.X, toy.y)
    monkeypatch.setattr(type(sampler.generator_), "forward", refuse)
    with pytest.raises(DeviceMemoryError, match="device='cpu'"):
        sampler.sample(toy.y)
    with pytest.raises(DeviceMemoryError, match="Lower batch_size"):
        sampler.fit(toy.X, toy.y)
