"""LPROS counts rows by labelset, and copies rows of the rare ones."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protimb.exceptions import RareTermWarning
from protimb.over_sampling import LPROS
from protimb.over_sampling._lpros import spread


def labels(**sizes):
    """Stack rows of labelsets: ``ab=3`` is three rows with terms a and b of a to d."""
    rows = [[letter in name for letter in "abcd"] for name, n in sizes.items() for _ in range(n)]
    return np.array(rows, dtype=int)


def sizes_of(y):
    names = ("".join(c for c, on in zip("abcd", row, strict=True) if on) for row in y)
    return Counter(names)


def published(sizes, n_new):
    """Share out rows as the paper does, in the order from large to small bags.

    Each bag below the mean gets an equal increment but no more than it lacks, and what it does
    not need is handed on to the bags after it.
    """
    mean = sum(sizes.values()) / len(sizes)
    bags = sorted((name for name in sizes if sizes[name] < mean), key=lambda n: -sizes[n])
    quota = {name: n_new / len(bags) for name in bags}
    for place, name in enumerate(bags):
        lacking = np.ceil(mean - 1e-9) - sizes[name]
        surplus = max(quota[name] - lacking, 0)
        quota[name] -= surplus
        for later in bags[place + 1 :]:
            quota[later] += surplus / len(bags[place + 1 :])
    return quota


def test_every_labelset_below_the_mean_gets_the_same_number_of_copies():
    # 10, 3, 2 and 1 rows: the mean is 4. Three rows are one for each of the three below it.
    y = labels(a=10, ab=3, b=2, c=1)
    _, y_res = LPROS(sampling_strategy=0.2, random_state=0).fit_resample(np.eye(16), y)
    assert sizes_of(y_res) == {"a": 10, "ab": 4, "b": 3, "c": 2}


def test_what_a_labelset_does_not_need_goes_to_the_others():
    # Six rows, two for each; ab needs one only, so the smaller ones get it.
    y = labels(a=10, ab=3, b=2, c=1)
    _, y_res = LPROS(sampling_strategy=0.375, random_state=0).fit_resample(np.eye(16), y)
    assert sizes_of(y_res) == {"a": 10, "ab": 4, "b": 4, "c": 4}


def test_fewer_rows_are_added_where_all_reach_the_mean():
    y = labels(a=10, ab=3, b=2, c=1)
    sampler = LPROS(sampling_strategy=1.0, random_state=0)
    sampler.fit_resample(np.eye(16), y)
    assert sampler.n_synthetic_ == 6


@given(
    sizes=st.fixed_dictionaries(
        {name: st.integers(1, 9) for name in ("a", "ab", "b", "bc", "abc", "d", "ad")}
    ),
    share=st.floats(0.02, 1.0),
)
@settings(max_examples=40)
def test_copies_are_those_of_the_published_pseudo_code(sizes, share):
    y = labels(**sizes)
    n_new = int(share * len(y) + 1e-9)
    sampler = LPROS(sampling_strategy=share, random_state=0)
    _, y_res = sampler.fit_resample(np.eye(len(y)), y)
    after, quota = sizes_of(y_res), published(sizes, n_new)
    wanted = {name: sizes[name] + quota.get(name, 0) for name in sizes}
    # The paper's quotas are fractions; no row can be copied in part.
    assert all(abs(after[name] - wanted[name]) < 1 for name in sizes)
    assert sampler.n_synthetic_ == pytest.approx(sum(quota.values()))


def test_rows_without_labels_are_no_labelset():
    y = np.vstack([labels(a=6, ab=3, b=1), np.zeros((1, 4), dtype=int)])
    _, y_res = LPROS(sampling_strategy=0.9, random_state=0).fit_resample(np.eye(11), y)
    assert sizes_of(y_res)[""] == 1


def test_a_total_for_a_term_evens_its_labelsets_out():
    y = labels(a=9, ab=4, abc=1, b=2)
    sampler = LPROS(sampling_strategy={1: 12}, random_state=0)
    _, y_res = sampler.fit_resample(np.eye(16), y)
    assert sizes_of(y_res) == {"a": 9, "ab": 4, "abc": 4, "b": 4}


def test_rows_that_do_not_divide_go_to_random_labelsets():
    y = labels(a=9, ab=2, abc=2, b=2)
    seen = set()
    for seed in range(12):
        sampler = LPROS(sampling_strategy={1: 7}, random_state=seed)
        seen |= set(sizes_of(sampler.fit_resample(np.eye(15), y)[1][15:]))
    assert seen == {"ab", "abc", "b"}


def test_a_share_is_counted_for_the_rarest_term_of_each_labelset():
    y = labels(a=6, ab=2, abc=1, d=3)
    sampler = LPROS(sampling_strategy=0.34, random_state=0)
    sampler.fit_resample(np.eye(12), y)
    assert sampler.sampling_plan_["n_drawn"].tolist() == [0, 1, 2, 0]


def test_min_members_leaves_labelsets_with_a_rarer_term_alone():
    y = labels(a=6, ab=2, abc=1, d=3)
    sampler = LPROS(sampling_strategy=0.9, min_members=2, random_state=0)
    _, y_res = sampler.fit_resample(np.eye(12), y)
    assert sizes_of(y_res) == {"a": 6, "ab": 4, "abc": 1, "d": 4}


def test_one_member_is_copied_with_a_warning():
    with pytest.warns(RareTermWarning, match="2: 1"):
        LPROS(sampling_strategy={2: 3}).fit_resample(np.eye(9), labels(a=6, ab=2, abc=1))


@given(
    sizes=st.lists(st.integers(0, 20), min_size=1, max_size=8),
    n_new=st.integers(0, 60),
    seed=st.integers(0, 9),
)
def test_levels_leave_no_gap_and_no_row_over(sizes, n_new, seed):
    sizes = np.array(sizes)
    additions = spread(
        lambda level: np.maximum(level - sizes, 0), n_new, np.random.RandomState(seed)
    )
    assert additions.sum() == n_new
    raised = (sizes + additions)[additions > 0]
    assert not n_new or raised.max() - (sizes + additions).min() <= 1
