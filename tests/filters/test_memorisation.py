"""Memorisation: copies and near copies go, rows as far as real ones are from each other stay."""

import numpy as np
import pytest

from protimb.exceptions import InvalidLabelsError
from protimb.filters import MemorisationFilter


@pytest.fixture
def grid():
    """Unit steps on both axes, so that every row's nearest other one is equally far."""
    X = np.stack(np.meshgrid(np.arange(5.0), np.arange(5.0)), axis=-1).reshape(-1, 2)
    return X, np.ones((len(X), 1))


def test_copies_and_near_copies_are_rejected(clusters, rng):
    X, y = clusters
    quality = MemorisationFilter().fit(X, y)
    assert not quality.select(X, y).any()
    assert not quality.select(X + 0.01 * rng.normal(size=X.shape), y).any()
    np.testing.assert_allclose(quality.score(X, y), 0, atol=1e-5)


def test_new_rows_of_the_same_clusters_are_kept(draw_clusters, rng):
    X, y = draw_clusters(rng, sizes=[1000, 1000], n_features=4)
    seen = np.arange(len(X)) % 2 == 0
    quality = MemorisationFilter(quantile=0.05).fit(X[seen], y[seen])
    assert quality.select(X[~seen], y[~seen]).mean() == pytest.approx(0.95, abs=0.04)


def test_distances_match_the_hand_worked_example(grid):
    # The standard deviation of 0 to 4 is the root of 2.
    quality = MemorisationFilter().fit(*grid)
    assert quality.threshold_ == pytest.approx(1 / np.sqrt(2))
    score = quality.score([[0.0, -0.5], [0.0, -1.5]], [[1], [1]])
    np.testing.assert_allclose(score, np.array([0.5, 1.5]) / np.sqrt(2), rtol=1e-5)
    assert quality.select([[0.0, -0.5], [0.0, -1.5]], [[1], [1]]).tolist() == [False, True]


def test_duplicates_among_real_rows_do_not_excuse_copies(grid):
    """Case 16."""
    X, y = grid
    quality = MemorisationFilter().fit(np.vstack([X, X]), np.vstack([y, y]))
    assert quality.threshold_ == pytest.approx(1 / np.sqrt(2))


def test_equal_rows_leave_nothing_to_compare_with():
    with pytest.raises(InvalidLabelsError, match="All real rows are equal"):
        MemorisationFilter().fit(np.ones((4, 2)), np.ones((4, 1)))


def test_shapes_must_fit_what_was_learned(grid):
    quality = MemorisationFilter().fit(*grid)
    with pytest.raises(InvalidLabelsError, match="2 terms, but MemorisationFilter was fitted on 1"):
        quality.select(grid[0], np.ones((25, 2)))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        quality.select(grid[0], grid[1][:-1])
    with pytest.raises(ValueError, match="The 'quantile' parameter"):
        MemorisationFilter(quantile=2).fit(*grid)
