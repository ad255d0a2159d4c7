from functools import partial

import pytest
from gans import TINY, memory_map, no_room, toy

from protimb import CGANSampler

__all__ = ["memory_map", "no_room", "tiny", "toy"]


@pytest.fixture(scope="package")
def tiny():
    """Make a sampler small enough for tests, without quality control or guard unless asked for."""
    return partial(CGANSampler, **TINY, sampling_strategy=20, quality_filter=None, guard=None)
