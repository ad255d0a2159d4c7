"""Terms on a map have many new rows and few proteins in common."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from protimb.comparison._traces import choose_terms, trace_sampler
from protimb.datasets import make_longtail_multilabel
from protimb.over_sampling import MLSMOTE


def labels(*columns):
    return np.array(columns, dtype=np.uint8).T


def test_terms_with_most_new_rows_for_each_real_one_come_first():
    y = labels([1] * 10 + [0] * 20, [0] * 10 + [1] * 20)
    y_new = labels([1] * 20 + [0] * 20, [0] * 20 + [1] * 20)
    assert choose_terms(y, y_new) == [0, 1]


def test_arms_that_raise_the_same_terms_show_the_same_terms():
    y = labels([1] * 10 + [0] * 40, [0] * 10 + [1] * 12 + [0] * 28, [0] * 22 + [1] * 28)
    much_of_the_first, much_of_the_second = (
        np.repeat(y, np.array([many] * 10 + [few] * 12 + [1] * 28), axis=0)
        for many, few in ((9, 1), (1, 9))
    )
    assert choose_terms(y, much_of_the_first) == choose_terms(y, much_of_the_second) == [0, 1, 2]
    # Who raises none of the rarest shows what it did raise.
    assert choose_terms(y, y[22:], n_terms=2) == [2]


def test_terms_that_share_their_proteins_are_shown_once():
    y = labels([1] * 10 + [0] * 10, [1] * 10 + [0] * 10, [0] * 10 + [1] * 10)
    assert choose_terms(y, np.repeat(y, 2, axis=0)) == [0, 2]


def test_terms_with_a_handful_of_rows_are_left_out():
    y = labels([1] * 7 + [0] * 10)
    assert choose_terms(y, np.repeat(y, 9, axis=0)) == []


def test_what_a_filter_rejected_is_summed_over_terms():
    report = pd.DataFrame({"n_planned": [3, 4], "n_missing": [0, 2]}, index=["a", "b"])
    y, sampler = labels([1, 0], [1, 1]), SimpleNamespace(quality_report_=report)
    traces = trace_sampler(sampler, y, np.vstack([y, y]))
    assert traces["quality"] is report
    assert traces["quality_control"] == {"n_planned": 7, "n_missing": 2}
    assert traces["n_synthetic"] == 2
    assert traces["counts"].to_numpy().tolist() == [[1, 2], [2, 4]]


def test_quality_control_is_traced_beside_any_sampler():
    toy = make_longtail_multilabel(random_state=0)
    sampler = MLSMOTE(sampling_strategy=10, random_state=0)
    _, y_res = sampler.fit_resample(toy.X, toy.y)
    assert "quality_control" not in trace_sampler(sampler, toy.y, y_res)
    _, y_res = sampler.set_params(quality_filter="cosine").fit_resample(toy.X, toy.y)
    counts = trace_sampler(sampler, toy.y, y_res)["quality_control"]
    assert counts["n_planned"] - counts["n_missing"] == len(y_res) - len(toy.y) > 0
