"""Tables of a terminal: nothing is lost, and no line is too long."""

import pandas as pd
import pytest

from protimb.comparison._text import short_zeros, show_table

TABLE = pd.DataFrame(
    {name: [f"{name}{n}" * 4 for n in range(3)] for name in "abcde"},
    index=["x", "long name", "  y"],
)


@pytest.mark.parametrize("width", [20, 33, 80])
def test_columns_that_do_not_fit_go_on_below(width):
    lines = show_table(TABLE, width).splitlines()
    assert max(map(len, lines)) <= width
    words = " ".join(lines).split()
    assert all(words.count(cell) == 1 for cell in TABLE.to_numpy().ravel())
    n_blocks = words.count("x")
    assert (n_blocks == 1) == (width == 80)


def test_a_column_wider_than_the_terminal_stands_alone():
    text = show_table(TABLE, 5)
    assert text.count("long name") == 5
    assert show_table(TABLE) == show_table(TABLE, 80)


def test_only_zeros_before_the_point_go():
    assert short_zeros("0.120 [-0.010, +0.250]") == ".120 [-.010, +.250]"
    assert short_zeros("10.05, 0, 100.0") == "10.05, 0, 100.0"
