"""What under-samplers do with bad input: a helpful error, one warning, or a defined result.

A case number stands for one kind of bad input; tests of other packages use the same numbers.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone

from protimb.exceptions import (
    InvalidLabelsError,
    ShortfallWarning,
    SkippedTermWarning,
    UnknownTermError,
)
from protimb.under_sampling import LPRUS, MLRUS, MLTL, MLeNN

BUDGETED = [MLRUS(random_state=0), LPRUS(random_state=0)]
CLEANERS = [MLeNN(), MLTL(threshold=0.1, mutual=False)]


@pytest.fixture(params=BUDGETED + CLEANERS, ids=lambda sampler: type(sampler).__name__)
def sampler(request):
    return clone(request.param)


@pytest.fixture(params=BUDGETED, ids=lambda sampler: type(sampler).__name__)
def budgeted(request):
    return clone(request.param)


@pytest.fixture(params=CLEANERS, ids=lambda sampler: type(sampler).__name__)
def cleaner(request):
    return clone(request.param)


@pytest.mark.parametrize(("value", "kind"), [(np.nan, "NaN"), (np.inf, "inf")])
def test_missing_and_infinite_values_in_X_are_located(sampler, X, y, value, kind):
    """Case 1."""
    X[7, 2] = value
    with pytest.raises(ValueError, match=rf"{kind}.* \(2\), first in row 7"):
        sampler.fit_resample(X, y)


def test_half_precision_of_large_norm_is_compared_in_single(sampler, X, y):
    """Case 2: 300 squared is beyond float16."""
    half = (300 * X).astype(np.float16)
    X_res, y_res = sampler.fit_resample(half, y)
    assert X_res.dtype == np.float16
    single = clone(sampler).fit_resample(half.astype(np.float32), y)[1]
    np.testing.assert_array_equal(y_res, single)


@pytest.mark.parametrize("low_high", [(-1, 1), (0, 2)])
def test_labels_of_two_other_values_are_refused(sampler, X, y, low_high):
    """Case 3."""
    with pytest.raises(InvalidLabelsError, match="binary indicators"):
        sampler.fit_resample(X, np.where(y == 1, max(low_high), min(low_high)))


def test_probabilities_and_missing_labels_are_refused(sampler, X, y):
    """Cases 4 and 5."""
    with pytest.raises(InvalidLabelsError, match=r"binary indicators.*0\.7"):
        sampler.fit_resample(X, 0.7 * y)
    with pytest.raises(InvalidLabelsError, match=r"binary indicators.*missing"):
        sampler.fit_resample(X, np.where(y == 1, np.nan, 0.0))


def test_rows_without_labels_are_preserved(sampler, X, y):
    """Case 6."""
    _, y_res = sampler.fit_resample(X, y)
    assert not y_res[-2:].any()
    assert {28, 29} <= set(sampler.sample_indices_)


def test_term_without_members_changes_nothing(sampler, X, y):
    """Case 7."""
    _, y_res = sampler.fit_resample(X, y)
    wider = np.column_stack([y, np.zeros(30, dtype=int)])
    _, wider_res = clone(sampler).fit_resample(X, wider)
    np.testing.assert_array_equal(wider_res[:, :3], y_res)


def test_term_without_members_cannot_be_named(budgeted, X, y):
    """Case 7."""
    y = np.column_stack([y, np.zeros(30, dtype=int)])
    with pytest.raises(ValueError, match="1 members of 3, which has 0"):
        budgeted.set_params(sampling_strategy={3: 1}).fit_resample(X, y)


def test_the_only_member_of_a_term_stays(sampler, X, y):
    """Case 8."""
    y[1:3, 1] = 0
    _, y_res = sampler.fit_resample(X, y)
    assert y_res[:, 1].sum() == 1
    assert sampler.sampling_plan_["note"].tolist() == ["", "minority: rows kept", ""]


@pytest.mark.parametrize("strategy", ["auto", 0.1, 12])
def test_term_on_every_row_is_skipped_with_a_warning(budgeted, X, y, strategy):
    """Case 9."""
    y[:20, 0] = 1
    y = np.column_stack([np.ones(30, dtype=int), y])
    with pytest.warns(SkippedTermWarning, match=r"every row carries them.* 0: 30") as caught:
        budgeted.set_params(sampling_strategy=strategy).fit_resample(X, y)
    assert sum(w.category is SkippedTermWarning for w in caught) == 1
    assert budgeted.sampling_plan_["note"][0] == "on every row"
    assert budgeted.n_removed_ > 0


def test_cleaners_skip_a_term_on_every_row_too(cleaner, X, y):
    """Case 9."""
    y = np.column_stack([np.ones(30, dtype=int), y])
    with pytest.warns(SkippedTermWarning, match=r"every row carries them.* 0: 30"):
        cleaner.fit_resample(X, y)
    assert 0 not in cleaner.sampling_strategy_


@pytest.mark.parametrize("labelset", [[1, 1, 0], [0, 0, 0], [0, 1, 0]], ids=str)
def test_one_labelset_for_all_is_one_class(sampler, X, labelset):
    """Case 10."""
    with pytest.raises(ValueError, match="class"):
        sampler.fit_resample(X, np.tile(labelset, (30, 1)))


def test_unknown_term_is_named(X, y):
    """Case 11."""
    frame = pd.DataFrame(y, columns=["GO:1", "GO:2", "GO:3"])
    for sampler, strategy in [(MLRUS(), {"GO:9": 2}), (LPRUS(), {3: 2}), (MLeNN(), ["GO:9"])]:
        with pytest.raises(UnknownTermError, match="sampling_strategy names"):
            sampler.set_params(sampling_strategy=strategy).fit_resample(X, frame)


@pytest.mark.parametrize("total", [21, 0, -1])
def test_totals_that_removal_cannot_reach_are_refused(budgeted, X, y, total):
    """Case 11."""
    with pytest.raises(ValueError, match=rf"wants {total} members of 0, which has 20"):
        budgeted.set_params(sampling_strategy={0: total}).fit_resample(X, y)
    with pytest.raises(TypeError, match="not a count"):
        budgeted.set_params(sampling_strategy={0: 7.5}).fit_resample(X, y)


def test_one_term_named_in_two_ways_is_refused(budgeted, X, y):
    """Case 11: the last of the two totals would win in silence."""
    frame = pd.DataFrame(y, columns=["GO:1", "GO:2", "GO:3"])
    with pytest.raises(ValueError, match="one term twice, as 'GO:1' and as 0"):
        budgeted.set_params(sampling_strategy={"GO:1": 12, 0: 9}).fit_resample(X, frame)


def test_rare_terms_cannot_be_lowered(X, y):
    """Case 11: the promise that their rows stay is older than the request."""
    with pytest.raises(ValueError, match="3 members of 1, a term that is rarer than average"):
        MLRUS(sampling_strategy={1: 2}).fit_resample(X, y)
    with pytest.raises(InvalidLabelsError, match=r"rarer than average \(1\)"):
        MLTL(sampling_strategy=[0, 1]).fit_resample(X, y)


def test_budgets_that_cannot_be_met_are_reported(X, y):
    """Case 11: 17 rows have the frequent term alone, and two more the two frequent terms."""
    with pytest.warns(ShortfallWarning, match=r"17 of 27 rows|1\d of 27 rows"):
        MLRUS(sampling_strategy=0.9, random_state=0).fit_resample(X, y)
    with pytest.warns(ShortfallWarning, match=r"term: members of asked; 0: 3 of 1"):
        MLRUS(sampling_strategy={0: 1, 2: 1}, random_state=0).fit_resample(X, y)


def test_rows_of_X_and_y_must_match(sampler, X, y):
    """Case 12."""
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        sampler.fit_resample(X, y[:-1])
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        sampler.fit_resample(X[:0], y[:0])
    with pytest.raises(ValueError, match="Expected 2D array"):
        sampler.fit_resample(X[:, 0], y)


@pytest.mark.parametrize("n_rows", [2, 3, 4])
def test_a_few_rows_and_one_feature_are_enough(sampler, X, n_rows):
    """Case 12: fewer rows than neighbours."""
    y = np.zeros((n_rows, 2), dtype=int)
    y[:, 0] = 1
    y[0] = [0, 1]
    y[-1] = 1 if n_rows > 2 else [1, 0]
    X_res, y_res = sampler.set_params(target="multilabel").fit_resample(X[:n_rows, :1], y)
    assert 1 <= len(X_res) == len(y_res) <= n_rows


def test_one_row_is_one_class(sampler, X, y):
    """Case 12."""
    with pytest.raises(ValueError, match="class"):
        sampler.fit_resample(X[:1], y[:1])


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.coo_array, sparse.csr_matrix])
def test_sparse_labels_come_back_sparse(sampler, X, y, form):
    """Case 13."""
    _, y_res = sampler.fit_resample(X, form(y))
    assert type(y_res) is form
    assert y_res.dtype == y.dtype
    np.testing.assert_array_equal(y_res.toarray(), y[sampler.sample_indices_])


def test_constant_features_and_zero_vectors_are_vectors(sampler, X, y):
    """Cases 14 and 15."""
    X[:, 1] = 3.0
    X[:2] = 0.0
    X_res, _ = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X_res, X[sampler.sample_indices_])


@pytest.mark.parametrize("n_distinct", [1, 2])
def test_copies_are_neighbours_of_each_other(sampler, X, y, n_distinct):
    """Case 16: a row among many copies of itself is still not its own neighbour."""
    X[:] = X[np.arange(30) % n_distinct]
    _, y_res = sampler.fit_resample(X, y)
    assert y_res[:, 1].sum() == 3


def test_read_only_memory_map_is_left_as_it_was(sampler, X, y, tmp_path):
    """Case 17."""
    path = tmp_path / "X.npy"
    np.save(path, X)
    before = path.read_bytes()
    X_res, _ = sampler.fit_resample(np.load(path, mmap_mode="r"), y)
    np.testing.assert_array_equal(X_res, X[sampler.sample_indices_])
    assert path.read_bytes() == before


def test_kept_proteins_keep_their_ids(sampler, X, y):
    """Case 18."""
    ids = [f"P{number:05d}" for number in range(30)]
    X, y = pd.DataFrame(X, index=ids).add_prefix("x"), pd.DataFrame(y, index=ids)
    X_res, y_res = sampler.fit_resample(X, y)
    pd.testing.assert_frame_equal(X_res, X.iloc[sampler.sample_indices_])
    pd.testing.assert_frame_equal(y_res, y.iloc[sampler.sample_indices_])


def test_ids_in_another_order_are_refused(sampler, X, y):
    """Case 18."""
    ids = [f"P{number:05d}" for number in range(30)]
    frame = pd.DataFrame(X, index=ids).add_prefix("x")
    with pytest.raises(InvalidLabelsError, match=r"y\.loc\[X\.index\]"):
        sampler.fit_resample(frame, pd.DataFrame(y, index=ids).iloc[::-1])


@pytest.mark.parametrize("strategy", ["minority", "not majority", "majority", 1.0])
def test_strategies_that_compare_two_classes_are_refused_for_several_labels(
    budgeted, X, y, strategy
):
    with pytest.raises(ValueError, match=r"sampling_strategy"):
        budgeted.set_params(sampling_strategy=strategy).fit_resample(X, y)


@pytest.mark.parametrize("strategy", ["majority", lambda y: {0: 3}, lambda y: 0.5])
def test_cleaners_take_names_and_no_budgets(cleaner, X, y, strategy):
    with pytest.raises(ValueError, match="a list of terms whose rows may go"):
        cleaner.set_params(sampling_strategy=strategy).fit_resample(X, y)


def test_count_for_every_term_is_refused_for_one_label_a_row(budgeted, X, y):
    with pytest.raises(ValueError, match="exactly one label"):
        budgeted.set_params(sampling_strategy=15).fit_resample(X, y[:, 0])


def test_failed_refit_leaves_nothing_of_the_first(sampler, X, y):
    sampler.fit_resample(X, y)
    with pytest.raises(InvalidLabelsError):
        sampler.fit_resample(X, 2 * y)
    assert not hasattr(sampler, "sample_indices_")
