"""Few shots and small training sets: nested, with the same test proteins, nothing mislabelled."""

import warnings
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.utils import Bunch

from protimb.comparison import compare
from protimb.comparison._folds import make_fold
from protimb.comparison._sizes import choose_terms_to_cut, keep_few, take_clusters
from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import InvalidLabelsError, ProtimbWarning
from protimb.metrics import draw_proteins

QUICK = {"max_steps": 3, "n_resamples": 10, "maps": (), "classifiers": ["mlp"]}


@pytest.fixture(scope="module")
def several():
    return make_longtail_multilabel(n_samples=400, n_terms=20, random_state=0)


def fold_of(bunch, **settings):
    names = ("epochs", "date", "shots", "max_train")
    common = {"max_steps": 1, "split": "cluster"}
    protocol = SimpleNamespace(**dict.fromkeys(names) | common | settings)
    return make_fold(bunch, 0, None, draw_proteins(len(bunch.X), 2), protocol)


def test_fewer_shots_are_among_more_and_the_test_set_stays(several):
    folds = [fold_of(several, shots=k) for k in (1, 2, 5, 10, 20)]
    whole = fold_of(several)
    for few, more in zip(folds, [*folds[1:], whole], strict=True):
        assert set(few.train) < set(more.train)
        np.testing.assert_array_equal(few.test, whole.test)
    assert len({tuple(fold.cut) for fold in folds}) == 1
    for k, fold in zip((1, 2, 5, 10, 20), folds, strict=True):
        assert fold.n_train[fold.cut].max() == k
        assert fold.n_train[fold.cut].min() >= 1
        assert (fold.n_test[fold.cut] >= 10).all()


def test_a_row_that_is_left_out_is_left_out_of_every_term(several):
    """No protein stays whose label was hidden: it would teach that it lacks the term."""
    fold, whole = fold_of(several, shots=2), fold_of(several)
    lost = np.setdiff1d(whole.train, fold.train)
    assert several.y[lost][:, fold.cut].any(axis=1).all()
    kept = several.y[whole.train][:, fold.cut].any(axis=1)
    assert set(whole.train[~kept]) <= set(fold.train)


def test_each_term_keeps_as_many_as_asked_where_rows_have_one_term():
    y = np.eye(4, dtype=int)[np.arange(40) % 4]
    y[::10] = 0
    keep = keep_few(y, 3, seed=0)
    assert y[keep].sum(axis=0).tolist() == [3, 3, 3, 3]
    assert keep[::10].all()


def test_a_parent_is_not_cut_beside_its_child():
    y = np.zeros((200, 3), dtype=int)
    y[:25, 0] = y[:45, 1] = 1  # the second term has all proteins of the first
    y[50:80, 2] = 1
    assert choose_terms_to_cut(y, np.ones((10, 3)), 5).tolist() == [0, 2]
    assert choose_terms_to_cut(y, np.ones((9, 3)), 5).tolist() == []
    assert choose_terms_to_cut(y, np.ones((10, 3)), 26).tolist() == [2, 1]


def test_no_more_than_half_of_the_rows_have_a_term_that_is_cut():
    y = np.zeros((100, 2), dtype=int)
    y[:30, 0] = y[30:65, 1] = 1
    assert choose_terms_to_cut(y, np.ones((10, 2)), 1).tolist() == [0]


def test_clusters_are_taken_whole_and_fewer_are_among_more():
    groups, rows = np.repeat(np.arange(30), 4), np.arange(100)
    taken = [take_clusters(groups, rows, n, seed=1) for n in (1, 10, 50, 1000)]
    assert [len(one) for one in taken] == [4, 8, 48, 100]
    for few, more in pairwise(taken):
        assert set(few) < set(more)
    for one in taken:
        assert all(np.isin(groups, groups[r]).sum() == 4 or r >= 100 for r in one)


def test_few_shots_judge_the_terms_that_were_cut_alone(several):
    result = compare(several, arms=["ros", "knn"], shots=5, **QUICK)
    (fold,) = result.record["folds"]
    judged = result.terms["AP none mlp"].notna()
    assert judged.sum() == fold["n_terms_cut"] >= 1
    assert (result.terms.loc[judged, "n_train"] <= 5).all()
    table = result.table[result.table["metric"] == "AP all"]
    assert (table["n_terms"] == fold["n_terms_cut"]).all()
    assert 0 < fold["mean_shots"] <= 5


def test_a_small_training_set_takes_fewer_steps_and_the_same_test(several):
    options = QUICK | {"max_steps": None, "epochs": 1}
    small = compare(several, arms=[], max_train=60, **options).record["folds"][0]
    whole = compare(several, arms=[], **options).record["folds"][0]
    assert 40 < small["n_train"] <= 60 < whole["n_train"]
    assert small["n_test"] == whole["n_test"]
    assert small["max_steps"] < whole["max_steps"]


def test_shots_may_be_taken_of_a_small_training_set(several):
    both = fold_of(several, shots=2, max_train=250)
    assert set(both.train) < set(fold_of(several, max_train=250).train)


@pytest.mark.parametrize("size", [0, -3, 2.5, "5", True])
@pytest.mark.parametrize("name", ["shots", "max_train"])
def test_sizes_are_whole_numbers_from_one(several, name, size):
    with pytest.raises(ValueError, match=f"{name} must be a whole number from 1"):
        compare(several, **{name: size})


def test_shots_that_no_term_can_give_are_refused(several):
    with pytest.raises(InvalidLabelsError, match="In seed 0 no term can be cut to shots=1000"):
        compare(several, shots=1000, **QUICK)


def test_a_fold_without_a_positive_is_named(several):
    empty = Bunch(**several)
    empty["y"] = several.y.copy()
    empty["y"][fold_of(several).test] = 0
    with pytest.raises(InvalidLabelsError, match="No test protein of seed 0 has any term"):
        compare(empty, arms=[], **QUICK)


@pytest.mark.parametrize("heads", [["mlp"], ["logistic"], ["knn"], ["forest"], ["gbm"]])
def test_training_rows_that_all_carry_one_label_can_be_learned_from(several, heads):
    same = Bunch(**several)
    same["y"] = several.y.copy()
    train = fold_of(several).train
    same["y"][train] = 0
    same["y"][train, :2] = 1  # every training protein has these, and no other
    arms = ["class_weight", "threshold"]
    result = compare(same, arms=arms, **QUICK | {"classifiers": heads})
    assert result.table["estimate"].notna().any()


def test_rows_of_one_label_each_can_be_compared(several):
    single = Bunch(**several)
    rarest = np.where(several.y == 1, -several.y.sum(axis=0), -np.inf).argmax(axis=1)
    single["y"] = np.eye(len(several.terms), dtype=several.y.dtype)[rarest]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)  # toy terms have few members
        options = QUICK | {"classifiers": ["mlp", "logistic"]}
        result = compare(single, arms=["ros", "smote", "threshold"], **options)
    assert result.table["arm"].unique().tolist() == ["none", "ros", "smote", "threshold"]


def test_thirty_rows_are_enough():
    few = make_longtail_multilabel(n_samples=30, n_terms=5, random_state=1)
    arms = ["class_weight", "threshold", "ros", "smote", "knn"]
    options = QUICK | {"classifiers": ["mlp", "mlp+knn", "knn", "logistic", "gbm"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)  # terms have one member or two
        result = compare(few, arms=arms, sampling_strategy=8, tune_cuts=True, **options)
    assert result.table["arm"].unique().tolist() == ["none", *arms]
