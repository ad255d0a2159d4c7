"""The report of decisions is imbalanced-learn's, term by term; means by bin are hand-worked."""

import re
import warnings

import imblearn.metrics
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import precision_recall_fscore_support

from protimb.exceptions import InvalidLabelsError
from protimb.metrics import classification_report_imbalanced

TRUE = np.array([[1, 0, 0], [1, 0, 1], [1, 1, 0], [0, 0, 0]])
PRED = np.array([[1, 0, 0], [1, 1, 1], [0, 1, 0], [0, 0, 0]])


def frame(*args, **options):
    return classification_report_imbalanced(*args, as_frame=True, **options)


def theirs(y_true, y_pred, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        return imblearn.metrics.classification_report_imbalanced(
            y_true, y_pred, labels=[0, 1], output_dict=True, **options
        )["1"]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0, 1]))
def test_each_term_is_reported_as_by_imbalanced_learn(seed, zero_division):
    rng = np.random.RandomState(seed)
    y_true, y_pred = (rng.rand(12, 4) < rng.rand(4) ** 2 for _ in range(2))
    options = {"alpha": rng.rand(), "zero_division": zero_division}
    ours = frame(y_true, y_pred, **options)
    for term in range(4):
        expected = theirs(y_true[:, term].astype(int), y_pred[:, term].astype(int), **options)
        assert ours.loc[term].to_dict() == pytest.approx(expected)


def test_a_row_of_weight_two_is_two_rows():
    weights = np.array([1, 2, 0, 1])
    rows = np.repeat(np.arange(4), weights)
    expected = frame(TRUE[rows], PRED[rows], zero_division=0)
    weighted = frame(TRUE, PRED, sample_weight=weights, zero_division=0)
    np.testing.assert_allclose(weighted, expected)


def test_weights_that_are_no_fractions_of_two_leave_no_crumbs():
    ones = np.ones((7, 1), int)
    report = frame(ones, ones, sample_weight=np.full(7, 0.1))
    assert report.loc[0, ["rec", "spe", "geo"]].tolist() == [1, 0, 0]


def test_averages_are_those_of_scikit_learn():
    report = frame(TRUE, PRED)
    for average, row in {
        "micro": "micro avg",
        "macro": "macro avg",
        "weighted": "avg / total",
    }.items():
        expected = precision_recall_fscore_support(TRUE, PRED, average=average)[:3]
        assert report.loc[row, ["pre", "rec", "f1"]].tolist() == pytest.approx(expected)
    assert report.loc[["micro avg", "macro avg", "avg / total"], "sup"].tolist() == [5, 5, 5]


def test_bins_average_their_terms():
    report = frame(TRUE, PRED, n_train=[60, 10, 12], bins={"few": (0, 50), "many": (50, 99)})
    assert report.loc["many"].tolist() == report.loc[0].tolist()
    assert report.loc["few", "pre"] == pytest.approx((1 / 2 + 1) / 2)
    assert report.loc["few", "spe"] == pytest.approx((2 / 3 + 1) / 2)
    assert report.loc["few", "sup"] == 2


def test_a_bin_without_terms_has_no_figures():
    report = frame(TRUE, PRED, n_train=[60, 10, 12], bins={"none": (99, 100)})
    assert report.loc["none"].drop("sup").isna().all()
    assert report.loc["none", "sup"] == 0


def test_names_come_from_columns_and_columns_are_matched_by_name():
    y_true, y_pred = (pd.DataFrame(one, columns=["a", "b", "c"]) for one in (TRUE, PRED))
    report = frame(y_true, y_pred[["c", "a", "b"]])
    assert report.index[:3].tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(report, frame(TRUE, PRED))


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.coo_matrix, lambda y: y.tolist()])
def test_every_container_gives_the_same_report(container):
    pd.testing.assert_frame_equal(frame(container(TRUE), container(PRED)), frame(TRUE, PRED))


def test_text_and_dict_hold_the_figures_of_the_frame():
    names = ["GO:0003824", "b", "c"]
    report = frame(TRUE, PRED, target_names=names)
    as_dict = classification_report_imbalanced(TRUE, PRED, target_names=names, output_dict=True)
    assert as_dict == report.T.to_dict()
    text = classification_report_imbalanced(TRUE, PRED, target_names=names, digits=3)
    lines = {
        line.rsplit(maxsplit=7)[0].strip(): line.split()[-7:] for line in text.splitlines()[1:]
    }
    assert lines["GO:0003824"] == ["1.000", "0.667", "1.000", "0.800", "0.816", "0.644", "3"]
    assert list(lines) == [*names, "micro avg", "macro avg", "avg / total"]


def test_undefined_figures_are_warned_of_filled_or_left_out():
    y_true = np.array([[0, 1], [0, 1], [0, 0]])
    y_pred = np.array([[0, 0], [1, 0], [0, 0]])
    with pytest.warns(UndefinedMetricWarning) as caught:
        report = frame(y_true, y_pred, target_names=["none", "missed"])
    assert re.match(
        r"Precision of 1 terms without predicted rows \(missed\)", str(caught[0].message)
    )
    assert re.match(r"Recall of 1 terms without members in y_true \(none\)", str(caught[1].message))
    assert caught[0].filename == __file__
    assert report.loc["missed", "pre"] == report.loc["none", "rec"] == 0
    assert frame(y_true, y_pred, zero_division=1).loc[1, "pre"] == 1
    left_out = frame(y_true, y_pred, zero_division=np.nan)
    assert left_out.loc["macro avg", "pre"] == 0  # of the first term alone
    assert np.isnan(left_out.loc[1, "pre"])
    assert left_out.loc["macro avg", "rec"] == 0


@pytest.mark.parametrize(
    ("error", "message", "y_pred", "options"),
    [
        (InvalidLabelsError, "y_pred must hold binary indicators", PRED * 0.7, {}),
        (ValueError, r"y_pred has shape \(4, 2\)", PRED[:, :2], {}),
        (ValueError, "target_names has 2 names for 3 terms", PRED, {"target_names": ["a", "b"]}),
        (ValueError, "zero_division is", PRED, {"zero_division": 0.5}),
        (ValueError, "zero_division is", PRED, {"zero_division": "no"}),
        (ValueError, "sample_weight", PRED, {"sample_weight": [1, 2]}),
        (ValueError, "n_train", PRED, {"n_train": [1, 2]}),
    ],
)
def test_what_does_not_fit_is_refused(error, message, y_pred, options):
    with pytest.raises(error, match=message):
        classification_report_imbalanced(TRUE, y_pred, **options)


@pytest.mark.parametrize(
    ("names", "more"),
    [
        (["a", "b", "a"], {}),
        (["a", "macro avg", "b"], {}),
        (["a", "<20", "b"], {"n_train": [1, 2, 3]}),
        ([1, "1", 2], {}),
    ],
)
def test_no_two_rows_have_one_name(names, more):
    y = np.eye(3, dtype=int)
    with pytest.raises(ValueError, match="would name more than one row"):
        classification_report_imbalanced(y, y, target_names=names, **more)
