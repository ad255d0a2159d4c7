"""What a sampler that adds rows promises."""

import warnings

import numpy as np
import pandas as pd
from numpy.testing import assert_array_equal
from sklearn.base import clone

from protimb.exceptions import ShortfallWarning
from protimb.utils.estimator_checks._toy import as_frame, require, resample, toy_proteins


def check_originals_come_first_and_unchanged(sampler):
    """Check that the rows passed in are the first rows passed out, bit by bit."""
    X, y = toy_proteins()
    X_res, y_res = resample(sampler, X, y)
    assert_array_equal(X_res[: len(X)], X, err_msg="X: real rows must come first, unchanged")
    assert_array_equal(y_res[: len(y)], y, err_msg="y: real rows must come first, unchanged")


def check_rows_are_added(sampler):
    """Check that rare terms get members, and that X and y stay in step."""
    X, y = toy_proteins()
    X_res, y_res = resample(sampler, X, y)
    require(len(X_res) == len(y_res), "X and y must have the same number of rows")
    require(y_res[:, 2].sum() > y[:, 2].sum(), "the rarest term must get members")


def check_synthetic_labels_are_real_labelsets(sampler):
    """Check that each new label row equals a real one, so respects the true-path rule.

    A sampler that lets rows vote on labels says so (``votes_on_labels = True``) and is spared.
    """
    if _votes(sampler):
        return
    X, y = toy_proteins()
    _, y_res = resample(sampler, X, y)
    real = {row.tobytes() for row in y}
    invented = [row for row in y_res[len(y) :] if row.tobytes() not in real]
    require(not invented, f"label rows that no real protein has: {invented[:3]}")


def check_totals_are_met_or_reported(sampler):
    """Check that each term reaches its total, or a ShortfallWarning says that it does not."""
    X, y = toy_proteins()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _, y_res = clone(sampler).set_params(sampling_strategy=15).fit_resample(X, y)
    reported = any(issubclass(warning.category, ShortfallWarning) for warning in caught)
    require((y_res.sum(axis=0) >= 15).all() or reported, "a shortfall must be reported")


def check_named_terms_alone_are_targeted(sampler):
    """Check that ``{term: total}`` draws rows for that term, and for no other."""
    X, y = toy_proteins()
    sampler = clone(sampler).set_params(sampling_strategy={"term 2": 9})
    _, y_res = resample(sampler, X, as_frame(y))
    require((y_res["term 2"].iloc[len(y) :] == 1).all(), "new rows must carry the named term")


def check_attributes_describe_the_output(sampler):
    """Check that mask, counts and conditioning rows agree with what was returned."""
    X, y = toy_proteins()
    sampler = clone(sampler)
    X_res, y_res = resample(sampler, X, y, fitted=True)
    new = np.arange(len(X_res)) >= len(X)
    assert_array_equal(sampler.synthetic_mask_, new, err_msg="synthetic_mask_")
    require(sampler.n_synthetic_ == new.sum(), "n_synthetic_ must count the new rows")
    labels = y[sampler.conditioning_indices_]
    if not _votes(sampler):
        assert_array_equal(y_res[new], labels, err_msg="conditioning_indices_ must give the labels")
    plan = sampler.sampling_plan_
    assert_array_equal(plan["n_before"], y.sum(axis=0), err_msg="sampling_plan_['n_before']")
    assert_array_equal(plan["n_after"], y_res.sum(axis=0), err_msg="sampling_plan_['n_after']")


def check_frames_keep_ids_columns_and_dtypes(sampler):
    """Check that real rows of a DataFrame keep their ids, and new ones have their own."""
    X, y = toy_proteins()
    X, y = pd.DataFrame(X).add_prefix("x"), as_frame(y)
    X.index = y.index
    X_res, y_res = resample(sampler, X, y)
    pd.testing.assert_frame_equal(X_res.iloc[: len(X)], X)
    pd.testing.assert_frame_equal(y_res.iloc[: len(y)], y)
    require(X_res.index.is_unique, "ids of new rows must be new")
    require(X_res.index.equals(y_res.index), "X and y must share their ids")


CHECKS = (
    check_originals_come_first_and_unchanged,
    check_rows_are_added,
    check_synthetic_labels_are_real_labelsets,
    check_totals_are_met_or_reported,
    check_named_terms_alone_are_targeted,
    check_attributes_describe_the_output,
    check_frames_keep_ids_columns_and_dtypes,
)


def _votes(sampler):
    return getattr(sampler, "votes_on_labels", False)
