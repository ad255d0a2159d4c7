"""The packaged data keep what the data card says."""

import json
from pathlib import Path

import numpy as np
import pytest

from protimb.datasets import load_human_go

FACTS = {
    "mf": {"proteins": 14_122, 10: 944, 20: 567},
    "bp": {"proteins": 11_350, 10: 4_169, 20: 2_721},
    "cc": {"proteins": 13_386, 10: 632, 20: 448},
}


@pytest.fixture(scope="module")
def mf():
    return load_human_go("mf")


@pytest.mark.parametrize("ontology", FACTS)
def test_proteins_and_terms_are_as_many_as_the_data_card_says(ontology, mf):
    facts = FACTS[ontology]
    data = mf if ontology == "mf" else load_human_go(ontology)
    assert data.X.shape == (facts["proteins"], 320)
    assert data.y.shape == (facts["proteins"], facts[10])
    assert (data.y.sum(axis=0) >= 20).sum() == facts[20]
    for number in facts.values():
        assert f"{number:,}" in data.DESCR


def test_every_column_has_the_least_number_of_proteins(mf):
    assert mf.y.sum(axis=0).min() == 10


def test_most_frequent_terms_can_be_left_out(mf):
    y = load_human_go("mf", min_proteins=20, max_proteins=200).y
    counts, all_counts = y.sum(axis=0), mf.y.sum(axis=0)
    assert counts.min() == 20
    assert counts.max() <= 200
    assert len(counts) == ((all_counts >= 20) & (all_counts <= 200)).sum()
    assert (y.sum(axis=1) == 0).any()


def test_types_are_those_promised(mf):
    assert mf.X.dtype == np.float32
    assert mf.y.dtype == np.uint8
    assert set(np.unique(mf.y)) == {0, 1}
    assert np.isfinite(mf.X).all()


def test_rows_respect_the_true_path_rule(mf):
    closure = mf.ontology.closure(mf.terms).astype(np.int32)
    implied = (mf.y @ closure) > 0
    np.testing.assert_array_equal(implied, mf.y == 1)


def test_terms_lie_in_one_namespace_without_its_root(mf):
    assert {mf.ontology.namespace(term) for term in mf.terms} == {"molecular_function"}
    assert "GO:0003674" not in mf.terms
    assert mf.term_names[mf.terms.tolist().index("GO:0005515")] == "protein binding"


def test_groups_keep_relatives_together(mf):
    assert len(mf.groups) == len(mf.protein_ids)
    assert len(set(mf.groups)) == 9_534
    assert sorted(set(mf.protein_ids)) == mf.protein_ids.tolist()


def test_sequences_belong_to_the_proteins(mf):
    assert list(mf.sequences) == mf.protein_ids.tolist()
    # Human insulin, from its signal peptide on.
    assert mf.sequences["P01308"].startswith(
        "MALWMRLLPLLALLALWGPDPAAAFVNQHLCGSHLVEALYLVCGERGFFYTPKT"
    )


def test_the_fingerprint_is_that_of_the_recorded_experiments(mf):
    path = Path(__file__).parents[2] / "docs" / "experiments" / "compare" / "mf" / "comparison.json"
    recorded = json.loads(path.read_text(encoding="utf-8"))["data"]
    assert {"name": "human_go, mf", **mf.fingerprint()} == recorded


def test_frames_carry_protein_and_term_ids(mf):
    X, y = load_human_go("mf", as_frame=True, return_X_y=True)
    assert X.index.tolist() == y.index.tolist() == mf.protein_ids.tolist()
    assert y.columns.tolist() == mf.terms.tolist()
    np.testing.assert_array_equal(X.to_numpy(), mf.X)
    np.testing.assert_array_equal(y.to_numpy(), mf.y)


def test_unknown_ontology_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"\['bp', 'cc', 'mf'\], got 'MF'"):
        load_human_go("MF")
