"""A sampler whose training was interrupted goes on as if it had not been."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from devices import DEVICE
from gans import InterruptAt
from sklearn.exceptions import NotFittedError

from protimb.exceptions import ArtifactError, ProtimbWarning
from protimb.filters import CosineFilter
from protimb.training import Callback, Checkpoint


@pytest.fixture(scope="module")
def tiny(tiny):
    return partial(tiny, n_critic=2, batch_size=50, device=DEVICE)


def test_a_resumed_sampler_gives_the_rows_of_one_that_never_stopped(tiny, toy, tmp_path):
    # Case 75. The filter's seed is drawn after training, from the same source.
    settings = {"quality_filter": CosineFilter(max_members=5), "term_range": (5, 200)}
    whole = tiny(**settings).fit(toy.X, toy.y)
    interrupted = tiny(
        **settings, callbacks=[Checkpoint(tmp_path, every_n_steps=1), InterruptAt(1)]
    )
    with pytest.raises(KeyboardInterrupt):
        interrupted.fit(toy.X, toy.y)
    resumed = tiny(**settings).fit(toy.X, toy.y, resume_from=tmp_path)
    rows = whole.sample(toy.y[:9], random_state=1)
    np.testing.assert_array_equal(resumed.sample(toy.y[:9], random_state=1), rows)
    assert resumed.quality_filter_.random_state == whole.quality_filter_.random_state


def test_another_range_of_terms_than_that_of_the_checkpoint_is_refused(tiny, toy, tmp_path):
    tiny(callbacks=[Checkpoint(tmp_path)]).fit(toy.X, toy.y)
    with pytest.raises(ArtifactError, match="differ: terms to train towards"):
        tiny(term_range=(5, 30)).fit(toy.X, toy.y, resume_from=tmp_path)


def test_a_run_that_was_ended_early_says_so_and_stays_as_it_is(tiny, toy, tmp_path):
    class Enough(Callback):
        def on_epoch_end(self, loop, record):
            loop.stop_requested = record["epoch"] == 2

    ended = tiny(max_updates=5, callbacks=[Enough(), Checkpoint(tmp_path)]).fit(toy.X, toy.y)
    with pytest.warns(ProtimbWarning, match="ended after 2 updates") as caught:
        resumed = tiny(max_updates=9).fit(toy.X, toy.y, resume_from=tmp_path)
    assert caught[0].filename == __file__
    pd.testing.assert_frame_equal(resumed.history_, ended.history_)


def test_a_saved_sampler_is_no_checkpoint(tiny, toy, tmp_path):
    sampler = tiny().fit(toy.X, toy.y)
    sampler.save(tmp_path)
    with pytest.raises(ArtifactError, match="holds no checkpoint"):
        sampler.fit(toy.X, toy.y, resume_from=tmp_path)


def test_a_sampler_interrupted_in_the_middle_of_an_epoch_is_unfitted(tiny, toy):
    # Case 32.
    sampler = tiny().fit(toy.X, toy.y)
    with pytest.raises(KeyboardInterrupt):
        sampler.set_params(max_updates=4, check_every=2, callbacks=[InterruptAt(3)]).fit(
            toy.X, toy.y
        )
    with pytest.raises(NotFittedError):
        sampler.sample(toy.y)
