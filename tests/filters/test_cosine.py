"""The cosine filter: thresholds come from real members, and move with them."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from protimb.exceptions import InvalidLabelsError, UndefinedSimilarityWarning
from protimb.filters import CosineFilter


@pytest.mark.parametrize("quantile", [0.05, 0.3])
def test_held_out_real_members_pass_at_one_minus_the_quantile(draw_clusters, rng, quantile):
    X, y = draw_clusters(rng, sizes=[800, 800, 800])
    seen = rng.random(len(X)) < 0.5
    quality = CosineFilter(quantile=quantile).fit(X[seen], y[seen])
    assert quality.select(X[~seen], y[~seen]).mean() == pytest.approx(1 - quantile, abs=0.04)


def test_rows_of_another_cluster_fail(clusters):
    X, y = clusters
    quality = CosineFilter().fit(X, y)
    is_first, is_second = y[:, 1] == 1, y[:, 2] == 1
    labels_of_second = np.tile(y[is_second][0], (is_first.sum(), 1))
    assert not quality.select(X[is_first], labels_of_second).any()


def test_shuffled_labels_fail_more_than_true_ones(draw_clusters, rng):
    X, y = draw_clusters(rng, sizes=[80, 80, 80, 80], spread=4.0)  # clusters that overlap
    seen = np.arange(len(X)) % 2 == 0
    quality = CosineFilter().fit(X[seen], y[seen])
    true = quality.select(X[~seen], y[~seen]).mean()
    shuffled = quality.select(X[~seen], rng.permutation(y[~seen])).mean()
    assert true > shuffled + 0.2


def test_decisions_do_not_depend_on_the_units_of_features(clusters, rng):
    X, y = clusters
    units, shift = rng.uniform(0.1, 50, X.shape[1]), rng.normal(size=X.shape[1])
    plain = CosineFilter().fit(X, y)
    scaled = CosineFilter().fit(X * units + shift, y)
    np.testing.assert_allclose(plain.thresholds_, scaled.thresholds_, atol=1e-4)
    X_new = X + rng.normal(size=X.shape)
    np.testing.assert_allclose(
        plain.score(X_new, y), scaled.score(X_new * units + shift, y), atol=1e-4
    )


def test_thresholds_move_with_the_data(draw_clusters):
    tight, loose = (
        CosineFilter().fit(*draw_clusters(np.random.default_rng(0), [60, 60], spread=spread))
        for spread in (0.5, 3.0)
    )
    assert (tight.thresholds_[1:] > loose.thresholds_[1:] + 0.1).all()


def test_a_higher_quantile_keeps_a_subset(clusters, rng):
    X, y = clusters
    X_new = X + rng.normal(size=X.shape)
    lenient, strict = (CosineFilter(quantile=q).fit(X, y).select(X_new, y) for q in (0.05, 0.5))
    assert strict.sum() < lenient.sum()
    assert not (strict & ~lenient).any()


def test_a_row_is_judged_by_its_rarest_term(clusters):
    X, y = clusters
    quality = CosineFilter().fit(X, y)
    both = [[1, 1, 0, 0, 1], [1, 1, 1, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
    assert quality.n_members_.tolist() == [222, 120, 60, 30, 12]
    assert quality.judging_terms(both).tolist() == [4, 2, 0, -1]


def test_similarity_matches_the_hand_worked_example():
    # Columns have mean 0 and standard deviation 1 already, so nothing is standardized away.
    X = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    quality = CosineFilter(quantile=0.5, shrinkage=0).fit(X, [[1, 0], [1, 0], [0, 1], [0, 1]])
    np.testing.assert_allclose(quality.score([[2.0, 0.0]], [[1, 0]]), [np.sqrt(0.5)], rtol=1e-6)
    np.testing.assert_allclose(quality.thresholds_, [0, 0], atol=1e-6)  # members at right angles


def test_a_single_member_borrows_the_pooled_threshold(draw_clusters, rng):
    X, y = draw_clusters(rng, sizes=[3, 2, 1])
    quality = CosineFilter(shrinkage=0).fit(X, y)
    held_out = np.concatenate([quality._held_out_similarity(term) for term in (1, 2)])
    assert quality.thresholds_[3] == pytest.approx(np.quantile(held_out, 0.05))


def test_few_members_are_drawn_towards_the_pool(draw_clusters, rng):
    X, y = draw_clusters(rng, sizes=[12, 13, 14, 15])
    own = CosineFilter(shrinkage=0).fit(X, y).thresholds_[1:]
    half = CosineFilter(shrinkage=13).fit(X, y).thresholds_[1:]
    pooled = CosineFilter(shrinkage=1e9).fit(X, y).thresholds_[1:]
    assert np.ptp(pooled) == pytest.approx(0, abs=1e-6)
    assert half[1] == pytest.approx((own[1] + pooled[1]) / 2)  # 13 members against 13
    assert np.ptp(half) < np.ptp(own)


def test_terms_without_members_have_no_threshold_and_judge_no_row(clusters):
    """Case 7, seen from quality control."""
    X, y = clusters
    y = np.hstack([y, np.zeros((len(y), 1), dtype=y.dtype)])
    quality = CosineFilter().fit(X, y)
    claims_it = y[:3].copy()
    claims_it[:, -1] = 1
    assert np.isnan(quality.thresholds_[-1])
    np.testing.assert_array_equal(quality.score(X[:3], claims_it), quality.score(X[:3], y[:3]))


def test_a_row_without_known_terms_cannot_be_rated(clusters):
    """Case 6, seen from quality control: no claim, no rating, not kept."""
    X, y = clusters
    quality = CosineFilter().fit(X, y)
    assert np.isnan(quality.score(X[:2], np.zeros_like(y[:2]))).all()
    assert not quality.select(X[:2], np.zeros_like(y[:2])).any()


def test_an_all_zero_vector_is_undefined_and_told_once(clusters):
    """Case 15: its cosine would silently be 0."""
    X, y = clusters
    quality = CosineFilter().fit(X, y)
    X_new = X.copy()
    X_new[[0, 5]] = 0
    with pytest.warns(UndefinedSimilarityWarning, match=r"^2 of 222 generated rows") as told:
        similarity = quality.score(X_new, y)
    assert len(told) == 1
    assert np.flatnonzero(np.isnan(similarity)).tolist() == [0, 5]
    with pytest.warns(UndefinedSimilarityWarning):
        assert not quality.select(X_new, y)[[0, 5]].any()


def test_all_zero_real_rows_represent_no_term(clusters):
    """Case 15, on the side of the real proteins."""
    X, y = clusters
    with_zeros = np.vstack([X, np.zeros_like(X[:4])]), np.vstack([y, y[:4]])
    with pytest.warns(UndefinedSimilarityWarning, match=r"^4 of 226 real rows"):
        quality = CosineFilter().fit(*with_zeros)
    clean = CosineFilter().fit(X, y)
    np.testing.assert_array_equal(quality.n_members_, clean.n_members_)
    np.testing.assert_allclose(quality.thresholds_, clean.thresholds_)


def test_constant_features_do_not_matter(clusters):
    """Case 14."""
    X, y = clusters
    constant = np.hstack([X, np.full((len(X), 2), 7.0, dtype=np.float32)])
    np.testing.assert_allclose(
        CosineFilter().fit(constant, y).thresholds_, CosineFilter().fit(X, y).thresholds_, rtol=1e-5
    )


def test_large_half_precision_vectors_do_not_overflow(clusters):
    """Case 2: the sum of squares of such a row is infinite in float16."""
    X, y = clusters
    large = (X * 2000).astype(np.float16)
    quality = CosineFilter().fit(large, y)
    np.testing.assert_allclose(quality.thresholds_, CosineFilter().fit(X, y).thresholds_, atol=0.01)


def test_non_finite_vectors_are_refused(clusters):
    """Case 1."""
    X, y = clusters
    X = X.copy()
    X[3, 2] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        CosineFilter().fit(X, y)


@pytest.mark.parametrize("wrong", [-1, 2, 0.5, np.nan])
def test_labels_must_be_binary_indicators(clusters, wrong):
    """Cases 3 to 5."""
    X, y = clusters
    y = y.astype(float)
    y[7, 1] = wrong
    with pytest.raises(InvalidLabelsError, match="row 7, column 1"):
        CosineFilter().fit(X, y)


def test_sparse_labels_give_the_same_scores(clusters):
    """Case 13."""
    X, y = clusters
    dense, from_csr = CosineFilter().fit(X, y), CosineFilter().fit(X, sparse.csr_array(y))
    np.testing.assert_array_equal(dense.score(X, y), from_csr.score(X, sparse.csr_array(y)))


def test_rows_and_labels_must_be_as_many(clusters):
    """Case 12."""
    X, y = clusters
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        CosineFilter().fit(X, y[:-1])


def test_other_columns_than_fitted_are_refused(clusters):
    X, y = clusters
    quality = CosineFilter().fit(X, y)
    with pytest.raises(InvalidLabelsError, match=r"y has 4 terms, but .* fitted on 5"):
        quality.select(X, y[:, :4])
    with pytest.raises(InvalidLabelsError, match=r"y has 4 terms, but .* fitted on 5"):
        quality.judging_terms(y[:, :4])


def test_nothing_can_be_learned_from_lone_members():
    with pytest.raises(InvalidLabelsError, match="No term has two members"):
        CosineFilter().fit(np.eye(3) + 1, np.eye(3))


def test_nothing_can_be_learned_from_vectors_of_zero_length(clusters):
    """Case 15."""
    X, y = clusters
    with (
        pytest.warns(UndefinedSimilarityWarning, match="^222 of 222 real rows"),
        pytest.raises(InvalidLabelsError, match="non-zero length"),
    ):
        CosineFilter().fit(0 * X, y)


def test_capped_members_follow_the_seed(clusters):
    X, y = clusters
    first, second, other = (
        CosineFilter(max_members=20, random_state=seed).fit(X, y) for seed in (0, 0, 1)
    )
    assert [len(members) for members in first.members_] == [20, 20, 20, 20, 12]
    np.testing.assert_array_equal(first.thresholds_, second.thresholds_)
    assert (first.thresholds_ != other.thresholds_).any()


@pytest.mark.parametrize(
    "parameter",
    [{"quantile": 1.5}, {"n_neighbors": 0}, {"shrinkage": -1}, {"max_members": 1}],
)
def test_parameters_out_of_range_are_named(clusters, parameter):
    with pytest.raises(ValueError, match=f"The {next(iter(parameter))!r} parameter"):
        CosineFilter(**parameter).fit(*clusters)


def test_inputs_are_left_unchanged(clusters):
    """Case 17."""
    X, y = (array.copy() for array in clusters)
    X.flags.writeable = y.flags.writeable = False
    CosineFilter().fit(X, y).select(X, y)
    np.testing.assert_array_equal(X, clusters[0])


def test_a_clone_learns_the_same(clusters):
    quality = CosineFilter(quantile=0.2, n_neighbors=3)
    expected = quality.fit(*clusters).thresholds_
    np.testing.assert_array_equal(clone(quality).fit(*clusters).thresholds_, expected)
