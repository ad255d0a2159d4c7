"""Containers come back as they went in, with new rows below."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from protimb.exceptions import InvalidLabelsError
from protimb.utils._containers import (
    append_copies,
    append_labels,
    append_vectors,
    ids_after,
    take_rows,
)

LABELS = np.array([[1, 0], [0, 1], [1, 1]], dtype=np.uint8)
ROWS = np.array([2, 0, 2])

FORMS = [
    sparse.csr_array,
    sparse.csc_array,
    sparse.coo_array,
    sparse.lil_array,
    sparse.csr_matrix,
    sparse.csc_matrix,
    sparse.coo_matrix,
]


@pytest.mark.parametrize("form", FORMS)
def test_sparse_targets_keep_their_format(form):
    result = append_copies(form(LABELS), ROWS)
    assert type(result) is form
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result.toarray(), LABELS[[0, 1, 2, 2, 0, 2]])


MADE = sparse.csr_array(np.array([[0, 1], [1, 0]], dtype=np.uint8))


@pytest.mark.parametrize("form", FORMS)
def test_made_labels_join_sparse_targets_in_their_format(form):
    result = append_labels(form(LABELS.astype(float)), MADE)
    assert type(result) is form
    assert result.dtype == float
    np.testing.assert_array_equal(result.toarray(), [*LABELS.tolist(), [0, 1], [1, 0]])


@pytest.mark.parametrize("dtype", [bool, np.int64, np.float32])
def test_made_labels_join_arrays_and_lists_in_their_dtype(dtype):
    result = append_labels(LABELS.astype(dtype), MADE)
    assert result.dtype == dtype
    rows = append_labels(LABELS.astype(dtype).tolist(), MADE)
    assert rows == result.tolist()
    assert type(rows[-1][0]) is type(rows[0][0])


@pytest.mark.parametrize(
    "dtypes", [["uint8", "uint8"], ["bool", "Int64"], [pd.SparseDtype("uint8", 0)] * 2], ids=str
)
def test_made_labels_join_frames_column_by_column(dtypes):
    columns = dict(zip(["GO:1", "GO:2"], dtypes, strict=True))
    frame = pd.DataFrame(LABELS, index=["P1", "P2", "P3"], columns=list(columns)).astype(columns)
    result = append_labels(frame, MADE)
    pd.testing.assert_frame_equal(result.iloc[:3], frame)
    assert result.iloc[3:].to_numpy().tolist() == [[0, 1], [1, 0]]
    assert result.index.tolist() == ["P1", "P2", "P3", "synthetic-0", "synthetic-1"]


def test_series_keep_name_dtype_and_ids():
    classes = pd.Series(["rare", "common", "common"], dtype="category", name="class")
    result = append_copies(classes, ROWS)
    assert result.tolist() == ["rare", "common", "common", "common", "rare", "common"]
    assert result.dtype == classes.dtype
    assert result.name == "class"
    assert result.index.equals(pd.RangeIndex(6))


def test_a_frame_without_new_rows_is_the_same_frame():
    frame = pd.DataFrame(LABELS, index=["a", "b", "c"])
    pd.testing.assert_frame_equal(append_copies(frame, ROWS[:0]), frame)


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (pd.RangeIndex(3), [3, 4]),
        (pd.RangeIndex(10, 40, 10), [40, 50]),
        (pd.Index([7, 2, 5]), [8, 9]),
        (pd.Index([-128, 126], dtype="int8"), [127, 128]),
        (pd.Index(["a", "b"]), ["synthetic-0", "synthetic-1"]),
        (pd.Index(["a", "synthetic-8"]), ["synthetic-9", "synthetic-10"]),
        (pd.Index(["a", 3], dtype=object), ["synthetic-0", "synthetic-1"]),
        (pd.Index([dt.date(2024, 1, 1)]), ["synthetic-0", "synthetic-1"]),
        (pd.DatetimeIndex(["2024-01-01"]), ["synthetic-0", "synthetic-1"]),
        (pd.Index([b"P1"]), ["synthetic-0", "synthetic-1"]),
        (pd.CategoricalIndex(["P1"]), ["synthetic-0", "synthetic-1"]),
        (pd.Index([3, 5], dtype="Int64"), [6, 7]),
    ],
    ids=str,
)
def test_ids_continue_in_the_manner_of_the_real_ones(index, expected):
    ids = ids_after(index.rename("protein"), 2)
    assert ids.tolist() == expected
    assert ids.name == "protein"


def test_ids_of_two_levels_are_marked_in_both():
    index = pd.MultiIndex.from_tuples([("human", "P1"), ("mouse", "P1")])
    assert ids_after(index, 1).tolist() == [("synthetic-0", "synthetic-0")]


def test_text_ids_stay_text():
    index = pd.Index(["P1", "P2"])
    assert index.append(ids_after(index, 2)).dtype == index.dtype


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (np.float16, [65504, -2]),
        (np.uint8, [255, 0]),
        (np.int64, [70000, -2]),
        (bool, [True, True]),
    ],
)
def test_new_vectors_fit_into_the_dtype_of_the_real_ones(dtype, expected):
    X = np.zeros((1, 2), dtype=dtype)
    result = append_vectors(X, np.array([[70000.4, -2.4]]))
    assert result.dtype == dtype
    assert result[1].tolist() == pytest.approx(expected, abs=0.5 if dtype == np.float16 else 0)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(np.int64, 2**63 - 1024), (np.uint64, 2**64 - 2048), (np.int32, 2**31 - 1)],
)
def test_new_vectors_do_not_wrap_around_at_the_end_of_wide_integers(dtype, expected):
    X = np.full((1, 1), np.iinfo(dtype).max, dtype=dtype)
    result = append_vectors(X, np.array([[2.0**64]]))
    assert result.dtype == dtype
    assert result.ravel().tolist() == [np.iinfo(dtype).max, expected]


@pytest.mark.parametrize("dtype", ["<U3", "S3"])
def test_numbers_held_as_text_are_not_cut_to_the_width_of_the_others(dtype):
    X = np.array([["1.0"], ["2.5"]], dtype=dtype)
    result = append_vectors(X, np.array([[1.2345e-05]]))
    assert result.dtype.kind == X.dtype.kind
    assert result.astype(float).ravel().tolist() == [1.0, 2.5, 1.2345e-05]


def test_what_is_new_has_the_byte_order_of_the_rest():
    X = np.array([[1.5]], dtype=">f4")
    assert append_vectors(X, np.array([[2.5]])).dtype == np.dtype(">f4")
    y = np.array([[1, 0]], dtype=">i4")
    joined = append_labels(y, sparse.csr_array([[0, 1]]))
    assert joined.dtype == np.dtype(">i4")
    assert joined.tolist() == [[1, 0], [0, 1]]


def test_nullable_columns_stay_nullable():
    X = pd.DataFrame({"length": [1, 2], "mass": [0.5, 1.5]}, dtype="Float32")
    X["length"] = X["length"].astype("Int16")
    result = append_vectors(X, np.array([[3.4, 0.25]]))
    assert result.dtypes.equals(X.dtypes)
    assert result.iloc[2].tolist() == [3, 0.25]


def test_columns_of_objects_are_not_rounded():
    X = pd.DataFrame({"mass": [0.5, 1.5]}, dtype=object)
    result = append_vectors(X, np.array([[0.25]]))
    assert result["mass"].tolist() == [0.5, 1.5, 0.25]
    assert result["mass"].dtype == object


@pytest.mark.parametrize("dtype", ["Int8", "UInt8", "boolean", "Float32"])
def test_new_vectors_fit_into_nullable_dtypes(dtype):
    X = pd.DataFrame({"x": [0, 1]}, dtype=dtype)
    result = append_vectors(X, np.array([[300.4], [-2.4]]))
    expected = {"Int8": [127, -2], "UInt8": [255, 0], "boolean": [True, True]}
    assert result["x"].dtype == dtype
    assert result["x"][2:].tolist() == pytest.approx(expected.get(dtype, [300.4, -2.4]))


def test_a_new_row_gets_the_nearest_category():
    kingdoms = pd.CategoricalDtype([0, 2, 7])
    X = pd.DataFrame({"kingdom": [0, 7, 2]}).astype(kingdoms)
    result = append_vectors(X, np.array([[0.9], [1.1], [5.0], [-3.0]]))
    assert result["kingdom"].dtype == kingdoms
    assert result["kingdom"].tolist() == [0, 7, 2, 0, 2, 7, 0]


def test_a_label_that_no_category_stands_for_is_refused_by_column():
    y = pd.DataFrame({"GO:1": [1, 1], "GO:2": [0, 1]}).astype("category")
    with pytest.raises(InvalidLabelsError, match=r"'GO:1'.*y\.astype\(int\)"):
        append_labels(y, MADE)


def test_rows_of_a_list_keep_their_type():
    for X in ([np.float32([1, 2])], ((1.0, 2.0),), [[1, 2]]):
        result = append_vectors(X, np.array([[3.0, 4.0]]))
        assert type(result) is type(X)
        assert type(result[1]) is type(X[0])
        assert np.asarray(result).dtype == np.asarray(X).dtype


def test_columns_of_one_name_are_told_apart():
    X = pd.DataFrame([[1.0, 2.0]], columns=["x", "x"])
    assert append_vectors(X, np.array([[3.0, 4.0]])).to_numpy().tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("form", FORMS)
def test_kept_rows_of_a_sparse_target_keep_its_format(form):
    kept = take_rows(form(LABELS), np.array([0, 2]))
    assert type(kept) is form
    assert kept.dtype == np.uint8
    np.testing.assert_array_equal(kept.toarray(), LABELS[[0, 2]])


def test_kept_rows_of_pandas_keep_their_ids():
    frame = pd.DataFrame(LABELS, index=["a", "b", "c"])
    pd.testing.assert_frame_equal(take_rows(frame, np.array([0, 2])), frame.loc[["a", "c"]])
    series = frame[0].rename("class").astype("category")
    pd.testing.assert_series_equal(take_rows(series, np.array([1])), series.loc[["b"]])


def test_kept_rows_of_a_list_are_not_shared_with_it():
    rows = [[1, 0], [0, 1]]
    kept = take_rows(rows, np.array([1]))
    kept[0][0] = 9
    assert rows == [[1, 0], [0, 1]]
    assert kept == [[9, 1]]


def test_parts_of_new_rows_are_put_in_order_and_let_go_of():
    parts = [np.array([[3.4, 4.0]]), np.empty((0, 2)), np.array([[5.0, 6.6], [7.0, 300.0]])]
    result = append_vectors(np.array([[1, 2]], dtype=np.uint8), parts)
    assert result.tolist() == [[1, 2], [3, 4], [5, 7], [7, 255]]
    assert result.dtype == np.uint8
    assert parts == []


@pytest.mark.parametrize("kind", [pd.DataFrame, np.ndarray.tolist, sparse.csr_array, pl.DataFrame])
def test_parts_of_new_rows_are_put_below_those_of_any_container(kind):
    X = np.array([[1.0, 2.0]])
    parts = [np.array([[3.0, 4.0]]), np.array([[5.0, 6.0]])]
    parts = [sparse.csr_array(part) for part in parts] if kind is sparse.csr_array else parts
    result = append_vectors(kind(X), parts)
    assert type(result) is type(kind(X))
    dense = result.toarray() if sparse.issparse(result) else np.array(result)
    assert dense.tolist() == [[1, 2], [3, 4], [5, 6]]
