"""Bags are drawn, completed, balanced and averaged; terms keep their places."""

import numpy as np
import pandas as pd
import pytest
from imblearn.ensemble import BalancedBaggingClassifier
from imblearn.over_sampling import SMOTE
from imblearn.under_sampling import RandomUnderSampler
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from protimb.classification import GOTermClassifier, ResampledClassifier
from protimb.datasets import make_longtail_multilabel
from protimb.ensemble import MultilabelBalancedBagging
from protimb.exceptions import InvalidLabelsError, TeachingWarning
from protimb.metrics import term_average_precision
from protimb.over_sampling import MLROS, LabelwiseSampler, RandomLabelsetOverSampler

TOY = make_longtail_multilabel(120, n_features=6, n_terms=6, random_state=0)
LOGISTIC = MultiOutputClassifier(LogisticRegression())
COPIES = RandomLabelsetOverSampler(sampling_strategy=30)


def bagging(sampler=COPIES, estimator=LOGISTIC, n_estimators=3, **options):
    return MultilabelBalancedBagging(
        sampler, estimator, n_estimators, **{"random_state": 0} | options
    )


@pytest.mark.parametrize(
    "estimator",
    [
        None,
        LOGISTIC,
        OneVsRestClassifier(LogisticRegression()),
        ClassifierChain(LogisticRegression()),
        RandomForestClassifier(n_estimators=3),
        KNeighborsClassifier(3),
        GOTermClassifier(max_epochs=1, early_stopping=False, hidden_layer_sizes=(4,)),
        MultiOutputClassifier(RidgeClassifier()),
    ],
    ids=lambda one: type(one).__name__,
)
@pytest.mark.parametrize("n_terms", [6, 1])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")  # of one column
def test_every_kind_of_classifier_gives_one_probability_a_term(estimator, n_terms):
    if n_terms == 1 and isinstance(estimator, ClassifierChain):
        n_terms = 2  # a chain has two links
    # The rarest terms: bags miss some of them as they are drawn.
    y = pd.DataFrame(TOY.y[:, -n_terms:], columns=TOY.terms[-n_terms:])
    # One column of two classes is no target for a sampler that counts for every term.
    sampler = COPIES if n_terms > 1 else None
    model = bagging(sampler, estimator, synthetic_labels="all", max_samples=0.1)
    with_columns = model.fit(TOY.X, y).predict_proba(TOY.X)
    assert with_columns.shape == (120, n_terms)
    assert with_columns.min() >= 0
    assert with_columns.max() <= 1
    assert model.terms_.tolist() == TOY.terms[-n_terms:].tolist()
    assert_array_equal(model.predict(TOY.X), with_columns > 0.5)
    # Members of a term score above others on the rows that were learned from.
    truth = y.to_numpy() > 0
    assert with_columns[truth].mean() > with_columns[~truth].mean()


def test_one_bag_of_all_rows_is_the_resampled_classifier():
    model = bagging(sampler=None, n_estimators=1, bootstrap=False).fit(TOY.X, TOY.y)
    (rows,) = model.estimators_samples_
    assert sorted(rows) == list(range(120))
    expected = ResampledClassifier(None, LOGISTIC).fit(TOY.X[rows], TOY.y[rows])
    expected = np.column_stack([one[:, 1] for one in expected.predict_proba(TOY.X)])
    assert_allclose(model.predict_proba(TOY.X), expected)


def test_the_mean_of_the_bags_is_what_is_said():
    model = bagging().fit(TOY.X, TOY.y)
    each = [
        np.column_stack([one[:, 1] for one in member.predict_proba(TOY.X)])
        for member in model.estimators_
    ]
    assert_allclose(model.predict_proba(TOY.X), np.mean(each, axis=0))
    assert not np.allclose(each[0], each[1])


def test_each_bag_is_balanced_by_its_own_sampler():
    model = bagging().fit(TOY.X, TOY.y)
    for member, rows in zip(model.estimators_, model.estimators_samples_, strict=True):
        copied = member.sampler_.sample_indices_
        assert TOY.y[rows][copied].sum(axis=0).min() >= 30 > TOY.y[rows].sum(axis=0).min()
    seeds = {member.sampler_.random_state for member in model.estimators_}
    assert len(seeds) == 3


def test_bags_miss_no_term_and_no_others():
    y = np.zeros((120, 3), int)
    y[7, 0] = 1
    y[:, 1] = 1
    y[9, 1] = 0
    y[::2, 2] = 1
    model = bagging(None, n_estimators=20, max_samples=0.1).fit(TOY.X, y)
    for rows in model.estimators_samples_:
        assert 12 <= len(rows) <= 16
        assert (np.ptp(y[rows], axis=0) == 1).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
@pytest.mark.parametrize("value", [0, 1])
def test_a_term_that_all_rows_hold_or_lack_is_certain(value):
    y = pd.DataFrame({"term": np.full(120, value)})
    model = bagging(None, RandomForestClassifier(n_estimators=2)).fit(TOY.X, y)
    assert_array_equal(model.predict_proba(TOY.X), np.full((120, 1), float(value)))


def test_groups_are_drawn_whole():
    model = bagging().fit(TOY.X, TOY.y, groups=TOY.groups)
    for rows in model.estimators_samples_:
        out = np.setdiff1d(np.arange(120), rows)
        assert not set(TOY.groups[out]) & set(TOY.groups[rows])


def test_rows_out_of_a_bag_are_judged_by_the_others():
    model = bagging(n_estimators=4, oob_score=True).fit(TOY.X, TOY.y)
    row = next(r for r in range(120) if sum(r in rows for rows in model.estimators_samples_) == 2)
    outside = [
        [one[0, 1] for one in member.predict_proba(TOY.X[[row]])]
        for member, rows in zip(model.estimators_, model.estimators_samples_, strict=True)
        if row not in rows
    ]
    assert_allclose(model.oob_decision_function_[row], np.mean(outside, axis=0))
    judged = np.isfinite(model.oob_decision_function_).all(axis=1)
    assert not judged.all()
    precision = term_average_precision(TOY.y[judged], model.oob_decision_function_[judged])
    assert model.oob_score_ == pytest.approx(precision.mean())


def test_without_rows_out_of_bags_there_is_no_score():
    model = bagging(n_estimators=1, bootstrap=False, oob_score=True).fit(TOY.X, TOY.y)
    assert np.isnan(model.oob_decision_function_).all()
    assert np.isnan(model.oob_score_)


def test_one_target_of_classes_is_bagged_as_well_as_by_imbalanced_learn():
    X, y = make_classification(800, n_informative=4, weights=[0.93], random_state=0)
    tree = DecisionTreeClassifier(max_depth=4)
    train, test = np.arange(400), np.arange(400, 800)
    scores = {}
    for name, model in {
        "ours": MultilabelBalancedBagging(RandomUnderSampler(), tree, 30, random_state=0),
        "theirs": BalancedBaggingClassifier(tree, 30, random_state=0),
        "one": ResampledClassifier(RandomUnderSampler(random_state=0), clone(tree)),
    }.items():
        proba = model.fit(X[train], y[train]).predict_proba(X[test])
        scores[name] = roc_auc_score(y[test], proba[:, 1])
    assert scores["ours"] == pytest.approx(scores["theirs"], abs=0.05)
    assert min(scores["ours"], scores["theirs"]) > scores["one"] + 0.02


@pytest.mark.parametrize("y", [["b", "a", "b", "c"] * 30, np.arange(120) % 2])
def test_classes_come_back_as_they_were(y):
    model = bagging(None, DecisionTreeClassifier(), oob_score=True).fit(TOY.X, y)
    assert model.classes_.tolist() == sorted(set(y))
    assert_allclose(model.predict_proba(TOY.X).sum(axis=1), 1)
    assert set(model.predict(TOY.X)) <= set(y)
    assert 0 <= model.oob_score_ <= 1


def test_classifiers_without_probabilities_vote_for_classes():
    y = np.where(TOY.y[:, 0] > 0, "member", "other")
    votes = bagging(None, RidgeClassifier()).fit(TOY.X, y).predict_proba(TOY.X)
    assert set(np.unique(votes.round(6))) <= {0, 0.333333, 0.666667, 1}


@pytest.mark.parametrize("container", [pd.DataFrame, sparse.csr_array, lambda y: y.tolist()])
def test_every_container_of_labels_gives_the_same_probabilities(container):
    expected = bagging().fit(TOY.X, TOY.y).predict_proba(TOY.X)
    assert_allclose(bagging().fit(TOY.X, container(TOY.y)).predict_proba(TOY.X), expected)


def test_a_table_with_ids_is_drawn_row_by_row():
    X = pd.DataFrame(TOY.X, index=TOY.protein_ids).add_prefix("feature ")
    y = pd.DataFrame(TOY.y, index=TOY.protein_ids, columns=TOY.terms)
    model = bagging().fit(X, y)
    assert_allclose(model.predict_proba(X), bagging().fit(TOY.X, TOY.y).predict_proba(TOY.X))
    assert model.feature_names_in_.tolist() == X.columns.tolist()
    with pytest.raises(InvalidLabelsError, match="different order"):
        bagging().fit(X, y[::-1])


def test_jobs_do_not_change_what_is_learned():
    expected = bagging(None).fit(TOY.X, TOY.y).predict_proba(TOY.X)
    with parallel_config("threading"):  # processes would spend the test on importing torch
        given = bagging(None, n_jobs=2).fit(TOY.X, TOY.y).predict_proba(TOY.X)
    assert_allclose(given, expected)


def test_a_search_reaches_sampler_and_estimator():
    grid = {"sampler__sampling_strategy": [20, 40], "estimator__estimator__C": [1.0, 10.0]}
    search = GridSearchCV(bagging(n_estimators=2), grid, cv=2).fit(TOY.X, TOY.y)
    assert len(search.cv_results_["params"]) == 4


@pytest.mark.parametrize("sampler", [MLROS(), LabelwiseSampler(SMOTE(k_neighbors=1))])
def test_any_sampler_balances_bags(sampler):
    model = bagging(sampler, DecisionTreeClassifier(), synthetic_labels="all")
    assert model.fit(TOY.X, TOY.y).predict_proba(TOY.X).shape == (120, 6)


def test_parameters_and_lengths_are_checked():
    with pytest.raises(ValueError, match="max_samples"):
        bagging(max_samples=0).fit(TOY.X, TOY.y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        bagging().fit(TOY.X, TOY.y, groups=TOY.groups[:50])
    with pytest.raises(InvalidLabelsError, match="binary indicators"):
        bagging().fit(TOY.X, TOY.y + 1)


def test_bags_of_groups_need_a_group_for_each_row():
    y = np.array([[1, 0], [0, 1]] * 4)
    groups = np.array(["a", None, "b", "b", "c", "c", "d", 5], dtype=object)
    with pytest.raises(ValueError, match=r"no group for 1 rows .*row 1"):
        MultilabelBalancedBagging(None, n_estimators=1).fit(y, y, groups)
    groups[1] = "e"  # of several types, which have no order
    assert MultilabelBalancedBagging(None, n_estimators=1).fit(y, y, groups).n_features_in_ == 2


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_what_every_bag_says_is_said_once(n_jobs):
    forest = RandomForestClassifier(2, random_state=0)  # which cannot be told what to learn
    # Forked processes have imported what joblib's default ones would import for seconds.
    with (
        parallel_config(backend="multiprocessing"),
        pytest.warns(TeachingWarning, match="takes no label_mask") as caught,
    ):
        bagging(COPIES, forest, n_jobs=n_jobs).fit(TOY.X, TOY.y)
    assert len(caught) == 1


def test_votes_of_ridge_are_the_same_for_labels_of_any_dtype():
    given = [
        bagging(estimator=RidgeClassifier(), synthetic_labels="all")
        .fit(TOY.X, TOY.y.astype(dtype))
        .predict_proba(TOY.X)
        for dtype in (int, bool, np.uint8)
    ]
    assert_array_equal(given[1], given[0])
    assert_array_equal(given[2], given[0])
    assert 0 < given[0].mean() < 0.5
