"""Evaluations with figures set by hand, and a toy comparison made once."""

import numpy as np
import pandas as pd
import pytest

from protimb.comparison import compare
from protimb.datasets import make_longtail_multilabel
from protimb.metrics import Evaluation

QUICK = {"max_steps": 6, "n_resamples": 30, "classifier_params": {"hidden_layer_sizes": (8,)}}
BINS = ["all", "<20"]


@pytest.fixture(scope="session")
def toy():
    return make_longtail_multilabel(n_samples=240, random_state=0)


@pytest.fixture(scope="session")
def quick():
    """Options that make a comparison take about a second."""
    return QUICK


@pytest.fixture(scope="session")
def comparison(toy):
    return compare(toy, arms=["class_weight", "ros", "smote", "knn"], maps=["tsne"], **QUICK)


@pytest.fixture
def evaluation():
    """Make an Evaluation whose every figure is ``point``, give or take ``spread``."""

    def make(point, spread=0.001, seed=0, fingerprint=1):
        columns = ["fmax", "smin", *(f"AP {name}" for name in BINS)]
        noise = np.random.RandomState(seed).normal(scale=spread, size=(200, len(columns)))
        return Evaluation(
            point=pd.Series(point, index=columns, name="point"),
            resamples=pd.DataFrame(point + noise, columns=columns),
            n_terms=pd.Series(5, index=BINS),
            n_left_out=pd.Series(1, index=BINS),
            fingerprint=fingerprint,
        )

    return make
