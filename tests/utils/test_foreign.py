"""What is not read says which call converts it."""

import array

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from protimb.exceptions import InvalidLabelsError
from protimb.utils._foreign import check_supported, read_table

NUMBERS = np.array([[1, 0], [0, 1], [1, 1]])


@pytest.mark.parametrize(
    ("table", "call"),
    [
        (torch.tensor(NUMBERS), "X.numpy(force=True)"),
        (memoryview(NUMBERS), "np.asarray(X)"),
        (array.array("d", [1.0, 2.0]), "np.asarray(X)"),
        (NUMBERS.view(np.matrix), "np.asarray(X)"),
        (pl.DataFrame(NUMBERS).lazy(), "X.collect()"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_samplers_are_told_the_call_that_gives_a_table_they_can_give_back(table, call):
    with pytest.raises(TypeError) as caught:
        check_supported(X=table)
    assert f"Pass {call}." in str(caught.value)
    X = table
    made = eval(call, {"X": X, "np": np})
    check_supported(X=made)


def test_tables_that_know_the_way_to_pandas_are_pointed_to_it():
    class Table:
        def to_pandas(self): ...

    with pytest.raises(TypeError, match=r"Pass y\.to_pandas\(\)"):
        check_supported(X=np.zeros(2), y=Table())


def test_what_lies_under_a_mask_is_not_read():
    masked = np.ma.array(NUMBERS, mask=NUMBERS == 0)
    with pytest.raises(ValueError, match=r"2 of whose cells are masked, the first at \(0, 1\)"):
        read_table(masked, "X")
    with pytest.raises(ValueError, match=r"Pass np\.asarray\(X\)"):
        read_table(np.ma.array(NUMBERS), "X")


def test_structured_arrays_are_told_the_call():
    rows = pd.DataFrame(NUMBERS, columns=["a", "b"]).to_records(index=False)
    with pytest.raises(TypeError, match=r"fields a, b\. Pass pd\.DataFrame\(X\)"):
        read_table(rows, "X")


def _objects(rows):
    column = np.empty(len(rows), dtype=object)
    column[:] = list(rows)
    return column


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(list(NUMBERS), index=["a", "b", "c"]),
        pd.Series(NUMBERS.tolist()),
        _objects(NUMBERS.tolist()),
        pl.Series(NUMBERS.tolist()),
        pl.Series(NUMBERS.tolist(), dtype=pl.Array(pl.Int64, 2)),
    ],
    ids=["arrays", "lists", "objects", "polars lists", "polars arrays"],
)
def test_a_column_of_rows_is_told_the_call_that_stacks_it(column):
    with pytest.raises(ValueError, match=r"column of rows.*np\.stack\(X\)"):
        read_table(column, "X")
    with pytest.raises(InvalidLabelsError, match=r"column of rows.*np\.vstack\(y\)"):
        read_table(column, "y")
    np.testing.assert_array_equal(np.stack(column), NUMBERS)
    np.testing.assert_array_equal(np.vstack(column), NUMBERS)


@pytest.mark.parametrize(
    "column",
    [[["GO:1"], ["GO:1", "GO:2"]], [{"GO:1"}, {"GO:2"}], [[1], [1, 0]]],
    ids=str,
)
def test_a_column_of_terms_is_told_the_binarizer(column):
    with pytest.raises(InvalidLabelsError, match="GOTermBinarizer"):
        read_table(pd.Series(column), "y")


def test_polars_tables_are_read_column_by_column():
    table = pl.DataFrame({"a": [1, 2], "b": [0.5, None], "c": [True, False]})
    read = read_table(table, "X")
    assert read.columns.tolist() == ["a", "b", "c"]
    assert read.isna().to_numpy().tolist() == [[False] * 3, [False, True, False]]
    assert read.dtypes.astype(str).tolist() == ["int64", "float64", "bool"]
