"""Whole clusters go to one side."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protimb.model_selection import split_at_random, split_by_cluster, split_by_date


@given(
    st.lists(st.integers(0, 9), min_size=5).filter(lambda g: len(set(g)) > 1), st.integers(0, 99)
)
def test_no_cluster_is_on_both_sides(groups, seed):
    train, test = split_by_cluster(groups, random_state=seed)
    assert not {groups[row] for row in train} & {groups[row] for row in test}
    assert sorted([*train, *test]) == list(range(len(groups)))


def test_one_fifth_of_the_clusters_is_held_out():
    groups = np.repeat(np.arange(50), np.arange(1, 51))
    _, test = split_by_cluster(groups, random_state=0)
    assert len(set(groups[test])) == 10


def test_the_seed_decides_the_split():
    groups = np.arange(40)
    first, again, other = (split_by_cluster(groups, random_state=s)[1] for s in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


def test_one_cluster_cannot_be_parted():
    with pytest.raises(ValueError, match="All 5 proteins are in one cluster, 'a'"):
        split_by_cluster(["a"] * 5, random_state=0)


def test_at_random_each_protein_is_on_one_side_by_the_seed():
    train, test = split_at_random(50, random_state=1)
    assert sorted([*train, *test]) == list(range(50))
    assert len(test) == 10
    assert split_at_random(50, random_state=1)[1].tolist() == test.tolist()
    assert split_at_random(50, random_state=2)[1].tolist() != test.tolist()
    with pytest.raises(ValueError, match="n_samples=1"):
        split_at_random(1, random_state=0)


@given(st.lists(st.dates(date(1990, 1, 1), date(2020, 12, 31)), min_size=2))
def test_by_date_all_that_is_older_trains(days):
    day = sorted(days)[-1]
    if sorted(days)[0] == day:
        with pytest.raises(ValueError, match="all were first annotated on"):
            split_by_date(days, day)
        return
    train, test = split_by_date(days, day)
    assert [days[row] < day for row in train] == [True] * len(train)
    assert [days[row] for row in test] == [day] * len(test)
    assert len(train) + len(test) == len(days)
    assert [part.tolist() for part in split_by_date(np.array(days, "M8[D]"), str(day))] == [
        train.tolist(),
        test.tolist(),
    ]


@pytest.mark.parametrize(
    ("days", "day", "message"),
    [
        (["2020-01-01", "NaT"], "2020-01-01", "no day for 1 proteins, the first in row 1"),
        (["2020-01-01"], "2021-01-01", "none were first .* from 2020-01-01 to 2020-01-01"),
        ([], "2021-01-01", "Of 0 proteins .* none at all"),
        (["2020-01-01"], "2999-01-01", "in the future"),
        (["2020-01-01"], "01.01.2020", "a day such as"),
        (["2020-01-01"], None, "a day such as"),
    ],
)
def test_a_day_that_splits_nothing_says_why(days, day, message):
    with pytest.raises(ValueError, match=message):
        split_by_date(np.array(days, "M8[D]"), day)


@pytest.mark.parametrize(
    "days",
    [
        ["20150301", "2023-06-30"],  # as GAF and GPAD write them; NumPy reads a year 20150301
        [pd.Timestamp("2015-03-01"), date(2023, 6, 30)],
        pd.Series(pd.to_datetime(["2015-03-01", "2023-06-30"], utc=True), index=[7, 7]),
        pd.DatetimeIndex(["2015-03-01", "2023-06-30"]),
    ],
)
def test_days_are_read_however_they_are_written(days):
    assert [part.tolist() for part in split_by_date(days, "2022-01-01")] == [[0], [1]]


@pytest.mark.parametrize(
    ("days", "message"),
    [
        (["2015-03-01", "20230230"], "no day for 1 proteins, the first in row 1"),
        (["2015-03-01", None], "no day for 1 proteins, the first in row 1"),
        ([pd.NaT, np.datetime64("2015-03-01")], "no day for 1 proteins, the first in row 0"),
        ([2015, 2023], "no day for 2 proteins"),
        (np.array([2015, 2023]), "one day a protein, .* got int64"),
        ([["2015-03-01", "2023-06-30"]], r"one day a protein, .* shape \(1, 2\)"),
        ("2015-03-01", r"one day a protein, .* shape \(\)"),
    ],
)
def test_what_is_no_column_of_days_is_refused(days, message):
    with pytest.raises(ValueError, match=message):
        split_by_date(days, "2022-01-01")
