"""Whole clusters go to one side, and every arm gets the same steps."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protimb.comparison._folds import make_fold
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


def test_steps_are_epochs_of_the_real_training_rows():
    # 700 clusters of one: 560 training rows are 3 batches of 256, the last one shorter.
    bunch, draws = SimpleNamespace(groups=np.arange(700)), np.ones((700, 1))
    epochs = make_fold(bunch, 0, None, draws, SimpleNamespace(epochs=30, max_steps=None))
    steps = make_fold(bunch, 0, None, draws, SimpleNamespace(epochs=30, max_steps=7))
    assert (epochs.max_steps, steps.max_steps) == (90, 7)


def test_terms_that_a_split_cannot_teach_or_judge_are_counted():
    y, draws = np.zeros((10, 3), dtype=np.uint8), np.ones((10, 1))
    bunch = SimpleNamespace(groups=np.arange(10), y=y)
    fold = make_fold(bunch, 0, None, draws, SimpleNamespace(max_steps=1))
    y[fold.train[0], 0] = y[fold.test[0], 1] = 1
    described = fold.describe()
    assert described["n_terms_without_training_protein"] == 2
    assert described["n_terms_without_test_protein"] == 2


def test_one_cluster_cannot_be_parted():
    with pytest.raises(ValueError, match="All 5 proteins are in one cluster, 'a'"):
        split_by_cluster(["a"] * 5, random_state=0)
