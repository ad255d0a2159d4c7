"""Proteins made of arrays: the data of a folder without the folder, joined by id."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from protimb.comparison import compare
from protimb.datasets import ProteinData, make_longtail_multilabel, read_annotations, read_cafa
from protimb.exceptions import (
    AnnotationError,
    EmbeddingFileError,
    EmbeddingWarning,
    OntologyWarning,
)
from protimb.ontology import read_obo

MEMBRANE = ["GO:0000003", "GO:0000004", "GO:0005575"] * 20


@pytest.fixture(scope="module")
def folder(write_cafa, tmp_path_factory):
    return write_cafa(tmp_path_factory.mktemp("data") / "cafa", MEMBRANE)


@pytest.fixture
def parts(folder):
    """Vectors, ids, annotations and ontology, as a user has them."""
    return {
        "X": np.load(folder / "train_embeds.npy"),
        "protein_ids": np.load(folder / "train_ids.npy"),
        "annotations": read_annotations(folder / "train_terms.tsv"),
        "ontology": read_obo(folder / "go-basic.obo"),
    }


@pytest.mark.parametrize("namespace", ["mf", "cc"])
def test_arrays_make_the_data_that_their_folder_makes(parts, folder, namespace):
    expected = read_cafa(folder, namespace, min_proteins=5)
    data = ProteinData.from_arrays(**parts, namespace=namespace, min_proteins=5)
    for name in ("X", "y", "protein_ids", "terms", "term_names", "groups"):
        assert_array_equal(data[name], expected[name])
        assert data[name].dtype == expected[name].dtype
    assert data.fingerprint() == expected.fingerprint()


def test_two_columns_a_mapping_and_any_order_of_rows_say_the_same(parts):
    table = parts["annotations"]
    two = (
        table[["EntryID", "term"]].sample(frac=1, random_state=0).set_axis(["who", "what"], axis=1)
    )
    sets = table.groupby("EntryID")["term"].agg(set).to_dict()
    made = [
        ProteinData.from_arrays(**parts | {"annotations": one}, min_proteins=5)
        for one in (table, two, sets)
    ]
    assert made[0].fingerprint() == made[1].fingerprint() == made[2].fingerprint()


def test_rows_keep_their_order_and_ids_may_be_the_index(parts):
    order = np.random.RandomState(0).permutation(90)
    X = pd.DataFrame(parts["X"], index=[f"sp|{one}|X_HUMAN" for one in parts["protein_ids"]])
    shuffled = ProteinData.from_arrays(
        X.iloc[order], parts["annotations"], parts["ontology"], min_proteins=5
    )
    straight = ProteinData.from_arrays(**parts, min_proteins=5)
    assert_array_equal(shuffled.protein_ids, parts["protein_ids"][order])
    assert_array_equal(shuffled.y, straight.take(order).y)


def test_a_child_gives_its_protein_all_ancestors_but_the_root(parts):
    data = ProteinData.from_arrays(
        **parts | {"annotations": {"P00003": ["GO:0000002"], "P00001": ["GO:0003674"]}},
        min_proteins=1,
    )
    assert data.terms.tolist() == ["GO:0000001", "GO:0000002"]
    assert data.protein_ids.tolist() == ["P00001", "P00003"]
    assert data.y.tolist() == [[0, 0], [1, 1]]


def test_a_protein_without_a_cluster_is_one_by_itself(parts):
    groups = {"P00000": "a", "sp|P00001|X": "a", "P00002": None, "P00003": ""}
    data = ProteinData.from_arrays(**parts, groups=groups)
    assert data.groups[:5].tolist() == ["a", "a", "P00002", "P00003", "P00004"]
    by_row = ProteinData.from_arrays(**parts, groups=np.repeat(["x", "y"], 45))
    assert by_row.groups[[0, 89]].tolist() == ["x", "y"]


def test_sequences_of_other_proteins_are_left_out(parts):
    data = ProteinData.from_arrays(**parts, sequences={"P00000": "MK", "Q": "M"})
    assert data.sequences == {"P00000": "MK"}


def test_a_comparison_takes_what_was_made_of_arrays():
    toy = make_longtail_multilabel(80, 6, 4, random_state=0)
    rows, columns = np.nonzero(toy.y)
    annotations = pd.DataFrame({"who": toy.protein_ids[rows], "what": toy.terms[columns]})
    data = ProteinData.from_arrays(
        toy.X, annotations, toy.ontology, protein_ids=toy.protein_ids, min_proteins=2
    )
    result = compare(data, arms="knn", max_steps=2, n_resamples=5, maps=(), verbose=0)
    assert set(result.table.reset_index()["arm"]) == {"none", "knn"}


def test_proteins_without_a_vector_are_counted(parts):
    more = {"P00000": {"GO:0000001"}, "Q1": {"GO:0000001"}}
    with pytest.warns(EmbeddingWarning, match=r"no vector for 1 of 2 .*coverage 50.0%.*Q1"):
        data = ProteinData.from_arrays(**parts | {"annotations": more}, min_proteins=1)
    assert data.protein_ids.tolist() == ["P00000"]


def test_terms_that_the_ontology_lacks_are_told(parts):
    more = {"P00000": {"GO:0000001", "GO:7777777"}}
    with pytest.warns(OntologyWarning, match="GO:7777777"):
        ProteinData.from_arrays(**parts | {"annotations": more}, min_proteins=1)


TABLE = pd.DataFrame({"EntryID": ["P00000"], "term": ["GO:0000001"]})


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"protein_ids": None}, EmbeddingFileError, "protein_ids is missing"),
        ({"protein_ids": ["P1"]}, EmbeddingFileError, "90 rows, but there are 1 protein_ids"),
        ({"protein_ids": ["P1"] * 90}, EmbeddingFileError, "89 protein_ids name more .*P1"),
        ({"protein_ids": [None] * 90}, EmbeddingFileError, "Row 0, counted from 0"),
        ({"X": np.full((90, 2), np.nan)}, ValueError, "NaN"),
        ({"namespace": "xx"}, ValueError, "one of mf, bp, cc.*'xx'"),
        ({"namespace": "bp"}, ValueError, "has no term"),
        ({"annotations": {"P00000": "GO:0000001"}}, AnnotationError, "got the string"),
        ({"annotations": [("P00000", "GO:0000001")]}, AnnotationError, "annotations is list"),
        ({"annotations": TABLE.assign(qualifier="NOT")}, AnnotationError, "may say NOT"),
        ({"annotations": TABLE[["term"]]}, AnnotationError, "expected two"),
        ({"annotations": TABLE.assign(term=None)}, AnnotationError, "the first is row 0"),
        ({"annotations": TABLE.assign(term="")}, AnnotationError, "lack a protein or a term"),
        ({"annotations": {"Q1": {"GO:0000001"}}}, AnnotationError, "coverage 0.0%.*another data"),
        ({"annotations": {"P00000": {"GO:0000003"}}}, AnnotationError, "No protein has"),
        ({"groups": ["a"]}, AnnotationError, "1 clusters for 90 rows"),
        ({"groups": {"Q1": "a"}}, AnnotationError, "names none of the 90"),
        ({"sequences": "MKV"}, TypeError, "sequences is str"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(parts, changes, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        ProteinData.from_arrays(**parts | changes, min_proteins=1)
