"""Checks that any over-sampler for multilabel targets should pass, yours included."""

import re
import sys
import warnings

import numpy as np
import pandas as pd
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone

from protimb.exceptions import ProtimbWarning, ShortfallWarning

__all__ = ["CHECKS", "check_sampler", "expected_failed_checks", "parametrize_with_checks"]


def parametrize_with_checks(samplers, *, expected_failed_checks=None):
    """Make one pytest case of each multilabel check for each sampler.

    Parameters
    ----------
    samplers : list of over-sampler instances
        Seeded (``random_state=0``) and fast: each one is fitted about twenty times.
    expected_failed_checks : callable, optional
        Gets a sampler, returns ``{name of check: reason}``; those cases are marked xfail.

    Returns
    -------
    decorator : pytest.MarkDecorator
        For a test with the arguments ``sampler`` and ``check``.

    See Also
    --------
    imblearn.utils.estimator_checks.parametrize_with_checks : Checks for one label a row.

    Examples
    --------
    >>> from protimb.over_sampling import RandomLabelsetOverSampler
    >>> @parametrize_with_checks([RandomLabelsetOverSampler(random_state=0)])
    ... def test_multilabel_contract(sampler, check):
    ...     check(sampler)
    """
    import pytest

    cases = []
    for sampler in samplers:
        reasons = expected_failed_checks(sampler) if expected_failed_checks else {}
        for check in CHECKS:
            name = check.__name__
            marks = [pytest.mark.xfail(reason=reasons[name])] if name in reasons else []
            label = re.sub(r"\s", "", repr(sampler))
            cases.append(pytest.param(sampler, check, marks=marks, id=f"{label}-{name}"))
    return pytest.mark.parametrize(("sampler", "check"), cases)


def check_sampler(sampler):
    """Run every multilabel check on one sampler.

    Parameters
    ----------
    sampler : over-sampler instance
        Is cloned, not fitted.

    Raises
    ------
    AssertionError
        From the first check that fails; says what was expected.

    Examples
    --------
    >>> from protimb.over_sampling import RandomLabelsetOverSampler
    >>> check_sampler(RandomLabelsetOverSampler(random_state=0))
    """
    for check in CHECKS:
        check(sampler)


def expected_failed_checks(sampler):
    """Name the one check of imbalanced-learn that a multilabel sampler must fail.

    Parameters
    ----------
    sampler : over-sampler instance

    Returns
    -------
    reasons : dict
        ``{name of check: reason}``, for imbalanced-learn's ``parametrize_with_checks``.
    """
    return {
        "check_target_type": (
            f"asserts that multilabel targets are refused; {type(sampler).__name__} takes them"
        )
    }


def check_originals_come_first_and_unchanged(sampler):
    """Check that the rows passed in are the first rows passed out, bit by bit."""
    X, y = _proteins()
    X_res, y_res = _fit_resample(sampler, X, y)
    assert_array_equal(X_res[: len(X)], X, err_msg="X: real rows must come first, unchanged")
    assert_array_equal(y_res[: len(y)], y, err_msg="y: real rows must come first, unchanged")


def check_rows_are_added(sampler):
    """Check that rare terms get members, and that X and y stay in step."""
    X, y = _proteins()
    X_res, y_res = _fit_resample(sampler, X, y)
    _require(len(X_res) == len(y_res), "X and y must have the same number of rows")
    _require(y_res[:, 2].sum() > y[:, 2].sum(), "the rarest term must get members")


def check_synthetic_labels_are_real_labelsets(sampler):
    """Check that each new label row equals a real one, so respects the true-path rule.

    A sampler that lets rows vote on labels says so (``votes_on_labels = True``) and is spared.
    """
    if _votes(sampler):
        return
    X, y = _proteins()
    _, y_res = _fit_resample(sampler, X, y)
    real = {row.tobytes() for row in y}
    invented = [row for row in y_res[len(y) :] if row.tobytes() not in real]
    _require(not invented, f"label rows that no real protein has: {invented[:3]}")


def check_rows_without_labels_stay(sampler):
    """Check that a row without any term stays so, and joins no class 0."""
    X, y = _proteins()
    y[-5:] = 0
    _, y_res = _fit_resample(sampler, X, y)
    _require(not y_res[len(y) - 5 : len(y)].any(), "rows without labels must stay without")


def check_totals_are_met_or_reported(sampler):
    """Check that each term reaches its total, or a ShortfallWarning says that it does not."""
    X, y = _proteins()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _, y_res = clone(sampler).set_params(sampling_strategy=15).fit_resample(X, y)
    reported = any(issubclass(warning.category, ShortfallWarning) for warning in caught)
    _require((y_res.sum(axis=0) >= 15).all() or reported, "a shortfall must be reported")


def check_named_terms_alone_are_targeted(sampler):
    """Check that ``{term: total}`` draws rows for that term, and for no other."""
    X, y = _proteins()
    sampler = clone(sampler).set_params(sampling_strategy={"term 2": 9})
    _, y_res = _fit_resample(sampler, X, _frame(y))
    _require((y_res["term 2"].iloc[len(y) :] == 1).all(), "new rows must carry the named term")


def check_attributes_describe_the_output(sampler):
    """Check that mask, counts and conditioning rows agree with what was returned."""
    X, y = _proteins()
    sampler = clone(sampler)
    X_res, y_res = _fit_resample(sampler, X, y, fitted=True)
    new = np.arange(len(X_res)) >= len(X)
    assert_array_equal(sampler.synthetic_mask_, new, err_msg="synthetic_mask_")
    _require(sampler.n_synthetic_ == new.sum(), "n_synthetic_ must count the new rows")
    labels = y[sampler.conditioning_indices_]
    if not _votes(sampler):
        assert_array_equal(y_res[new], labels, err_msg="conditioning_indices_ must give the labels")
    plan = sampler.sampling_plan_
    assert_array_equal(plan["n_before"], y.sum(axis=0), err_msg="sampling_plan_['n_before']")
    assert_array_equal(plan["n_after"], y_res.sum(axis=0), err_msg="sampling_plan_['n_after']")


def check_array_dtypes_are_kept(sampler):
    """Check that vectors and labels come back in the dtype they came in."""
    X, y = _proteins()
    for X_dtype, y_dtype in [(np.float16, bool), (np.float32, np.uint8), (np.float64, np.float64)]:
        X_res, y_res = _fit_resample(sampler, X.astype(X_dtype), y.astype(y_dtype))
        _require(X_res.dtype == X_dtype, f"X of {X_dtype.__name__} became {X_res.dtype}")
        _require(y_res.dtype == y_dtype, f"y of {y_dtype.__name__} became {y_res.dtype}")


def check_frames_keep_ids_columns_and_dtypes(sampler):
    """Check that real rows of a DataFrame keep their ids, and new ones have their own."""
    X, y = _proteins()
    X, y = pd.DataFrame(X).add_prefix("x"), _frame(y)
    X.index = y.index
    X_res, y_res = _fit_resample(sampler, X, y)
    pd.testing.assert_frame_equal(X_res.iloc[: len(X)], X)
    pd.testing.assert_frame_equal(y_res.iloc[: len(y)], y)
    _require(X_res.index.is_unique, "ids of new rows must be new")
    _require(X_res.index.equals(y_res.index), "X and y must share their ids")


def check_sparse_labels_equal_dense_ones(sampler):
    """Check that sparse y comes back in its own format, with the labels of dense y."""
    X, y = _proteins()
    X_dense, y_dense = _fit_resample(sampler, X, y)
    for form in (sparse.csr_array, sparse.csr_matrix, sparse.csc_array, sparse.coo_array):
        X_res, y_res = _fit_resample(sampler, X, form(y))
        _require(type(y_res) is form, f"y of {form.__name__} became {type(y_res).__name__}")
        assert_array_equal(y_res.toarray(), y_dense, err_msg="sparse and dense y must agree")
        assert_array_equal(X_res, X_dense, err_msg="sparse and dense y must agree")


def check_same_seed_same_rows(sampler):
    """Check that fitting twice with one seed gives the same rows."""
    X, y = _proteins()
    for first, second in zip(
        _fit_resample(sampler, X, y), _fit_resample(sampler, X, y), strict=True
    ):
        assert_array_equal(first, second, err_msg="one seed must give one result")


def check_global_random_state_is_untouched(sampler):
    """Check that a seeded sampler draws nothing from the global generators."""
    X, y = _proteins()
    before = _global_states()
    _fit_resample(sampler, X, y)
    _require(before == _global_states(), "a seeded sampler must leave global generators alone")


def check_inputs_are_not_written_to(sampler):
    """Check that read-only inputs will do."""
    X, y = _proteins()
    X.flags.writeable = y.flags.writeable = False
    _fit_resample(sampler, X, y)


def check_labels_other_than_binary_are_refused(sampler):
    """Check that probabilities, NaN and {-1, 1} are errors that say what is wanted."""
    X, y = _proteins()
    for wrong in (y * 0.3, np.where(y, np.nan, 0.0), 2 * y.astype(int) - 1):
        try:
            _fit_resample(sampler, X, wrong)
        except ValueError as error:
            _require("binary indicators" in str(error), f"unhelpful message: {error}")
        else:
            raise AssertionError(f"y with values {np.unique(wrong)} must be refused")


def check_no_transform(sampler):
    """Check that the sampler is no transformer: a pipeline step cannot be both."""
    _require(not hasattr(sampler, "transform"), "a sampler must not define transform")


CHECKS = (
    check_originals_come_first_and_unchanged,
    check_rows_are_added,
    check_synthetic_labels_are_real_labelsets,
    check_rows_without_labels_stay,
    check_totals_are_met_or_reported,
    check_named_terms_alone_are_targeted,
    check_attributes_describe_the_output,
    check_array_dtypes_are_kept,
    check_frames_keep_ids_columns_and_dtypes,
    check_sparse_labels_equal_dense_ones,
    check_same_seed_same_rows,
    check_global_random_state_is_untouched,
    check_inputs_are_not_written_to,
    check_labels_other_than_binary_are_refused,
    check_no_transform,
)


def _proteins():
    """40 proteins in 3 dimensions; term 2 implies term 1, which implies term 0; term 3 is apart."""
    rng = np.random.RandomState(0)
    y = np.zeros((40, 4), dtype=np.uint8)
    y[:24, 0] = y[:10, 1] = y[:4, 2] = y[20:32, 3] = 1
    return rng.normal(size=(40, 3)).astype(np.float32) + y[:, :3], y


def _frame(y):
    ids = [f"P{number:05d}" for number in range(len(y))]
    return pd.DataFrame(y, index=ids, columns=[f"term {number}" for number in range(y.shape[1])])


def _fit_resample(sampler, X, y, *, fitted=False):
    sampler = sampler if fitted else clone(sampler)
    with warnings.catch_warnings():
        # What a sampler reports about toy data is its right; any other warning is a flaw.
        warnings.simplefilter("ignore", ProtimbWarning)
        return sampler.fit_resample(X, y)


def _votes(sampler):
    return getattr(sampler, "votes_on_labels", False)


def _global_states():
    state = np.random.get_state(legacy=False)["state"]  # noqa: NPY002
    states = [state["pos"], state["key"].tobytes()]
    if "torch" in sys.modules:
        states.append(sys.modules["torch"].get_rng_state().numpy().tobytes())
    return states


def _require(condition, message):
    if not condition:
        raise AssertionError(message)
