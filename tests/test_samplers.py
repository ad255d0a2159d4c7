"""Every sampler passes imbalanced-learn's and protimb's own checks."""

import pytest
from imblearn.utils import estimator_checks as imblearn_checks
from samplers import SAMPLERS
from sklearn.base import clone

from protimb.utils import estimator_checks as protimb_checks
from protimb.utils.estimator_checks import expected_failed_checks

# The reading under which one-hot columns are what imbalanced-learn takes them for.
AS_CLASSES = [
    clone(sampler).set_params(**({"target": "classes"} if hasattr(sampler, "target") else {}))
    for sampler in SAMPLERS
]


def listed(mark):
    # imbalanced-learn 0.14 hands pytest a generator, which pytest is about to refuse.
    names, cases = mark.args
    return pytest.mark.parametrize(names, list(cases), **mark.kwargs)


@listed(
    imblearn_checks.parametrize_with_checks(
        AS_CLASSES, expected_failed_checks=expected_failed_checks
    )
)
def test_imbalanced_learn_accepts_the_sampler(estimator, check):
    check(estimator)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=repr)
def test_wrong_parameters_are_named_in_the_error(sampler):
    imblearn_checks.check_param_validation(type(sampler).__name__, sampler)


@protimb_checks.parametrize_with_checks(SAMPLERS)
def test_the_multilabel_contract_holds(sampler, check):
    check(sampler)
