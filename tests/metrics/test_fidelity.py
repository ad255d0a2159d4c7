"""Distances between sets: zero for equals, closed form for Gaussians, chance for twins."""

import numpy as np
import pytest
from scipy.linalg import sqrtm
from sklearn.covariance import OAS, LedoitWolf, ShrunkCovariance
from sklearn.linear_model import LogisticRegression

from protimb.metrics import _fidelity, frechet_distance, two_sample_score

# Mean 0 and covariance 1 exactly, in rows of equal weight.
SQUARE = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])


def test_equal_sets_are_no_distance_apart(rng):
    X = rng.normal(size=(50, 8))
    for shrinkage in ("oas", "ledoit-wolf", 0.3, None):
        assert frechet_distance(X, X[::-1], shrinkage=shrinkage) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("moved", "distance"),
    [
        (SQUARE + np.array([3.0, 4.0]), 25),  # only the means differ
        (3 * SQUARE, 2 * (3 - 1) ** 2),  # standard deviations 1 and 3 in two directions
        (SQUARE * [1.0, 5.0] + [2.0, 0.0], 4 + (5 - 1) ** 2),
        (SQUARE * [0.0, 1.0], 1),  # a direction without any spread
    ],
)
def test_two_gaussians_match_the_closed_form(moved, distance):
    assert frechet_distance(SQUARE, moved, shrinkage=None) == pytest.approx(distance)
    assert frechet_distance(moved, SQUARE, shrinkage=None) == pytest.approx(distance)


def test_directions_count_and_not_only_spreads():
    # Covariances diag(a, b) and diag(b, a): 2 (sqrt(a) - sqrt(b))^2, here a = 9 and b = 1.
    tall, wide = SQUARE * [3.0, 1.0], SQUARE * [1.0, 3.0]
    assert frechet_distance(tall, wide, shrinkage=None) == pytest.approx(8)


def test_full_shrinkage_leaves_the_total_variance_alone():
    # diag(9, 1) and diag(1, 9) both become diag(5, 5).
    tall, wide = SQUARE * [3.0, 1.0], SQUARE * [1.0, 3.0]
    assert frechet_distance(tall, wide, shrinkage=1.0) == pytest.approx(0, abs=1e-9)


def test_correlated_gaussians_match_the_matrix_square_root(rng):
    X, Z = (rng.normal(size=(200, 5)) @ rng.normal(size=(5, 5)) for _ in range(2))
    first, second = np.cov(X.T, bias=True), np.cov(Z.T, bias=True)
    shift = ((X.mean(axis=0) - Z.mean(axis=0)) ** 2).sum()
    expected = shift + np.trace(first + second - 2 * sqrtm(first @ second).real)
    assert frechet_distance(X, Z, shrinkage=None) == pytest.approx(expected)


def test_shrinkage_lets_few_rows_look_as_close_as_they_are(rng):
    X, Z = rng.normal(size=(40, 30)), rng.normal(size=(40, 30))
    assert frechet_distance(X, Z) < 0.2 * frechet_distance(X, Z, shrinkage=None)


def test_half_precision_does_not_overflow():
    """Case 2."""
    large = (SQUARE * 300).astype(np.float16)
    assert frechet_distance(large, large + np.float16(100), shrinkage=None) == pytest.approx(20000)


def test_samples_of_one_distribution_cannot_be_told_apart(rng):
    X = rng.normal(size=(400, 6))
    for classifier in ("logistic", "knn", LogisticRegression()):
        score = two_sample_score(X[:200], X[200:], classifier=classifier)
        assert abs(score.auc - 0.5) < 0.1
        assert score.p_value > 0.01


def test_a_shift_is_found_by_both_judges(rng):
    X = rng.normal(size=(200, 4))
    for classifier in ("logistic", "knn"):
        score = two_sample_score(X[:100], X[100:] + 3, classifier=classifier)
        assert score.auc > 0.95
        assert score.p_value < 1e-6


def test_only_neighbours_see_that_rows_lie_too_close_together(rng):
    X_real, X_new = rng.normal(size=(300, 6)), 0.5 * rng.normal(size=(300, 6))
    linear, local = (two_sample_score(X_real, X_new, classifier=c) for c in ("logistic", "knn"))
    assert abs(linear.auc - 0.5) < 0.1
    assert local.auc > 0.75


def test_copies_of_real_rows_fall_below_chance(rng):
    X = rng.normal(size=(200, 6))
    assert two_sample_score(X, X + 1e-6, classifier="knn").auc < 0.4


def test_two_sample_scores_follow_the_seed(rng):
    X = rng.normal(size=(60, 3))
    first, again, other = (two_sample_score(X[:30], X[30:], random_state=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.fold_aucs, again.fold_aucs)
    assert (first.fold_aucs != other.fold_aucs).any()


def test_small_sets_get_fewer_folds_and_neighbours(rng):
    score = two_sample_score(rng.normal(size=(3, 2)), rng.normal(size=(9, 2)), classifier="knn")
    assert len(score.fold_aucs) == 3


@pytest.mark.parametrize("measure", [frechet_distance, two_sample_score])
def test_sets_that_cannot_be_compared_are_refused(measure):
    with pytest.raises(ValueError, match="2 features and X_new 3"):
        measure(SQUARE, np.ones((4, 3)))
    with pytest.raises(ValueError, match="X_new 1; each needs 2"):
        measure(SQUARE, SQUARE[:1])
    with pytest.raises(ValueError, match=r"NaN .*row 1"):
        measure(SQUARE, [[0.0, 0.0], [np.nan, 0.0]])


def test_unknown_names_are_refused_with_what_there_is():
    for shrinkage in ("ledoit", 1.5, -0.1):
        with pytest.raises(ValueError, match="'oas', 'ledoit-wolf', None"):
            frechet_distance(SQUARE, SQUARE, shrinkage=shrinkage)
    with pytest.raises(ValueError, match="logistic, knn"):
        two_sample_score(SQUARE, SQUARE, classifier="svm")
    with pytest.raises(ValueError, match="cv must be at least 2"):
        two_sample_score(SQUARE, SQUARE, cv=1)


def test_large_sets_are_judged_by_a_draw_of_each_share(rng):
    X, Z = rng.normal(size=(300, 3)), rng.normal(size=(900, 3)) + 0.3
    drawn = two_sample_score(X, Z, max_rows=400)
    assert drawn.auc != two_sample_score(X, Z).auc
    assert drawn.auc == pytest.approx(two_sample_score(X, Z).auc, abs=0.1)
    assert drawn.auc == two_sample_score(X, Z, max_rows=400).auc
    assert drawn.p_value > two_sample_score(X, Z).p_value


def test_a_draw_keeps_two_rows_of_the_smaller_set(rng):
    X, Z = rng.normal(size=(3, 2)), rng.normal(size=(500, 2))
    assert len(two_sample_score(X, Z, max_rows=100).fold_aucs) == 2


def test_sets_below_the_limit_are_judged_whole(rng):
    X, Z = rng.normal(size=(30, 3)), rng.normal(size=(50, 3))
    whole = two_sample_score(X, Z, max_rows=None)
    assert two_sample_score(X, Z, max_rows=80).fold_aucs.tolist() == whole.fold_aucs.tolist()


@pytest.mark.parametrize("max_rows", [3, 2.5, "all", True])
def test_a_draw_too_small_is_refused(max_rows):
    with pytest.raises(ValueError, match="max_rows must be"):
        two_sample_score(SQUARE, SQUARE, max_rows=max_rows)


@pytest.mark.parametrize("n_features", [1, 6])
@pytest.mark.parametrize(
    ("shrinkage", "peer"),
    [("oas", OAS()), ("ledoit-wolf", LedoitWolf()), (0.3, ShrunkCovariance(shrinkage=0.3))],
)
def test_covariances_of_blocks_are_scikit_learns(rng, monkeypatch, shrinkage, peer, n_features):
    monkeypatch.setattr(_fidelity, "_BLOCK_ROWS", 7)
    X = (5 + rng.normal(size=(40, n_features)) @ rng.normal(size=(n_features, n_features))).astype(
        np.float32
    )
    root = _fidelity.fit_gaussian(X, shrinkage).root
    expected = peer.fit(X.astype(float)).covariance_
    np.testing.assert_allclose(root @ root.T, expected, rtol=1e-6, atol=1e-9)


def test_two_rows_are_shrunk_by_nothing():
    """Ledoit and Wolf's share is 0 there, and a little below it by rounding."""
    X = np.array([[0.1, 0.2], [0.3, 0.9]])
    assert frechet_distance(X, X + np.array([3, 0]), shrinkage="ledoit-wolf") == pytest.approx(9)
