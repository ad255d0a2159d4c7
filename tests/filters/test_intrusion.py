"""Intrusion: rows that land among others without their terms go, as far as real ones do not."""

import numpy as np
import pytest
from scipy import sparse

from protimb.exceptions import InvalidLabelsError, UndefinedSimilarityWarning
from protimb.filters import IntrusionFilter


@pytest.fixture
def square():
    """Two rows of one term to the east and two of another to the west; all have the third."""
    X = np.array([[1.0, 0.1], [1.0, -0.1], [-1.0, 0.1], [-1.0, -0.1]])
    return X, np.array([[1, 0, 1], [1, 0, 1], [0, 1, 1], [0, 1, 1]])


def test_shares_match_the_hand_worked_example(square):
    X, y = square
    quality = IntrusionFilter(n_neighbors=3, shrinkage=0, quantile=0.5).fit(X, y)
    assert quality.information_.tolist() == [1, 1, 0]
    # Of three neighbours to the east two carry the first term; of the other three rows one does.
    score = quality.score([[2.0, 0.0], [2.0, 0.0], [2.0, 0.0]], [[1, 0, 0], [0, 1, 1], [1, 1, 0]])
    np.testing.assert_allclose(score, [2 / 3, 1 / 3, 1 / 2])
    np.testing.assert_allclose(quality.thresholds_[:2], 1 / 3)


def test_held_out_real_members_pass_at_one_minus_the_quantile(draw_clusters, rng):
    X, y = draw_clusters(rng, sizes=[800, 800, 800], spread=4.0)
    seen = rng.random(len(X)) < 0.5
    quality = IntrusionFilter(quantile=0.2).fit(X[seen], y[seen])
    assert quality.select(X[~seen], y[~seen]).mean() == pytest.approx(0.8, abs=0.1)


def test_rows_of_another_cluster_fail(clusters):
    X, y = clusters
    quality = IntrusionFilter().fit(X, y)
    first, second = y[:, 1] == 1, y[:, 2] == 1
    claims_of_second = np.tile(y[second][0], (first.sum(), 1))
    assert not quality.select(X[first], claims_of_second).any()


def test_a_row_is_not_its_own_neighbour_in_fit(square):
    """Else a lone member would seem to be among its like."""
    X, y = square
    lone = np.array([[1], [0], [0], [0]])
    quality = IntrusionFilter(n_neighbors=1, shrinkage=0).fit(X, np.hstack([y, lone]))
    # Of two rows as near the first one, to the east as well, carries one bit of three.
    np.testing.assert_allclose(quality.thresholds_[3], 1 / 3)


def test_what_cannot_be_rated_is_not_kept(clusters):
    """Cases 6, 7 and 15."""
    X, y = clusters
    y = np.hstack([y, np.zeros_like(y[:, :1])])
    quality = IntrusionFilter().fit(X, y)
    assert np.isnan(quality.thresholds_[-1])
    nothing = np.zeros_like(y[:2])
    assert np.isnan(quality.score(X[:2], nothing)).all()
    assert not quality.select(X[:2], nothing).any()
    with pytest.warns(UndefinedSimilarityWarning, match=r"^2 of 2 generated rows"):
        assert not quality.select(0 * X[:2], y[:2]).any()


def test_all_zero_real_rows_are_nobodys_neighbours(clusters):
    """Case 15, on the side of the real proteins."""
    X, y = clusters
    with pytest.warns(UndefinedSimilarityWarning, match=r"^4 of 226 real rows"):
        quality = IntrusionFilter().fit(np.vstack([0 * X[:4], X]), np.vstack([y[:4], y]))
    clean = IntrusionFilter().fit(X, y)
    np.testing.assert_allclose(quality.score(X, y), clean.score(X, y))


def test_constant_features_units_and_half_precision_do_not_matter(clusters):
    """Cases 2 and 14."""
    X, y = clusters
    expected = IntrusionFilter().fit(X, y).select(X, y)
    other = np.hstack([2000 * X, np.full((len(X), 2), 7.0)]).astype(np.float16)
    assert (IntrusionFilter().fit(other, y).select(other, y) == expected).mean() > 0.98


def test_company_and_form_of_labels_do_not_matter(clusters):
    X, y = clusters
    quality = IntrusionFilter().fit(X, sparse.csr_array(y))
    expected = quality.score(X, y)
    np.testing.assert_array_equal(quality.score(X, sparse.coo_matrix(y)), expected)
    alone = [quality.score(X[i : i + 1], y[i : i + 1])[0] for i in range(5)]
    np.testing.assert_array_equal(alone, expected[:5])


def test_nothing_can_be_told_where_all_rows_are_alike(clusters):
    """Cases 9 and 10."""
    X, y = clusters
    for alike in (np.ones_like(y), np.zeros_like(y)):
        with pytest.raises(InvalidLabelsError, match="nothing to recognise"):
            IntrusionFilter().fit(X, alike)
