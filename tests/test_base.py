"""The sampler contract: what any over-sampler built on protimb promises."""

import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils import check_random_state

from protimb.base import BaseMultilabelOverSampler
from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import ProtimbWarning, ShortfallWarning
from protimb.over_sampling import LPROS, MLROS, MLSOL, LabelwiseSampler, RandomLabelsetOverSampler


class Jitter(BaseMultilabelOverSampler):
    """Copy rows with noise; remember what was learned; lose the rows named in ``rejected``."""

    rejected = ()

    def _train(self, X, y, rng):
        self.learned_ = rng.randint(1000)

    def _generate(self, X, y, plan, rng):
        keep = ~np.isin(np.arange(len(plan)), self.rejected)
        noise = rng.normal(scale=0.1, size=(len(plan), X.shape[1]))
        return (X[plan.rows] + noise)[keep], plan.take(keep)


@pytest.fixture
def X():
    return np.random.RandomState(0).normal(size=(20, 3))


@pytest.fixture
def y():
    """19, 10 and 4 members, and a row without labels: IRLbl is 1, 1.9 and 4.75."""
    y = np.zeros((20, 3), dtype=int)
    y[:19, 0] = y[:10, 1] = y[:4, 2] = 1
    return y


def test_originals_come_first_and_unchanged(X, y):
    X_res, y_res = Jitter(random_state=0).fit_resample(X, y)
    np.testing.assert_array_equal(X_res[:20], X)
    np.testing.assert_array_equal(y_res[:20], y)
    assert len(X_res) > 20


def test_auto_raises_terms_to_the_mean_imbalance(X, y):
    # MeanIR = (1 + 1.9 + 4.75) / 3 = 2.55, and 19 / 2.55 = 7.45: eight members reach it.
    sampler = Jitter(random_state=0)
    _, y_res = sampler.fit_resample(X, y)
    assert sampler.sampling_strategy_ == {2: 4}
    assert sampler.sampling_plan_["n_target"].tolist() == [19, 10, 8]
    # The four rows drawn for term 2 are its members, which carry terms 0 and 1 too.
    assert y_res.sum(axis=0).tolist() == [23, 14, 8]


def test_equally_frequent_terms_need_nothing(X):
    y = np.zeros((20, 2), dtype=int)
    y[:8, 0] = y[4:12, 1] = 1
    X_res, _ = Jitter().fit_resample(X, y)
    assert len(X_res) == 20


def test_every_form_of_strategy_can_say_the_same(X, y):
    frame = pd.DataFrame(y, columns=["a", "b", "c"])
    forms = [{"b": 12, "c": 12}, {1: 12, 2: 12}, {"b": 12, 2: np.int64(12)}, 12, np.int32(12)]
    forms.append(lambda y: dict.fromkeys(y.columns[y.sum() < 12], 12))
    for form in forms:
        sampler = Jitter(sampling_strategy=form, random_state=0)
        sampler.fit_resample(X, frame)
        assert sampler.sampling_strategy_ == {"b": 2, "c": 8}
        assert (sampler.sampling_plan_["n_after"] >= 12).all()


def test_fit_finds_what_is_missing_and_learns_what_fit_resample_learns(X, y):
    fitted, resampled = Jitter(random_state=0).fit(X, y), Jitter(random_state=0)
    resampled.fit_resample(X, y)
    assert fitted.sampling_strategy_ == resampled.sampling_strategy_ == {2: 4}
    assert fitted.learned_ == resampled.learned_


def test_new_rows_may_be_kept_to_the_terms_that_lacked_rows(X, y):
    sampler = Jitter(sampling_strategy={2: 9}, random_state=0)
    with pytest.raises(NotFittedError):
        sampler.label_mask()
    X_res, y_res = sampler.fit_resample(X, y)
    known = sampler.label_mask()
    assert known.shape == y_res.shape
    assert known[: len(X)].all()
    np.testing.assert_array_equal(known[len(X) :], [[False, False, True]] * (len(X_res) - len(X)))


@pytest.mark.parametrize("sampler", [MLROS, LPROS, MLSOL])
def test_rows_that_a_share_asked_for_teach_the_terms_they_were_drawn_for(sampler):
    toy = make_longtail_multilabel(random_state=0)
    sampler = sampler(sampling_strategy=0.25, random_state=0)
    sampler.fit_resample(toy.X, toy.y)
    known = sampler.label_mask()[sampler.synthetic_mask_]
    np.testing.assert_array_equal(known.any(axis=0), sampler.sampling_plan_["n_drawn"] > 0)
    assert known.any()


def test_rejected_rows_are_reported_by_term(X, y):
    sampler = Jitter(sampling_strategy={2: 9}, random_state=0)
    sampler.rejected = (0, 3)
    with pytest.warns(ShortfallWarning, match=r"1 term\(s\).*2: 7 of 9"):
        X_res, y_res = sampler.fit_resample(X, y)
    assert len(X_res) == len(y_res) == 23
    assert sampler.n_synthetic_ == len(sampler.conditioning_indices_) == 3
    assert sampler.sampling_plan_.loc[2, ["n_drawn", "n_after"]].tolist() == [3, 7]


def test_warnings_point_at_the_line_that_called(X, y):
    y[1:4, 2] = 0
    X[:10] = X[0]
    sampler = Jitter(sampling_strategy={1: 12, 2: 3}, random_state=0)
    sampler.rejected = (0,)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sampler.fit_resample(X, y)
    assert [warning.category.__name__ for warning in caught] == [
        "RareTermWarning",
        "DuplicateRowsWarning",
        "ShortfallWarning",
    ]
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize(
    "strategy",
    ["auto", "minority", "not minority", "not majority", "all", {0: 12, 2: 15}, lambda y: {1: 9}],
    ids=lambda strategy: strategy if isinstance(strategy, str) else type(strategy).__name__,
)
def test_one_label_a_row_keeps_the_meaning_of_imbalanced_learn(X, strategy):
    classes = np.repeat([0, 1, 2], [4, 6, 10])
    _, theirs = RandomOverSampler(sampling_strategy=strategy).fit_resample(X, classes)
    _, ours = Jitter(sampling_strategy=strategy).fit_resample(X, classes)
    assert Counter(ours) == Counter(theirs)


def test_ratio_for_two_classes_keeps_the_meaning_of_imbalanced_learn(X):
    classes = np.repeat(["rare", "common"], [5, 15])
    _, y_res = Jitter(sampling_strategy=0.8).fit_resample(X, classes)
    assert Counter(y_res) == {"rare": 12, "common": 15}


def test_classes_as_columns_equal_classes_as_numbers(X):
    classes = np.repeat([0, 2, 3], [4, 6, 10])
    one_hot = np.eye(5, dtype=np.int8)[classes]  # columns 1 and 4 have no members
    X_res, y_res = Jitter(random_state=0).fit_resample(X, classes)
    X_hot, y_hot = Jitter(random_state=0, target="classes").fit_resample(X, one_hot)
    np.testing.assert_array_equal(X_hot, X_res)
    np.testing.assert_array_equal(y_hot, np.eye(5)[y_res])
    assert y_hot.dtype == np.int8


def test_two_classes_as_columns_stay_two_columns(X):
    frame = pd.DataFrame({"no": [1] * 15 + [0] * 5, "yes": [0] * 15 + [1] * 5})
    sampler = Jitter(sampling_strategy={"yes": 9})
    _, y_res = sampler.fit_resample(X, frame)
    assert y_res.sum().to_dict() == {"no": 15, "yes": 9}
    assert sampler.sampling_strategy_ == {"yes": 4}


def test_one_column_stays_one_column(X):
    column = np.repeat([0, 1], [15, 5]).reshape(-1, 1)
    _, y_res = Jitter().fit_resample(X, column)
    assert y_res.shape == (30, 1)


def test_rows_without_labels_make_a_target_multilabel(X):
    # imbalanced-learn reads these rows as members of class 0.
    y = np.zeros((20, 2), dtype=int)
    y[:12, 0] = y[12:15, 1] = 1
    sampler = Jitter(sampling_strategy=6)
    _, y_res = sampler.fit_resample(X, y)
    assert sampler.sampling_plan_["n_before"].tolist() == [12, 3]
    assert (y_res[15:20] == 0).all()


def test_lists_come_back_as_lists_that_share_nothing(X, y):
    labels = y.tolist()
    X_res, y_res = Jitter().fit_resample(X.tolist(), labels)
    assert isinstance(X_res, list)
    assert y_res[:20] == labels
    y_res[0][0] = 7
    assert labels[0][0] == 1


def test_frames_of_several_dtypes_keep_them(y):
    rng = np.random.RandomState(0)
    X = pd.DataFrame({"size": rng.randint(9, size=20), "mass": rng.rand(20).astype("float32")})
    X["helix"] = rng.rand(20) > 0.5
    X_res, _ = Jitter(random_state=0).fit_resample(X, y)
    pd.testing.assert_frame_equal(X_res.iloc[:20], X)
    assert X_res.dtypes.equals(X.dtypes)


def test_samplers_work_in_a_pipeline_and_a_grid(X, y):
    order = np.random.RandomState(0).permutation(20)
    X, y = X[order], y[order] * (order < 15)[:, None]  # no term is on every row of a fold
    steps = [("sample", Jitter(random_state=0)), ("knn", KNeighborsClassifier(1))]
    search = GridSearchCV(Pipeline(steps), {"sample__sampling_strategy": [8, 12]}, cv=2)
    predicted = search.fit(X, y).predict(X)
    assert predicted.shape == y.shape
    assert search.best_estimator_.named_steps["sample"].n_synthetic_ > 0


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interrupted_refit_leaves_nothing_of_the_fit_before(X, y, error):
    """Case 32 of the bad inputs."""

    class Interrupted(Jitter):
        fails = False

        def _train(self, X, y, rng):
            if self.fails:
                raise error
            super()._train(X, y, rng)

    sampler = Interrupted(random_state=0)
    sampler.fit_resample(X, y)
    sampler.fails = True
    with pytest.raises(error):
        sampler.fit(X[:, :2], y[:, 1:])
    for learned in ("learned_", "sampling_plan_", "synthetic_mask_", "n_synthetic_"):
        assert not hasattr(sampler, learned)


def test_fit_does_not_keep_the_plan_of_an_earlier_fit_resample(X, y):
    sampler = Jitter(random_state=0)
    sampler.fit_resample(X, y)
    assert not hasattr(sampler.fit(X[:15], y[:15]), "sampling_plan_")


def test_a_random_state_object_moves_on(X, y):
    rng = check_random_state(0)
    first = Jitter(random_state=rng).fit_resample(X, y)[0]
    second = Jitter(random_state=rng).fit_resample(X, y)[0]
    assert not np.array_equal(first, second)


TARGETS = hnp.arrays(
    st.sampled_from([bool, np.uint8, np.int64, np.float64]),
    st.tuples(st.integers(2, 12), st.integers(2, 5)),
    elements=st.sampled_from([0, 1]),
)


@pytest.mark.parametrize("Sampler", [RandomLabelsetOverSampler, MLROS, LPROS, LabelwiseSampler])
@given(
    y=TARGETS,
    strategy=st.one_of(st.just("auto"), st.integers(2, 15)),
    X_dtype=st.sampled_from([np.float16, np.float32, np.float64]),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.filter_too_much])
def test_any_target_and_strategy_keep_the_contract(Sampler, y, strategy, X_dtype, seed):
    """Case 80 of the bad inputs."""
    assume(not (y == y[0]).all())
    assume((y.sum(axis=1) != 1).any())
    X = np.random.RandomState(seed).normal(size=(len(y), 3)).astype(X_dtype)
    ids = [f"P{number}" for number in range(len(y))]
    frame = pd.DataFrame(y, index=ids).add_prefix("GO:")
    sampler = Sampler(sampling_strategy=strategy, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)
        X_res, y_res = sampler.fit_resample(X, frame)
    np.testing.assert_array_equal(X_res[: len(y)], X)
    pd.testing.assert_frame_equal(y_res.iloc[: len(y)], frame)
    assert X_res.dtype == X_dtype
    assert y_res.dtypes.equals(frame.dtypes)
    real = {tuple(row) for row in y}
    assert all(tuple(row) in real for row in y_res.to_numpy())
    plan = sampler.sampling_plan_
    assert (plan["n_after"] >= plan["n_target"]).all()
    assert (plan["n_after"] == y_res.sum().astype(int)).all()
