"""Every sampler passes imbalanced-learn's and protimb's own checks."""

import pytest
from imblearn.utils import estimator_checks as imblearn_checks
from sklearn.base import clone

from protimb.over_sampling import (
    LPROS,
    MLROS,
    MLSMOTE,
    MLSOL,
    REMEDIAL,
    CGANSampler,
    LabelwiseSampler,
    RandomLabelsetOverSampler,
)
from protimb.under_sampling import LPRUS, MLRUS, MLTL, MLeNN
from protimb.utils import estimator_checks as protimb_checks
from protimb.utils.estimator_checks import expected_failed_checks

# Seeded, because imbalanced-learn compares two fits; fast, because each is fitted about 60 times.
SAMPLERS = [
    RandomLabelsetOverSampler(random_state=0),
    MLROS(random_state=0),
    LPROS(random_state=0),
    MLSMOTE(random_state=0),
    MLSOL(random_state=0),
    REMEDIAL(),
    LabelwiseSampler(random_state=0),
    CGANSampler(max_epochs=1, n_critic=1, quality_filter=None, device="cpu", random_state=0),
    MLRUS(random_state=0),
    LPRUS(random_state=0),
    MLeNN(),
    MLTL(),
]


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
