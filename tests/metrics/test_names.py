"""Figures of named tables: terms are found by name, proteins in another order are refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from protimb.exceptions import InvalidLabelsError
from protimb.metrics import (
    average_precision_by_frequency,
    brier_skill_score,
    decisions_by_frequency,
    evaluate,
    fmax_score,
    frechet_distance,
    imbalance_report,
    label_consistency,
    smin_score,
    term_average_precision,
    two_sample_score,
)

IDS, TERMS = [f"P{number}" for number in range(20)], ["GO:1", "GO:2", "GO:3"]
TURNED = TERMS[::-1]


@pytest.fixture
def truth(rng):
    return pd.DataFrame((rng.random((20, 3)) < [0.8, 0.5, 0.3]).astype(int), IDS, TERMS)


@pytest.fixture
def score(truth, rng):
    return (0.5 * truth + 0.5 * rng.random(truth.shape)).round(2)


BITS = pd.Series([0.1, 1.0, 2.0], TERMS)
MEMBERS = pd.Series([500, 90, 7], TERMS)

FIGURES = {
    "fmax": lambda y, s, bits, members: fmax_score(y, s),
    "smin": lambda y, s, bits, members: smin_score(y, s, bits),
    "precision": lambda y, s, bits, members: term_average_precision(y, s),
    "bins": lambda y, s, bits, members: average_precision_by_frequency(y, s, members).to_numpy(),
    "decisions": lambda y, s, bits, members: decisions_by_frequency(y, s, members).to_numpy(),
    "skill": lambda y, s, bits, members: brier_skill_score(y, s),
    "evaluation": lambda y, s, bits, members: evaluate(
        y, s, n_train=members, information_accretion=bits, n_resamples=5
    ).point.to_numpy(),
}


@pytest.fixture(params=FIGURES.values(), ids=FIGURES)
def figure(request):
    return request.param


def test_terms_are_found_by_name(figure, truth, score):
    expected = figure(truth.to_numpy(), score.to_numpy(), BITS.to_numpy(), MEMBERS.to_numpy())
    for y_score in (score, score[TURNED], pl.DataFrame(score[TURNED].to_dict("list"))):
        actual = figure(truth, y_score, BITS[TURNED], MEMBERS[TURNED])
        np.testing.assert_allclose(actual, expected)


def test_terms_that_differ_are_refused(figure, truth, score):
    with pytest.raises(InvalidLabelsError, match=r"Columns of y_score.*1 unknown \(GO:9\)"):
        figure(truth, score.rename(columns={"GO:1": "GO:9"}), BITS, MEMBERS)


def test_proteins_in_another_order_are_refused(figure, truth, score):
    with pytest.raises(InvalidLabelsError, match="y_true and y_score have the same ids"):
        figure(truth, score[::-1], BITS, MEMBERS)


def test_weights_of_proteins_in_another_order_are_refused(truth, score):
    weights = pd.Series(np.arange(20.0), IDS)
    for metric in (fmax_score, term_average_precision):
        metric(truth, score, sample_weight=weights)
        with pytest.raises(InvalidLabelsError, match="y_true and sample_weight have the same ids"):
            metric(truth, score, sample_weight=weights[::-1])


def test_values_of_other_terms_are_refused(truth, score):
    with pytest.raises(InvalidLabelsError, match=r"Columns of information_accretion.*GO:9"):
        smin_score(truth, score, BITS.rename({"GO:1": "GO:9"}))


def test_a_report_puts_columns_into_the_order_of_its_terms(truth):
    pd.testing.assert_frame_equal(
        imbalance_report(truth, terms=TURNED), imbalance_report(truth).loc[TURNED]
    )
    assert imbalance_report(truth, terms=["a", "b", "c"]).index.tolist() == ["a", "b", "c"]


def test_consistency_pairs_named_rows_and_finds_terms_by_name(truth, rng):
    X = pd.DataFrame(rng.normal(size=(20, 4)) + 3 * truth[["GO:2"]].to_numpy(), IDS)
    expected = label_consistency(X, truth, X, truth)
    assert label_consistency(X, truth[TURNED], X, truth) == expected
    with pytest.raises(InvalidLabelsError, match="X_new and y_new have the same ids"):
        label_consistency(X, truth[::-1], X, truth)
    with pytest.raises(InvalidLabelsError, match="X_real and y_real have the same ids"):
        label_consistency(X, truth, X, truth[::-1])


def test_features_of_generated_rows_are_found_by_name(truth, rng):
    """Features differ in mean, so that turned ones are told apart at once."""
    X = pd.DataFrame(rng.normal([0, 5, 10], size=(20, 3)), IDS, ["a", "b", "c"])
    X_new = (X + rng.normal(scale=0.1, size=X.shape)).set_axis([f"S{n}" for n in range(20)])
    y_new, turned = truth.set_axis(X_new.index), X_new[["c", "b", "a"]]
    assert frechet_distance(X, turned) == frechet_distance(X, X_new) < 1
    assert two_sample_score(X, turned).auc == two_sample_score(X, X_new).auc < 0.9
    same = label_consistency(X_new, y_new, X, truth, n_resamples=10)
    assert label_consistency(turned, y_new, X, truth, n_resamples=10) == same
    other = X_new.rename(columns={"a": "z"})
    for judge in (frechet_distance, two_sample_score):
        with pytest.raises(InvalidLabelsError, match=r"1 missing \(a\) and 1 unknown \(z\)"):
            judge(X, other)
