"""Regions of real and generated rows: hand-worked examples, prdc and all pairs as oracles."""

import numpy as np
import pytest
from prdc import compute_prdc
from scipy.spatial.distance import cdist

from protimb.metrics import (
    alpha_precision_beta_recall,
    closest_records,
    maximum_mean_discrepancy,
    membership_inference,
    precision_recall_density_coverage,
    reduce_features,
)
from protimb.metrics._manifold import _agreement

OF_TWO_SETS = [
    precision_recall_density_coverage,
    alpha_precision_beta_recall,
    closest_records,
    maximum_mean_discrepancy,
    lambda X, Z: membership_inference(X, X, Z),
    reduce_features,
]


def as_dict(overlap):
    return pytest.approx(vars(overlap), abs=1e-12)


@pytest.fixture
def clustered(rng):
    """Real rows around seven points, of which generated ones know five."""
    points = rng.normal(size=(7, 12))
    real = points[rng.integers(7, size=300)] + 0.4 * rng.normal(size=(300, 12))
    new = points[rng.integers(5, size=400)] + 0.5 * rng.normal(size=(400, 12))
    return real, new


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_neighbors", [1, 5, 20])
def test_overlap_is_what_prdc_finds(clustered, n_neighbors, dtype, capsys):
    real, new = (X.astype(dtype) for X in clustered)
    expected = compute_prdc(real, new, nearest_k=n_neighbors)
    found = precision_recall_density_coverage(real, new, n_neighbors=n_neighbors)
    assert expected == as_dict(found)


def radii_of(X, n_neighbors):
    return np.sort(cdist(X, X), axis=1)[:, n_neighbors]  # the first is the row itself


def test_overlap_is_that_of_all_pairs_where_rows_outnumber_a_tile(rng):
    real, new = rng.normal(size=(1100, 3)), 0.9 * rng.normal(size=(1300, 3)) + 0.2
    distances, radii = cdist(real, new), radii_of(real, 4)[:, None]
    expected = {
        "precision": (distances < radii).any(axis=0).mean(),
        "recall": (distances < radii_of(new, 4)).any(axis=1).mean(),
        "density": (distances < radii).sum(axis=0).mean() / 4,
        "coverage": (distances.min(axis=1) < radii.ravel()).mean(),
    }
    assert expected == as_dict(precision_recall_density_coverage(real, new, n_neighbors=4))


def test_overlap_matches_the_hand_worked_example():
    # Balls of real rows have the radii 1, 1, 1 and 8, those of generated ones 2, 2 and 6.
    real = np.array([[0.0], [1.0], [2.0], [10.0]])
    new = np.array([[0.5], [2.5], [8.5]])
    overlap = precision_recall_density_coverage(real, new, n_neighbors=1)
    # 0.5 is near 0 and 1, 2.5 near 2 and 10 (whose ball reaches 8), 8.5 near 10.
    assert (overlap.precision, overlap.density) == (1, pytest.approx(5 / 3))
    # 0, 1 and 2 are within 2 of 0.5 or 2.5, and 10 is within 6 of 8.5; each has a row within.
    assert (overlap.recall, overlap.coverage) == (1, 1)


def test_copies_cover_all_and_collapse_covers_little(clustered):
    real, _ = clustered
    assert precision_recall_density_coverage(real, real).coverage == 1
    collapsed = precision_recall_density_coverage(real, np.repeat(real[:1], 50, axis=0))
    assert (collapsed.precision, collapsed.recall) == (1, 0)
    assert collapsed.coverage < 0.1


def test_few_rows_have_as_many_neighbours_as_there_are_others():
    real, new = np.array([[0.0], [1.0], [3.0]]), np.array([[0.5], [2.5]])
    # Two others each: radii 3, 2 and 3, that hold both generated rows: 6 hits of 2 rows and k = 2.
    overlap = precision_recall_density_coverage(real, new, n_neighbors=9)
    assert (overlap.density, overlap.coverage) == (1.5, 1)


def test_half_of_the_steps_are_lost_when_all_rows_sit_in_the_centre(rng):
    """The share in every ball is 1 and not alpha: 1 - 2 * (1/2)."""
    real = rng.normal(size=(200, 3))
    middle = np.repeat(real.mean(axis=0, keepdims=True), 20, axis=0)
    assert alpha_precision_beta_recall(real, middle).alpha_precision == pytest.approx(0)
    assert alpha_precision_beta_recall(real, middle + 99).alpha_precision == pytest.approx(0)


def test_alpha_and_beta_match_the_hand_worked_example():
    real = np.array([[-3.0], [-1.0], [1.0], [3.0]])  # distances 1, 1, 3, 3 to 0
    new = np.array([[-2.5], [0.0], [0.5], [2.0]])  # 2.5, 0, 0.5, 2 to 0 and 2.5, 0, 0.5, 2 to 0
    # alpha: levels 1/2, 0, 0, 1/2. F is 1/2 up to 1/2 and 1 after: |F - a| integrates to 1/4.
    # beta: nearest generated rows -2.5, 0, 0.5 and 2, at most 1 away where real ones are 2 apart;
    # levels 3/4, 0, 1/4 and 2/4: four steps of 1/4, each 1/8 too high on average.
    # authentic: -2.5 is 0.5 from -3, which is 2 from -1; none is.
    score = alpha_precision_beta_recall(real, new)
    assert (score.alpha_precision, score.beta_recall, score.authenticity) == (0.5, 0.75, 0)


def test_real_rows_not_reached_are_missing_from_beta_recall():
    real, new = np.array([[0.0], [1.0], [100.0], [101.0]]), np.array([[0.0], [1.0]])
    # Both generated rows are 1/2 from their centre: levels 0, 0 and never, never.
    assert alpha_precision_beta_recall(real, new).beta_recall == 0.5


def test_agreement_is_the_integral(rng):
    levels = rng.random(30) ** 2
    grid = (np.arange(100_000) + 0.5) / 100_000
    shares = np.searchsorted(np.sort(levels), grid, side="right") / 30
    assert _agreement(levels) == pytest.approx(1 - 2 * np.abs(shares - grid).mean(), abs=1e-4)


def test_copies_are_not_authentic_and_rows_far_out_are(clustered):
    real, _ = clustered
    noisy = real + 1e-4
    assert alpha_precision_beta_recall(real, noisy).authenticity == 0
    assert alpha_precision_beta_recall(real, noisy + 50).authenticity == 1


def test_closest_records_match_the_hand_worked_example():
    real = np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 4.0], [0.0, 10.0]])  # one occurs twice
    records = closest_records(real, [[0.0, 0.0], [3.0, 5.0], [0.0, 4.0], [0.0, 7.0]])
    np.testing.assert_allclose(records.distance, [0, 1, 3, 3])
    np.testing.assert_allclose(records.ratio, [0, 1 / np.sqrt(34), 3 / 4, 3 / np.sqrt(18)])


def test_noise_on_a_copy_keeps_the_ratio_small(clustered, rng):
    real, new = clustered
    copies = real + 0.01 * rng.normal(size=real.shape)
    assert closest_records(real, copies).ratio.max() < 0.1
    assert np.median(closest_records(real, new).ratio) > 0.8


def test_discrepancy_is_the_direct_double_sum(clustered):
    real, new = clustered

    def kernel(X, Z):
        return np.exp(-(cdist(X, Z) ** 2) / (2 * 1.5**2))

    within = sum((kernel(X, X).sum() - len(X)) / (len(X) * (len(X) - 1)) for X in (real, new))
    expected = within - 2 * kernel(real, new).mean()
    found = maximum_mean_discrepancy(real, new, bandwidth=1.5)
    assert found == pytest.approx(expected, abs=1e-7)
    assert found > 0.01


def test_discrepancy_matches_the_hand_worked_example():
    # Distances 1 within each set; 2, 1, 3 and 2 between them; exp(-d^2 / 2).
    real, new = np.array([[0.0], [1.0]]), np.array([[2.0], [3.0]])
    near, two, three = np.exp([-0.5, -2.0, -4.5])
    expected = 2 * near - 2 * (near + 2 * two + three) / 4
    assert maximum_mean_discrepancy(real, new, bandwidth=1.0) == pytest.approx(expected, rel=1e-6)


def test_discrepancy_is_zero_on_average_between_halves(rng):
    halves = [np.split(rng.normal(size=(60, 4)), 2) for _ in range(50)]
    found = np.array([maximum_mean_discrepancy(*pair) for pair in halves])
    assert abs(found.mean()) < 3 * found.std() / np.sqrt(50)
    assert found.min() < 0


@pytest.mark.parametrize("unit", [1e-40, 1e40])
def test_discrepancy_has_no_unit(clustered, unit):
    real, new = clustered
    plain = maximum_mean_discrepancy(real, new)
    assert maximum_mean_discrepancy(unit * real, unit * new) == pytest.approx(plain, rel=1e-4)


def test_median_distance_is_that_of_real_rows():
    real = np.array([[0.0], [1.0], [3.0]])  # distances 1, 2 and 3
    new = np.array([[50.0], [80.0]])
    assert maximum_mean_discrepancy(real, new) == maximum_mean_discrepancy(real, new, bandwidth=2)


def test_discrepancy_of_rows_without_spread_is_defined():
    assert maximum_mean_discrepancy(np.zeros((9, 2)), np.zeros((7, 2))) == 0
    assert maximum_mean_discrepancy(np.zeros((9, 2)), np.ones((7, 2))) > 0.5


def test_who_was_in_training_is_told_by_rows_made_of_it(rng):
    X = rng.normal(size=(400, 10))
    train, held_out, others = X[:150], X[150:300], X[300:]
    leaking = membership_inference(train, held_out, train + 0.5 * rng.normal(size=train.shape))
    assert leaking.lower > 0.8
    silent = membership_inference(train, held_out, others)
    assert silent.lower < 0.5 < silent.upper


def test_inference_matches_the_hand_worked_example():
    # Distances to 0: training 1 and 3, held out 2, 3 and 4. Of six pairs 1 wins three and 3 wins
    # one and draws one.
    found = membership_inference([[1.0], [3.0]], [[2.0], [3.0], [4.0]], [[0.0]], level=0.5)
    auc = 4.5 / 6
    one, other = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (auc * (1 - auc) + (one - auc**2) + 2 * (other - auc**2)) / 6
    assert found.auc == pytest.approx(auc)
    assert found.auc - found.lower == pytest.approx(0.6745 * variance**0.5, rel=1e-4)
    assert found.upper - found.auc == pytest.approx(0.6745 * variance**0.5, rel=1e-4)


def test_interval_holds_chance_as_often_as_it_says(rng):
    found = [membership_inference(*np.split(rng.normal(size=(120, 4)), 3)) for _ in range(60)]
    held = np.mean([inference.lower <= 0.5 <= inference.upper for inference in found])
    assert 0.85 <= held <= 1


def test_rows_enough_keep_all_features(rng):
    X = rng.normal(size=(80, 8))
    reduced = reduce_features(X, X[:5])
    assert (reduced.n_kept, reduced.share) == (8, 1.0)
    np.testing.assert_array_equal(reduced.sets[1], X[:5])


def test_few_rows_keep_the_directions_of_real_ones(rng):
    plane = rng.normal(size=(2, 50))
    real, new = rng.normal(size=(20, 2)) @ plane, rng.normal(size=(9, 2)) @ plane
    reduced = reduce_features(real, new)
    assert (reduced.n_kept, reduced.n_features, reduced.share) == (2, 50, pytest.approx(1))
    # All that there is lies in the plane, so distances are kept.
    np.testing.assert_allclose(cdist(*reduced.sets), cdist(real, new), atol=1e-9)


@pytest.mark.parametrize("shape", [(2, 50), (3, 1), (2, 2)])
def test_a_space_has_a_feature_however_few_the_rows(rng, shape):
    reduced = reduce_features(rng.normal(size=shape), rng.normal(size=(4, shape[1])))
    assert reduced.sets[1].shape == (4, 1 if shape[0] == 2 else min(shape[1], 1))


def test_constant_rows_are_left_as_they_are():
    assert reduce_features(np.ones((5, 9)), np.zeros((2, 9))).n_kept == 9


@pytest.mark.parametrize("measure", OF_TWO_SETS)
def test_sets_that_cannot_be_compared_are_refused(measure):
    """Case 1."""
    good = np.arange(8.0).reshape(4, 2)
    with pytest.raises(ValueError, match=r"2 features and (X_new|others\[0\]) 3"):
        measure(good, np.ones((4, 3)))
    wrong = good.copy()
    wrong[2, 1] = np.nan
    with pytest.raises(ValueError, match=r"(X_new|others\[0\]): Input X contains NaN in 1 column"):
        measure(good, wrong)
    with pytest.raises(ValueError, match="minimum of 1 is required"):
        measure(good, good[:0])


@pytest.mark.parametrize("measure", [m for m in OF_TWO_SETS if m is not OF_TWO_SETS[4]])
def test_one_real_row_is_refused(measure):
    with pytest.raises(ValueError, match=r"X_real has 1 rows.*needs 2"):
        measure(np.ones((1, 2)), np.eye(2))


@pytest.mark.parametrize("measure", OF_TWO_SETS[:5])
@pytest.mark.parametrize(
    "new", [np.zeros((6, 9)), np.eye(9)[:3], np.ones((2, 9))], ids=["zero", "one-hot", "constant"]
)
def test_odd_rows_get_finite_figures(measure, new, rng):
    """Cases 14, 15, 16, 25: zero vectors, constants and copies, in more dimensions than rows."""
    real = np.concatenate([rng.normal(size=(4, 9)), np.zeros((3, 9))])
    real[:, 2] = 0
    assert all(np.isfinite(np.asarray(value)).all() for value in figures(measure(real, new)))


def figures(result):
    return [result] if isinstance(result, float) else vars(result).values()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda X: precision_recall_density_coverage(X, X, n_neighbors=0), "n_neighbors must be"),
        (lambda X: precision_recall_density_coverage(X, X, n_neighbors=2.0), "got 2.0"),
        (lambda X: maximum_mean_discrepancy(X, X, bandwidth=0), "bandwidth must be"),
        (lambda X: maximum_mean_discrepancy(X, X, bandwidth="mean"), "got 'mean'"),
        (lambda X: membership_inference(X, X, X, level=1), "level must be"),
        (lambda X: reduce_features(X, ratio=0), "ratio must be"),
        (lambda X: closest_records(np.ones((4, 2)), X), "All rows of X_real are equal"),
    ],
)
def test_parameters_out_of_range_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.arange(8.0).reshape(4, 2))
