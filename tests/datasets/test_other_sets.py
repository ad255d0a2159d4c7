"""Texts and tables that come with the package, against the ontology and Biopython."""

import numpy as np
import pytest
from Bio.SeqUtils.ProtParam import ProteinAnalysis
from scipy import sparse

from protimb.datasets import load_human_go, load_protein_table, load_term_names
from protimb.datasets._protein_table import tabulate_sequences
from protimb.exceptions import InvalidLabelsError


@pytest.fixture(scope="module")
def names():
    return load_term_names("cc", min_members=30)


@pytest.fixture(scope="module")
def table():
    return load_protein_table("cc", min_proteins=500)


def test_a_name_has_its_words_and_the_labels_above_it(names, table):
    row = names.texts.tolist().index("mitochondrial outer membrane")
    words = names.feature_names[names.X[[row]].indices]
    assert sorted(words) == ["membrane", "mitochondrial", "outer"]
    labels = set(names.terms[names.y[[row]].indices])
    above = set(table.ontology.ancestors(names.term_ids[row])) - {names.term_ids[row]}
    assert labels == above & set(names.terms)
    assert "GO:0016020" in labels  # membrane
    assert names.term_names[names.terms == "GO:0016020"] == ["membrane"]


def test_labels_are_long_tailed_within_the_limits(names):
    members = names.y.sum(axis=0, dtype=int)
    assert isinstance(names.X, sparse.csr_array)
    assert 30 <= members.min() < 40
    assert members.max() <= names.y.shape[0] / 2
    assert members.max() > 20 * np.median(members)
    assert names.y.shape == (len(names.texts), len(names.terms))


def test_the_root_is_neither_a_row_nor_a_label(names):
    assert "cellular_component" not in {*names.texts, *names.term_names}


def test_other_namespaces_and_limits_without_a_label_are_refused():
    with pytest.raises(ValueError, match="one of mf, bp, cc; got 'xx'"):
        load_term_names("xx")
    with pytest.raises(ValueError, match="No term has between 9999 and 50% of"):
        load_term_names("cc", min_members=9999)


@pytest.mark.parametrize(
    "sequence", ["MKWVTFISLLFLFSSAYSRGVFRRDAHKSEVAHRFKDLGE", "ACDEFGHIKLMNPQRSTVWY"]
)
def test_columns_are_those_of_biopython(sequence):
    row = tabulate_sequences([sequence]).iloc[0]
    theirs = ProteinAnalysis(sequence)
    assert row["hydropathy"] == pytest.approx(theirs.gravy())
    assert row["aromaticity"] == pytest.approx(theirs.aromaticity())
    assert row["length"] == theirs.length
    counts = theirs.count_amino_acids()
    assert row["n_cysteine"] == counts["C"]
    assert row["net_charge"] == counts["K"] + counts["R"] - counts["D"] - counts["E"]
    assert {one: row[f"share_{one}"] * theirs.length for one in counts} == pytest.approx(counts)
    assert row["starts_with_m"] == (sequence[0] == "M")


def test_residues_that_are_not_known_count_as_length_alone():
    with_x, without = tabulate_sequences(["MXXK", "MK"]).to_dict("records")
    assert with_x.pop("length") == 4
    assert without.pop("length") == 2
    assert with_x == without
    assert np.isfinite(tabulate_sequences(["XX"]).to_numpy(float)).all()


def test_the_table_keeps_kinds_and_ids(table):
    assert table.X.index.equals(table.y.index)
    assert table.X.index.tolist() == table.protein_ids.tolist()
    kinds = table.X.dtypes.astype(str).value_counts().to_dict()
    assert kinds == {"float64": 22, "int64": 3, "bool": 1}
    X, y = load_protein_table("cc", min_proteins=500, return_X_y=True)
    assert X.shape == (len(y), 26)


@pytest.mark.parametrize("load", [load_protein_table, load_human_go])
def test_limits_that_no_term_meets_are_an_error(load):
    # The root is on all 13,386 proteins, and is no term.
    with pytest.raises(InvalidLabelsError, match="0 terms have 1000000000 or more of 13386"):
        load("cc", min_proteins=10**9)
    with pytest.raises(InvalidLabelsError, match=r"all terms have 1 to \d+\. Lower"):
        load("cc", min_proteins=0, max_proteins=0)
