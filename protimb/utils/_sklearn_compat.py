"""The only file that imports private names of scikit-learn or imbalanced-learn."""

from sklearn.base import _fit_context as fit_context
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils.validation import _num_samples as num_samples
from sklearn.utils.validation import check_array, validate_data

__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "check_array",
    "check_params",
    "fit_context",
    "num_samples",
    "validate_data",
]


def check_params(estimator):
    """Compare constructor parameters with ``_parameter_constraints``; errors name the culprit."""
    estimator._validate_params()
