"""Names of rows and columns: brought into one order, or refused, never paired wrongly."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from protimb.exceptions import InvalidLabelsError
from protimb.utils._alignment import align_columns, align_values, check_same_order

NAMED = pd.DataFrame([[1, 0], [0, 1], [1, 1]], index=["a", "b", "c"], columns=["GO:1", "GO:2"])


@pytest.mark.parametrize(
    "index",
    [
        ["c", "a", "b"],
        pd.MultiIndex.from_tuples([("m", 2), ("h", 1), ("m", 1)]),
        pd.DatetimeIndex(["2024-03-01", "2024-01-01", "2024-02-01"]),
        [2, 0, 1],
        [b"P2", b"P3", b"P1"],
    ],
    ids=lambda index: type(index[0]).__name__,
)
def test_the_same_ids_in_another_order_are_refused(index):
    table = NAMED.set_axis(index)
    check_same_order(X=table, y=table["GO:1"])
    with pytest.raises(InvalidLabelsError, match=r"X and y have the same ids.*y\.loc\[X\.index\]"):
        check_same_order(X=table, y=table.sort_index())


def test_rows_that_were_shuffled_and_rows_with_a_default_index_are_told_apart():
    # 0, 1 and 2 may be positions, but they are the names of the other table's rows too.
    with pytest.raises(InvalidLabelsError, match="different order"):
        check_same_order(X=NAMED.set_axis([2, 0, 1]), y=NAMED.reset_index(drop=True))


@pytest.mark.parametrize("ids", [["b", "c", "d"], ["x", "y", "z"]])
def test_ids_that_differ_are_refused(ids):
    n_common = len(set(ids) & set("abc"))
    with pytest.raises(
        InvalidLabelsError, match=rf"Only {n_common} of 3 ids of X \(a, b, c\).*\({ids[0]}, "
    ):
        check_same_order(X=NAMED, y=NAMED.set_axis(ids))


def test_numbers_that_differ_are_refused():
    with pytest.raises(InvalidLabelsError, match="Only 2 of 3 ids of X"):
        check_same_order(X=NAMED.set_axis([4, 2, 1]), y=NAMED.set_axis([4, 2, 7]))


@pytest.mark.parametrize("index", [["a", "b", "c"], [4, 2, 1]])
def test_a_default_index_has_no_names(index):
    named, default = NAMED.set_axis(index), NAMED.reset_index(drop=True)
    check_same_order(X=named, y=default)
    check_same_order(X=default, y=named)
    check_same_order(X=named.to_numpy(), y=named, sample_weight=None)


def test_numbers_left_by_a_split_are_no_names_beside_text():
    check_same_order(X=NAMED, y=NAMED.set_axis([4, 2, 1]))


def test_repeated_ids_are_not_to_be_looked_up():
    table = NAMED.set_axis(["a", "b", "b"])
    check_same_order(X=table, y=table)
    with pytest.raises(InvalidLabelsError, match=r"Ids repeat \(b\)"):
        check_same_order(X=table, y=table.iloc[::-1])


def test_every_table_is_compared_with_the_first():
    with pytest.raises(InvalidLabelsError, match="X and label_mask have the same ids"):
        check_same_order(X=NAMED, y=NAMED, label_mask=NAMED.iloc[::-1])


def test_columns_are_found_by_name():
    expected = [[0, 1], [1, 0], [1, 1]]
    for table in (NAMED, pl.DataFrame(NAMED.to_dict("list"))):
        assert align_columns(table, ["GO:2", "GO:1"]).to_numpy().tolist() == expected


def test_columns_without_names_on_one_side_are_found_by_position():
    assert align_columns(NAMED, None) is NAMED
    assert align_columns(NAMED, [0, 1]) is NAMED
    plain = NAMED.to_numpy()
    assert align_columns(plain, ["GO:2", "GO:1"]) is plain
    unnamed = pd.DataFrame(plain)
    assert align_columns(unnamed, ["GO:2", "GO:1"]) is unnamed


def test_columns_that_differ_are_named():
    with pytest.raises(InvalidLabelsError, match=r"1 missing \(GO:3\) and 1 unknown \(GO:1\)"):
        align_columns(NAMED, ["GO:2", "GO:3"], "y_new")
    with pytest.raises(InvalidLabelsError, match=r"Columns of y differ.*2 unknown"):
        align_columns(NAMED, ["ligase", "kinase"])


def test_names_of_another_kind_may_stand_for_columns():
    names = ["ligase", "kinase"]
    assert align_columns(NAMED, names, relabel=True) is NAMED
    with pytest.raises(InvalidLabelsError, match="1 missing"):
        align_columns(NAMED, ["GO:2", "kinase"], relabel=True)


def test_values_a_term_are_found_by_name():
    bits = pd.Series({"GO:2": 2.0, "GO:1": 1.0})
    assert align_values(bits, ["GO:1", "GO:2"], "bits").tolist() == [1, 2]
    assert align_values([2, 1], ["GO:1", "GO:2"], "bits") == [2, 1]
    with pytest.raises(InvalidLabelsError, match=r"Columns of bits differ.*GO:9"):
        align_values(bits, ["GO:1", "GO:9"], "bits")
    np.testing.assert_array_equal(align_values(pd.Series([5, 6]), ["GO:1", "GO:2"], "bits"), [5, 6])
