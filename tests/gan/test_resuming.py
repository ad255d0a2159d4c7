"""Training that was interrupted and resumed equals training that was not, bit for bit."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from devices import DEVICE
from gans import InterruptAt

from protimb.exceptions import ArtifactError, ProtimbWarning
from protimb.nn import MLPBackbone
from protimb.training import Callback, Checkpoint


@pytest.fixture(scope="module")
def tiny(tiny):
    return partial(tiny, n_critic=2, batch_size=50, max_updates=4, check_every=2, device=DEVICE)


# Two updates to a check, and four in all.
N_STEPS = 4


VARIANTS = {
    "plain": {},
    "everything": {
        "generate_from": "member",
        "auxiliary_weight": 1.0,
        "averaging": 0.9,
        "max_grad_norm": 1.0,
        "lr_schedule": "cosine",
        "validation_fraction": 0.1,
        "n_iter_no_change": 5,
        "n_critic": 1,
        "batch_size": 90,
    },
}


def assert_same_fit(one, other):
    pd.testing.assert_frame_equal(one.history_, other.history_, check_exact=True)
    for role in ("generator_", "critic_"):
        pairs = zip(getattr(one, role).parameters(), getattr(other, role).parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs), role


@pytest.fixture(scope="module")
def uninterrupted(tiny, toy):
    return {name: tiny(**variant).fit(toy.X, toy.y) for name, variant in VARIANTS.items()}


@pytest.mark.parametrize("k", range(1, N_STEPS + 1))
@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_resuming_at_any_step_gives_the_same_bits(tiny, toy, uninterrupted, variant, k, tmp_path):
    # Case 75.
    checkpoint = Checkpoint(tmp_path, every_n_steps=1)
    interrupted = tiny(**VARIANTS[variant], callbacks=[checkpoint, InterruptAt(k)])
    with pytest.raises(KeyboardInterrupt):
        interrupted.fit(toy.X, toy.y)
    resumed = tiny(**VARIANTS[variant]).fit(toy.X, toy.y, resume_from=tmp_path)
    assert_same_fit(resumed, uninterrupted[variant])
    rows = uninterrupted[variant].sample(toy.y[:9], random_state=1)
    np.testing.assert_array_equal(resumed.sample(toy.y[:9], random_state=1), rows)


def test_without_a_seed_the_resumed_run_still_goes_on_as_the_first_would(tiny, toy, tmp_path):
    # The held-out rows are drawn before training: those of the first run must be drawn again.
    settings = {"validation_fraction": 0.2, "random_state": None, "max_updates": 6}
    whole = tiny(**settings, callbacks=[Checkpoint(tmp_path / "a", every_n_epochs=3)])
    whole.fit(toy.X, toy.y)
    resumed = tiny(**settings).fit(toy.X, toy.y, resume_from=tmp_path / "a")
    assert_same_fit(resumed, whole)


def test_a_run_without_a_seed_can_be_resumed_twice(tiny, toy, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    settings = {"validation_fraction": 0.2, "random_state": None}
    tiny(**settings, max_updates=2, callbacks=[Checkpoint(first)]).fit(toy.X, toy.y)
    np.random.random()  # noqa: NPY002 - the global state moves on between two runs
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    once = tiny(**settings, max_updates=6).fit(toy.X, toy.y, resume_from=first)
    again = tiny(**settings, callbacks=[Checkpoint(second)])
    again.fit(toy.X, toy.y, resume_from=first)
    twice = tiny(**settings, max_updates=6).fit(toy.X, toy.y, resume_from=second)
    assert_same_fit(twice, once)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_a_finished_run_can_be_given_more_updates(tiny, toy, tmp_path):
    tiny(callbacks=[Checkpoint(tmp_path)]).fit(toy.X, toy.y)
    longer = tiny(max_updates=8).fit(toy.X, toy.y, resume_from=tmp_path)
    assert_same_fit(longer, tiny(max_updates=8).fit(toy.X, toy.y))


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"lr": 0.5}, r"lr \(saved 0.0003, given 0.5\)"),
        ({"backbone": MLPBackbone(n_layers=2, n_hidden=8)}, "backbone"),
        ({"random_state": 1}, "random_state"),
        ({"averaging": 0.5}, "averaging"),
        ({"generate_from": "member"}, "generate_from"),
        ({"move_scale": 0.7}, r"move_scale \(saved 0.4, given 0.7\)"),
    ],
)
def test_other_parameters_than_those_of_the_checkpoint_are_named(
    tiny, toy, tmp_path, changed, named
):
    tiny(callbacks=[Checkpoint(tmp_path)]).fit(toy.X, toy.y)
    with pytest.raises(ArtifactError, match=f"differ: {named}"):
        tiny(**changed).fit(toy.X, toy.y, resume_from=tmp_path)


def test_other_rows_than_those_of_the_checkpoint_are_named(tiny, toy, tmp_path):
    tiny(callbacks=[Checkpoint(tmp_path)]).fit(toy.X, toy.y)
    X, y = toy.X.copy(), toy.y.copy()
    X[0, 0] += 1
    y[1, 0] ^= 1
    for data, named in [((X, toy.y), "X"), ((toy.X, y), "y"), ((X, y), "X, y")]:
        with pytest.raises(ArtifactError, match=rf"differ: {named}\."):
            tiny().fit(*data, resume_from=tmp_path)


def test_a_run_that_ended_between_two_checks_goes_on_to_the_updates_asked_for(tiny, toy, tmp_path):
    tiny(max_updates=3, callbacks=[Checkpoint(tmp_path)]).fit(toy.X, toy.y)
    longer = tiny(max_updates=6).fit(toy.X, toy.y, resume_from=tmp_path)
    assert longer.history_["n_steps"].tolist() == [2, 3, 5, 6]


def test_updates_cannot_be_taken_back(tiny, toy, tmp_path):
    tiny(callbacks=[Checkpoint(tmp_path)]).fit(toy.X, toy.y)
    with pytest.raises(ArtifactError, match="has 4 updates behind it"):
        tiny(max_updates=2).fit(toy.X, toy.y, resume_from=tmp_path)


def test_a_run_that_was_ended_early_says_so_and_stays_as_it_is(tiny, toy, tmp_path):
    class Enough(Callback):
        def on_epoch_end(self, loop, record):
            loop.stop_requested = record["epoch"] == 2

    ended = tiny(max_updates=10, callbacks=[Enough(), Checkpoint(tmp_path)]).fit(toy.X, toy.y)
    with pytest.warns(ProtimbWarning, match="ended after 4 updates") as caught:
        resumed = tiny(max_updates=18).fit(toy.X, toy.y, resume_from=tmp_path)
    assert caught[0].filename == __file__
    pd.testing.assert_frame_equal(resumed.history_, ended.history_)
