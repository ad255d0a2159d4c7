"""MLRUS and LPRUS: budgets to the row, turns among terms or labelsets, rare terms untouched."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from imblearn.pipeline import Pipeline
from imblearn.under_sampling import RandomUnderSampler
from scipy import sparse
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier

from protimb.exceptions import ProtimbWarning
from protimb.metrics import imbalance_ratio_per_label, labelset_counts, mean_imbalance_ratio
from protimb.under_sampling import LPRUS, MLRUS, MLTL, MLeNN

SAMPLERS = [MLRUS(random_state=0), LPRUS(random_state=0)]


def labelsets(**counts):
    """Rows of 0 and 1 by their labels: ``labelsets(a=2, ab=1)`` has a twice, a and b once."""
    names = sorted(set("".join(counts)))
    return np.array(
        [[name in row for name in names] for row, n in counts.items() for _ in range(n)]
    ).astype(int)


def test_the_share_is_removed_to_the_row(X, y):
    for share, n_removed in [(0.05, 1), (0.1, 3), (0.3, 9)]:
        sampler = MLRUS(sampling_strategy=share, random_state=0)
        assert len(sampler.fit_resample(X, y)[0]) == 30 - n_removed
        assert sampler.n_removed_ == n_removed


def test_mlrus_takes_turns_among_majority_terms():
    # IRLbl 1, 1 and 20, MeanIR 7.33: a and b are frequent, and may fall to 3.
    y = labelsets(a=20, b=20, c=2)
    y[-1] = 0
    for share, gone in [(0.1, [2, 2]), (0.12, [3, 2]), (0.5, [11, 10]), (0.7, [15, 14])]:
        sampler = MLRUS(sampling_strategy=share, random_state=0)
        _, y_res = sampler.fit_resample(np.eye(42), y)
        assert (20 - y_res.sum(axis=0)[:2]).tolist() == gone


def test_mlrus_stops_a_term_where_its_irlbl_reaches_the_mean():
    # IRLbl 1, 2.5 and 20, MeanIR 7.83: a may fall to ceil(40 / 7.83) = 6, and so may b.
    y = np.vstack([labelsets(a=40, b=16, c=2), [[0, 0, 0]]])
    sampler = MLRUS(sampling_strategy="auto", random_state=0).fit(np.eye(59), y)
    assert sampler.sampling_strategy_ == {0: 6, 1: 6}
    with pytest.warns(ProtimbWarning, match="44 of 53 rows"):
        sampler.set_params(sampling_strategy=0.9).fit_resample(np.eye(59), y)
    assert sampler.sampling_plan_["n_after"].tolist() == [6, 6, 2]
    assert 40 / 6 < mean_imbalance_ratio(y) < 40 / 5


@pytest.mark.parametrize("sampler", SAMPLERS, ids=str)
def test_named_terms_are_lowered_to_their_totals(sampler, X, y):
    sampler = clone(sampler).set_params(sampling_strategy={0: 15, 2: 9})
    _, y_res = sampler.fit_resample(X, y)
    assert y_res.sum(axis=0).tolist() == [15, 3, 9]
    assert sampler.sampling_strategy_ == {0: 15, 2: 9}


def test_lprus_lowers_no_term_through_labelsets_at_the_mean_size(X, y):
    # Labelsets of 15, 8, 3 and 2 rows: mean 7, so term 2 can lose one row.
    with pytest.warns(ProtimbWarning, match=r"2: 9 of 8\).*labelset is at the mean size"):
        LPRUS(sampling_strategy={2: 8}, random_state=0).fit_resample(X, y)


def test_a_count_lowers_every_frequent_term_and_none_below_it(X, y):
    _, y_res = MLRUS(sampling_strategy=9, random_state=0).fit_resample(X, y)
    assert y_res.sum(axis=0).tolist() == [9, 3, 9]


def test_a_callable_gets_y_and_answers_in_any_form(X, y):
    for answer in ({0: 12}, 0.1, 12, "auto"):
        asked = MLRUS(sampling_strategy=lambda labels, a=answer: a, random_state=0)
        plain = MLRUS(sampling_strategy=answer, random_state=0)
        for left, right in zip(asked.fit_resample(X, y), plain.fit_resample(X, y), strict=True):
            np.testing.assert_array_equal(left, right)


def test_lprus_levels_labelsets_by_equal_steps():
    # Sizes 12, 8, 4 and 2: mean 6.5, so 12 and 8 are frequent and may lose 5 and 1.
    y = labelsets(a=12, ab=8, b=4, abc=2)
    for n_removed, sizes in [(1, [11, 8]), (2, [11, 7]), (4, [9, 7]), (6, [7, 7])]:
        sampler = LPRUS(sampling_strategy=n_removed / 26, random_state=0)
        _, y_res = sampler.fit_resample(np.eye(26), y)
        assert labelset_counts(y_res).tolist() == [*sizes, 4, 2]


def test_lprus_removes_no_labelset_below_the_mean_size():
    y = labelsets(a=12, ab=8, b=4, abc=2)
    with pytest.warns(ProtimbWarning, match="6 of 13 rows"):
        LPRUS(sampling_strategy=0.5, random_state=0).fit_resample(np.eye(26), y)


def test_lprus_leaves_a_frequent_labelset_with_a_rare_term_whole():
    # Labelset abc is among the larger ones, but c is rare: IRLbl 33 / 6 is above the mean.
    y = labelsets(a=20, b=20, ab=7, abc=6, bd=1)
    sampler = LPRUS(sampling_strategy=0.2, random_state=0)
    _, y_res = sampler.fit_resample(np.eye(54), y)
    assert sampler.n_removed_ == 10
    assert y_res.sum(axis=0)[2:].tolist() == [6, 1]


@pytest.mark.parametrize("strategy", ["auto", "majority", "all", {0: 12, 2: 5}], ids=str)
@pytest.mark.parametrize("sampler", SAMPLERS, ids=str)
def test_one_label_a_row_gives_the_counts_of_imbalanced_learn(sampler, strategy):
    y = np.repeat([0, 1, 2], [15, 5, 10])
    X = np.arange(30.0)[:, None]
    _, ours = clone(sampler).set_params(sampling_strategy=strategy).fit_resample(X, y)
    _, theirs = RandomUnderSampler(sampling_strategy=strategy, random_state=0).fit_resample(X, y)
    assert np.bincount(ours).tolist() == np.bincount(theirs).tolist()


@pytest.mark.parametrize("sampler", SAMPLERS, ids=str)
def test_one_hot_classes_are_named_by_column(sampler):
    y = np.eye(3, dtype=int)[np.repeat([0, 1, 2], [15, 5, 10])]
    sampler = clone(sampler).set_params(sampling_strategy={0: 7}, target="classes")
    _, y_res = sampler.fit_resample(np.arange(30.0)[:, None], y)
    assert y_res.sum(axis=0).tolist() == [7, 5, 10]


@pytest.mark.parametrize("Sampler", [MLRUS, LPRUS])
def test_different_seeds_remove_different_rows(Sampler, X, y):
    draws = set()
    for seed in range(5):
        sampler = Sampler(sampling_strategy=0.1, random_state=seed)
        sampler.fit_resample(X, y)
        draws.add(tuple(sampler.sample_indices_))
    assert len(draws) > 1


SHAPES = st.tuples(st.integers(2, 25), st.integers(2, 5))
STRATEGIES = st.one_of(st.just("auto"), st.floats(0.05, 0.9), st.integers(1, 12))
TARGETS = hnp.arrays(np.uint8, SHAPES, elements=st.integers(0, 1))


@settings(max_examples=60, deadline=None)
@given(TARGETS, STRATEGIES, st.sampled_from(["MLRUS", "LPRUS", "MLeNN", "MLTL"]))
@pytest.mark.filterwarnings("ignore::protimb.exceptions.ProtimbWarning")
def test_the_contract_holds_for_any_target_and_budget(y, strategy, name):
    X = np.random.RandomState(len(y)).normal(size=(len(y), 2))
    sampler = {"MLRUS": MLRUS, "LPRUS": LPRUS, "MLeNN": MLeNN, "MLTL": MLTL}[name]()
    if name in ("MLRUS", "LPRUS"):
        sampler.set_params(sampling_strategy=strategy, random_state=0)
    if len(np.unique(y, axis=0)) == 1:
        with pytest.raises(ValueError, match="class"):
            sampler.fit_resample(X, y)
        return
    X_res, y_res = sampler.fit_resample(X, sparse.csr_array(y))
    kept, plan = sampler.sample_indices_, sampler.sampling_plan_
    np.testing.assert_array_equal(X_res, X[kept])
    np.testing.assert_array_equal(y_res.toarray(), y[kept])
    assert (np.diff(kept) > 0).all()
    assert (plan["n_after"] >= plan["n_floor"]).all()
    rare = imbalance_ratio_per_label(y) > mean_imbalance_ratio(y) + 1e-9
    stay = y[:, rare].any(axis=1) | ~y.any(axis=1)
    assert set(np.flatnonzero(stay)) <= set(kept)
    if isinstance(strategy, float) and name in ("MLRUS", "LPRUS"):
        assert len(y) - len(kept) <= int(strategy * len(y) + 1e-9)


def test_pipeline_removes_training_rows_and_predicts_all_others(X, y):
    pipeline = Pipeline([("remove", MLRUS(random_state=0)), ("judge", KNeighborsClassifier(1))])
    pipeline.fit(X, y)
    assert pipeline["judge"].n_samples_fit_ == 30 - 7
    assert pipeline.predict(X).shape == y.shape


def test_lprus_takes_rows_of_named_terms_only():
    # Mean size 6.5: labelsets a and b are both large enough to lose rows, and only b is named.
    y = labelsets(a=12, b=10, ab=2, abc=2)
    sampler = LPRUS(sampling_strategy={1: 12}, random_state=0)
    _, y_res = sampler.fit_resample(np.eye(26), y)
    assert y_res.sum(axis=0).tolist() == [16, 12, 2]
