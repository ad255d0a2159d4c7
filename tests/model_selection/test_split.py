"""Whole clusters go to one side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protimb.model_selection import split_by_cluster


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
