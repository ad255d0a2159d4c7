"""protimb's checks catch samplers that break the contract."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from protimb.over_sampling import RandomLabelsetOverSampler
from protimb.under_sampling import MLRUS, MLeNN
from protimb.utils.estimator_checks import (
    CHECKS,
    check_sampler,
    checks_for,
    parametrize_with_checks,
)


class Honest(RandomLabelsetOverSampler):
    """Keeps the contract; its subclasses each break one point of it."""


class NewRowsFirst(Honest):
    def fit_resample(self, X, y):
        X_res, y_res = super().fit_resample(X, y)
        return X_res[::-1], y_res[::-1]


class Idle(Honest):
    def fit_resample(self, X, y):
        return X, y


class InventsLabels(Honest):
    def fit_resample(self, X, y):
        X_res, y_res = super().fit_resample(X, y)
        y_res[len(y) :] = [0, 0, 1, 1]  # term 2 without the terms that it implies
        return X_res, y_res


class FillsEmptyRows(Honest):
    def fit_resample(self, X, y):
        X_res, y_res = super().fit_resample(X, y)
        y_res[~y_res.any(axis=1), 0] = 1
        return X_res, y_res


class StopsShort(Honest):
    def fit_resample(self, X, y):
        X_res, y_res = super().fit_resample(X, y)
        return X_res[:-5], y_res[:-5]


class ForgetsDtype(Honest):
    def fit_resample(self, X, y):
        X_res, y_res = super().fit_resample(X, y)
        return X_res.astype(float), y_res


class UsesGlobalState(Honest):
    def fit_resample(self, X, y):
        np.random.rand()  # noqa: NPY002
        return super().fit_resample(X, y)


class NeverSeeded(Honest):
    seeds = itertools.count()  # not entropy: by chance, two such draws may agree

    def fit_resample(self, X, y):
        self.random_state = next(NeverSeeded.seeds)
        return super().fit_resample(X, y)


class WritesToInputs(Honest):
    def fit_resample(self, X, y):
        X[0, 0] = 0
        return super().fit_resample(X, y)


class Transformer(Honest):
    def transform(self, X):
        return X


class TakesAnything(Honest):
    def fit_resample(self, X, y):
        return super().fit_resample(X, np.asarray(y) > 0.1)


class IgnoresNames(Honest):
    def fit_resample(self, X, y):
        self.sampling_strategy = 15
        return super().fit_resample(X, y)


class ForgetsIds(Honest):
    def fit_resample(self, X, y):
        X_res, y_res = super().fit_resample(X, y)
        is_frame = isinstance(X_res, pd.DataFrame)
        return X_res.reset_index(drop=True) if is_frame else X_res, y_res


class MakesLabelsDense(Honest):
    def fit_resample(self, X, y):
        X_res, y_res = super().fit_resample(X, y)
        return X_res, y_res.toarray() if sparse.issparse(y_res) else y_res


BROKEN = {
    "check_originals_come_first_and_unchanged": NewRowsFirst,
    "check_rows_are_added": Idle,
    "check_synthetic_labels_are_real_labelsets": InventsLabels,
    "check_rows_without_labels_stay": FillsEmptyRows,
    "check_totals_are_met_or_reported": StopsShort,
    "check_named_terms_alone_are_targeted": IgnoresNames,
    "check_frames_keep_ids_columns_and_dtypes": ForgetsIds,
    "check_sparse_labels_equal_dense_ones": MakesLabelsDense,
    "check_attributes_describe_the_output": StopsShort,
    "check_array_dtypes_are_kept": ForgetsDtype,
    "check_same_seed_same_rows": NeverSeeded,
    "check_global_random_state_is_untouched": UsesGlobalState,
    "check_no_transform": Transformer,
    "check_labels_other_than_binary_are_refused": TakesAnything,
}


class Careful(MLRUS):
    """Keeps the contract of a budgeted under-sampler; its subclasses each break one point."""


class TurnsRows(Careful):
    def fit_resample(self, X, y):
        X_res, y_res = super().fit_resample(X, y)
        return X_res[::-1], y_res[::-1]


class RemovesNothing(Careful):
    def fit_resample(self, X, y):
        super().fit_resample(X, y)
        return X, y


class RemovesRareRows(Careful):
    def fit_resample(self, X, y):
        X_res, y_res = super().fit_resample(X, y)
        return X_res[1:], y_res[1:]  # the first row has the rarest term


class RemovesEmptyRows(Careful):
    def fit_resample(self, X, y):
        X_res, y_res = super().fit_resample(X, y)
        return X_res[y_res.any(axis=1)], y_res[y_res.any(axis=1)]


class RemovesFromBalance(Careful):
    def fit_resample(self, X, y):
        X_res, y_res = super().fit_resample(X, y)
        return X_res[:-1], y_res[:-1]


class ForgetsIdsOfKeptRows(Careful):
    def fit_resample(self, X, y):
        X_res, y_res = super().fit_resample(X, y)
        is_frame = isinstance(X_res, pd.DataFrame)
        return X_res.reset_index(drop=True) if is_frame else X_res, y_res


class MissesItsBudget(Careful):
    def _remove(self, target, floors, rng):
        return super()._remove(target, floors, rng)[:-1]


class TakesOtherRows(Careful):
    def _remove(self, target, floors, rng):
        return np.append(super()._remove(target, floors, rng), len(target.indicator.indptr) - 10)


class CleansEverywhere(MLeNN):
    def _choose(self, X, target, floors):
        return np.arange(10, 20)  # rows with term 0 alone


BROKEN_REMOVAL = {
    "check_kept_rows_are_unchanged_and_in_order": TurnsRows,
    "check_rows_are_removed": RemovesNothing,
    "check_rows_of_rare_terms_stay": RemovesRareRows,
    "check_rows_without_labels_stay": RemovesEmptyRows,
    "check_balanced_targets_are_left_alone": RemovesFromBalance,
    "check_plan_describes_the_output": RemovesFromBalance,
    "check_kept_rows_of_frames_keep_their_ids": ForgetsIdsOfKeptRows,
    "check_share_of_rows_is_removed_exactly": MissesItsBudget,
    "check_totals_are_kept_or_reported": TakesOtherRows,
    "check_named_terms_alone_lose_rows": CleansEverywhere,
}
# Every pair must fail; a few checks are seen to fail with samplers of both kinds.
PAIRS = [
    (name, Broken(**({} if Broken is CleansEverywhere else {"random_state": 0})))
    for name, Broken in [*BROKEN.items(), *BROKEN_REMOVAL.items()]
]


def check_named(name, sampler):
    (check,) = [check for check in checks_for(sampler) if check.__name__ == name]
    return check


@pytest.mark.parametrize(("name", "sampler"), PAIRS, ids=str)
def test_a_broken_promise_is_caught(name, sampler):
    with pytest.raises(AssertionError):
        check_named(name, sampler)(sampler)


def test_every_check_is_seen_to_fail_here():
    names = {check.__name__ for checks in CHECKS.values() for check in checks}
    assert names == {*BROKEN, *BROKEN_REMOVAL, "check_inputs_are_not_written_to"}


def test_writing_to_inputs_is_caught():
    sampler = WritesToInputs(random_state=0)
    with pytest.raises(ValueError, match="read-only"):
        check_named("check_inputs_are_not_written_to", sampler)(sampler)


@pytest.mark.parametrize("honest", [Honest(random_state=0), Careful(random_state=0), MLeNN()])
def test_an_honest_sampler_passes_and_is_not_fitted(honest):
    check_sampler(honest)
    assert not hasattr(honest, "sampling_plan_")


def test_declared_exceptions_become_expected_failures():
    reasons = {"check_no_transform": "it is one"}
    mark = parametrize_with_checks([Transformer()], expected_failed_checks=lambda s: reasons).mark
    marked = {case.id: case.marks for case in mark.args[1] if case.marks}
    assert list(marked) == ["Transformer()-check_no_transform"]
    assert marked["Transformer()-check_no_transform"][0].kwargs == {"reason": "it is one"}
