"""Standardizing by blocks, and in place of a copy, gives what scikit-learn's whole way gives."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.preprocessing import StandardScaler

from protimb.utils import _memory
from protimb.utils._standardizing import fit_standardizer, standardize


@pytest.mark.parametrize("weights", [None, np.linspace(0, 2, 100)])
def test_blocks_add_up_to_means_and_variances_of_all_rows(rng, monkeypatch, weights):
    X = rng.normal(3, 2, size=(100, 4)).astype(np.float32)
    whole = StandardScaler().fit(X, sample_weight=weights)
    assert_array_equal(fit_standardizer(X, weights).var_, whole.var_)  # one block: the same bits
    monkeypatch.setattr(_memory, "_BLOCK_BYTES", 16 * 4 * 4 * 9)  # 9 rows at a time
    in_blocks = fit_standardizer(X, weights)
    assert_allclose(in_blocks.mean_, whole.mean_, rtol=1e-6)
    assert_allclose(in_blocks.var_, whole.var_, rtol=1e-6)


def test_a_block_without_any_weight_changes_nothing(monkeypatch):
    monkeypatch.setattr(_memory, "_BLOCK_BYTES", 1)  # a row at a time
    X, weights = np.array([[9.0], [1.0], [3.0], [9.0]]), np.array([0.0, 1.0, 1.0, 0.0])
    scaler = fit_standardizer(X, weights)
    assert (scaler.mean_.item(), scaler.var_.item()) == (2.0, 1.0)


def test_rows_of_ones_own_are_standardized_where_they_lie(rng):
    X = rng.normal(size=(20, 3)).astype(np.float32)
    scaler = fit_standardizer(X)
    expected = standardize(scaler, X)
    found = standardize(scaler, X, own=True)
    assert np.shares_memory(found, X)
    assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rows_are_standardized_in_a_copy_of_single_precision_at_least(rng, dtype):
    X = rng.normal(size=(20, 3)).astype(dtype)
    before, scaler = X.copy(), fit_standardizer(X)
    rows = standardize(scaler, X)
    assert_array_equal(X, before)
    assert rows.dtype == (np.float64 if dtype is np.float64 else np.float32)
    assert_array_equal(rows, scaler.transform(X.astype(rows.dtype)))


def test_half_precision_does_not_overflow():
    X = np.array([[300.0], [-300.0], [300.0]] * 9, dtype=np.float16)
    assert np.isfinite(standardize(fit_standardizer(X), X)).all()
