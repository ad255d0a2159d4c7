"""What goes wrong in a GAN, and how the sampler says so: collapse, copies, divergence, memory."""

from functools import partial

import pytest
import torch

from protimb.exceptions import (
    DeviceMemoryError,
    DeviceMemoryWarning,
    ModeCollapseWarning,
    TrainingDiverged,
)
from protimb.gan import ConditionalGAN
from protimb.training import Callback


@pytest.fixture(scope="module")
def tiny(tiny):
    return partial(tiny, max_updates=3, n_critic=1)


class Silence(Callback):
    """Set every weight of the generator to zero: whatever the noise, one vector comes out."""

    def on_train_end(self, loop):
        with torch.no_grad():
            for parameter in loop.step.generator.parameters():
                parameter.zero_()


def test_a_generator_that_gives_one_vector_is_reported_as_collapsed(tiny, toy):
    # Case 25.
    sampler = tiny(callbacks=[Silence()], generate_from="noise")
    with pytest.warns(ModeCollapseWarning, match="hardly differ from one another") as caught:
        sampler.fit_resample(toy.X, toy.y)
    assert caught[0].filename == __file__
    report = sampler.quality_report_
    assert (report["diversity"][report["n_planned"] > 1] == 0).all()


def test_rows_identical_to_training_rows_are_counted(tiny, toy, monkeypatch):
    # Case 27: a stub that hands out real rows, every second one changed in its last number.
    def draw(self, X, labels, terms, random_state):
        rows = toy.X[random_state.randint(len(toy.X), size=len(X))]
        rows[::2, -1] += 1
        return rows

    monkeypatch.setattr(ConditionalGAN, "vary", draw)
    sampler = tiny()
    sampler.fit_resample(toy.X, toy.y)
    assert sampler.quality_report_["n_copies"].sum() == sampler.n_synthetic_ // 2


def test_a_run_that_diverges_hands_over_its_last_finite_weights(tiny, toy):
    # Case 24.
    class Poison(Callback):
        def on_epoch_begin(self, loop):
            if len(loop.history) == 2:
                with torch.no_grad():
                    next(loop.step.critic.parameters()).fill_(torch.nan)

    sampler = tiny(max_updates=5, callbacks=[Poison()])
    with pytest.raises(TrainingDiverged, match="at step 3") as caught:
        sampler.fit(toy.X, toy.y)
    last = caught.value.last_finite
    assert last["n_steps"] <= 2
    weights = last["state"]["generator"].values()
    assert all(torch.isfinite(weight).all() for weight in weights)
    assert not hasattr(sampler, "generator_")


def test_a_device_without_room_is_named_with_advice(tiny, toy, monkeypatch):
    # Case 33: in training and in generation.
    def refuse(*args, **kwargs):
        raise torch.OutOfMemoryError("no room")

    sampler = tiny().fit(toy.X, toy.y)
    monkeypatch.setattr(type(sampler.generator_), "forward", refuse)
    with (
        pytest.raises(DeviceMemoryError, match=r"rows to generate alone .* device='cpu'"),
        pytest.warns(DeviceMemoryWarning),
    ):
        sampler.sample(toy.y)
    with (
        pytest.raises(DeviceMemoryError, match=r"rows of a batch alone .* Lower batch_size"),
        pytest.warns(DeviceMemoryWarning),
    ):
        sampler.fit(toy.X, toy.y)
