import pytest
from devices import DEVICE

from protimb.classification import GOTermClassifier
from protimb.datasets import make_longtail_multilabel


@pytest.fixture(scope="session")
def data():
    return make_longtail_multilabel(120, n_features=8, n_terms=6, random_state=0)


@pytest.fixture
def small():
    """Return a maker of classifiers that train within a moment."""

    def make(**changes):
        settings = {
            "hidden_layer_sizes": (16,),
            "max_epochs": 3,
            "batch_size": 32,
            "lr": 0.01,
            "weight_decay": 0.01,
            "early_stopping": False,
            "device": DEVICE,
            "random_state": 0,
        }
        return GOTermClassifier(**(settings | changes))

    return make
