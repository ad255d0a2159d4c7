"""Folds share every term's members; groups stay whole; bad targets are named."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iterstrat.ml_stratifiers import IterativeStratification
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_validate,
)

from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import InvalidLabelsError, TermlessFoldWarning
from protimb.model_selection import (
    IterativeStratifiedGroupKFold,
    IterativeStratifiedKFold,
    split_by_term,
)
from protimb.model_selection._dealing import deal_folds

TOY = make_longtail_multilabel(200, 4, 12, random_state=0)
SPLITTERS = [IterativeStratifiedKFold, IterativeStratifiedGroupKFold]


class First:
    """Break ties by taking the first, where the library draws."""

    def choice(self, n):
        return 0


def folds_of(splitter, y, groups=None):
    """The fold of each row, (n_rows,)."""
    n_rows = y.shape[0] if hasattr(y, "shape") else len(y)
    folds = np.full(n_rows, -1)
    for fold, (train, test) in enumerate(splitter.split(np.zeros((n_rows, 1)), y, groups)):
        assert sorted([*train, *test]) == list(range(n_rows))
        folds[test] = fold
    assert (folds >= 0).all()
    return folds


def members(y, folds):
    return np.array([np.asarray(y)[folds == fold].sum(axis=0) for fold in np.unique(folds)])


@pytest.mark.parametrize("n_folds", [2, 4])  # powers of two: the library counts in fractions
@pytest.mark.parametrize("seed", range(5))
def test_the_library_deals_the_same_folds_where_it_takes_the_first_of_equals(n_folds, seed):
    rng = np.random.RandomState(seed)
    y = rng.rand(60, 5) < rng.rand(5) / 2
    theirs = IterativeStratification(y, np.ones(n_folds) / n_folds, First())
    ours = deal_folds(sparse.csr_array(y.astype(int)), np.ones(60, int), [1] * n_folds)
    assert ours.tolist() == theirs.tolist()


def test_a_split_by_shares_is_the_librarys():
    y = np.random.RandomState(0).rand(64, 5) < 0.2
    theirs = IterativeStratification(y, np.array([0.75, 0.25]), First())
    ours = deal_folds(sparse.csr_array(y.astype(int)), np.ones(64, int), [48, 16])
    assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("shuffle", [False, True])
def test_terms_are_shared_better_than_by_chance(shuffle):
    seed = 0 if shuffle else None
    ours = folds_of(IterativeStratifiedKFold(shuffle=shuffle, random_state=seed), TOY.y)
    chance = folds_of(KFold(shuffle=True, random_state=0), TOY.y)
    assert members(TOY.y, ours).min() >= 1  # the rarest term has seven members, chance misses it
    assert members(TOY.y, ours).std(axis=0).mean() < members(TOY.y, chance).std(axis=0).mean() / 3
    assert np.ptp(np.bincount(ours)) <= 8


def test_one_label_is_shared_as_evenly_as_scikit_learn_does():
    y = np.random.RandomState(1).rand(103) < 0.3
    shares = [
        members(y[:, None], folds_of(IterativeStratifiedKFold(), one)).ravel().tolist()
        for one in (y[:, None], y)
    ]
    assert sorted(shares[0]) == sorted(shares[1])


@pytest.mark.parametrize(
    "y", [TOY.y[:, 0], np.arange(60) % 3, [["a", "b"][i % 2] for i in range(40)]]
)
def test_a_target_of_classes_is_scikit_learns(y):
    groups = np.arange(len(y)) // 2
    ours = folds_of(IterativeStratifiedKFold(3, shuffle=True, random_state=0), y)
    theirs = folds_of(StratifiedKFold(3, shuffle=True, random_state=0), y)
    assert ours.tolist() == theirs.tolist()
    ours = folds_of(IterativeStratifiedGroupKFold(3), y, groups)
    assert ours.tolist() == folds_of(StratifiedGroupKFold(3), y, groups).tolist()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 5), st.booleans())
@pytest.mark.filterwarnings("ignore::protimb.exceptions.TermlessFoldWarning")
def test_groups_stay_whole_and_no_fold_is_empty(seed, n_splits, shuffle):
    rng = np.random.RandomState(seed)
    groups = np.r_[np.arange(n_splits), rng.randint(0, 9, size=25)]
    y = rng.rand(len(groups), 4) < rng.rand(4)
    splitter = IterativeStratifiedGroupKFold(
        n_splits, shuffle=shuffle, random_state=seed if shuffle else None
    )
    folds = folds_of(splitter, y.astype(int), groups)
    assert np.unique(folds).tolist() == list(range(n_splits))
    assert pd.Series(folds).groupby(groups).nunique().max() == 1


def test_groups_of_one_row_are_dealt_as_rows():
    rows = folds_of(IterativeStratifiedKFold(), TOY.y)
    groups = [f"group {row}" for row in range(200)]
    assert folds_of(IterativeStratifiedGroupKFold(), TOY.y, groups).tolist() == rows.tolist()


def test_one_label_in_groups_is_shared_no_worse_than_by_scikit_learn():
    rng = np.random.RandomState(0)
    groups, y = rng.randint(0, 60, size=300), rng.rand(300) < 0.2
    ours = members(y[:, None], folds_of(IterativeStratifiedGroupKFold(), y[:, None], groups))
    theirs = members(y[:, None], folds_of(StratifiedGroupKFold(), y, groups))
    assert np.ptp(ours) <= np.ptp(theirs) + 1


@pytest.mark.parametrize(
    "container",
    [
        pd.DataFrame,
        sparse.csr_array,
        sparse.coo_matrix,
        lambda y: y.astype(bool),
        lambda y: y.astype(float),
        lambda y: y.tolist(),
    ],
)
@pytest.mark.parametrize("splitter", SPLITTERS)
def test_every_container_of_labels_gives_the_same_folds(splitter, container):
    expected = folds_of(splitter(), TOY.y, _groups_for(splitter))
    assert (
        folds_of(splitter(), container(TOY.y), _groups_for(splitter)).tolist() == expected.tolist()
    )


@pytest.mark.parametrize("splitter", SPLITTERS)
def test_the_seed_decides_and_no_shuffling_takes_no_seed(splitter):
    first, again, other = (
        folds_of(splitter(shuffle=True, random_state=s), TOY.y, _groups_for(splitter)).tolist()
        for s in (1, 1, 2)
    )
    assert first == again != other
    with pytest.raises(ValueError, match="random_state has no effect"):
        splitter(random_state=0)


@pytest.mark.parametrize("splitter", SPLITTERS)
def test_scikit_learn_searches_and_validates_with_the_folds(splitter):
    forest = RandomForestClassifier(n_estimators=2, max_depth=2, random_state=0)
    options = {"cv": splitter(3)}
    groups = _groups_for(splitter)
    result = cross_validate(forest, TOY.X, TOY.y, groups=groups, **options)
    assert len(result["test_score"]) == splitter(3).get_n_splits() == 3
    search = GridSearchCV(forest, {"max_depth": [1, 2]}, **options)
    keywords = {} if groups is None else {"groups": groups}
    assert search.fit(TOY.X, TOY.y, **keywords).n_splits_ == 3


def test_parameters_show_as_those_of_scikit_learn():
    assert repr(IterativeStratifiedKFold(3)) == (
        "IterativeStratifiedKFold(n_splits=3, random_state=None, shuffle=False)"
    )


@pytest.mark.parametrize("splitter", SPLITTERS)
def test_terms_that_a_fold_lacks_are_named(splitter):
    y = pd.DataFrame({"common": [1, 0] * 15, "rare": [1, 1] + [0] * 28, "none": [0] * 30})
    message = re.escape("2 of 3 terms have no member in some of 3 folds (rare, none)")
    with pytest.warns(TermlessFoldWarning, match=message) as caught:
        folds = folds_of(splitter(3), y, _groups_for(splitter, np.arange(30)))
    assert caught[0].filename == __file__
    assert len(set(folds[:2])) == 2


def test_a_term_in_one_group_is_said_to_be_in_one_fold():
    y = np.zeros((30, 2), int)
    y[:10, 0], y[::2, 1] = 1, 1
    with pytest.warns(TermlessFoldWarning, match=r"1 of 2 .* \(0\).* 1 of them are in one fold"):
        folds_of(IterativeStratifiedGroupKFold(3), y, np.arange(30) // 10)


def test_rows_without_labels_make_folds_equally_large():
    y = np.zeros((30, 2), int)
    y[:6, 0] = 1
    y[:3, 1] = 1
    folds = folds_of(IterativeStratifiedKFold(3), y)
    assert np.bincount(folds).tolist() == [10, 10, 10]
    assert members(y, folds).tolist() == [[2, 1]] * 3


@pytest.mark.parametrize("y", [np.ones((30, 1), int), np.ones((30, 3), int)])
def test_labels_that_every_row_has_make_equal_folds(y):
    assert np.bincount(folds_of(IterativeStratifiedKFold(3), y)).tolist() == [10, 10, 10]


@pytest.mark.parametrize("splitter", SPLITTERS)
def test_more_folds_than_rows_cannot_be_made(splitter):
    with pytest.raises(ValueError, match="n_splits=5 folds need as many rows, and there are 4"):
        folds_of(splitter(5), np.eye(4, dtype=int), _groups_for(splitter, np.arange(4)))


@pytest.mark.parametrize("groups", [["a"] * 200, ["a", "b"] * 100])
def test_more_folds_than_groups_cannot_be_made(groups):
    n_groups = len(set(groups))
    with pytest.raises(ValueError, match=f"n_splits=3 folds need as many groups.* {n_groups}"):
        folds_of(IterativeStratifiedGroupKFold(3), TOY.y, groups)


def test_groups_must_be_given_one_a_row():
    with pytest.raises(ValueError, match="'groups' parameter should not be None"):
        folds_of(IterativeStratifiedGroupKFold(), TOY.y)
    with pytest.raises(ValueError, match=r"shape \(3,\), y has 200 rows"):
        next(IterativeStratifiedGroupKFold().split(TOY.X, TOY.y, [1, 2, 3]))


@pytest.mark.parametrize("bad", [2, -1, 0.5, np.nan])
@pytest.mark.parametrize("splitter", SPLITTERS)
def test_targets_that_are_no_indicators_are_refused(splitter, bad):
    y = TOY.y.astype(float)
    y[3, 1] = bad
    with pytest.raises(InvalidLabelsError, match="row 3, column 1"):
        folds_of(splitter(), y, _groups_for(splitter))


def test_groups_that_would_be_parted_are_warned_of():
    with pytest.warns(UserWarning, match="IterativeStratifiedGroupKFold keeps groups together"):
        next(IterativeStratifiedKFold().split(TOY.X, TOY.y, TOY.groups))


@pytest.mark.parametrize("groups", [None, TOY.groups])
def test_a_split_holds_out_a_share_of_every_term(groups):
    train, test = split_by_term(TOY.y, test_size=0.25, random_state=0, groups=groups)
    assert sorted([*train, *test]) == list(range(200))
    assert abs(len(test) - 50) <= 3
    expected = TOY.y.sum(axis=0) / 4
    np.testing.assert_allclose(TOY.y[test].sum(axis=0), expected, atol=3)
    if groups is not None:
        assert not set(groups[train]) & set(groups[test])


@pytest.mark.parametrize("test_size", [0.0, 1.0, 0.001, 3])
def test_a_split_needs_a_row_on_both_sides(test_size):
    with pytest.raises(ValueError, match=f"test_size={test_size} of 200 rows"):
        split_by_term(TOY.y, test_size=test_size, random_state=0)


def _groups_for(splitter, groups=TOY.groups):
    return groups if splitter is IterativeStratifiedGroupKFold else None


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_a_row_without_a_group_is_named(missing):
    groups = np.array(TOY.groups, dtype=object)
    groups[[7, 9]] = missing
    with pytest.raises(ValueError, match=r"no group for 2 rows .*row 7"):
        list(IterativeStratifiedGroupKFold(2).split(TOY.X, TOY.y, groups))
    with pytest.raises(ValueError, match=r"no group for 2 rows .*row 7"):
        split_by_term(TOY.y, random_state=0, groups=groups)


def test_groups_of_several_types_are_groups():
    mixed = [group if row else 5 for row, group in enumerate(TOY.groups)]
    folds = IterativeStratifiedGroupKFold(2).split(TOY.X, TOY.y, np.array(mixed, dtype=object))
    assert sum(len(test) for _, test in folds) == len(TOY.y)


def test_groups_in_another_order_than_their_rows_are_refused():
    y = pd.DataFrame(TOY.y, index=[f"p{row}" for row in range(len(TOY.y))])
    groups = pd.Series(TOY.groups, index=y.index)[::-1]
    with pytest.raises(InvalidLabelsError, match="different order"):
        list(IterativeStratifiedGroupKFold(2).split(TOY.X, y, groups))
    with pytest.raises(InvalidLabelsError, match="different order"):
        split_by_term(y, random_state=0, groups=groups)


@pytest.mark.parametrize("test_size", [np.nan, np.inf, "a", None])
def test_a_test_size_that_is_no_share_is_named(test_size):
    with pytest.raises(ValueError, match="test_size is a share between 0 and 1"):
        split_by_term(TOY.y, random_state=0, test_size=test_size)
