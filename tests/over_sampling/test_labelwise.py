"""LabelwiseSampler lifts single-label over-samplers to several labels, term by term."""

import numpy as np
import pytest
from imblearn.over_sampling import ADASYN, SMOTE, SVMSMOTE, BorderlineSMOTE, KMeansSMOTE
from imblearn.over_sampling import RandomOverSampler as CopyRows
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors

from protimb.exceptions import ShortfallWarning, SkippedTermWarning
from protimb.over_sampling import LabelwiseSampler, _labelwise
from protimb.over_sampling._labelwise import smote


@pytest.fixture
def X():
    return np.random.RandomState(0).normal(size=(60, 4))


@pytest.fixture
def y():
    """60 proteins: 40 with term 0, 12 of them with term 1, 3 of those with term 2."""
    y = np.zeros((60, 3), dtype=int)
    y[:40, 0] = y[:12, 1] = y[:3, 2] = 1
    return y


def test_new_vectors_lie_between_two_members_of_the_term(X, y):
    X[:3, :] = [[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]]
    sampler = LabelwiseSampler(sampling_strategy={2: 50}, random_state=0)
    X_new = sampler.fit_resample(X, y)[0][60:]
    # Inside the triangle of the three members.
    assert (X_new >= 0).all()
    assert (X_new.sum(axis=1) <= 1 + 1e-12).all()
    assert not X_new[:, 2:].any()


def test_new_rows_take_the_labels_of_the_nearest_member(X, y):
    sampler = LabelwiseSampler(sampling_strategy={1: 30}, random_state=0)
    X_res, y_res = sampler.fit_resample(X, y)
    distances = np.linalg.norm(X_res[60:, None] - X[None, :12], axis=2)
    np.testing.assert_array_equal(sampler.conditioning_indices_, distances.argmin(axis=1))
    np.testing.assert_array_equal(y_res[60:], y[distances.argmin(axis=1)])


class FullSMOTE(SMOTE):
    """Not SMOTE itself, hence called as any other sampler, with all rows."""


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 3, 5, 20])
def test_the_short_way_gives_the_rows_and_labels_of_smote(X, y, dtype, k):
    X, settings = X.astype(dtype), {"sampling_strategy": {1: 45, 2: 9}, "random_state": 0}
    short, full = (
        LabelwiseSampler(SMOTE(k_neighbors=k), **settings),
        LabelwiseSampler(FullSMOTE(k_neighbors=k), **settings),
    )
    X_short, y_short = short.fit_resample(X, y)
    X_full, y_full = full.fit_resample(X, y)
    np.testing.assert_array_equal(X_short, X_full)
    np.testing.assert_array_equal(y_short, y_full)
    np.testing.assert_array_equal(short.conditioning_indices_, full.conditioning_indices_)


def test_the_short_way_is_not_taken_where_members_are_many(X, y, monkeypatch):
    # Its memory grows with the square of the members.
    short = LabelwiseSampler(sampling_strategy={1: 45}, random_state=0).fit_resample(X, y)[0]
    monkeypatch.setattr(_labelwise, "MAX_MEMBERS", 5)
    monkeypatch.setattr(_labelwise, "smote", None)
    long = LabelwiseSampler(sampling_strategy={1: 45}, random_state=0).fit_resample(X, y)[0]
    np.testing.assert_array_equal(short, long)


def test_blocks_do_not_show(monkeypatch):
    members = np.random.RandomState(0).normal(size=(30, 4))
    whole = smote(members, 5, 100, np.random.RandomState(1))
    monkeypatch.setattr(_labelwise, "_BLOCK", 300)
    for part, all_at_once in zip(
        smote(members, 5, 100, np.random.RandomState(1)), whole, strict=True
    ):
        np.testing.assert_array_equal(part, all_at_once)


def test_identical_members_are_neighbours_of_each_other():
    # SMOTE drops the first neighbour it finds, which among copies need not be the row itself.
    members = np.array([[0.0], [0.0], [1.0]])
    X_new, nearest = smote(members, 1, 200, np.random.RandomState(0))
    assert ((X_new == 0) | (X_new > 0)).all()
    starts = X_new.ravel() == 0
    assert 80 < starts.sum() < 180  # rows 0 and 1 step to each other and stay at 0
    assert set(nearest[X_new.ravel() > 0.5]) == {2}


def test_wrong_parameters_of_smote_are_its_own_error(X, y):
    with pytest.raises(ValueError, match="k_neighbors"):
        LabelwiseSampler(SMOTE(k_neighbors=0)).fit_resample(X, y)


def test_a_search_of_the_users_own_is_used(X, y):
    search = NearestNeighbors(n_neighbors=3, metric="manhattan")
    sampler = LabelwiseSampler(SMOTE(k_neighbors=search), sampling_strategy={1: 30}, random_state=0)
    assert sampler.fit_resample(X, y)[0].shape == (78, 4)


def test_samplers_that_look_at_the_border_get_all_rows(X, y):
    seen = []

    class Spy(BorderlineSMOTE):
        def fit_resample(self, X, y, **params):
            seen.append(len(X))
            return super().fit_resample(X, y, **params)

    LabelwiseSampler(Spy(), sampling_strategy={1: 15}, random_state=0).fit_resample(X, y)
    assert seen == [60]


def test_every_total_is_met_although_labels_are_known_late(X, y):
    sampler = LabelwiseSampler(sampling_strategy=45, random_state=0)
    _, y_res = sampler.fit_resample(X, y)
    assert (y_res.sum(axis=0) >= 45).all()


def test_lifting_a_copying_sampler_copies_rows_and_their_labels(X, y):
    sampler = LabelwiseSampler(CopyRows(), sampling_strategy={1: 30}, random_state=0)
    X_res, y_res = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X_res[60:], X[sampler.conditioning_indices_])
    np.testing.assert_array_equal(y_res[60:], y[sampler.conditioning_indices_])
    assert y_res[:, 1].sum() == 30


def test_neighbours_shrink_to_what_a_small_term_has(X, y):
    sampler = LabelwiseSampler(SMOTE(k_neighbors=5), sampling_strategy={2: 8}, random_state=0)
    X_res, _ = sampler.fit_resample(X, y)
    assert len(X_res) == 65
    assert sampler.sampler_.k_neighbors == 5
    assert sampler.sampler.k_neighbors == 5


def test_a_lifted_sampler_that_gives_fewer_rows_is_reported(X, y):
    class Half(SMOTE):
        def fit_resample(self, X, y, **params):
            X_res, y_res = super().fit_resample(X, y, **params)
            half = len(X) + (len(X_res) - len(X)) // 2
            return X_res[:half], y_res[:half]

    sampler = LabelwiseSampler(Half(), sampling_strategy={1: 22}, random_state=0)
    with pytest.warns(ShortfallWarning, match="1: 17 of 22"):
        sampler.fit_resample(X, y)
    assert sampler.n_synthetic_ == 5


def test_surplus_rows_are_cut(X, y):
    class Double(SMOTE):
        def fit_resample(self, X, y, **params):
            X_res, y_res = super().fit_resample(X, y, **params)
            return np.concatenate([X_res, X_res[len(X) :]]), np.r_[y_res, y_res[len(X) :]]

    sampler = LabelwiseSampler(Double(), sampling_strategy={1: 22}, random_state=0)
    _, y_res = sampler.fit_resample(X, y)
    assert y_res[:, 1].sum() == 22


@pytest.mark.filterwarnings("ignore::protimb.exceptions.ShortfallWarning")
def test_adasyn_is_lifted_within_its_rounding(X, y):
    sampler = LabelwiseSampler(ADASYN(), sampling_strategy={1: 40}, random_state=0)
    sampler.fit_resample(X, y)
    assert 36 <= sampler.sampling_plan_["n_after"][1] <= 40


@pytest.mark.parametrize("lifted", [BorderlineSMOTE(), SVMSMOTE(), KMeansSMOTE()], ids=repr)
def test_relatives_of_smote_are_lifted_with_real_labelsets(lifted):
    rng = np.random.RandomState(0)
    y = np.zeros((120, 2), dtype=int)
    y[:25, 0] = y[15:70, 1] = 1
    vectors = rng.normal(size=(120, 3)) + 2 * y[:, :1]
    if isinstance(lifted, KMeansSMOTE):
        lifted.set_params(cluster_balance_threshold=0.2, kmeans_estimator=4)
    sampler = LabelwiseSampler(lifted, sampling_strategy={0: 50}, random_state=0)
    _, y_res = sampler.fit_resample(vectors, y)
    assert y_res[:, 0].sum() >= 50
    np.testing.assert_array_equal(y_res[120:], y[sampler.conditioning_indices_])
    assert y_res[120:, 0].all()


@pytest.mark.filterwarnings("ignore::protimb.exceptions.ShortfallWarning")
def test_a_term_that_the_sampler_cannot_do_is_left_alone_and_reported(X, y):
    class Picky(SMOTE):
        def fit_resample(self, X, y, **params):
            if y.sum() < 5:
                raise ValueError("too few for me")
            return super().fit_resample(X, y, **params)

    picky = LabelwiseSampler(Picky(), sampling_strategy=15, random_state=0)
    with pytest.warns(SkippedTermWarning, match=r"1 term\(s\), columns 2 .*too few for me"):
        _, y_res = picky.fit_resample(X, y)
    assert y_res[:, 1].sum() == 15


def test_a_sampler_that_fails_on_every_term_raises_its_own_error(X, y):
    hopeless = LabelwiseSampler(KMeansSMOTE(cluster_balance_threshold=1e9), random_state=0)
    with pytest.raises(RuntimeError, match="No clusters found"):
        hopeless.fit_resample(X, y)


def test_under_samplers_are_not_lifted(X, y):
    # Its own error: an under-sampler cannot raise a class to a total.
    with pytest.raises(ValueError, match="With under-sampling methods"):
        LabelwiseSampler(RandomUnderSampler(), sampling_strategy={1: 20}).fit_resample(X, y)


def test_a_sampler_that_removes_real_rows_is_refused(X, y):
    class Shuffling(SMOTE):
        def fit_resample(self, X, y, **params):
            X_res, y_res = super().fit_resample(X, y, **params)
            return X_res[::-1], y_res[::-1]

    with pytest.raises(TypeError, match="changed or removed real rows"):
        LabelwiseSampler(Shuffling(), sampling_strategy={1: 20}).fit_resample(X, y)


def test_parameters_of_the_lifted_sampler_are_within_reach(X, y):
    sampler = LabelwiseSampler(SMOTE()).set_params(sampler__k_neighbors=2)
    assert sampler.fit(X, y).sampler_.k_neighbors == 2


def test_terms_get_steps_of_their_own(X):
    # Two terms with the same members' geometry must not be filled with the same steps.
    X[10:20] = X[:10]
    y = np.zeros((60, 3), dtype=int)
    y[:10, 0] = y[10:20, 1] = y[20:50, 2] = 1
    sampler = LabelwiseSampler(sampling_strategy={0: 15, 1: 15}, random_state=0)
    X_new = sampler.fit_resample(X, y)[0][60:]
    assert not np.allclose(X_new[:5], X_new[5:])


CLASSES = np.repeat(["a", "b", "c"], [35, 15, 10])
# Away from each other, but not so far that nobody is at the border.
SHIFTED = np.random.RandomState(1).normal(size=(60, 4)) + 0.7 * np.repeat(
    [[0], [1], [2]], [35, 15, 10], axis=0
)


@pytest.mark.parametrize("strategy", ["auto", "minority", {"b": 30, "c": 20}], ids=str)
@pytest.mark.parametrize(
    "sampler",
    [
        SMOTE(k_neighbors=3),
        BorderlineSMOTE(),
        ADASYN(),
        SVMSMOTE(),
        CopyRows(),
        CopyRows(shrinkage=0.3),
        KMeansSMOTE(cluster_balance_threshold=0.1),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::protimb.exceptions.ShortfallWarning")
def test_classes_get_the_rows_that_the_sampler_gives_by_itself(sampler, strategy):
    alone = clone(sampler).set_params(random_state=0, sampling_strategy=strategy)
    X_alone, y_alone = alone.fit_resample(SHIFTED, CLASSES)
    outer = LabelwiseSampler(sampler, sampling_strategy=strategy, random_state=0)
    inner = LabelwiseSampler(clone(alone).set_params(random_state=None), random_state=0)
    for lifted in (outer, inner):
        X_res, y_res = lifted.fit_resample(SHIFTED, CLASSES)
        np.testing.assert_array_equal(X_res, X_alone)
        np.testing.assert_array_equal(y_res, y_alone)


def test_a_seed_of_the_sampler_holds_where_the_outer_one_has_none():
    alone = SMOTE(random_state=7).fit_resample(SHIFTED, CLASSES)[0]
    lifted = LabelwiseSampler(SMOTE(random_state=7)).fit_resample(SHIFTED, CLASSES)[0]
    np.testing.assert_array_equal(lifted, alone)


def test_one_hot_classes_get_the_rows_that_the_sampler_gives_by_itself():
    one_hot = (CLASSES[:, None] == ["a", "b", "c"]).astype(int)
    X_alone, y_alone = SMOTE(random_state=0).fit_resample(SHIFTED, one_hot)
    lifted = LabelwiseSampler(SMOTE(), target="classes", random_state=0)
    X_res, y_res = lifted.fit_resample(SHIFTED, one_hot)
    np.testing.assert_array_equal(X_res, X_alone)
    np.testing.assert_array_equal(y_res, y_alone)


def test_classes_too_small_for_the_sampler_are_taken_one_by_one():
    classes = np.repeat([0, 1, 2], [40, 17, 3])
    with pytest.raises(ValueError, match="n_neighbors"):
        SMOTE().fit_resample(SHIFTED, classes)
    _, y_res = LabelwiseSampler(SMOTE(), random_state=0).fit_resample(SHIFTED, classes)
    assert np.bincount(y_res).tolist() == [40, 40, 40]


@pytest.mark.parametrize("scale", [2.0**-100, 2.0**100])
def test_neighbours_do_not_depend_on_the_scale_of_the_vectors(scale):
    X = np.random.RandomState(0).normal(size=(30, 4)).astype(np.float32)
    plain, nearest = smote(X, 3, 50, np.random.RandomState(0))
    scaled, still_nearest = smote(X * np.float32(scale), 3, 50, np.random.RandomState(0))
    np.testing.assert_array_equal(still_nearest, nearest)
    np.testing.assert_array_equal(scaled, plain * np.float32(scale))
