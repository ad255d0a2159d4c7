"""Measures of imbalance, by hand and as invariants."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from protimb.exceptions import InvalidLabelsError
from protimb.metrics import (
    imbalance_ratio_per_label,
    imbalance_ratio_variation,
    imbalance_report,
    imbalance_summary,
    label_cardinality,
    label_density,
    labelset_counts,
    mean_imbalance_ratio,
    scumble_score,
)

# Counts 4, 2, 1 of four rows.
Y = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 0, 0]], dtype=np.uint8)


def test_irlbl_matches_the_hand_worked_example():
    assert imbalance_ratio_per_label(Y).tolist() == [1, 2, 4]
    assert mean_imbalance_ratio(Y) == pytest.approx(7 / 3, abs=1e-12)


def test_cvir_matches_the_hand_worked_example():
    # IRLbl 1, 2, 4 lie 4/3, 1/3 and 5/3 from their mean 7/3: variance (16 + 1 + 25) / 9 / 2.
    assert imbalance_ratio_variation(Y) == pytest.approx((3 / 7) ** 0.5, abs=1e-12)


def test_equal_terms_do_not_vary_and_one_term_alone_has_no_variation():
    assert imbalance_ratio_variation([[1, 0], [0, 1]]) == 0
    assert np.isnan(imbalance_ratio_variation([[1, 0], [1, 0]]))


def test_labelsets_are_counted_with_the_empty_one():
    y = np.vstack([Y, np.zeros((2, 3))])
    assert labelset_counts(y).tolist() == [2, 2, 1, 1]
    assert labelset_counts(y).sum() == len(y)


def test_summary_holds_the_figure_of_each_measure():
    summary = imbalance_summary(sparse.csr_matrix(Y))
    assert summary[["rows", "terms", "labelsets", "unique labelsets"]].tolist() == [4, 3, 3, 2]
    measures = {
        "cardinality": label_cardinality,
        "density": label_density,
        "MeanIR": mean_imbalance_ratio,
        "CVIR": imbalance_ratio_variation,
        "SCUMBLE": scumble_score,
    }
    for name, measure in measures.items():
        assert summary[name] == pytest.approx(measure(Y), abs=1e-12)


def test_cardinality_and_density_match_the_hand_worked_example():
    assert label_cardinality(Y) == 7 / 4
    assert label_density(Y) == pytest.approx(7 / 12)


def test_a_term_without_members_is_infinitely_rare_and_left_out_of_the_mean():
    y = np.hstack([Y, np.zeros((4, 1))])
    assert imbalance_ratio_per_label(y)[-1] == np.inf
    assert mean_imbalance_ratio(y) == mean_imbalance_ratio(Y)


def test_nothing_annotated_has_no_mean():
    assert np.isnan(mean_imbalance_ratio(np.zeros((2, 2))))


def test_repeating_every_row_changes_no_measure():
    twice = np.vstack([Y, Y])
    measures = imbalance_ratio_per_label, label_cardinality, label_density
    for measure in measures:
        np.testing.assert_allclose(measure(twice), measure(Y))


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.coo_matrix, pd.DataFrame])
def test_report_is_the_same_from_any_container(container):
    names = ["GO:1", "GO:2", "GO:3"]
    report = imbalance_report(container(Y), terms=names)
    assert report["count"].to_dict() == dict(zip(names, [4, 2, 1], strict=True))
    assert report["frequency"].tolist() == [1, 0.5, 0.25]
    assert report["IRLbl"].tolist() == [1, 2, 4]
    assert report.columns.tolist() == ["count", "frequency", "IRLbl", "SCUMBLE"]


def test_report_takes_the_names_of_a_data_frame():
    report = imbalance_report(pd.DataFrame(Y, columns=["GO:7", "GO:8", "GO:9"]))
    assert report.index.tolist() == ["GO:7", "GO:8", "GO:9"]


def test_report_refuses_names_that_do_not_fit():
    with pytest.raises(ValueError, match="names 2 columns, but y has 3"):
        imbalance_report(Y, terms=["GO:1", "GO:2"])


@pytest.mark.parametrize("wrong", [2, -1, 0.5, np.nan])
def test_only_binary_indicators_are_measured(wrong):
    with pytest.raises(InvalidLabelsError, match="y must hold binary indicators"):
        imbalance_report([[1, 0], [wrong, 1]])
