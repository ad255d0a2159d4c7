from functools import partial

import pytest

from protimb import CGANSampler
from protimb.datasets import make_longtail_multilabel
from protimb.nn import MLPBackbone


@pytest.fixture(scope="package")
def toy():
    """200 rows with 12 terms from frequent to rare."""
    return make_longtail_multilabel(random_state=0)


@pytest.fixture(scope="package")
def tiny():
    """Make a sampler small enough for tests, without quality control unless asked for."""
    return partial(
        CGANSampler,
        sampling_strategy=20,
        backbone=MLPBackbone(n_layers=1, n_hidden=8),
        n_latent=4,
        max_epochs=2,
        quality_filter=None,
        random_state=0,
    )
