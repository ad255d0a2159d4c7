"""Draw, judge, draw again; what is reported of it; and that every sampler of vectors does so."""

import warnings

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import ADASYN, SMOTE, BorderlineSMOTE
from numpy.testing import assert_array_equal
from samplers import OVER_SAMPLERS
from scipy import sparse
from sklearn.base import clone

from protimb.budgets._plan import Plan
from protimb.exceptions import ProtimbWarning, ShortfallWarning
from protimb.filters import BaseFilter, CosineFilter, LabelFidelityFilter
from protimb.over_sampling import MLSMOTE, MLSOL, LabelwiseSampler
from protimb.over_sampling._quality_control import QualityControl, are_copies

# Without a guard, which would put real rows in place of those that are to be judged.
JUDGED = [
    clone(sampler).set_params(**{"guard": None} if hasattr(sampler, "guard") else {})
    for sampler in OVER_SAMPLERS
    if hasattr(sampler, "quality_filter")
]


class Refuse(BaseFilter):
    """Refuse every row."""

    def _fit(self, X, indicator):
        self.threshold_ = 1.0

    def _score(self, X_new, claims):
        return np.zeros(len(X_new))


class KeepLow(BaseFilter):
    """Keep rows whose first feature is below that of the middle real row."""

    def _fit(self, X, indicator):
        self.threshold_ = -np.median(X[:, 0])

    def _score(self, X_new, claims):
        return -X_new[:, 0]


class WithoutFirstTerm(BaseFilter):
    """Keep rows that do not claim the first term."""

    def _fit(self, X, indicator):
        self.threshold_ = 0

    def _score(self, X_new, claims):
        return -claims[:, [0]].toarray().ravel().astype(float)


def quiet(sampler, X, y):
    """Resample; what is said of rare terms and of a shortfall is not what is asked here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)
        return sampler.fit_resample(X, y)


def judged(sampler, quality, **params):
    return clone(sampler).set_params(quality_filter=quality, **params)


def plan_for(terms):
    return Plan(np.zeros(len(terms), dtype=np.int64), np.asarray(terms))


class Odd:
    """Pass the rows at odd positions, and all of the third draw."""

    def select(self, X_drawn, y):
        return (X_drawn[:, 0] % 2 == 1) | (X_drawn[:, 1] == 3)


def test_rows_are_drawn_again_and_only_where_they_failed():
    rounds = []

    def draw(positions):
        rounds.append(positions.tolist())
        X_new = np.column_stack([positions, np.full(len(positions), len(rounds))])
        return X_new, plan_for([0, 0, 1, 1]).take(positions)

    control = QualityControl(Odd(), 5, np.ones((1, 2)), sparse.csr_array([[1, 1]]))
    kept = control.draw_until_passed(np.array([0, 0, 1, 1]), draw)
    assert rounds == [[0, 1, 2, 3], [0, 2], [0, 2]]
    assert kept.X.tolist() == [[0, 3], [1, 1], [2, 3], [3, 1]]
    report = control.report(["a", "b"], kept.X, kept.plan)
    assert report["n_drawn"].tolist() == [4, 4]
    assert report["n_rejected"].tolist() == [2, 2]
    assert report["n_planned"].tolist() == [2, 2]
    assert report["n_missing"].tolist() == [0, 0]


def test_rows_that_a_draw_could_not_make_are_drawn_in_the_next():
    control = QualityControl(Odd(), 4, np.ones((1, 2)), sparse.csr_array([[1]]))
    one_at_a_time = lambda positions: (np.ones((1, 2)), plan_for([0]))  # noqa: E731
    kept = control.draw_until_passed(np.zeros(6, dtype=int), one_at_a_time)
    assert kept.positions.tolist() == [0, 1, 2, 3]
    assert control.n_missing.tolist() == [2]


@pytest.mark.parametrize("n_rounds", [1, 2, 9])
def test_rows_that_pass_stay_in_the_array_of_the_first_round(n_rounds):
    # Of rows 0 to 6 the even ones fail in the first round, all but row 4 pass in the second.
    drawn = []

    def draw(positions):
        drawn.append(np.column_stack([positions, np.full(len(positions), len(drawn))]) * 1.0)
        return drawn[-1], plan_for([0] * len(positions))

    class Judge:
        def select(self, X_drawn, y):
            return np.where(X_drawn[:, 1] == 0, X_drawn[:, 0] % 2 == 1, X_drawn[:, 0] != 4)

    control = QualityControl(Judge(), n_rounds, np.ones((1, 2)), sparse.csr_array([[1]]))
    kept = control.draw_until_passed(np.zeros(7, dtype=int), draw)
    expected = {1: [[1, 0], [3, 0], [5, 0]]}
    others = [[0, 1], [1, 0], [2, 1], [3, 0], [5, 0], [6, 1]]
    assert kept.X.tolist() == expected.get(n_rounds, others)
    assert kept.positions.tolist() == [int(row) for row, _ in kept.X]
    assert len(kept.plan) == len(kept.X)
    # Where few are left, all that failed would be held with them.
    assert np.shares_memory(kept.X, drawn[0]) == (n_rounds > 1)


def test_without_a_filter_every_row_passes_at_once():
    control = QualityControl(None, 9, np.ones((1, 2)), sparse.csr_array([[1]]))
    draw = lambda positions: (np.ones((len(positions), 2)), plan_for([0] * len(positions)))  # noqa: E731
    assert len(control.draw_until_passed(np.zeros(3, dtype=int), draw).X) == 3
    assert control.n_drawn.tolist() == [3]


def test_a_copy_equals_a_real_row_in_every_number():
    real = np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32)
    new = np.array([[1.0, 2.0], [1.0, 4.0], [3.0, 4.0], [5.0, 2.0]], dtype=np.float32)
    assert_array_equal(are_copies(new, real), [True, False, True, False])


def test_diversity_is_the_spread_of_new_rows_over_that_of_the_rows_they_stand_for():
    # Term 0: real rows 0 and 2 (variance 1), new rows 0 and 4 (variance 4): ratio of spreads 2.
    # Term 1: one real row, so there is no spread to compare with.
    X = np.array([[0.0], [2.0], [7.0]])
    plan = Plan(rows=np.array([0, 1, 2, 2]), terms=np.array([0, 0, 1, 1]))
    X_new = np.array([[0.0], [4.0], [1.0], [1.0]])
    control = QualityControl(None, 1, X, sparse.csr_array(np.ones((3, 3), dtype=np.uint8)))
    kept = control.draw_until_passed(plan.terms, lambda rows: (X_new[rows], plan.take(rows)))
    report = control.report(["a", "b", "c"], kept.X, kept.plan)
    assert_array_equal(report["diversity"], [2.0, np.nan, np.nan])
    assert report["n_planned"].tolist() == [2, 2, 0]


@pytest.mark.parametrize("sampler", JUDGED, ids=repr)
def test_a_filter_that_refuses_everything_leaves_the_real_rows(toy, sampler):
    sampler = judged(sampler, Refuse(), sampling_strategy=20, max_rounds=3)
    with pytest.warns(ShortfallWarning):
        X_res, y_res = sampler.fit_resample(toy.X, toy.y)
    assert_array_equal(X_res, toy.X)
    assert_array_equal(y_res, toy.y)
    report = sampler.quality_report_
    assert report["n_missing"].tolist() == report["n_planned"].tolist()
    assert report["n_missing"].sum() > 0
    assert (report["n_drawn"] == 3 * report["n_planned"]).all()
    assert report["n_rejected"].tolist() == report["n_drawn"].tolist()
    assert sampler.sampling_plan_["n_drawn"].sum() == sampler.n_synthetic_ == 0
    assert len(sampler.conditioning_indices_) == 0
    assert len(sampler.synthetic_mask_) == len(sampler.label_mask()) == len(toy.X)


@pytest.mark.parametrize("sampler", JUDGED, ids=repr)
def test_rows_that_fail_are_replaced_by_rows_that_pass(toy, sampler):
    alone = judged(sampler, None, sampling_strategy=20)
    X_alone, _ = quiet(alone, toy.X, toy.y)
    middle = np.median(toy.X[:, 0])
    assert (X_alone[alone.synthetic_mask_, 0] > middle).any()  # else there is nothing to replace
    sampler = judged(sampler, KeepLow(), sampling_strategy=20, max_rounds=50)
    X_res, y_res = quiet(sampler, toy.X, toy.y)
    report, new = sampler.quality_report_, sampler.synthetic_mask_
    assert (X_res[new, 0] <= middle).all()
    assert report["n_rejected"].sum() > 0
    assert report["n_missing"].sum() < 0.2 * report["n_planned"].sum()
    assert_array_equal(report["n_planned"] - report["n_missing"], sampler.sampling_plan_["n_drawn"])
    assert_array_equal(report["n_drawn"] - report["n_rejected"], sampler.sampling_plan_["n_drawn"])
    assert_array_equal(sampler.sampling_plan_["n_after"], y_res.sum(axis=0))
    assert sampler.n_synthetic_ == new.sum() == len(sampler.conditioning_indices_)
    assert_array_equal(X_res[~new], toy.X)


@pytest.mark.parametrize("sampler", JUDGED, ids=repr)
def test_the_labels_judged_are_those_that_the_row_carries(toy, sampler):
    sampler = judged(sampler, WithoutFirstTerm(), sampling_strategy=40)
    _, y_res = quiet(sampler, toy.X, toy.y)
    new = sampler.synthetic_mask_
    assert new.any()
    assert not y_res[new, 0].any()
    if not sampler.votes_on_labels:
        assert_array_equal(y_res[new], toy.y[sampler.conditioning_indices_])


@pytest.mark.parametrize("sampler", JUDGED, ids=repr)
@pytest.mark.parametrize("quality", ["cosine", LabelFidelityFilter()], ids=["cosine", "fidelity"])
def test_one_seed_gives_one_result(toy, sampler, quality):
    sampler = judged(sampler, quality, sampling_strategy=20)
    first, second = quiet(sampler, toy.X, toy.y), quiet(clone(sampler), toy.X, toy.y)
    assert len(first[0]) > len(toy.X)
    assert_array_equal(first[0], second[0])
    assert_array_equal(first[1], second[1])


@pytest.mark.parametrize("sampler", JUDGED, ids=repr)
def test_containers_come_back_as_they_came(toy, sampler):
    sampler = judged(sampler, KeepLow(), sampling_strategy=20)
    X_res, y_res = quiet(sampler, toy.X, toy.y)
    _, in_csr = quiet(sampler, toy.X, sparse.csr_array(toy.y))
    assert sparse.issparse(in_csr)
    assert_array_equal(in_csr.toarray(), y_res)
    terms = [f"GO:{number}" for number in range(toy.y.shape[1])]
    frames = pd.DataFrame(toy.X), pd.DataFrame(toy.y, columns=terms)
    X_frame, y_frame = quiet(sampler, *frames)
    assert_array_equal(X_frame, X_res)
    assert_array_equal(y_frame, y_res)
    assert sampler.quality_report_.index.tolist() == list(y_frame.columns) == sampler.terms_


@pytest.mark.parametrize("sampler", JUDGED, ids=repr)
def test_classes_are_judged_too(toy, sampler):
    classes = np.where(toy.y[:, 3], "rare", "frequent")
    sampler = judged(sampler, KeepLow(), max_rounds=50)
    X_res, y_res = quiet(sampler, toy.X, classes)
    new = sampler.synthetic_mask_
    assert new.any()
    assert (X_res[new, 0] <= np.median(toy.X[:, 0])).all()
    assert set(y_res[new]) == {"rare"}
    assert sampler.quality_report_.loc["rare", "n_planned"] == sampler.sampling_strategy_["rare"]


@pytest.mark.parametrize("sampler", JUDGED, ids=repr)
def test_a_filter_is_set_by_name_and_reached_into(sampler):
    sampler = judged(sampler, "cosine").set_params(quality_filter__quantile=0.2)
    assert isinstance(sampler.quality_filter, CosineFilter)
    assert sampler.quality_filter.quantile == 0.2


@pytest.mark.parametrize("sampler", [MLSMOTE(), MLSOL(), LabelwiseSampler()], ids=repr)
def test_where_nothing_judges_nothing_is_reported(toy, sampler):
    quiet(sampler.set_params(sampling_strategy=20), toy.X, toy.y)
    assert sampler.quality_filter_ is None
    assert not hasattr(sampler, "quality_report_")


def test_a_lifted_sampler_keeps_its_own_rows_that_pass(toy):
    classes = toy.y[:, 3]
    own, _ = SMOTE(random_state=0).fit_resample(toy.X, classes)
    own = own[len(toy.X) :]
    passing = own[own[:, 0] <= np.median(toy.X[:, 0])]
    X_res, _ = quiet(LabelwiseSampler(quality_filter=KeepLow(), random_state=0), toy.X, classes)
    assert_array_equal(X_res[len(toy.X) :][: len(passing)], passing)
    assert len(X_res) == len(toy.X) + len(own)  # the others were drawn anew


@pytest.mark.parametrize("lifted", [BorderlineSMOTE(), ADASYN()], ids=repr)
def test_any_lifted_sampler_is_called_again(toy, lifted):
    strategy = {3: int(toy.y[:, 3].sum()) + 30}
    sampler = LabelwiseSampler(
        lifted, sampling_strategy=strategy, quality_filter=KeepLow(), random_state=0
    )
    X_res, _ = quiet(sampler, toy.X, toy.y)
    report = sampler.quality_report_.loc[3]
    assert report["n_planned"] == 30
    assert report["n_rejected"] > 0
    assert (X_res[len(toy.X) :, 0] <= np.median(toy.X[:, 0])).all()
    assert len(X_res) - len(toy.X) == 30 - report["n_missing"] > 15


def test_a_share_of_the_rows_is_judged_too(toy):
    sampler = MLSOL(sampling_strategy=0.2, quality_filter=KeepLow(), max_rounds=50, random_state=0)
    X_res, _ = quiet(sampler, toy.X, toy.y)
    report = sampler.quality_report_
    assert report["n_planned"].sum() == 40
    assert (X_res[len(toy.X) :, 0] <= np.median(toy.X[:, 0])).all()
    assert len(X_res) - len(toy.X) == 40 - report["n_missing"].sum() > 30


def test_an_error_of_the_filter_is_no_failure_of_the_lifted_sampler(toy):
    class Broken(Refuse):
        def _score(self, X_new, claims):
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        quiet(LabelwiseSampler(sampling_strategy=20, quality_filter=Broken()), toy.X, toy.y)
