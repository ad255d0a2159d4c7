"""The only file that imports private names of scikit-learn or imbalanced-learn."""

from sklearn.base import _fit_context as fit_context
from sklearn.neighbors._base import KNeighborsMixin
from sklearn.utils._param_validation import HasMethods as AnyHasMethods
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import _num_samples as num_samples
from sklearn.utils.validation import check_array, validate_data

__all__ = [
    "HasMethods",
    "Interval",
    "KNeighborsMixin",
    "Options",
    "StrOptions",
    "check_array",
    "check_params",
    "fit_context",
    "num_samples",
    "validate_data",
]


class HasMethods(AnyHasMethods):
    """An object with some methods: a class has them too, and would fail when they are called."""

    def is_satisfied_by(self, val):
        return not isinstance(val, type) and super().is_satisfied_by(val)


def check_params(estimator):
    """Compare constructor parameters with ``_parameter_constraints``; errors name the culprit."""
    estimator._validate_params()
