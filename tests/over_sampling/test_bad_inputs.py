"""What samplers do with bad input: a helpful error, one warning, or a defined result.

A case number stands for one kind of bad input; tests of other packages use the same numbers.
"""

import numpy as np
import pandas as pd
import pytest
from samplers import OVER_SAMPLERS
from scipy import sparse
from sklearn.base import clone

from protimb import base
from protimb.exceptions import (
    DuplicateRowsWarning,
    InvalidLabelsError,
    MemoryEstimateError,
    RareTermWarning,
    SkippedTermWarning,
    UnknownTermError,
)
from protimb.over_sampling import REMEDIAL


def name_of(sampler):
    return type(sampler).__name__


@pytest.fixture(params=OVER_SAMPLERS, ids=name_of)
def sampler(request):
    return clone(request.param)


@pytest.fixture(params=[*OVER_SAMPLERS, REMEDIAL()], ids=name_of)
def any_sampler(request):
    """A sampler with a budget, or REMEDIAL, which has none."""
    return clone(request.param)


@pytest.fixture
def X():
    return np.random.RandomState(0).normal(size=(30, 4)).astype(np.float32)


@pytest.fixture
def y():
    """30 proteins: 20 with term 0, 5 of them with term 1, 10 others with term 2."""
    y = np.zeros((30, 3), dtype=np.int64)
    y[:20, 0] = y[:5, 1] = y[18:28, 2] = 1
    return y


@pytest.mark.parametrize(("value", "kind"), [(np.nan, "NaN"), (np.inf, "inf")])
def test_missing_and_infinite_values_in_X_are_located(any_sampler, X, y, value, kind):
    """Case 1."""
    X[7, 2] = value
    with pytest.raises(ValueError, match=rf"{kind}.* \(2\), first in row 7"):
        any_sampler.fit_resample(X, y)
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    with pytest.raises(ValueError, match=r"\(c\)"):
        any_sampler.fit_resample(frame, y)


def test_half_precision_of_large_norm_stays_finite(any_sampler, X, y):
    """Case 2: 300 squared is beyond float16."""
    X_res, _ = any_sampler.fit_resample((300 * X).astype(np.float16), y)
    assert X_res.dtype == np.float16
    assert np.isfinite(X_res).all()


@pytest.mark.parametrize("low_high", [(-1, 1), (0, 2)])
def test_labels_of_two_other_values_are_refused(any_sampler, X, y, low_high):
    """Case 3."""
    with pytest.raises(InvalidLabelsError, match="binary indicators"):
        any_sampler.fit_resample(X, np.where(y == 1, max(low_high), min(low_high)))


def test_probabilities_are_not_labels(any_sampler, X, y):
    """Case 4."""
    with pytest.raises(InvalidLabelsError, match=r"binary indicators.*0\.7"):
        any_sampler.fit_resample(X, 0.7 * y)


def test_missing_labels_are_refused(any_sampler, X, y):
    """Case 5."""
    y = y.astype(float)
    y[3, 1] = np.nan
    with pytest.raises(InvalidLabelsError, match=r"binary indicators.*missing"):
        any_sampler.fit_resample(X, y)


def test_rows_without_labels_are_preserved(sampler, X, y):
    """Case 6."""
    _, y_res = sampler.fit_resample(X, y)
    assert not y_res[28:30].any()
    assert y_res[30:].any(axis=1).all()


def test_term_without_members_is_never_targeted(sampler, X, y):
    """Case 7."""
    y = np.column_stack([y, np.zeros(30, dtype=int)])
    _, y_res = sampler.set_params(sampling_strategy=12).fit_resample(X, y)
    assert y_res.sum(axis=0)[3] == 0
    assert sampler.sampling_strategy_.keys() == {1, 2}
    with pytest.raises(InvalidLabelsError, match="3, which has no members"):
        sampler.set_params(sampling_strategy={3: 5}).fit_resample(X, y)


def test_term_with_one_member_is_copied_with_a_warning(sampler, X, y):
    """Case 8."""
    y[1:5, 1] = 0
    with pytest.warns(RareTermWarning, match=r"1 term\(s\).* 1: 1\)"):
        X_res, _ = sampler.set_params(sampling_strategy={1: 3}).fit_resample(X, y)
    assert sampler.sampling_plan_["note"].tolist() == ["", "one member", ""]
    assert sampler.sampling_plan_["n_after"][1] == 3
    assert np.isfinite(X_res).all()


@pytest.mark.parametrize("n_members", [2, 3, 5, 6])
def test_terms_with_about_as_many_members_as_neighbours_are_raised(sampler, X, y, n_members):
    """Case 8: imbalanced-learn refuses fewer than six members."""
    y[:, 1] = np.arange(30) < n_members
    X_res, y_res = sampler.set_params(sampling_strategy={1: 12}).fit_resample(X, y)
    assert y_res[:, 1].sum() == 12
    assert np.isfinite(X_res).all()


def test_two_rows_are_enough(sampler):
    """Case 12: one member, one other row."""
    sampler.set_params(sampling_strategy={1: 4})
    with pytest.warns(RareTermWarning):
        X_res, y_res = sampler.fit_resample(np.eye(2), np.array([[1, 1], [1, 0]]))
    assert len(X_res) == 5
    assert y_res[:, 1].sum() == 4


def test_rows_that_are_all_alike_are_no_trouble(sampler, y):
    """Case 16: every distance is zero."""
    with pytest.warns(DuplicateRowsWarning):
        X_res, _ = sampler.set_params(sampling_strategy={1: 9}).fit_resample(np.ones((30, 3)), y)
    assert np.isfinite(X_res).all()
    assert len(X_res) == 34


def test_min_members_leaves_small_terms_alone_unless_they_are_named(sampler, X, y):
    """Case 8, with ``min_members``."""
    sampler.set_params(min_members=6, sampling_strategy=12)
    with pytest.warns(SkippedTermWarning, match=r"too few members.*1: 5"):
        sampler.fit_resample(X, y)
    assert sampler.sampling_strategy_.keys() == {2}
    assert sampler.sampling_plan_["note"].tolist() == ["", "fewer than min_members", ""]
    with pytest.raises(InvalidLabelsError, match=r"min_members=6.*1: 5"):
        sampler.set_params(sampling_strategy={1: 12}).fit_resample(X, y)


@pytest.mark.parametrize("strategy", ["auto", 40, {0: 40, 1: 8}], ids=str)
def test_term_on_every_row_is_skipped_with_a_warning(sampler, X, y, strategy):
    """Case 9."""
    y[:, 0] = 1
    with pytest.warns(SkippedTermWarning, match=r"every row carries them.* 0: 30"):
        sampler.set_params(sampling_strategy=strategy).fit_resample(X, y)
    assert 0 not in sampler.sampling_strategy_
    assert sampler.sampling_plan_["note"][0] == "on every row"


@pytest.mark.parametrize("labelset", [[1, 1, 0], [0, 0, 0], [0, 1, 0]], ids=str)
def test_one_labelset_for_all_is_one_class(any_sampler, X, labelset):
    """Case 10."""
    with pytest.raises(ValueError, match="class"):
        any_sampler.fit_resample(X, np.tile(labelset, (30, 1)))


def test_unknown_term_is_named(sampler, X, y):
    """Case 11."""
    frame = pd.DataFrame(y, columns=["GO:1", "GO:2", "GO:3"])
    for strategy, labels in [({"GO:9": 12}, frame), ({3: 12}, y), ({-1: 12}, y)]:
        with pytest.raises(UnknownTermError, match="sampling_strategy names"):
            sampler.set_params(sampling_strategy=strategy).fit_resample(X, labels)


def test_total_below_the_members_there_are_is_refused(sampler, X, y):
    """Case 11."""
    with pytest.raises(ValueError, match="wants 4 members of 1, which has 5 already"):
        sampler.set_params(sampling_strategy={1: 4}).fit_resample(X, y)
    with pytest.raises(TypeError, match="not a count"):
        sampler.set_params(sampling_strategy={1: 7.5}).fit_resample(X, y)


def test_one_term_named_in_two_ways_is_refused(sampler, X, y):
    """Case 11: the last of the two totals would win in silence."""
    frame = pd.DataFrame(y, columns=["GO:1", "GO:2", "GO:3"])
    with pytest.raises(ValueError, match="one term twice, as 'GO:2' and as 1"):
        sampler.set_params(sampling_strategy={"GO:2": 12, 1: 9}).fit_resample(X, frame)


def test_rows_of_X_and_y_must_match(any_sampler, X, y):
    """Case 12."""
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        any_sampler.fit_resample(X, y[:-1])


def test_no_rows_and_flat_X_are_refused(any_sampler, X, y):
    """Case 12."""
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        any_sampler.fit_resample(X[:0], y[:0])
    with pytest.raises(ValueError, match="Expected 2D array"):
        any_sampler.fit_resample(X[:, 0], y)


def test_one_row_is_one_class(any_sampler, X, y):
    """Case 12."""
    with pytest.raises(ValueError, match="class"):
        any_sampler.fit_resample(X[:1], y[:1])


def test_one_feature_is_enough(sampler, X, y):
    """Case 12."""
    X_res, y_res = sampler.set_params(sampling_strategy=12).fit_resample(X[:, :1], y)
    assert X_res.shape == (len(y_res), 1)
    assert (y_res.sum(axis=0) >= 12).all()


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.coo_array, sparse.csr_matrix])
def test_sparse_labels_come_back_sparse(sampler, X, y, form):
    """Case 13."""
    _, y_res = sampler.fit_resample(X, form(y))
    assert type(y_res) is form
    np.testing.assert_array_equal(y_res.toarray()[:30], y)


@pytest.mark.parametrize("name", ["MLSMOTE", "MLSOL", "CGANSampler"])
def test_sparse_vectors_are_refused_with_the_way_out(name, X, y):
    """Case 13."""
    sampler = next(clone(one) for one in OVER_SAMPLERS if name_of(one) == name)
    with pytest.raises(TypeError, match=r"toarray.*TruncatedSVD"):
        sampler.fit_resample(sparse.csr_array(X), y)


def test_constant_features_stay_constant(any_sampler, X, y):
    """Case 14."""
    X[:, 1] = 3.0
    X_res, _ = any_sampler.fit_resample(X, y)
    np.testing.assert_allclose(X_res[:, 1], 3.0, rtol=1e-6)


def test_zero_vectors_are_vectors(any_sampler, X, y):
    """Case 15."""
    X[:2] = 0.0
    X_res, _ = any_sampler.fit_resample(X, y)
    assert np.isfinite(X_res).all()
    assert not X_res[:2].any()


def test_copies_within_a_term_are_reported(sampler, X, y):
    """Case 16."""
    X[:4] = X[0]
    with pytest.warns(DuplicateRowsWarning, match=r"1 targeted term\(s\).*\(1\)"):
        X_res, _ = sampler.set_params(sampling_strategy={1: 8}).fit_resample(X, y)
    assert len(X_res) == 33


def test_a_few_copies_are_nobodys_business(sampler, X, y):
    """Case 16: no warning, or this test would fail."""
    X[1] = X[0]
    X[29] = X[28]
    sampler.set_params(sampling_strategy={1: 8}).fit_resample(X, y)
    assert sampler.n_synthetic_ == 3


def test_read_only_memory_map_is_left_as_it_was(any_sampler, X, y, tmp_path):
    """Case 17."""
    path = tmp_path / "X.npy"
    np.save(path, X)
    before = path.read_bytes()
    X_res, _ = any_sampler.fit_resample(np.load(path, mmap_mode="r"), y)
    np.testing.assert_array_equal(X_res[:30], X)
    assert path.read_bytes() == before


def test_synthetic_proteins_get_ids_of_their_own(any_sampler, X, y):
    """Case 18."""
    ids = [f"P{number:05d}" for number in range(29)] + ["synthetic-4"]
    X, y = pd.DataFrame(X, index=ids).add_prefix("x"), pd.DataFrame(y, index=ids)
    X_res, y_res = any_sampler.fit_resample(X, y)
    assert X_res.index[:30].tolist() == ids
    assert X_res.index[30] == "synthetic-5"
    assert X_res.index.is_unique
    assert y_res.index.equals(X_res.index)


@pytest.mark.parametrize("total", [10**9, 10**30])
def test_request_beyond_memory_fails_before_allocation(sampler, X, y, total, monkeypatch):
    """Case 21."""
    monkeypatch.setattr(base, "available_memory", lambda: 2**30)
    with pytest.raises(MemoryEstimateError, match=r"at least .* GiB; 1\.0 GiB are available"):
        sampler.set_params(sampling_strategy={1: total}).fit_resample(X, y)


def test_ids_in_another_order_are_refused(any_sampler, X, y):
    ids = [f"P{number:05d}" for number in range(30)]
    X, y = pd.DataFrame(X, index=ids).add_prefix("x"), pd.DataFrame(y, index=ids)
    with pytest.raises(InvalidLabelsError, match=r"y\.loc\[X\.index\]"):
        any_sampler.fit_resample(X, y.iloc[::-1])


def test_a_share_of_the_rows_is_refused_where_the_method_has_none(sampler, X, y):
    sampler.set_params(sampling_strategy=0.5)
    if "share" in sampler._forms:
        sampler.fit_resample(X, y)
        assert 0 < sampler.n_synthetic_ <= 15
        return
    with pytest.raises(ValueError, match=r"does not suit multilabel y \(3 terms\)"):
        sampler.fit_resample(X, y)


@pytest.mark.parametrize(
    "sharing", [sampler for sampler in OVER_SAMPLERS if "share" in sampler._forms], ids=name_of
)
def test_a_share_of_less_than_one_row_adds_none(sharing, X, y):
    X_res, y_res = clone(sharing).set_params(sampling_strategy=0.03).fit_resample(X, y)
    np.testing.assert_array_equal(X_res, X)
    np.testing.assert_array_equal(y_res, y)


@pytest.mark.parametrize("strategy", ["minority", "not majority"])
def test_strategies_that_compare_two_classes_are_refused_for_several_labels(
    sampler, X, y, strategy
):
    with pytest.raises(ValueError, match=r"does not suit multilabel y \(3 terms\)"):
        sampler.set_params(sampling_strategy=strategy).fit_resample(X, y)


def test_count_for_every_term_is_refused_for_one_label_a_row(sampler, X, y):
    with pytest.raises(ValueError, match="exactly one label"):
        sampler.set_params(sampling_strategy=15).fit_resample(X, y[:, 0])
