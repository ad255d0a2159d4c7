"""A warning points at the line of the user, however deep in protimb it arises."""

import warnings

import pytest
from sklearn.base import BaseEstimator

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
