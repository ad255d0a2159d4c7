"""MLSMOTE: rows between fellow members of a term, labels by vote."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from protimb.over_sampling import MLSMOTE
from protimb.over_sampling._interpolation import nearest_others, step_towards

# Six proteins on a line; all but the last have term 1. Distances between members all differ.
X = np.array([[0.0], [1.0], [3.0], [7.0], [15.0], [100.0]])
Y = np.array(
    [
        [1, 1, 1, 0],
        [1, 1, 1, 0],
        [1, 1, 0, 1],
        [0, 1, 0, 1],
        [0, 1, 0, 1],
        [1, 0, 0, 0],
    ]
)


def votes_by_hand(vectors, y, term, seed, k, labelset):
    """Transcribe the paper's label rule for one member of a term with plain loops."""
    members = [row for row in range(len(y)) if y[row, term]]
    distances = {row: np.linalg.norm(vectors[row] - vectors[seed]) for row in members}
    others = sorted((row for row in members if row != seed), key=distances.get)
    voters = [seed, *others[:k]]
    new = []
    for column in range(y.shape[1]):
        votes = sum(int(y[voter, column]) for voter in voters)
        rules = {
            "ranking": votes > len(voters) / 2,
            "union": votes > 0,
            "intersection": votes == len(voters),
        }
        new.append(int(rules[labelset]))
    return new, voters


@pytest.mark.parametrize("labelset", ["ranking", "union", "intersection"])
@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_labels_are_those_that_the_neighbourhood_votes_for(labelset, k):
    sampler = MLSMOTE(sampling_strategy={1: 25}, k_neighbors=k, labelset=labelset, random_state=0)
    X_res, y_res = sampler.fit_resample(X, Y)
    assert set(sampler.conditioning_indices_) == {0, 1, 2, 3, 4}
    for x, y, seed in zip(X_res[6:], y_res[6:], sampler.conditioning_indices_, strict=True):
        wanted, voters = votes_by_hand(X, Y, 1, seed, k, labelset)
        assert y.tolist() == wanted
        assert X[voters].min() <= x[0] <= X[voters].max()


@given(
    y=hnp.arrays(np.int8, st.tuples(st.integers(5, 15), st.just(5)), elements=st.integers(0, 1)),
    labelset=st.sampled_from(["ranking", "union", "intersection"]),
    k=st.integers(1, 6),
    seed=st.integers(0, 99),
)
@settings(max_examples=50)
@pytest.mark.filterwarnings("ignore::protimb.exceptions.ProtimbWarning")
def test_one_row_for_each_member_gives_the_counts_of_the_published_loop(y, labelset, k, seed):
    y[:3], y[3] = [1, 1, 0, 0, 1], 0
    vectors = np.random.RandomState(seed).normal(size=(len(y), 3))
    members = np.flatnonzero(y[:, 1])
    counts = y.sum(axis=0, dtype=int)
    for member in members:
        counts += votes_by_hand(vectors, y, 1, member, k, labelset)[0]
    sampler = MLSMOTE(
        sampling_strategy={1: 2 * len(members)},
        k_neighbors=k,
        labelset=labelset,
        random_state=seed,
    )
    _, y_res = sampler.fit_resample(vectors, y)
    assert y_res.sum(axis=0).tolist() == counts.tolist()


def test_half_of_the_voters_is_no_majority():
    # Row 1 and its nearest fellow, row 0, have term 2; the next two, rows 2 and 3, do not.
    sampler = MLSMOTE(sampling_strategy={1: 25}, k_neighbors=3, random_state=0)
    _, y_res = sampler.fit_resample(X, Y)
    made_from_row_1 = y_res[6:][sampler.conditioning_indices_ == 1]
    assert not made_from_row_1[:, 2].any()


def test_new_rows_lie_between_the_seed_and_one_of_its_neighbours():
    rng = np.random.RandomState(0)
    vectors = rng.normal(size=(30, 5))
    y = np.zeros((30, 2), dtype=int)
    y[:10, 0] = y[10:, 1] = 1
    y[0] = 1
    sampler = MLSMOTE(sampling_strategy={0: 60}, k_neighbors=3, random_state=0)
    X_res, _ = sampler.fit_resample(vectors, y)
    distances = np.linalg.norm(vectors[:10, None] - vectors[:10], axis=2)
    near = np.argsort(distances, axis=1)[:, 1:4]
    ends = set()
    for x, seed in zip(X_res[30:], sampler.conditioning_indices_, strict=True):
        low = np.minimum(vectors[seed], vectors[near[seed]]) - 1e-12
        high = np.maximum(vectors[seed], vectors[near[seed]]) + 1e-12
        inside = ((x >= low) & (x <= high)).all(axis=1)
        assert inside.any()
        ends |= {(seed, end) for end in near[seed][inside]}
    assert len(ends) > 15  # all neighbours are gone to, not the nearest alone


def test_each_feature_goes_its_own_part_of_the_way():
    X_new = step_towards(
        np.array([[0.0, 0.0], [1.0, 1.0]]),
        np.zeros(50, dtype=int),
        np.ones(50, dtype=int),
        np.random.RandomState(0),
    )
    assert ((X_new >= 0) & (X_new <= 1)).all()
    assert (X_new[:, 0] != X_new[:, 1]).all()


def test_members_start_about_equally_many_rows():
    sampler = MLSMOTE(sampling_strategy={1: 17}, random_state=0)
    sampler.fit_resample(X, Y)
    assert sorted(np.bincount(sampler.conditioning_indices_)) == [2, 2, 2, 3, 3]


def test_two_members_are_each_others_neighbours():
    y = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [0, 1]])
    y[0, 1] = 1
    X_res, _ = MLSMOTE(sampling_strategy={0: 12}, random_state=0).fit_resample(X, y)
    assert ((X_res[6:] > 0) & (X_res[6:] < 1)).all()


def test_a_lone_member_is_copied_with_its_labels():
    y = Y.copy()
    y[:5, 1] = [1, 0, 0, 0, 0]
    with pytest.warns(UserWarning, match="single member"):
        X_res, y_res = MLSMOTE(sampling_strategy={1: 4}, random_state=0).fit_resample(X, y)
    assert_array_equal(X_res[6:], X[[0, 0, 0]])
    assert_array_equal(y_res[6:], y[[0, 0, 0]])


def test_identical_members_are_neighbours_too():
    vectors = np.array([[0.0], [0.0], [0.0], [5.0]])
    y = np.array([[1, 0], [1, 1], [1, 1], [0, 1]])
    neighbours = nearest_others(vectors[:3], np.arange(3), k=2)
    assert [set(row) for row in neighbours] == [{1, 2}, {0, 2}, {0, 1}]
    with pytest.warns(UserWarning, match="identical vectors"):
        X_res, y_res = MLSMOTE(sampling_strategy={0: 6}, random_state=0).fit_resample(vectors, y)
    assert not X_res[4:].any()
    assert y_res[4:].tolist() == [[1, 1]] * 3  # two of three voters have term 1


def test_a_common_offset_does_not_blur_who_is_near():
    rng = np.random.RandomState(0)
    vectors = rng.normal(size=(40, 8)).astype(np.float32)
    rows = np.arange(40)
    assert_array_equal(
        nearest_others(vectors + np.float32(1000), rows, 1),
        nearest_others(((vectors + np.float32(1000)) - np.float32(1000)), rows, 1),
    )


# 0 <- 1 <- 2 and 0 <- 3: a row with the term at the right has the one at the left.
PARENTS = {1: 0, 2: 1, 3: 0}


def close(y):
    y = y.copy()
    for child in (2, 1, 3):
        y[:, PARENTS[child]] |= y[:, child]
    return y


@given(
    y=hnp.arrays(bool, st.tuples(st.integers(4, 14), st.just(5)), elements=st.booleans()),
    labelset=st.sampled_from(["ranking", "union", "intersection"]),
    k=st.integers(1, 6),
    total=st.integers(2, 12),
    seed=st.integers(0, 9),
)
@settings(max_examples=60)
@pytest.mark.filterwarnings("ignore::protimb.exceptions.ProtimbWarning")
def test_a_vote_of_closed_rows_is_closed_and_budgets_are_met(y, labelset, k, total, seed):
    y = close(y)
    y[0], y[1] = [1, 1, 0, 0, 1], 0  # rows that differ, and not one label each
    vectors = np.random.RandomState(seed).normal(size=(len(y), 3))
    sampler = MLSMOTE(sampling_strategy=total, k_neighbors=k, labelset=labelset, random_state=seed)
    X_res, y_res = sampler.fit_resample(vectors, y)
    assert_array_equal(close(y_res), y_res)
    plan = sampler.sampling_plan_
    assert (plan["n_after"] >= plan["n_target"]).all()
    assert_array_equal(plan["n_after"], y_res.sum(axis=0))
    assert_array_equal(X_res[: len(y)], vectors)
    assert y_res[len(y) :].any(axis=1).all()


def test_one_label_a_row_keeps_one_class_a_row():
    classes = np.repeat(["rare", "common"], [4, 8])
    vectors = np.random.RandomState(0).normal(size=(12, 2))
    _, y_res = MLSMOTE(random_state=0).fit_resample(vectors, classes)
    assert y_res[12:].tolist() == ["rare"] * 4


def test_interpolation_keeps_the_dtype_and_constant_features():
    vectors = np.random.RandomState(0).normal(size=(6, 3)).astype(np.float32)
    vectors[:, 1] = np.float32(0.1)
    X_res, _ = MLSMOTE(sampling_strategy={1: 30}, random_state=0).fit_resample(vectors, Y)
    assert X_res.dtype == np.float32
    assert_allclose(X_res[:, 1], np.float32(0.1), rtol=0, atol=0)
