"""Rows between real ones have no gap, rows beside them have; hulls worked by hand."""

import numpy as np
import pytest

from protimb.metrics import between_data
from protimb.metrics._between import _distance_to_hull


@pytest.fixture
def square():
    """Mean 1 and standard deviation 1 in both features."""
    return np.array([[0.0, 0.0], [0.0, 2.0], [2.0, 0.0], [2.0, 2.0]])


def test_gaps_match_the_hand_worked_example(square):
    # One step above the upper side, whose ends are the root of two away; and a corner, copied.
    new = [[1.0, 1.2], [1.0, 3.0], [3.0, 3.0], [2.0, 2.0]]
    found = between_data(square, new, n_neighbors=4)
    np.testing.assert_allclose(found.gap, [0, 1 / np.sqrt(2), 1, 0], atol=1e-7)
    assert found.share_between(0.8) == 0.75


def test_centrality_is_against_the_median_real_row(square):
    found = between_data(square, [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    np.testing.assert_allclose(found.centrality, [0, 1, 2], atol=1e-7)


def test_the_distance_to_a_hull_matches_a_search_over_its_weights(rng):
    corners = rng.normal(size=(3, 5)) + 1
    weights = rng.dirichlet(np.ones(3), size=200_000)
    searched = np.linalg.norm(weights @ corners, axis=1).min()
    found = _distance_to_hull(corners)
    assert found <= searched + 1e-12
    assert found == pytest.approx(searched, rel=1e-3)


def test_mixtures_of_neighbours_have_no_gap_and_held_out_rows_do(rng):
    X = rng.normal(size=(300, 20))
    held_out = between_data(X, rng.normal(size=(50, 20)), n_neighbors=10)
    mixed = between_data(X, (X[:50] + X[50:100]) / 2, n_neighbors=300)
    assert np.allclose(mixed.gap, 0, atol=1e-6)
    assert np.median(held_out.gap) > 0.5
    assert np.median(mixed.centrality) < 0.8 < np.median(held_out.centrality)


def test_constant_features_and_units_do_not_matter(rng, square):
    X, new = 100 * square + 5, np.array([[1.0, 3.0]]) * 100 + 5
    constant = [np.hstack([part, np.full((len(part), 1), 7.0)]) for part in (X, new)]
    expected = between_data(square, [[1.0, 3.0]]).gap
    np.testing.assert_allclose(between_data(*constant).gap, expected)


def test_equal_rows_and_half_precision_are_borne():
    X = np.ones((3, 2), dtype=np.float16)
    assert between_data(X, X[:1]).gap.tolist() == [0]


def test_what_cannot_be_compared_is_refused(square):
    with pytest.raises(ValueError, match="3 features and X has 2"):
        between_data(square, np.ones((1, 3)))
    with pytest.raises(ValueError, match="n_neighbors must be 1 or more"):
        between_data(square, square, n_neighbors=0)
    with pytest.raises(ValueError, match="NaN"):
        between_data(square, [[np.nan, 0]])
