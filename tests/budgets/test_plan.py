"""Rows are drawn from the rarest term up, and no more than needed."""

import time

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from protimb.budgets._plan import Ledger, Plan, cycle_fairly
from protimb.budgets._target import read_target
from protimb.budgets._totals import TOTALS_OR_SHARE, find_budget, warn_about
from protimb.exceptions import RareTermWarning

# Term 2 implies 1 implies 0; row 5 has none.
LABELS = np.array([[1, 1, 1], [1, 1, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]])


def draw(y, strategy, seed=0):
    target = read_target(y)
    budget = find_budget(strategy, target, y)
    return budget, Ledger(target.indicator, budget).draw(np.random.RandomState(seed))


def test_rows_of_rare_terms_count_for_frequent_ones():
    # Term 2 needs 2 rows and gets row 0 twice, which fills term 1 as well.
    _, plan = draw(LABELS, {1: 5, 2: 3})
    assert plan.rows.tolist() == [0, 0]
    assert plan.terms.tolist() == [2, 2]


def test_a_frequent_term_gets_what_rare_ones_left_open():
    _, plan = draw(LABELS, {1: 6, 2: 3})
    assert plan.terms.tolist() == [2, 2, 1]
    assert plan.rows[2] in (0, 1, 2)


def test_the_mean_imbalance_of_three_terms():
    # 5, 3 and 1 members: IRLbl 1, 5/3, 5; MeanIR 2.56; 5 / 2.56 = 1.96, hence 2.
    budget, _ = draw(LABELS, "auto")
    assert budget.n_target.tolist() == [5, 3, 2]


def test_every_member_gets_its_turn():
    drawn = cycle_fairly(np.arange(7), 7 * 3 + 2, np.random.RandomState(0))
    assert sorted(np.bincount(drawn)) == [3, 3, 3, 3, 3, 4, 4]


def test_fewer_draws_than_members_repeat_none():
    drawn = cycle_fairly(np.arange(9), 5, np.random.RandomState(0))
    assert len(set(drawn)) == 5


def test_a_plan_keeps_rows_and_terms_together():
    plan = Plan(np.array([4, 5, 6]), np.array([0, 1, 2])).take(np.array([True, False, True]))
    assert plan.rows.tolist() == [4, 6]
    assert plan.terms.tolist() == [0, 2]
    assert len(plan) == 2


def test_only_a_few_terms_are_named_in_a_warning():
    y = np.zeros((20, 9), dtype=int)
    y[np.arange(8), np.arange(8)] = y[8:18, 8] = 1
    budget, _ = draw(y, 3)
    with pytest.warns(RareTermWarning, match=r"^8 term.*0: 1, 1: 1, 2: 1, 3: 1, 4: 1, \.\.\.\)"):
        warn_about(budget, list(range(9)))


@given(
    y=hnp.arrays(
        np.uint8, st.tuples(st.integers(2, 15), st.integers(2, 6)), elements=st.integers(0, 1)
    ),
    n=st.integers(1, 20),
    seed=st.integers(0, 9),
)
def test_totals_are_lower_bounds_and_no_term_is_filled_twice(y, n, seed):
    assume(not (y == y[0]).all())
    assume((y.sum(axis=1) != 1).any())
    budget, plan = draw(y, n, seed)
    assert (y[plan.rows, plan.terms] == 1).all()
    n_after = budget.n_before + y[plan.rows].sum(axis=0, dtype=int)
    assert (n_after >= budget.n_target).all()
    # Rows drawn for a term never exceed what it lacked at the start.
    assert (np.bincount(plan.terms, minlength=y.shape[1]) <= budget.missing).all()


def test_the_biological_process_namespace_is_planned_in_seconds():
    rng = np.random.RandomState(0)
    n_rows, n_terms = 11_350, 4_169
    sizes = np.clip(100_000 // np.arange(20, n_terms + 20), 10, None)
    members = np.concatenate([rng.choice(n_rows, size, replace=False) for size in sizes])
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    y = sparse.csc_array((np.ones(len(members), np.uint8), members, indptr), (n_rows, n_terms))
    y = y.tocsr()
    start = time.process_time()
    _, plan = draw(y, 100)
    # A tenth of a second, usually; a look at all labels for each row drawn would take a minute.
    assert time.process_time() - start < 5
    assert len(plan) > 10_000


def test_made_labels_count_in_place_of_those_of_their_row():
    target = read_target(LABELS)
    ledger = Ledger(target.indicator, find_budget({2: 2}, target, LABELS))
    made = sparse.csr_array(np.array([[0, 0, 1], [1, 0, 1]], dtype=np.uint8))
    ledger.record(2, np.array([0, 0]), made)
    plan = ledger.plan()
    assert ledger.n_now.tolist() == [6, 3, 3]
    assert plan.count(target.indicator).tolist() == [1, 0, 2]
    kept = plan.take(np.array([False, True]))
    assert kept.labels.toarray().tolist() == [[1, 0, 1]]
    assert kept.count(target.indicator).tolist() == [1, 0, 1]


def test_one_record_may_hold_rows_of_several_terms():
    target = read_target(LABELS)
    ledger = Ledger(target.indicator, find_budget({2: 2}, target, LABELS))
    ledger.record(np.array([2, 1]), np.array([0, 1]))
    assert ledger.plan().terms.tolist() == [2, 1]
    assert ledger.n_now.tolist() == [7, 5, 2]


def test_a_share_is_a_number_of_rows_and_targets_no_term():
    target = read_target(np.tile(LABELS, (50, 1))[:100])
    budget = find_budget(0.29, target, None, forms=TOTALS_OR_SHARE)
    assert budget.n_rows == 29  # though 0.29 * 100 is 28.999999999999996
    assert not budget.missing.any()
    with pytest.raises(ValueError, match="does not suit multilabel"):
        find_budget(0.29, target, None)
