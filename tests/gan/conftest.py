from functools import partial

import pytest

from protimb.datasets import make_longtail_multilabel
from protimb.gan import ConditionalGAN
from protimb.nn import MLPBackbone


@pytest.fixture(scope="package")
def toy():
    """200 rows with 12 terms from frequent to rare."""
    return make_longtail_multilabel(random_state=0)


@pytest.fixture(scope="package")
def tiny():
    """Make a model small enough for tests."""
    return partial(
        ConditionalGAN,
        backbone=MLPBackbone(n_layers=1, n_hidden=8),
        n_latent=4,
        max_epochs=2,
        random_state=0,
    )
