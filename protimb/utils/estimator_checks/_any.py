"""What any sampler for multilabel targets promises."""

import numpy as np
from numpy.testing import assert_array_equal
from scipy import sparse

from protimb.utils.estimator_checks._toy import global_states, require, resample, toy_proteins


def check_rows_without_labels_stay(sampler):
    """Check that a row without any term stays, and joins no class 0."""
    X, y = toy_proteins()
    y[-5:] = 0
    _, y_res = resample(sampler, X, y)
    n_before, n_after = (~y.any(axis=1)).sum(), (~y_res.any(axis=1)).sum()
    require(n_after >= n_before, f"{n_before} rows without labels became {n_after}")


def check_array_dtypes_are_kept(sampler):
    """Check that vectors and labels come back in the dtype they came in."""
    X, y = toy_proteins()
    for X_dtype, y_dtype in [(np.float16, bool), (np.float32, np.uint8), (np.float64, np.float64)]:
        X_res, y_res = resample(sampler, X.astype(X_dtype), y.astype(y_dtype))
        require(X_res.dtype == X_dtype, f"X of {X_dtype.__name__} became {X_res.dtype}")
        require(y_res.dtype == y_dtype, f"y of {y_dtype.__name__} became {y_res.dtype}")


def check_same_seed_same_rows(sampler):
    """Check that fitting twice with one seed gives the same rows."""
    X, y = toy_proteins()
    for first, second in zip(resample(sampler, X, y), resample(sampler, X, y), strict=True):
        assert_array_equal(first, second, err_msg="one seed must give one result")


def check_global_random_state_is_untouched(sampler):
    """Check that a seeded sampler draws nothing from the global generators."""
    X, y = toy_proteins()
    before = global_states()
    resample(sampler, X, y)
    require(before == global_states(), "a seeded sampler must leave global generators alone")


def check_inputs_are_not_written_to(sampler):
    """Check that read-only inputs will do."""
    X, y = toy_proteins()
    X.flags.writeable = y.flags.writeable = False
    resample(sampler, X, y)


def check_labels_other_than_binary_are_refused(sampler):
    """Check that probabilities, NaN and {-1, 1} are errors that say what is wanted."""
    X, y = toy_proteins()
    for wrong in (y * 0.3, np.where(y, np.nan, 0.0), 2 * y.astype(int) - 1):
        try:
            resample(sampler, X, wrong)
        except ValueError as error:
            require("binary indicators" in str(error), f"unhelpful message: {error}")
        else:
            raise AssertionError(f"y with values {np.unique(wrong)} must be refused")


def check_no_transform(sampler):
    """Check that the sampler is no transformer: a pipeline step cannot be both."""
    require(not hasattr(sampler, "transform"), "a sampler must not define transform")


def check_sparse_labels_equal_dense_ones(sampler):
    """Check that sparse y comes back in its own format, with the labels of dense y."""
    X, y = toy_proteins()
    X_dense, y_dense = resample(sampler, X, y)
    for form in (sparse.csr_array, sparse.csr_matrix, sparse.csc_array, sparse.coo_array):
        X_res, y_res = resample(sampler, X, form(y))
        require(type(y_res) is form, f"y of {form.__name__} became {type(y_res).__name__}")
        assert_array_equal(y_res.toarray(), y_dense, err_msg="sparse and dense y must agree")
        assert_array_equal(X_res, X_dense, err_msg="sparse and dense y must agree")


CHECKS = (
    check_rows_without_labels_stay,
    check_array_dtypes_are_kept,
    check_same_seed_same_rows,
    check_global_random_state_is_untouched,
    check_inputs_are_not_written_to,
    check_labels_other_than_binary_are_refused,
    check_no_transform,
    check_sparse_labels_equal_dense_ones,
)
