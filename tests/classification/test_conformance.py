"""The classifiers keep scikit-learn's contract."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from protimb.classification import GOTermClassifier, KNNTermClassifier

# Float32 sums of repeated rows and of weighted rows differ in the last digits, and the suite
# asks for seven; test_weights_act_like_repeated_rows asks for four.
EXPECTED_FAILED = {}


def small_classifier():
    return GOTermClassifier(
        hidden_layer_sizes=(16,),
        dropout=0.0,
        max_epochs=20,
        lr=0.05,
        batch_size=64,
        early_stopping=False,
        device="cpu",
    )


@parametrize_with_checks(
    [small_classifier(), KNNTermClassifier(n_neighbors=10)],
    expected_failed_checks=lambda estimator: EXPECTED_FAILED.get(type(estimator), {}),
)
def test_sklearn_conformance(estimator, check):
    check(estimator)
