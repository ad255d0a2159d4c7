"""protimb's checks catch samplers that break the contract."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from protimb.over_sampling import RandomLabelsetOverSampler
from protimb.utils import estimator_checks
from protimb.utils.estimator_checks import check_sampler, parametrize_with_checks


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


@pytest.mark.parametrize(("name", "Broken"), BROKEN.items(), ids=BROKEN)
def test_a_broken_promise_is_caught(name, Broken):
    with pytest.raises(AssertionError):
        getattr(estimator_checks, name)(Broken(random_state=0))


def test_every_check_is_seen_to_fail_here():
    names = {check.__name__ for check in estimator_checks.CHECKS}
    assert names == {*BROKEN, "check_inputs_are_not_written_to"}


def test_writing_to_inputs_is_caught():
    with pytest.raises(ValueError, match="read-only"):
        estimator_checks.check_inputs_are_not_written_to(WritesToInputs(random_state=0))


def test_an_honest_sampler_passes_and_is_not_fitted():
    sampler = Honest(random_state=0)
    check_sampler(sampler)
    assert not hasattr(sampler, "n_synthetic_")


def test_declared_exceptions_become_expected_failures():
    reasons = {"check_no_transform": "it is one"}
    mark = parametrize_with_checks([Transformer()], expected_failed_checks=lambda s: reasons).mark
    marked = {case.id: case.marks for case in mark.args[1] if case.marks}
    assert list(marked) == ["Transformer()-check_no_transform"]
    assert marked["Transformer()-check_no_transform"][0].kwargs == {"reason": "it is one"}
