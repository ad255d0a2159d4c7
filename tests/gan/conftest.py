from functools import partial

import pytest
from gans import TINY, memory_map, no_room, toy

from protimb.gan import ConditionalGAN

__all__ = ["memory_map", "no_room", "tiny", "toy"]


@pytest.fixture(scope="package")
def tiny():
    """Make a model small enough for tests."""
    return partial(ConditionalGAN, **TINY)
