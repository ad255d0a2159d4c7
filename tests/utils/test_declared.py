"""Declarations of states: what fits passes, what does not is named by its place."""

import numpy as np
import pytest

from protimb.utils._declared import (
    Array,
    Columns,
    Each,
    Either,
    Flag,
    Integer,
    Maybe,
    Names,
    Real,
    Record,
    Rows,
    Size,
    Table,
    Text,
    check_declared,
    read_indicators,
)

DECLARED = {"n": Size("n"), "X": Array("f", "n", "d", low=0), "note": Maybe(Text(("a", "b")))}
VALUE = {"n": 2, "X": np.ones((2, 3)), "note": None}


def test_sizes_that_go_by_a_word_are_found_out():
    assert check_declared(VALUE, DECLARED) == {"n": 2, "d": 3}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 3}, r"size 0 of X is 2, where n \(3\) belongs"),
        ({"n": True}, "n is True, where a whole number"),
        ({"X": np.ones(2)}, r"X is an array of f8, \(2,\), where an array of f, \(n, d\) belongs"),
        ({"X": np.ones((2, 3), int)}, "X is an array of i8"),
        ({"X": [[1.0]]}, "X is"),
        ({"X": np.full((2, 3), np.nan)}, "X holds NaN"),
        ({"X": np.full((2, 3), -1.0)}, "X holds numbers from -1.0"),
        ({"note": "c"}, "note is 'c', where one of a, b belongs"),
        ({"more": 1}, "it has 'more' too"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(change, message):
    with pytest.raises(ValueError, match=message):
        check_declared(VALUE | change, DECLARED)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Integer(1, 5), [1, 5], [0, 6, 1.0, True, "1", None, 10**400]),
        (Real(0, 1), [0, 0.5, 1], [-1, 2, np.nan, np.inf, True, 10**400]),
        (Real(nan=True), [np.nan, -np.inf], ["x", None]),
        (Flag(), [True, False], [0, 1, None]),
        (Each(Integer(), 2), [[1, 2]], [[1], [1, -2], (1, 2), "12"]),
        (Names(), [[], ["a", 1]], [["a", "a"], [1, True], [None], [[]], "ab"]),
        (Names(text=True), [["a"]], [[1]]),
        (Columns(), [{}, {"a": [1, 2], "b": [3, np.nan]}], [{"a": [1], "b": []}, {1: []}]),
        (Rows(), [[], [{"a": 1}, {"a": 2}]], [[{"a": 1}, {"b": 1}], [{"a": "x"}], {}]),
        (Table(Text()), [{"a": "b"}], [{1: "b"}, {"a": 1}, []]),
        (Record({"a": Text()}, more=True), [{"a": "x", "b": 1}], [{}, None, {"a": 1}]),
        (Either(({"a": Flag()}, {"b": Flag()})), [{"a": True}, {"b": False}], [{"a": 1}, {}, 1]),
    ],
)
def test_each_kind_takes_what_it_is_and_nothing_else(kind, good, bad):
    for value in good:
        check_declared(value, kind, place="x")
    for value in bad:
        with pytest.raises(ValueError, match="x"):
            check_declared(value, kind, place="x")


def test_what_is_wrong_with_the_kind_of_the_same_names_is_said():
    with pytest.raises(ValueError, match=r"x\.a is 1, where true or false"):
        check_declared({"a": 1}, Either(({"a": Flag()}, {"b": Flag()})), place="x")


def members(indices, indptr):
    return {"indices": np.array(indices, np.int32), "indptr": np.array(indptr, np.int32)}


def test_indicators_come_back():
    found = read_indicators(members([2, 0, 1], [0, 1, 1, 3]), (3, 3), np.uint8)
    assert found.toarray().tolist() == [[0, 0, 1], [0, 0, 0], [1, 1, 0]]


@pytest.mark.parametrize(
    ("indices", "indptr", "message"),
    [
        ([0, 2**30], [0, 1, 2], "name column 1073741824 of 3"),
        ([0, -1], [0, 1, 2], "indices holds numbers from -1"),
        ([0, 1], [0, 2, 1], "indptr does not end"),
        ([0, 1, 2], [0, 2**30, 3], "indptr decreases"),
        ([0, 1], [1, 1, 2], "indptr does not end"),
        ([0, 1], [0, 1, 2, 2], "indptr does not end 2 rows"),
        ([1, 1], [0, 2, 2], "a column twice"),
    ],
)
def test_indices_that_reach_beyond_the_matrix_are_refused(indices, indptr, message):
    with pytest.raises(ValueError, match=message):
        read_indicators(members(indices, indptr), (2, 3), np.uint8)
