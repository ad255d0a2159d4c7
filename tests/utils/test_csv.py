"""Cells that a spreadsheet would run are made harmless; numbers and empty tables stay."""

import numpy as np
import pandas as pd
import pytest

from protimb.utils._csv import harmless, write_csv


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-lipid", "@SUM(A1)", "\t=1", "\r=1", "-1-1", "=", "-"]
)
def test_formulas_get_an_apostrophe(text):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("value", ["-0.5", "+3", "-1e-05", "-inf", "-.5", "", "GO:1", -0.5, None])
def test_numbers_and_other_text_stay(value):
    assert harmless(value) == value


def test_a_table_is_harmless_in_columns_index_and_cells(tmp_path):
    table = pd.DataFrame({"=name": ["@x", "y"], "gain": [-0.5, np.nan]}, index=["-a", "b"])
    write_csv(table, tmp_path / "t.csv", index_label="term")
    assert (tmp_path / "t.csv").read_text() == "term,'=name,gain\n'-a,'@x,-0.5\nb,y,\n"


def test_levels_of_an_index_are_harmless_too(tmp_path):
    index = pd.MultiIndex.from_tuples([("=a", 0.1), ("b", -0.2)], names=["namespace", "threshold"])
    write_csv(pd.DataFrame({"f": [1, 2]}, index=index), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "namespace,threshold,f\n'=a,0.1,1\nb,-0.2,2\n"


@pytest.mark.parametrize(
    "table", [pd.DataFrame(), pd.DataFrame({"term": pd.Series(dtype=str), "n": []})]
)
def test_a_table_without_rows_is_written_as_ever(tmp_path, table):
    write_csv(table, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == table.to_csv()


def test_bytes_that_are_no_text_are_spelled_and_lose_nothing(tmp_path):
    write_csv(pd.DataFrame({"name": ["a\udcff", "b"]}, dtype=object), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == ",name\n0,a\\udcff\n1,b\n"
