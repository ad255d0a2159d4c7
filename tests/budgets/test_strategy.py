"""One meaning for ``sampling_strategy``: several columns are terms, whatever rows carry."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from imblearn.over_sampling import RandomOverSampler
from sklearn.base import clone
from sklearn.model_selection import KFold

from protimb.exceptions import AmbiguousTargetWarning, InvalidLabelsError
from protimb.over_sampling import (
    LPROS,
    MLROS,
    MLSMOTE,
    MLSOL,
    LabelwiseSampler,
    RandomLabelsetOverSampler,
)
from protimb.under_sampling import LPRUS, MLRUS, MLTL, MLeNN

ADDING = [MLROS, LPROS, MLSMOTE, MLSOL, LabelwiseSampler, RandomLabelsetOverSampler]
BUDGETED = [*ADDING, MLRUS, LPRUS]
SAMPLERS = [*BUDGETED, MLeNN, MLTL]

# 150, 47 and 3 members: IRLbl 1, 3.19 and 50, MeanIR 18.06; 150 / 18.06 = 8.3.
Y = np.eye(3, dtype=int)[np.repeat([0, 1, 2], [150, 47, 3])]
X = np.random.RandomState(0).normal(size=(200, 3))

STRATEGIES = st.one_of(
    st.just("auto"), st.integers(2, 9), st.sampled_from([0.1, 0.4]), st.just({0: 6})
)


def at_random(y):
    return np.random.RandomState(len(y)).normal(size=(len(y), 2))


def make(Sampler, strategy):
    return Sampler(**({} if Sampler in (MLeNN, MLTL) else {"sampling_strategy": strategy}))


def error_of(sampler, y):
    try:
        clone(sampler).fit_resample(at_random(y), y)
    except ValueError as error:
        return str(error)
    return None


def test_a_quarter_goes_at_most_although_each_row_has_one_label():
    sampler = MLRUS(random_state=0)
    with pytest.warns(AmbiguousTargetWarning, match=r"pass target='multilabel'"):
        sampler.fit_resample(X, Y)
    assert sampler.n_removed_ == 50
    assert sampler.sampling_plan_["n_floor"].tolist() == [9, 9, 3]
    sampler.set_params(target="classes").fit_resample(X, Y)
    assert sampler.n_removed_ == 191  # every class at the smallest


@pytest.mark.parametrize("Sampler", ADDING)
def test_counts_raise_every_term_although_each_row_has_one_label(Sampler):
    sampler = Sampler(sampling_strategy=60, random_state=0)
    _, y_res = sampler.fit_resample(X, Y)
    assert sampler.sampling_strategy_ == {1: 13, 2: 57}
    assert (y_res.sum(axis=0) >= [150, 60, 60]).all()


@pytest.mark.parametrize("Sampler", [MLROS, LPROS])
def test_shares_add_rows_although_each_row_has_one_label(Sampler):
    sampler = Sampler(sampling_strategy=0.02, random_state=0)
    sampler.fit_resample(X, Y)
    assert sampler.n_synthetic_ == 4


@pytest.mark.parametrize("Sampler", [MLRUS, LPRUS])
def test_shares_remove_rows_although_each_row_has_one_label(Sampler):
    sampler = Sampler(sampling_strategy=0.1, random_state=0)
    sampler.fit_resample(X, Y)
    assert sampler.n_removed_ == 20


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=6, max_size=30), STRATEGIES, st.sampled_from(SAMPLERS))
@pytest.mark.filterwarnings("ignore::protimb.exceptions.ProtimbWarning")
def test_one_row_without_labels_changes_no_goal(codes, strategy, Sampler):
    y, sampler = np.eye(4, dtype=int)[codes], make(Sampler, strategy)
    mixed = np.vstack([y, np.zeros((1, 4), dtype=int)])  # no longer one label in every row
    assume(len(set(codes)) > 1 and error_of(sampler, mixed) is None)
    goals = [
        clone(sampler).fit(at_random(labels), labels).sampling_strategy_ for labels in (y, mixed)
    ]
    assert goals[0] == goals[1]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 999), st.integers(0, 2), STRATEGIES, st.sampled_from(SAMPLERS))
@pytest.mark.filterwarnings("ignore::protimb.exceptions.ProtimbWarning")
def test_what_works_on_the_whole_works_on_every_fold(seed, n_pairs, strategy, Sampler):
    # Scene has 1.07 labels a row: most folds have a row of two, and now and then one has none.
    rng = np.random.RandomState(seed)
    y = np.eye(3, dtype=int)[rng.choice(3, size=45, p=[0.6, 0.25, 0.15])]
    y[rng.choice(45, size=n_pairs, replace=False)] = [1, 1, 0]
    sampler = make(Sampler, strategy)
    assume(error_of(sampler, y) is None)
    for train, _ in KFold(3).split(y):
        one_row_more = np.vstack([y[train], [[0, 0, 0]]])
        assert (error_of(sampler, y[train]) is None) == (error_of(sampler, one_row_more) is None)


@pytest.mark.parametrize("Sampler", BUDGETED)
def test_who_chose_a_reading_is_not_warned(Sampler):
    with pytest.warns(AmbiguousTargetWarning) as caught:
        Sampler().fit_resample(X, Y)
    assert {warning.filename for warning in caught} == {__file__}
    for target in ("multilabel", "classes"):
        with warnings.catch_warnings():
            warnings.simplefilter("error", AmbiguousTargetWarning)
            Sampler(target=target).fit_resample(X, Y)


@pytest.mark.parametrize("Sampler", [MLeNN, MLTL])
def test_nobody_is_warned_where_both_readings_agree(Sampler):
    # All but the rarest may lose rows, be they terms or classes.
    for target in ("auto", "multilabel", "classes"):
        sampler = Sampler(target=target).fit(X, Y)
        sampler.fit_resample(X, Y)
        assert [*sampler.sampling_strategy_] == [0, 1]


def test_words_for_classes_are_read_as_imbalanced_learn_reads_them():
    for word in ("minority", "not majority", "not minority", "all"):
        _, ours = RandomLabelsetOverSampler(sampling_strategy=word).fit_resample(X, Y)
        _, theirs = RandomOverSampler(sampling_strategy=word).fit_resample(X, Y)
        assert ours.sum(axis=0).tolist() == theirs.sum(axis=0).tolist()


def test_a_ratio_is_for_classes_where_the_sampler_takes_no_share():
    y = np.eye(2, dtype=int)[np.repeat([0, 1], [150, 50])]
    _, y_res = MLSMOTE(sampling_strategy=0.5, random_state=0).fit_resample(X, y)
    assert y_res.sum(axis=0).tolist() == [150, 75]
    with pytest.raises(ValueError, match="does not suit multilabel y"):
        MLSMOTE(sampling_strategy=0.5, target="multilabel").fit_resample(X, y)


@pytest.mark.parametrize("Sampler", SAMPLERS)
def test_what_cannot_be_read_as_asked_is_refused(Sampler):
    y = Y.copy()
    y[7] = [1, 1, 0]
    with pytest.raises(InvalidLabelsError, match=r"1 of 200 rows.*first row 7, which has 2"):
        Sampler(target="classes").fit_resample(X, y)
    with pytest.raises(InvalidLabelsError, match="one dimension"):
        Sampler(target="multilabel").fit_resample(X, Y.argmax(axis=1))


def test_one_column_is_one_term_if_the_user_says_so():
    y = Y[:, [2]]
    sampler = MLROS(sampling_strategy=30, target="multilabel", random_state=0)
    _, y_res = sampler.fit_resample(X, y)
    assert y_res.shape == (227, 1)
    assert y_res.sum() == 30


@pytest.mark.parametrize("Sampler", SAMPLERS)
def test_the_words_offered_after_a_typo_are_those_that_this_y_takes(Sampler):
    y = Y.copy()
    y[0] = [1, 1, 0]
    with pytest.raises(ValueError, match="'atuo'") as refused:
        Sampler(sampling_strategy="atuo").fit_resample(X, y)
    assert "'auto'" in str(refused.value)
    assert not any(word in str(refused.value) for word in ("minority", "majority", "'all'"))
    with pytest.raises(ValueError, match="'atuo'") as refused:
        Sampler(sampling_strategy="atuo").fit_resample(X, Y.argmax(axis=1))
    offered = [word for word in ("'minority'", "'majority'") if word in str(refused.value)]
    assert offered == (["'minority'"] if Sampler in ADDING else ["'majority'"])
    for word in offered:
        strategy = word.strip("'")
        Sampler(sampling_strategy=strategy).fit_resample(X, Y.argmax(axis=1))
