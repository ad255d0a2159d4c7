"""MLROS copies one row for each rare term in turn, until all are full or the budget is spent."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protimb.over_sampling import MLROS


def labels(*blocks):
    """Stack blocks of identical rows: ``(n_rows, terms)`` each; 6 terms."""
    y = np.zeros((sum(n for n, _ in blocks), 6), dtype=int)
    start = 0
    for n, terms in blocks:
        y[start : start + n, list(terms)] = 1
        start += n
    return y


def published(y, share):
    """Add rows as the paper's pseudo-code does, in plain lists; give the members of each term.

    Which member of a bag is copied does not matter to the counts where a term's members carry
    the same labels.
    """
    counts = list(y.sum(axis=0))
    most = max(counts)
    imbalances = [most / count for count in counts if count]
    mean_ir = sum(imbalances) / len(imbalances)
    bags = [t for t, count in enumerate(counts) if count and most / count > mean_ir + 1e-9]
    bags.sort(key=lambda term: counts[term])
    left = int(share * len(y) + 1e-9)
    while left and bags:
        for term in list(bags):
            if not left:
                break
            carried = y[np.flatnonzero(y[:, term])[0]]
            counts = [count + extra for count, extra in zip(counts, carried, strict=True)]
            left -= 1
            if most / counts[term] <= mean_ir + 1e-9:
                bags.remove(term)
    return counts


def test_a_budget_too_small_for_all_is_shared_by_rounds():
    # 20, 2, 2 and 4 members: IRLbl 1, 10, 10, 5; MeanIR 6.5, so terms 1 and 2 want 4 members.
    y = labels((12, [0]), (2, [0, 1]), (2, [0, 2]), (4, [0, 3]), (2, []))
    sampler = MLROS(sampling_strategy=0.1, random_state=0)
    sampler.fit_resample(np.eye(22), y)
    assert sampler.n_synthetic_ == 2
    assert sampler.sampling_plan_["n_after"].tolist() == [22, 3, 3, 4, 0, 0]


def test_a_generous_budget_ends_where_every_term_reaches_the_mean_imbalance():
    y = labels((12, [0]), (2, [0, 1]), (2, [0, 2]), (4, [0, 3]), (2, []))
    capped, auto = MLROS(sampling_strategy=0.9, random_state=0), MLROS(random_state=0)
    _, y_capped = capped.fit_resample(np.eye(22), y)
    _, y_auto = auto.fit_resample(np.eye(22), y)
    assert y_capped.sum(axis=0).tolist() == [24, 4, 4, 4, 0, 0]
    np.testing.assert_array_equal(y_capped, y_auto)


@given(
    blocks=st.lists(
        st.tuples(st.integers(1, 6), st.sampled_from([[], [0], [1], [0, 1]])),
        min_size=4,
        max_size=4,
    ),
    share=st.floats(0.05, 1.0),
)
@settings(max_examples=40)
def test_counts_are_those_of_the_published_pseudo_code(blocks, share):
    rare = [(n, [*common, term]) for term, (n, common) in enumerate(blocks, start=2)]
    y = labels((9, [0]), (8, [1]), (2, []), *rare)
    sampler = MLROS(sampling_strategy=share, random_state=0)
    _, y_res = sampler.fit_resample(np.eye(len(y)), y)
    assert y_res.sum(axis=0).tolist() == published(y, share)


def test_no_term_exceeds_its_total_by_its_own_copies():
    y = labels((5, [0]), (3, [0, 1]), (2, [0, 1, 2]))
    sampler = MLROS(sampling_strategy={1: 9, 2: 6}, random_state=0)
    _, y_res = sampler.fit_resample(np.eye(10), y)
    assert y_res[:, 2].sum() >= 6
    plan = sampler.sampling_plan_
    brought = plan["n_after"] - plan["n_before"] - plan["n_drawn"]
    assert ((plan["n_after"] == plan["n_target"]) | (brought > 0))[[1, 2]].all()


def test_added_rows_are_copies_of_the_rows_they_name():
    X, y = np.random.RandomState(0).normal(size=(10, 3)), labels((6, [0]), (3, [0, 1]), (1, []))
    sampler = MLROS(sampling_strategy=8, random_state=0)
    X_res, y_res = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X_res, X[sampler.sample_indices_])
    np.testing.assert_array_equal(y_res, y[sampler.sample_indices_])


def test_min_members_holds_for_a_share_too():
    y = labels((12, [0]), (2, [0, 1]), (1, [0, 2]), (5, [0, 3]), (1, []))
    sampler = MLROS(sampling_strategy=0.5, min_members=2, random_state=0)
    _, y_res = sampler.fit_resample(np.eye(21), y)
    assert y_res[21:, 2].sum() == 0
    assert y_res[21:, 1].sum() > 0


@pytest.mark.parametrize("share", [1.5, 0.0, -0.25])
def test_a_share_is_between_nothing_and_all(share):
    with pytest.raises(ValueError, match="sampling_strategy"):
        MLROS(sampling_strategy=share).fit_resample(np.eye(8), labels((5, [0]), (3, [1, 0])))
