"""describe_imbalance says of a data set what its labels say."""

import numpy as np
import pandas as pd
import pytest

from protimb.comparison import describe_imbalance
from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import InvalidLabelsError
from protimb.metrics import imbalance_report, scumble_score


@pytest.fixture
def toy():
    return make_longtail_multilabel(n_samples=80, n_features=4, n_terms=14, random_state=0)


def test_terms_come_with_names_most_frequent_first(toy):
    terms = describe_imbalance(toy).terms
    assert terms["count"].is_monotonic_decreasing
    names = dict(zip(toy.terms, toy.term_names, strict=True))
    assert terms["name"].to_dict() == names
    report = imbalance_report(toy.y, toy.terms)
    pd.testing.assert_frame_equal(terms.drop(columns="name").loc[report.index], report)


def test_text_holds_the_measures_and_the_head_of_the_table(toy):
    imbalance = describe_imbalance(toy)
    text = imbalance.render()
    assert imbalance.terms.index[0] in text
    assert "... and 4 rarer terms" in text
    assert f"{scumble_score(toy.y):.3f}" in text
    for measure in ("MeanIR", "CVIR", "SCUMBLE", "cardinality", "density", "labelsets"):
        assert measure in text


def test_every_term_is_counted_in_one_bin(toy):
    lines = [
        line for line in describe_imbalance(toy).render().splitlines() if " proteins  " in line
    ]
    assert sum(int(line.split()[-2].replace(",", "")) for line in lines if "terms" in line) == 14


def test_files_hold_what_was_found(toy, tmp_path):
    imbalance = describe_imbalance(toy)
    imbalance.save(tmp_path / "new")
    terms = pd.read_csv(tmp_path / "new" / "terms.csv", index_col="term")
    assert terms["count"].tolist() == imbalance.terms["count"].tolist()
    summary = pd.read_csv(tmp_path / "new" / "summary.csv", index_col="measure")["value"]
    np.testing.assert_allclose(summary, imbalance.summary)
    assert (tmp_path / "new" / "imbalance.png").read_bytes().startswith(b"\x89PNG")


def test_a_single_term_is_no_imbalance():
    with pytest.raises(InvalidLabelsError, match="two"):
        describe_imbalance("human_go", min_proteins=12_900)
    with pytest.raises(InvalidLabelsError, match="Lower min_proteins"):
        describe_imbalance("human_go", min_proteins=10**6)
