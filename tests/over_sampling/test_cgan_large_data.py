"""Data too large to be copied, through the whole sampler."""

from functools import partial

import numpy as np
import pytest
from devices import DEVICE
from numpy.testing import assert_array_equal

from protimb.filters import CosineFilter


@pytest.fixture(scope="module")
def tiny(tiny):
    return partial(tiny, n_critic=2, batch_size=50, device=DEVICE)


@pytest.mark.usefixtures("no_room")
def test_the_bytes_of_a_read_only_memory_map_stay_as_they_were(tiny, toy, memory_map):
    # Case 17.
    before = memory_map.tobytes()
    X_res, _ = tiny().fit_resample(memory_map, toy.y)
    assert memory_map.tobytes() == before
    assert X_res.dtype == np.float16
    assert_array_equal(X_res[: len(memory_map)], memory_map)


@pytest.mark.usefixtures("no_room")
def test_a_filter_gets_some_members_of_every_term_where_all_would_not_fit(tiny, toy, memory_map):
    sampler = tiny(quality_filter=CosineFilter()).fit(memory_map, toy.y)
    counts = sampler.quality_filter_.n_members_
    assert (counts > 0).all()
    assert counts.sum() < toy.y.sum()
