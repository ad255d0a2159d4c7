"""A warning points at the line of the user, however deep in protimb it arises."""

import warnings

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV

from protimb.classification import KNNTermClassifier, ResampledClassifier
from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import RareTermWarning, TeachingWarning
from protimb.filters import CosineFilter
from protimb.over_sampling import (
    MLSMOTE,
    MLSOL,
    CGANSampler,
    LabelwiseSampler,
    RandomLabelsetOverSampler,
)
from protimb.under_sampling import MLRUS
from protimb.utils._sklearn_compat import fit_context
from protimb.utils._warnings import users_level


class Deep(BaseEstimator):
    """Warn from a method that scikit-learn wraps."""

    _parameter_constraints: dict = {}  # noqa: RUF012 - scikit-learn's name and form

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self):
        warnings.warn("here", UserWarning, stacklevel=users_level())


def test_the_caller_outside_is_the_first_level():
    assert users_level() == 1
    with pytest.warns(UserWarning, match="here") as caught:
        Deep().fit()
    assert caught[0].filename == __file__


TOY = make_longtail_multilabel(random_state=0)
# Two rows without a direction of their own, which have no cosine.
ZEROS = np.vstack([np.zeros((2, TOY.X.shape[1])), TOY.X[2:]])


class Lost(SMOTE):
    """Fail on the rarest terms."""

    def _fit_resample(self, X, y):
        if y.sum() < 10:
            raise ValueError("too few")
        return super()._fit_resample(X, y)


RAISED = {"sampling_strategy": 20, "random_state": 0}
# Poor rows, and no guard that would put copies in their place.
SHORT = {**RAISED, "generate_from": "noise", "guard": None, "max_updates": 1, "n_critic": 1}

# What is warned of, and how deep in protimb: called by hand, by another estimator, by a filter.
CALLS = {
    "copies": lambda: MLSMOTE(**RAISED).fit_resample(ZEROS[:, :1] * 0, TOY.y),
    "resampled": lambda: ResampledClassifier(
        MLSMOTE(**RAISED, quality_filter="memorisation", max_rounds=1), KNNTermClassifier()
    ).fit(TOY.X, TOY.y),
    "lifted": lambda: LabelwiseSampler(Lost(), **RAISED).fit_resample(TOY.X, TOY.y),
    "filter": lambda: MLSOL(**RAISED, quality_filter="cosine").fit_resample(ZEROS, TOY.y),
    "removed": lambda: MLRUS(sampling_strategy=1, random_state=0).fit_resample(TOY.X, TOY.y),
    "generated": lambda: (
        CGANSampler(**SHORT, device="cpu", quality_filter=CosineFilter(quantile=0.99), max_rounds=1)
        .fit(TOY.X, TOY.y)
        .generate(TOY.X, TOY.y, random_state=0)
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_warnings_of_samplers_and_filters_point_at_the_users_line(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert caught
    assert {warning.filename for warning in caught} == {__file__}


SAMPLER = RandomLabelsetOverSampler(sampling_strategy=3, random_state=0)
FOREST = RandomForestClassifier(1, random_state=0)
RESAMPLED = ResampledClassifier(SAMPLER, FOREST)


@pytest.fixture(scope="module")
def one_rare_row():
    X = np.arange(24.0).reshape(12, 2)
    y = np.tile(np.eye(2, dtype=int), (6, 1))
    return X, np.column_stack([y, np.arange(12) == 1])


@pytest.mark.parametrize(
    "fit",
    [
        SAMPLER.fit_resample,
        RESAMPLED.fit,
        make_pipeline(SAMPLER, FOREST).fit,
        GridSearchCV(RESAMPLED, {"synthetic_weight": [1]}, cv=[(range(12), range(12))]).fit,
    ],
    ids=["sampler", "ResampledClassifier", "pipeline", "search"],
)
def test_warnings_name_the_line_of_the_user_through_whatever_calls_us(fit, one_rare_row):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(*one_rare_row)
    ours = [one for one in caught if one.category in (RareTermWarning, TeachingWarning)]
    assert ours
    assert {one.filename for one in ours} == {__file__}
