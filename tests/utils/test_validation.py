"""Targets of every kind are read into one form."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from protimb.classification import GOTermClassifier, KNNTermClassifier
from protimb.exceptions import InvalidLabelsError
from protimb.filters import CosineFilter
from protimb.gan import ConditionalGAN
from protimb.utils import _memory
from protimb.utils._containers import label_frame
from protimb.utils._validation import as_array, check_indicator, check_vectors

LABELS = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize(
    "y",
    [
        LABELS,
        LABELS.astype(bool),
        LABELS.astype(float),
        LABELS.astype(np.float16),
        LABELS.astype(">i4"),
        LABELS.astype(">f8"),
        LABELS.tolist(),
        LABELS.astype(object),
        sparse.coo_matrix(LABELS),
        pd.DataFrame(LABELS),
        pd.DataFrame({0: [True, False, False], 1: [0, 0, 1], 2: [1.0, 0.0, 0.0]}),
    ],
    ids=lambda y: type(y).__name__,
)
def test_binary_indicators_are_read_from_anything(y):
    indicator, terms = check_indicator(y)
    assert isinstance(indicator, sparse.csr_array)
    assert indicator.dtype == np.uint8
    np.testing.assert_array_equal(indicator.toarray(), LABELS)
    assert terms == [0, 1, 2]


def test_explicit_zeros_are_no_members():
    y = sparse.csr_array((np.array([1, 0]), ([0, 1], [0, 0])), shape=(2, 2))
    assert check_indicator(y)[0].nnz == 1


def test_an_entry_stored_twice_is_not_binary():
    y = sparse.coo_array((np.array([1, 1]), ([0, 0], [0, 0])), shape=(2, 2))
    with pytest.raises(InvalidLabelsError, match="2"):
        check_indicator(y)


def test_the_target_is_not_written_to():
    y = sparse.csr_array((np.array([1, 0]), np.array([1, 0]), np.array([0, 2])), shape=(1, 2))
    check_indicator(y)
    assert y.nnz == 2
    assert y.indices.tolist() == [1, 0]


@pytest.mark.parametrize(
    "y",
    [
        [["GO:1"], ["GO:1", "GO:2"]],
        [["GO:1", "GO:2"], ["GO:2", "GO:3"]],
        pd.DataFrame({"a": [1, None], "b": [0, 1]}, dtype="Int64"),
        LABELS[:, 0],
        LABELS[:, :0],
        np.zeros((2, 2, 2)),
    ],
    ids=str,
)
def test_other_things_are_no_indicators(y):
    with pytest.raises(InvalidLabelsError, match="binary indicators"):
        check_indicator(y)


def test_a_term_has_one_column():
    with pytest.raises(InvalidLabelsError, match="repeated: GO:1"):
        check_indicator(pd.DataFrame(LABELS, columns=["GO:1", "GO:2", "GO:1"]))


def test_half_precision_is_computed_in_single():
    assert check_vectors(np.ones((2, 2), np.float16)).dtype == np.float32
    assert check_vectors(np.ones((2, 2), np.float32)).dtype == np.float32
    assert check_vectors(np.ones((2, 2), np.int8)).dtype == np.float64


def test_vectors_are_not_copied_without_need():
    X = np.ones((2, 2), np.float32)
    assert np.shares_memory(check_vectors(X), X)


def test_first_row_and_columns_of_a_missing_value_are_named():
    X = np.zeros((9, 9))
    X[4, :7] = np.nan
    with pytest.raises(
        ValueError, match=r"7 column\(s\) \(0, 1, 2, 3, 4, \.\.\.\), first in row 4"
    ):
        check_vectors(X)


def test_values_that_are_not_finite_are_found_in_any_block(monkeypatch):
    monkeypatch.setattr(_memory, "_BLOCK_BYTES", 4 * 4 * 7)
    X = np.ones((200, 4))
    X[150, 3] = np.inf
    with pytest.raises(ValueError, match=r"inf .* first in row 150"):
        check_vectors(X)


def test_half_precision_is_kept_only_where_asked_for():
    X = np.ones((3, 2), np.float16)
    assert check_vectors(X, keep_half=True) is X or np.shares_memory(
        check_vectors(X, keep_half=True), X
    )
    assert check_vectors(X).dtype == np.float32


IDS = ["P1", "P2", "P3"]


@pytest.mark.parametrize(
    ("y", "where"),
    [
        (pd.DataFrame(LABELS, IDS, ["a", "b", "c"]).astype("Int64"), "row P2, column b"),
        (pd.DataFrame(LABELS, IDS, ["a", "b", "c"]).astype("boolean"), "row P2, column b"),
        (pd.DataFrame(LABELS, IDS, ["a", "b", "c"]).astype(float), "row P2, column b"),
        (pd.DataFrame(LABELS, IDS, ["a", "b", "c"]).astype("category"), "row P2, column b"),
        (pd.DataFrame(LABELS, IDS, ["a", "b", "c"]).astype(object), "row P2, column b"),
        (LABELS.astype(float), "row 1, column 1"),
        (LABELS.astype(object), "row 1, column 1"),
    ],
    ids=lambda value: str(getattr(value, "dtypes", getattr(value, "dtype", value)))[-16:],
)
def test_a_missing_label_is_called_missing_and_named_by_its_cell(y, where):
    if isinstance(y, pd.DataFrame):
        y.iloc[1, 1] = None
    else:
        y[1, 1] = np.nan
    with pytest.raises(InvalidLabelsError, match=f"1 missing .*first in {where}"):
        check_indicator(y)
    with pytest.raises(InvalidLabelsError, match=r"1 missing .*first in row 1, column 1"):
        check_indicator(sparse.csr_array(np.where(LABELS, np.nan, 0)[[1, 2]]))


@pytest.mark.parametrize("dtype", ["Int64", "str", "category", object])
def test_a_missing_class_is_called_missing_and_named_by_its_row(dtype):
    classes = pd.Series([1, 2, None], index=IDS, dtype="Int64").astype(dtype)
    with pytest.raises(InvalidLabelsError, match=r"one class a row; 1 missing .*row P3"):
        as_array(classes)


def test_a_wrong_label_is_named_by_its_cell():
    y = pd.DataFrame(LABELS, IDS, ["a", "b", "c"])
    y.loc["P3", "b"] = 2
    with pytest.raises(InvalidLabelsError, match=r"\(2\), the first in row P3, column b"):
        check_indicator(y)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["x", "y", "x"], "Column 'k' of X holds 'x'"),
        (pd.Categorical(["x", "y", "x"]), "Column 'k' of X holds 'x'"),
        (pd.to_datetime(["2024-01-01"] * 3), "Column 'k' of X holds Timestamp"),
        ([1, 2, "3"], "Column 'k' of X holds '3'"),
        ([[1, 2], [3, 4], [5, 6]], r"np\.stack\(X\['k'\]\)"),
        (pd.array([1, pd.NA, 3], dtype="Int64"), r"NaN in 1 column\(s\) \(k\), first in row 1"),
        (pd.Series([1, None, 3], dtype=object), r"NaN in 1 column\(s\) \(k\), first in row 1"),
    ],
    ids=["text", "category", "date", "mixed", "lists", "NA", "None"],
)
def test_a_column_that_is_no_number_is_named(column, message):
    with pytest.raises(ValueError, match=message):
        check_vectors(pd.DataFrame({"a": [0.5, 1.5, 2.5], "k": column}))


def test_one_column_of_numbers_is_no_matrix():
    with pytest.raises(ValueError, match=r"2D array|2-dimensional"):
        check_vectors(pd.Series([0.5, 1.5]))


@pytest.mark.parametrize(
    "column",
    [
        pd.Categorical([3, 1, 3]),
        pd.array([3, 1, 3], dtype="UInt8"),
        pd.arrays.SparseArray([3, 1, 3]),
        pd.Series([3, Decimal(1), 3.0], dtype=object),
    ],
    ids=lambda column: str(column.dtype),
)
def test_columns_of_numbers_of_any_dtype_are_read(column):
    X = check_vectors(pd.DataFrame({"a": [0.5, 1.5, 2.5], "k": column}))
    assert X.tolist() == [[0.5, 3], [1.5, 1], [2.5, 3]]


@pytest.mark.parametrize(
    "learn", [GOTermClassifier, KNNTermClassifier, CosineFilter, ConditionalGAN]
)
@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame])
def test_a_number_that_is_too_large_is_named_with_its_place(learn, container):
    X = np.random.default_rng(0).normal(size=(30, 3))
    X[4, 1] = -1e308
    y = np.eye(30, 2, dtype=np.uint8)
    with pytest.raises(ValueError, match=r"-1e\+308 in row 4 .*column 1: .*Divide this column"):
        learn().fit(container(X), y)


@pytest.mark.parametrize("fill", [0, 1])
def test_sparse_columns_are_read_as_what_they_hold(fill):
    y = np.array([[1, 0], [0, 0], [1, 1]])
    frame = pd.DataFrame(y, columns=["a", "b"]).astype(pd.SparseDtype(int, fill))
    indicator, terms = check_indicator(frame)
    np.testing.assert_array_equal(indicator.toarray(), y)
    assert terms == ["a", "b"]


def test_sparse_columns_are_never_made_dense(monkeypatch):
    y = sparse.csr_array(np.eye(3, dtype=np.uint8))
    monkeypatch.setattr(pd.DataFrame, "to_numpy", None)
    assert (check_indicator(label_frame(y, ["a", "b", "c"]))[0] != y).nnz == 0


def test_a_wrong_label_in_sparse_columns_is_named():
    frame = label_frame(
        sparse.csr_array(np.array([[1.0, 0.0], [0.0, 2.0]])), ["a", "b"], ["P", "Q"]
    )
    with pytest.raises(
        InvalidLabelsError, match=r"something else \(2.0\), the first in row Q, col"
    ):
        check_indicator(frame)
