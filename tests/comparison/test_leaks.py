"""An arm that peeks at test proteins is refused, and honest ones pass."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from protimb.comparison import Arm, compare
from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import LeakError

QUICK = {"max_steps": 60, "n_resamples": 5, "maps": (), "check_leaks": True}
QUICK["classifier_params"] = {"hidden_layer_sizes": (64,)}
TOY = make_longtail_multilabel(n_samples=200, n_features=10, random_state=0)
FEW = make_longtail_multilabel(n_samples=150, n_features=10, n_terms=3, random_state=0)


class Smuggler(BaseEstimator):
    """Adds rows of the whole data, with their labels; with noise on them where asked."""

    def __init__(self, noise=0.0):
        self.noise = noise

    def fit_resample(self, X, y):
        more = TOY.X + self.noise * np.random.RandomState(0).normal(size=TOY.X.shape)
        X_all = np.vstack([X, *[more.astype(X.dtype)] * 5])
        return X_all, np.vstack([y, *[TOY.y] * 5])


class Rememberer(BaseEstimator):
    """Looks the labels of a protein up, wherever it comes from."""

    def fit(self, X, y):
        self.known_ = {x.tobytes(): row for x, row in zip(TOY.X, TOY.y, strict=True)}
        return self

    def predict_proba(self, X):
        return np.array([self.known_[x.tobytes()] for x in X], dtype=float)


def test_a_sampler_that_brings_test_proteins_is_refused():
    with pytest.raises(LeakError, match=r"'mine' leaks: \d+ of the \d+ rows .* test proteins"):
        compare(TOY, arms={"mine": Smuggler()}, classifiers=["mlp"], **QUICK)


def test_noise_on_smuggled_proteins_does_not_hide_them():
    with pytest.raises(LeakError, match=r"'mine' with mlp leaks: .*shuffled"):
        compare(TOY, arms={"mine": Smuggler(0.01)}, classifiers=["mlp"], **QUICK)


def test_a_classifier_that_remembers_test_proteins_is_refused():
    with pytest.raises(LeakError, match="'mine' with alone leaks"):
        compare(TOY, arms={"mine": Arm("by heart", make_classifier=Rememberer)}, **QUICK)


def test_a_head_that_remembers_test_proteins_is_refused():
    with pytest.raises(LeakError, match="'none' with mine leaks"):
        compare(TOY, arms=[], classifiers={"mine": Rememberer()}, **QUICK)


def test_honest_arms_pass():
    arms = ["class_weight", "threshold", "ros", "smote", "knn"]
    heads = ["mlp", "knn", "logistic"]
    result = compare(FEW, arms=arms, classifiers=heads, **QUICK)
    assert result.table["arm"].unique().tolist() == ["none", *arms]


def test_the_check_leaves_the_table_as_it_is():
    options = {"arms": ["ros"], "classifiers": ["mlp"], **QUICK, "max_steps": 10}
    assert compare(FEW, **options).table.equals(compare(FEW, **options | {"check_leaks": 0}).table)
