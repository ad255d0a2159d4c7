"""What a sampler that removes rows promises."""

import warnings

import numpy as np
import pandas as pd
from numpy.testing import assert_array_equal
from sklearn.base import clone

from protimb.exceptions import ShortfallWarning
from protimb.utils.estimator_checks._toy import as_frame, require, resample, toy_proteins


def check_kept_rows_are_unchanged_and_in_order(sampler):
    """Check that ``sample_indices_`` names the kept rows, each once and in order, bit by bit."""
    X, y = toy_proteins()
    sampler = clone(sampler)
    X_res, y_res = resample(sampler, X, y, fitted=True)
    kept = sampler.sample_indices_
    require((np.diff(kept) > 0).all(), "sample_indices_ must rise: rows stay in order")
    assert_array_equal(X_res, X[kept], err_msg="X: kept rows must be those of sample_indices_")
    assert_array_equal(y_res, y[kept], err_msg="y: kept rows must be those of sample_indices_")


def check_rows_are_removed(sampler):
    """Check that something happens: frequent terms lose members."""
    X, y = toy_proteins()
    X_res, y_res = resample(sampler, X, y)
    require(len(X_res) == len(y_res), "X and y must have the same number of rows")
    require(len(y_res) < len(y), "rows of frequent terms must be removed")


def check_rows_of_rare_terms_stay(sampler):
    """Check that a term rarer than average (IRLbl above MeanIR) loses no row."""
    X, y = toy_proteins()
    _, y_res = resample(sampler, X, y)
    require(y_res[:, 2].sum() == y[:, 2].sum(), "rows of the rarest term must stay")


def check_balanced_targets_are_left_alone(sampler):
    """Check that no row goes where all terms, and all labelsets, are equally frequent."""
    X, _ = toy_proteins()
    y = np.zeros((40, 2), dtype=np.uint8)
    y[:16, 0] = y[16:32, 1] = 1
    X_res, y_res = resample(sampler, X, y)
    require(len(X_res) == len(X), "there is nothing to balance")
    assert_array_equal(y_res, y)


def check_plan_describes_the_output(sampler):
    """Check that counts before and after agree with what was returned."""
    X, y = toy_proteins()
    sampler = clone(sampler)
    _, y_res = resample(sampler, X, y, fitted=True)
    require(sampler.n_removed_ == len(y) - len(y_res), "n_removed_ must count what is gone")
    plan = sampler.sampling_plan_
    assert_array_equal(plan["n_before"], y.sum(axis=0), err_msg="sampling_plan_['n_before']")
    assert_array_equal(plan["n_after"], y_res.sum(axis=0), err_msg="sampling_plan_['n_after']")
    require((plan["n_after"] >= plan["n_floor"]).all(), "no term may fall below its floor")


def check_kept_rows_of_frames_keep_their_ids(sampler):
    """Check that rows of a DataFrame keep ids, columns and dtypes, in X and y alike."""
    X, y = toy_proteins()
    X, y = pd.DataFrame(X).add_prefix("x"), as_frame(y)
    X.index = y.index
    X_res, y_res = resample(sampler, X, y)
    require(X_res.index.equals(y_res.index), "X and y must share their ids")
    require(X_res.index.isin(X.index).all(), "kept rows must keep their ids")
    pd.testing.assert_frame_equal(X_res, X.loc[X_res.index])
    pd.testing.assert_frame_equal(y_res, y.loc[y_res.index])


def check_share_of_rows_is_removed_exactly(sampler):
    """Check that a share as budget is met to the row."""
    X, y = toy_proteins()
    _, y_res = resample(clone(sampler).set_params(sampling_strategy=0.1), X, y)
    require(len(y) - len(y_res) == 4, "0.1 of 40 rows are 4")


def check_totals_are_kept_or_reported(sampler):
    """Check that ``{term: total}`` lowers that term to its total, or warns that it cannot."""
    X, y = toy_proteins()
    sampler = clone(sampler).set_params(sampling_strategy={"term 0": 20})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _, y_res = sampler.fit_resample(X, as_frame(y))
    reported = any(issubclass(warning.category, ShortfallWarning) for warning in caught)
    n_after = y_res["term 0"].sum()
    require(n_after >= 20, "no term may fall below its total")
    require(n_after == 20 or reported, "a total that is not reached must be reported")
    gone = as_frame(y).drop(index=y_res.index)
    require((gone["term 0"] == 1).all(), "only rows of the named term may go")


def check_named_terms_alone_lose_rows(sampler):
    """Check that a list of terms lets no row go that carries none of them."""
    X, y = toy_proteins()
    sampler = clone(sampler).set_params(sampling_strategy=["term 3"])
    _, y_res = resample(sampler, X, as_frame(y), fitted=True)
    gone = as_frame(y).drop(index=y_res.index)
    require((gone["term 3"] == 1).all(), "only rows of the named term may go")


CHECKS = (
    check_kept_rows_are_unchanged_and_in_order,
    check_rows_are_removed,
    check_rows_of_rare_terms_stay,
    check_balanced_targets_are_left_alone,
    check_plan_describes_the_output,
    check_kept_rows_of_frames_keep_their_ids,
)
BUDGET_CHECKS = (
    check_share_of_rows_is_removed_exactly,
    check_totals_are_kept_or_reported,
)
CLEANING_CHECKS = (check_named_terms_alone_lose_rows,)
