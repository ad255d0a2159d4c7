"""One estimator resamples, hands on what new rows teach, and predicts."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.estimator_checks import estimator_checks_generator

from protimb.classification import GOTermClassifier, KNNTermClassifier, ResampledClassifier
from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import InvalidLabelsError, SkippedTermWarning, TeachingWarning
from protimb.over_sampling import (
    MLROS,
    REMEDIAL,
    CGANSampler,
    LabelwiseSampler,
    RandomLabelsetOverSampler,
)
from protimb.under_sampling import MLRUS, MLTL

WEIGHTS = np.linspace(1, 2, 120)


def copier(**changes):
    return RandomLabelsetOverSampler(**{"sampling_strategy": 25, "random_state": 0} | changes)


class Memory(ClassifierMixin, BaseEstimator):
    """Remembers what it was told."""

    def fit(self, X, y, sample_weight=None, label_mask=None):
        self.rows_, self.y_, self.weights_, self.known_ = len(X), y, sample_weight, label_mask
        self.classes_ = np.array([0, 1])
        return self

    def predict(self, X):
        return self.y_[: len(X)]


@pytest.fixture(scope="module")
def data():
    # Six terms that every half of the rows holds with and without.
    toy = make_longtail_multilabel(120, n_features=8, n_terms=6, random_state=0)
    return toy.X, toy.y


def test_it_is_the_two_steps_by_hand(data, small):
    """What the README's table measured: resample, then fit with the mask."""
    X, y = data
    sampler = copier()
    X_res, y_res = sampler.fit_resample(X, y)
    by_hand = small().fit(X_res, y_res, label_mask=sampler.label_mask())
    model = ResampledClassifier(copier(), small()).fit(X, y)
    assert_array_equal(model.predict_proba(X), by_hand.predict_proba(X))
    assert_array_equal(model.decision_function(X), by_hand.decision_function(X))
    assert_array_equal(model.predict(X), by_hand.predict(X))
    assert model.score(X, y) == by_hand.score(X, y)
    without = ResampledClassifier(copier(), small(), synthetic_labels="all").fit(X, y)
    assert (without.predict_proba(X) != by_hand.predict_proba(X)).any()


def test_new_rows_teach_the_terms_that_lacked_rows_and_real_rows_teach_all(data):
    X, y = data
    known = ResampledClassifier(copier(), Memory()).fit(X, y).classifier_.known_
    lacked = y.sum(axis=0) < 25
    assert lacked.any()
    assert not lacked.all()
    assert known[:120].all()
    assert_array_equal(known[120:], np.tile(lacked, (len(known) - 120, 1)))


@pytest.mark.parametrize(
    ("sampler", "options"),
    [(copier(), {"synthetic_labels": "all"}), (MLRUS(random_state=0), {}), (REMEDIAL(), {})],
    ids=["all labels asked for", "no new rows", "rows split, none new"],
)
def test_there_is_no_mask_where_nothing_is_hidden(data, sampler, options):
    assert ResampledClassifier(sampler, Memory(), **options).fit(*data).classifier_.known_ is None


def test_a_single_label_has_no_cells_to_hide(data):
    X, y = data
    model = ResampledClassifier(copier(sampling_strategy="auto"), Memory()).fit(X, y[:, -1])
    assert model.sampler_.n_synthetic_ > 0
    assert model.classifier_.known_ is None


@pytest.mark.parametrize(
    "sampler",
    [
        copier(),
        MLROS(random_state=0),
        LabelwiseSampler(SMOTE(k_neighbors=2), sampling_strategy=25, random_state=0),
        CGANSampler(
            max_updates=1, n_critic=1, quality_filter=None, sampling_strategy=25, random_state=0
        ),
    ],
    ids=lambda sampler: type(sampler).__name__,
)
def test_new_rows_weigh_like_the_real_one_behind_them_times_a_factor(data, sampler):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # toy terms have few members
        model = ResampledClassifier(sampler, Memory(), synthetic_weight=0.5)
        model.fit(*data, sample_weight=WEIGHTS)
    weights = model.classifier_.weights_
    assert_array_equal(weights[:120], WEIGHTS)
    assert len(weights) > 120
    assert_allclose(weights[120:], 0.5 * WEIGHTS[model.sampler_.conditioning_indices_])


@pytest.mark.parametrize("sampler", [MLRUS(random_state=0), MLTL()], ids=repr)
def test_rows_that_stay_keep_their_weights(data, sampler):
    model = ResampledClassifier(sampler, Memory(), synthetic_weight=0.5)
    model.fit(*data, sample_weight=WEIGHTS)
    kept = model.sampler_.sample_indices_
    assert_array_equal(model.classifier_.weights_, WEIGHTS[kept])
    assert model.classifier_.rows_ == len(kept) < 120


def test_weights_follow_rows_of_imbalanced_learn(data):
    X, labels = data[0], data[1][:, -1]
    over = ResampledClassifier(RandomOverSampler(random_state=0), Memory(), synthetic_weight=0.5)
    over.fit(X, labels, sample_weight=WEIGHTS)
    rows = over.sampler_.sample_indices_
    factor = np.where(np.arange(len(rows)) < 120, 1, 0.5)
    assert_array_equal(over.classifier_.weights_, WEIGHTS[rows] * factor)
    under = ResampledClassifier(RandomUnderSampler(random_state=0), Memory())
    under.fit(X, labels, sample_weight=WEIGHTS)
    assert_array_equal(under.classifier_.weights_, WEIGHTS[under.sampler_.sample_indices_])


def test_rows_made_by_imbalanced_learn_can_weigh_less(data):
    X, labels = data[0], data[1][:, 0]
    model = ResampledClassifier(SMOTE(random_state=0), Memory(), synthetic_weight=0.25)
    weights = model.fit(X, labels).classifier_.weights_
    assert len(weights) > 120
    assert_array_equal(weights, np.where(np.arange(len(weights)) < 120, 1, 0.25))
    with pytest.raises(ValueError, match=r"SMOTE does not say .* LabelwiseSampler\(SMOTE\(\)\)"):
        model.fit(X, labels, sample_weight=WEIGHTS)


def test_nothing_is_weighed_unless_asked_for(data):
    assert ResampledClassifier(copier(), Memory()).fit(*data).classifier_.weights_ is None
    assert ResampledClassifier(None, Memory()).fit(*data).classifier_.weights_ is None
    weighed = ResampledClassifier(None, Memory()).fit(*data, sample_weight=WEIGHTS)
    assert_array_equal(weighed.classifier_.weights_, WEIGHTS)


@pytest.mark.parametrize("options", [{"synthetic_weight": 0.5}, {}])
def test_a_classifier_that_cannot_weigh_rows_is_named(data, options):
    model = ResampledClassifier(copier(), KNeighborsClassifier(), **options)
    weights = {} if options else {"sample_weight": WEIGHTS}
    with pytest.raises(ValueError, match=r"KNeighborsClassifier\.fit takes no sample_weight"):
        model.fit(*data, **weights)


@pytest.mark.parametrize(
    "classifier",
    [RandomForestClassifier(5, random_state=0), KNeighborsClassifier(3), KNNTermClassifier()],
    ids=lambda classifier: type(classifier).__name__,
)
def test_a_classifier_that_learns_all_labels_together_says_that_the_mask_is_unused(
    data, classifier
):
    X, y = data
    with pytest.warns(TeachingWarning, match="takes no label_mask"):
        masked = ResampledClassifier(copier(), classifier).fit(X, y)
    plain = ResampledClassifier(copier(), classifier, synthetic_labels="all").fit(X, y)
    assert_array_equal(masked.predict(X), plain.predict(X))


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighed"])
@pytest.mark.parametrize("kind", [MultiOutputClassifier, OneVsRestClassifier])
def test_classifiers_of_one_term_at_a_time_fit_each_on_the_rows_that_know_it(data, kind, weights):
    X, y = data
    model = ResampledClassifier(copier(), kind(LogisticRegression()))
    model.fit(X, y, sample_weight=weights)
    rows = np.concatenate([np.arange(120), model.sampler_.conditioning_indices_])
    lacked = y.sum(axis=0) < 25
    for term, estimator in enumerate(model.classifier_.estimators_):
        seen = rows if lacked[term] else rows[:120]
        alone = LogisticRegression().fit(
            X[seen], y[seen, term], None if weights is None else weights[seen]
        )
        assert_allclose(estimator.coef_, alone.coef_)
    assert isinstance(model.classifier_.estimator, LogisticRegression)
    assert model.predict(X).shape == y.shape
    assert np.shape(model.predict_proba(X))[-1] in (2, 6)
    assert len(model.classes_) == 6


def test_one_versus_rest_keeps_what_all_rows_agree_on(data):
    X, y = data
    y = np.column_stack([np.ones(120, dtype=int), y])  # the root, say
    with (
        pytest.warns(SkippedTermWarning, match="every row carries them"),
        pytest.warns(UserWarning, match="present in all training examples"),
    ):
        model = ResampledClassifier(copier(), OneVsRestClassifier(LogisticRegression())).fit(X, y)
    assert model.predict(X)[:, 0].all()


@pytest.mark.parametrize("frame", [False, True], ids=["arrays", "frames"])
@pytest.mark.parametrize("storage", [None, sparse.csr_array, sparse.coo_matrix])
def test_labels_in_any_container_give_the_same_predictions(data, frame, storage):
    X, y = data
    classifier = MultiOutputClassifier(LogisticRegression())
    expected = ResampledClassifier(copier(), classifier).fit(X, y).predict(X)
    rows = pd.DataFrame(X).rename(columns=str) if frame else X
    labels = storage(y) if storage else pd.DataFrame(y, columns=list("abcdef"))
    model = ResampledClassifier(copier(), classifier).fit(rows, labels)
    assert_array_equal(model.predict(rows), expected)
    assert (model.terms_ is None) == bool(storage)
    assert model.n_features_in_ == 8
    assert hasattr(model, "feature_names_in_") == frame


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float16, ">i4", ">f8"])
@pytest.mark.parametrize(
    "classifier", [RidgeClassifier(), OneVsRestClassifier(RidgeClassifier())], ids=["all", "each"]
)
def test_the_dtype_of_labels_changes_no_prediction(data, classifier, dtype):
    # Alone, RidgeClassifier predicts every label of y in bool, and fails on uint8.
    X, y = data
    model = ResampledClassifier(None, classifier)
    expected = classifier.fit(X, y.astype(int)).predict(X)
    predicted = model.fit(X, y.astype(dtype)).predict(X)
    assert_array_equal(predicted, expected)
    assert predicted.dtype == dtype
    assert model.score(X, y.astype(dtype)) == classifier.score(X, y.astype(int))


def test_labels_in_lists_are_scored_like_those_in_arrays(data):
    X, y = data
    model = ResampledClassifier(None, MultiOutputClassifier(RidgeClassifier())).fit(X, y.tolist())
    assert model.score(X, y.tolist()) == model.score(X, y)


def test_terms_are_named_by_the_columns(data, small):
    X, y = data
    y = pd.DataFrame(y, columns=list("abcdef"))
    for classifier in (small(), RandomForestClassifier(5)):
        model = ResampledClassifier(copier(), classifier, synthetic_labels="all").fit(X, y)
        assert list(model.terms_) == list("abcdef")


def test_parts_given_stay_as_they_were_and_the_same_seeds_give_the_same_answers(data, small):
    X, y = data
    sampler, classifier = copier(), small()
    first, second = (ResampledClassifier(sampler, classifier).fit(X, y) for _ in range(2))
    assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    assert not hasattr(sampler, "n_synthetic_")
    assert not hasattr(classifier, "network_")
    restored = pickle.loads(pickle.dumps(first))
    assert_array_equal(restored.predict_proba(X), first.predict_proba(X))


def test_a_failed_refit_leaves_the_earlier_fit(data, small):
    X, y = data
    model = ResampledClassifier(copier(), small()).fit(X, y)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="0 or 1"):
        model.fit(X, y + 3)
    assert_array_equal(model.predict_proba(X), before)


def test_a_grid_search_reaches_both_parts_and_the_baseline_without_a_sampler(data, small):
    X, y = data
    model = ResampledClassifier(copier(), small())
    grid = [
        {"sampler__sampling_strategy": [12, 15], "classifier__max_epochs": [1, 2]},
        {"sampler": [None]},
    ]
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, y)
    assert len(search.cv_results_["params"]) == 5
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert clone(model).get_params()["sampler__sampling_strategy"] == 25


def test_methods_are_those_of_the_classifier():
    assert not hasattr(ResampledClassifier(None, RandomForestClassifier()), "decision_function")
    assert hasattr(ResampledClassifier(None, RandomForestClassifier()), "predict_proba")
    assert not hasattr(ResampledClassifier(None, Memory()), "predict_proba")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sampler": LogisticRegression()}, "'sampler' parameter of ResampledClassifier"),
        ({"classifier": copier()}, "'classifier' parameter of ResampledClassifier"),
        ({"synthetic_labels": "own"}, "'synthetic_labels' parameter of ResampledClassifier"),
        ({"synthetic_weight": -1}, "'synthetic_weight' parameter of ResampledClassifier"),
    ],
)
def test_wrong_parameters_are_named(data, changes, message):
    with pytest.raises(ValueError, match=message):
        ResampledClassifier(copier(), Memory()).set_params(**changes).fit(*data)


NO_WEIGHTS = "neighbours take no weights, and the error says so"
EXPECTED_FAILED = {
    "check_sample_weight_equivalence_on_dense_data": NO_WEIGHTS,
    "check_sample_weights_pandas_series": NO_WEIGHTS,
    "check_sample_weights_not_an_array": NO_WEIGHTS,
    "check_sample_weights_list": NO_WEIGHTS,
    "check_sample_weights_shape": NO_WEIGHTS,
    "check_sample_weights_not_overwritten": NO_WEIGHTS,
    "check_classifiers_one_label_sample_weights": NO_WEIGHTS,
}


def does_not_apply(name, model):
    # The suite would skip these: array libraries we do not take, and a method we do not have.
    without = "decision_function" in name and not hasattr(model, "decision_function")
    return without or name.startswith("check_array_api")


def conformance_checks():
    """The checks around neighbours; tests/test_estimators.py runs those around a linear model."""
    model = ResampledClassifier(MLROS(random_state=0), KNNTermClassifier(), synthetic_labels="all")
    for _, check in estimator_checks_generator(model):
        name = check.func.__name__
        if not does_not_apply(name, model):
            reasons = [EXPECTED_FAILED[name]] if name in EXPECTED_FAILED else []
            marks = [pytest.mark.xfail(reason=reason) for reason in reasons]
            yield pytest.param(model, check, id=name, marks=marks)


@pytest.mark.parametrize(("model", "check"), [*conformance_checks()])
def test_sklearn_conformance(model, check):
    check(model)


def test_the_network_of_the_package_takes_mask_and_weights_at_once(data, small):
    model = ResampledClassifier(copier(), small(), synthetic_weight=0.5).fit(*data)
    assert isinstance(model.classifier_, GOTermClassifier)
    assert np.isfinite(model.predict_proba(data[0])).all()


@pytest.mark.parametrize("sampler", [None, copier()], ids=["rows as they are", "copies"])
def test_tables_are_paired_by_name_whatever_the_classifier_does(data, sampler):
    X, y = (pd.DataFrame(part) for part in data)
    X, y = X.add_prefix("x").rename("P{}".format), y.add_prefix("term").rename("P{}".format)
    weights = pd.Series(WEIGHTS, index=X.index)
    forest = RandomForestClassifier(5, max_depth=2, random_state=0)
    model = ResampledClassifier(sampler, forest, synthetic_labels="all").fit(X, y, weights)
    assert model.score(X, y.iloc[:, ::-1]) == model.score(X, y) > 0.1
    for fit_or_score in (model.fit, model.score):
        with pytest.raises(InvalidLabelsError, match="X and y have the same ids in a different"):
            fit_or_score(X, y.iloc[::-1])
        with pytest.raises(InvalidLabelsError, match="X and sample_weight have the same ids"):
            fit_or_score(X, y, weights.iloc[::-1])


@pytest.mark.parametrize("sampler", [None, copier()], ids=["rows as they are", "copies"])
@pytest.mark.parametrize("kind", [RandomForestClassifier, GOTermClassifier])
def test_polars_tables_teach_what_arrays_teach(data, kind, sampler, small):
    X, y = data
    classifier = small() if kind is GOTermClassifier else kind(5, random_state=0)
    model = ResampledClassifier(sampler, classifier, synthetic_labels="all")
    expected = clone(model).fit(X, y).predict(X)
    names = [f"term{column}" for column in range(y.shape[1])]
    model.fit(pl.DataFrame(X), pl.DataFrame(y, schema=names))
    assert_array_equal(model.predict(pl.DataFrame(X)), expected)
    assert model.terms_.tolist() == names


@pytest.mark.parametrize("wrap", [pd.DataFrame, sparse.csr_array])
def test_a_table_of_one_term_is_taught_whole(data, small, wrap):
    """Samplers read its zeros and ones as two classes, which are no terms to mask."""
    X, y = data
    model = ResampledClassifier(RandomLabelsetOverSampler(random_state=0), small())
    model.fit(X, wrap(y[:, -1:]))
    assert model.sampler_.n_synthetic_ > 0
    assert model.predict(X).shape == (len(X), 1)


def test_columns_that_a_sampler_loses_are_an_error(data):
    X, y = data
    model = ResampledClassifier(SMOTE(k_neighbors=1), RandomForestClassifier(2, random_state=0))
    with pytest.raises(InvalidLabelsError, match="SMOTE gives one column back for two of y"):
        model.fit(X, np.column_stack([y[:, 0], 1 - y[:, 0]]))
