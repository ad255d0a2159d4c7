"""The classifiers keep scikit-learn's contract."""

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from protimb.classification import GOTermClassifier, KNNTermClassifier

# Float32 sums of repeated rows and of weighted rows differ in the last digit, and the suite
# asks for seven. test_integer_weights_act_like_repeated_rows asks for three.
EXPECTED_FAILED = {
    GOTermClassifier: {
        "check_sample_weight_equivalence_on_dense_data": "float32 training, seven digits asked"
    },
    KNNTermClassifier: {},
}


def small_network():
    return GOTermClassifier(
        hidden_layer_sizes=(16,),
        dropout=0.0,
        input_noise=0.0,
        weight_decay=0.01,
        max_epochs=20,
        lr=0.05,
        batch_size=64,
        early_stopping=False,
        device="cpu",
    )


def applicable_checks():
    checks = []
    for estimator in (small_network(), KNNTermClassifier()):
        for _, check in estimator_checks_generator(estimator):
            name = check.func.__name__
            reason = EXPECTED_FAILED[type(estimator)].get(name)
            # Not strict: on some processor the last digits may agree.
            marks = [pytest.mark.xfail(reason=reason, strict=False)] if reason else []
            if not does_not_apply(name, estimator):
                case_id = f"{type(estimator).__name__}-{name}"
                checks.append(pytest.param(estimator, check, id=case_id, marks=marks))
    return checks


def does_not_apply(name, estimator):
    # The suite would skip these: array libraries we do not take, and a method we do not have.
    if name.startswith("check_array_api"):
        return True
    return "decision_function" in name and not hasattr(estimator, "decision_function")


@pytest.mark.parametrize(("estimator", "check"), applicable_checks())
def test_sklearn_conformance(estimator, check):
    check(estimator)
