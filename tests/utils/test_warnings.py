"""A warning points at the line of the user, however deep in protimb it arises."""

import warnings

import numpy as np
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV

from protimb.classification import ResampledClassifier
from protimb.exceptions import RareTermWarning, TeachingWarning
from protimb.over_sampling import RandomLabelsetOverSampler
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
