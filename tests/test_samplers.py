"""Every sampler passes scikit-learn's, imbalanced-learn's and protimb's own checks."""

import pytest
from imblearn.utils import estimator_checks as imblearn_checks
from samplers import SAMPLERS
from sklearn.utils import estimator_checks as sklearn_checks

from protimb.utils import estimator_checks as protimb_checks
from protimb.utils.estimator_checks import expected_failed_checks


def listed(mark):
    # imbalanced-learn 0.14 hands pytest a generator, which pytest is about to refuse.
    names, cases = mark.args
    return pytest.mark.parametrize(names, list(cases), **mark.kwargs)


@pytest.mark.usefixtures("array_api")
@sklearn_checks.parametrize_with_checks(SAMPLERS)
def test_scikit_learn_accepts_the_sampler(estimator, check):
    check(estimator)


@listed(
    imblearn_checks.parametrize_with_checks(SAMPLERS, expected_failed_checks=expected_failed_checks)
)
def test_imbalanced_learn_accepts_the_sampler(estimator, check):
    check(estimator)


@pytest.mark.parametrize("sampler", SAMPLERS, ids=repr)
def test_wrong_parameters_are_named_in_the_error(sampler):
    imblearn_checks.check_param_validation(type(sampler).__name__, sampler)


@protimb_checks.parametrize_with_checks(SAMPLERS)
def test_the_multilabel_contract_holds(sampler, check):
    check(sampler)
