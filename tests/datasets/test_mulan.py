"""Files of Mulan and MEKA: dense, sparse, labels first or last; what is wrong is named."""

import gzip

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from protimb.datasets import read_mulan
from protimb.exceptions import ArffError

DENSE = """% a comment
@relation 'toy: -C {count}'
@attribute 'is warm' {{0,1}}
@attribute loud {{1,0}}
@attribute weight numeric
@attribute size INTEGER
@attribute colour {{red,'dark blue'}}
@data
1,0,2.5,3,'dark blue'
0,1,?,4,red
1,1,-1e-1,5,?
"""
SPARSE = """@relation toy
@attribute word0 numeric
@attribute word1 numeric
@attribute a {0,1}
@attribute b {0,1}
@data

{1 2.5, 3 1}
{0 1, 2 1, 3 1}
{}
"""
XML = """<?xml version="1.0" encoding="utf-8"?>
<labels xmlns="http://mulan.sourceforge.net/labels">
<label name="b"></label>
  <label name='a'><label name="word1"/></label>
</labels>
"""


def write(folder, text, name="toy.arff"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_dense_file_keeps_the_kinds_of_its_columns(tmp_path):
    data = read_mulan(write(tmp_path, DENSE.format(count=2)))
    assert data.terms.tolist() == ["is warm", "loud"]
    assert data.y.tolist() == [[1, 0], [0, 1], [1, 1]]
    assert data.y.dtype == np.uint8
    assert data.feature_names.tolist() == data.X.columns.tolist() == ["weight", "size", "colour"]
    assert data.X["weight"].tolist() == pytest.approx([2.5, np.nan, -0.1], nan_ok=True)
    assert data.X["size"].dtype == np.int64
    assert data.X["colour"].cat.categories.tolist() == ["red", "dark blue"]
    assert data.X["colour"].isna().tolist() == [False, False, True]


def test_labels_are_the_last_columns_where_their_number_is_negative(tmp_path):
    text = SPARSE.replace("@relation toy", "@RELATION 'toy: -C -2'")
    assert read_mulan(write(tmp_path, text)).terms.tolist() == ["a", "b"]
    assert read_mulan(write(tmp_path, SPARSE), -2).terms.tolist() == ["a", "b"]


def test_a_sparse_file_stays_sparse(tmp_path):
    data = read_mulan(write(tmp_path, SPARSE), ["a", "b"])
    assert isinstance(data.X, sparse.csr_array)
    assert data.X.toarray().tolist() == [[0, 2.5], [1, 0], [0, 0]]
    assert data.y.tolist() == [[0, 1], [1, 1], [0, 0]]


def test_an_absent_cell_is_the_first_category(tmp_path):
    text = SPARSE.replace("b {0,1}", "b {1,0}").replace("3 1", "3 0")
    assert read_mulan(write(tmp_path, text), ["b"]).y.ravel().tolist() == [0, 0, 1]


def test_the_xml_file_names_labels_also_those_below_others(tmp_path):
    labels = write(tmp_path, XML, "toy.xml")
    data = read_mulan(write(tmp_path, SPARSE.replace("2.5", "1")), labels)
    assert data.terms.tolist() == ["b", "a", "word1"]
    assert data.feature_names.tolist() == ["word0"]


def test_files_are_read_zipped_too(tmp_path):
    path = tmp_path / "toy.arff.gz"
    path.write_bytes(gzip.compress(SPARSE.encode()))
    assert read_mulan(path, -2).feature_names.tolist() == ["word0", "word1"]


def test_the_frame_is_that_of_scipys_reader(tmp_path):
    from scipy.io import arff

    path = write(tmp_path, DENSE.format(count=2).replace("?,4", "0,4").replace("5,?", "5,red"))
    theirs = pd.DataFrame(arff.loadarff(path)[0])
    ours = read_mulan(path).X
    assert ours["weight"].tolist() == theirs["weight"].tolist()
    assert [one.encode() for one in ours["colour"]] == theirs["colour"].tolist()


@pytest.mark.parametrize(
    ("text", "labels", "message"),
    [
        (SPARSE, None, "which columns are labels"),
        (SPARSE, ["a", "c"], r"1 of 2 labels are no columns of it \(c\)"),
        (SPARSE, [], "0 of 0 labels"),
        (SPARSE, 4, "labels=4 of 4 columns leaves no labels or no features"),
        (SPARSE, 0, "labels=0"),
        (SPARSE.split("{1 2.5")[0], 2, "no row below @data"),
        (SPARSE.replace("{0 1, 2 1", "{0 1, 9 1"), 2, "toy.arff: not an ARFF file"),
        (DENSE.format(count=2).replace("4,red", "4,green"), None, "green"),
        (DENSE.format(count=2).replace("0,1,?", "0,?,?"), None, "'loud' is missing in row 1"),
        (DENSE.format(count=3), None, "label 'weight' is missing in row 1"),
        (DENSE.format(count=3).replace("?,4", "7,4"), None, "label 'weight' holds -0.1, 2.5, 7"),
        ("nothing of the kind", 2, "toy.arff: not an ARFF file"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(tmp_path, text, labels, message):
    with pytest.raises(ArffError, match=message):
        read_mulan(write(tmp_path, text), labels)


def test_an_xml_file_without_labels_is_named(tmp_path):
    labels = write(tmp_path, "<labels></labels>", "toy.xml")
    with pytest.raises(ArffError, match=r"toy\.xml: no <label name="):
        read_mulan(write(tmp_path, SPARSE), labels)


@pytest.mark.parametrize(
    "between", ["%" * 60 + "\n", "% a comment\n\n\n" * 60, "\n" * 20_000], ids=["%", "%s", "blank"]
)
def test_what_stands_between_data_and_rows_takes_no_time(tmp_path, between):
    text = DENSE.format(count=2).replace("@data\n", f"@data\n{between}")
    assert len(read_mulan(write(tmp_path, text)).X) == 3


def test_a_label_in_a_comment_is_none(tmp_path):
    xml = '<labels><!-- <label name="word0"/> --><label name="b"/></labels>'
    labels = write(tmp_path, xml, "toy.xml")
    assert read_mulan(write(tmp_path, SPARSE), labels).terms.tolist() == ["b"]


@pytest.mark.parametrize(
    ("xml", "problem"),
    [
        ('<!DOCTYPE l [<!ENTITY a "b">]><labels><label name="&a;"/></labels>', "entities"),
        ("<label " * 9, "line 1"),
        ('<labels><label name="a"/><label name="a"/></labels>', "twice [(]a[)]"),
    ],
)
def test_files_of_labels_that_cannot_be_right_are_refused(tmp_path, xml, problem):
    with pytest.raises(ArffError, match=problem):
        read_mulan(write(tmp_path, SPARSE), write(tmp_path, xml, "toy.xml"))


@pytest.mark.parametrize("labels", [True, 2.0])
def test_labels_of_another_kind_are_no_number(tmp_path, labels):
    with pytest.raises(TypeError, match="path of an XML file, the names of columns, or their"):
        read_mulan(write(tmp_path, SPARSE), labels)


def test_names_of_labels_come_in_any_sequence(tmp_path):
    assert read_mulan(write(tmp_path, SPARSE), np.array(["b", "a"])).terms.tolist() == ["b", "a"]


def test_text_has_no_place_in_a_sparse_table(tmp_path):
    text = SPARSE.replace("word1 numeric", "word1 string").replace("1 2.5", "1 'so'")
    with pytest.raises(ArffError, match=r"columns of text [(]word1[)].*nominal"):
        read_mulan(write(tmp_path, text), ["a", "b"])


@pytest.mark.parametrize("values", ["red,red", "red,?"])
def test_values_that_are_no_categories_are_named(values, tmp_path):
    text = DENSE.format(count=2).replace("red,'dark blue'", values).replace("'dark blue'", "red")
    with pytest.raises(ArffError, match="column 'colour' declares a value twice, or"):
        read_mulan(write(tmp_path, text))
