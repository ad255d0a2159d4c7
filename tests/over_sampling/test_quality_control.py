"""Draw, judge, draw again; and what is reported of it."""

import numpy as np
from numpy.testing import assert_array_equal

from protimb.budgets._plan import Plan
from protimb.over_sampling._quality_control import are_copies, draw_until_passed, report_quality


def test_rows_are_drawn_again_in_place_and_only_where_they_failed():
    drawn = []

    def draw(rows):
        drawn.append(rows.tolist())
        return np.full((len(rows), 1), len(drawn))

    X_new = np.zeros((4, 1))
    odd = lambda X_drawn, rows: (rows % 2 == 1) | (X_drawn[:, 0] == 3)  # noqa: E731
    passed, n_draws = draw_until_passed(X_new, draw, odd, max_rounds=5)
    assert drawn == [[0, 1, 2, 3], [0, 2], [0, 2]]
    assert X_new.ravel().tolist() == [3, 1, 3, 1]
    assert (passed.tolist(), n_draws.tolist()) == ([True] * 4, [3, 1, 3, 1])


def test_without_a_judge_every_row_passes_at_once():
    passed, n_draws = draw_until_passed(np.zeros((3, 2)), lambda rows: np.ones((3, 2)), None, 9)
    assert passed.all()
    assert n_draws.tolist() == [1, 1, 1]


def test_a_copy_equals_a_real_row_in_every_number():
    real = np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32)
    new = np.array([[1.0, 2.0], [1.0, 4.0], [3.0, 4.0], [5.0, 2.0]], dtype=np.float32)
    assert_array_equal(are_copies(new, real), [True, False, True, False])


def test_diversity_is_the_spread_of_new_rows_over_that_of_the_rows_they_stand_for():
    # Term 0: real rows 0 and 2 (variance 1), new rows 0 and 4 (variance 4): ratio of spreads 2.
    # Term 1: one real row, so there is no spread to compare with.
    X = np.array([[0.0], [2.0], [7.0]])
    plan = Plan(rows=np.array([0, 1, 2, 2]), terms=np.array([0, 0, 1, 1]))
    X_new = np.array([[0.0], [4.0], [1.0], [1.0]])
    passed, n_draws = np.ones(4, dtype=bool), np.ones(4, dtype=np.int64)
    report = report_quality(["a", "b", "c"], plan, passed, n_draws, X, X_new)
    assert_array_equal(report["diversity"], [2.0, np.nan, np.nan])
    assert report["n_planned"].tolist() == [2, 2, 0]
