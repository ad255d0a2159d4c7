"""The critic: false pairs are told from real ones, whatever makes them false."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from protimb import CGANSampler
from protimb.exceptions import InvalidLabelsError, UndefinedSimilarityWarning
from protimb.filters import CriticFilter, StrictFilter, _correlation
from protimb.filters._correlation import LabelCorrelation
from protimb.nn import MLPBackbone


@pytest.fixture(scope="module")
def halves():
    """Four overlapping terms, below one that all rows have; half of the rows is held out."""
    rng = np.random.default_rng(0)
    centres = 2 * rng.normal(size=(4, 16))
    term = rng.permutation(np.repeat(np.arange(4), [200, 120, 60, 20]))
    X = centres[term] + 1.5 * rng.normal(size=(400, 16))
    y = np.column_stack([np.ones(400, dtype=np.uint8), np.eye(4, dtype=np.uint8)[term]])
    return (X[:200], y[:200]), (X[200:], y[200:])


@pytest.fixture(scope="module")
def fitted(halves):
    return CriticFilter(max_iter=40, random_state=0).fit(*halves[0])


def test_real_rows_pass_at_about_one_minus_the_quantile(fitted, halves):
    assert fitted.select(*halves[1]).mean() == pytest.approx(0.9, abs=0.06)


def test_rows_under_labels_of_another_term_fail(fitted, halves, rng):
    X, y = halves[1]
    others = rng.permutation(y)
    wrong = (others > y).any(axis=1)
    assert wrong.sum() > 50
    assert fitted.select(X, others)[wrong].mean() < 0.1


def test_noise_fails_even_with_the_covariance_of_real_rows(fitted, halves, rng):
    (X, _), (_, y) = halves
    spread = X.mean(axis=0) + X.std(axis=0) * rng.normal(size=X.shape)
    bound = rng.multivariate_normal(X.mean(axis=0), np.cov(X.T), len(X))
    for noise in (spread, bound, 3 * X.std() * rng.normal(size=X.shape)):
        assert fitted.select(noise, y).mean() < 0.2


def test_the_threshold_is_the_quantile_of_held_out_real_rows(fitted):
    assert len(fitted.held_out_scores_) == 200
    assert fitted.threshold_ == np.quantile(fitted.held_out_scores_, 0.1)


def test_a_copy_passes_the_critic_and_not_the_strict_chain(halves):
    X, y = halves[0]
    critic = CriticFilter(max_iter=10, cv=2)
    strict = StrictFilter([critic, "memorisation"], random_state=0).fit(X, y)
    assert strict.filters_["CriticFilter"].select(X, y).mean() > 0.9
    assert not strict.select(X, y).any()


def test_correlation_matches_the_textbook_in_one_dimension(rng, monkeypatch):
    """Shrinkage of 0.1 lowers a correlation by the root of 1.1, that of labels by 1.01's."""
    monkeypatch.setattr(_correlation, "_BLOCK_ROWS", 300)
    x = rng.normal(size=(4000, 1))
    labels = sparse.csr_array((x + rng.normal(size=x.shape) > 0).astype(float))
    found = LabelCorrelation().fit(x, labels)._correlations
    expected = np.corrcoef(x[:, 0], labels.toarray()[:, 0])[0, 1] / np.sqrt(1.1 * 1.01)
    np.testing.assert_allclose(found, [expected], rtol=1e-6)


def test_all_zero_rows_are_told_and_neither_learned_from_nor_kept(halves):
    """Case 15."""
    X, y = halves[0]
    critic = CriticFilter(max_iter=5, cv=2, random_state=0)
    with pytest.warns(UndefinedSimilarityWarning, match=r"^2 of 202 real rows"):
        with_zeros = clone(critic).fit(np.vstack([0 * X[:2], X]), np.vstack([y[:2], y]))
    clean = critic.fit(X, y)
    np.testing.assert_array_equal(with_zeros.score(X, y), clean.score(X, y))
    with pytest.warns(UndefinedSimilarityWarning, match=r"^1 of 3 generated rows"):
        assert np.isnan(clean.score(np.vstack([0 * X[:1], X[:2]]), y[:3])).tolist() == [
            True,
            False,
            False,
        ]


def test_rows_without_a_known_term_cannot_be_rated(halves):
    """Cases 6 and 7."""
    X, y = halves[0]
    y = np.hstack([y, np.zeros_like(y[:, :1])])
    critic = CriticFilter(max_iter=5, cv=2, random_state=0).fit(X, y)
    nothing, unknown = np.zeros_like(y[:2]), np.eye(y.shape[1], dtype=int)[[-1, -1]]
    for claims in (nothing, unknown):
        assert np.isnan(critic.score(X[:2], claims)).all()
        assert not critic.select(X[:2], claims).any()


def test_terms_of_one_member_constant_features_and_half_precision_are_borne(halves):
    """Cases 2, 8 and 14."""
    X, y = halves[0]
    lone = np.eye(1, len(y), dtype=y.dtype).T
    X = np.hstack([1000 * X, np.full((len(X), 2), 7.0)]).astype(np.float16)
    critic = CriticFilter(max_iter=5, cv=2, random_state=0).fit(X, np.hstack([y, lone]))
    assert np.isfinite(critic.score(X, np.hstack([y, lone]))).all()


def test_nothing_can_be_recognised_where_all_rows_are_alike(halves):
    """Cases 9 and 10."""
    X, y = halves[0]
    for alike in (np.ones_like(y), np.zeros_like(y)):
        with pytest.raises(InvalidLabelsError, match="nothing to recognise"):
            CriticFilter().fit(X, alike)


def test_rows_too_few_to_learn_from_are_refused():
    with pytest.raises(InvalidLabelsError, match="Fewer than two folds"):
        CriticFilter().fit([[1.0, 0.0], [0.0, 1.0]], [[1, 0], [0, 1]])


def test_the_seed_decides_and_sparse_labels_are_the_same_labels(halves):
    X, y = halves[0]
    critic = CriticFilter(max_iter=5, cv=2, random_state=0).fit(X, y)
    again = clone(critic).fit(X, sparse.coo_array(y))
    expected = critic.score(X, y)
    np.testing.assert_array_equal(again.score(X, sparse.csr_matrix(y)), expected)
    assert (clone(critic).set_params(random_state=1).fit(X, y).score(X, y) != expected).any()


def test_scores_do_not_depend_on_company(fitted, halves):
    X, y = halves[1]
    alone = [fitted.score(X[i : i + 1], y[i : i + 1])[0] for i in range(5)]
    np.testing.assert_array_equal(alone, fitted.score(X, y)[:5])


@pytest.mark.parametrize(
    "parameter", [{"quantile": 1.5}, {"cv": 1}, {"max_iter": 0}, {"n_neighbors": 0}]
)
def test_parameters_out_of_range_are_named(halves, parameter):
    with pytest.raises(ValueError, match=f"The {next(iter(parameter))!r} parameter"):
        CriticFilter(**parameter).fit(*halves[0])


def test_a_sampler_with_the_strict_chain_can_be_saved_and_loaded(halves, tmp_path):
    strict = StrictFilter([CriticFilter(quantile=0.2, max_iter=5, cv=2), "memorisation"])
    sampler = CGANSampler(
        backbone=MLPBackbone(n_hidden=8), max_updates=1, quality_filter=strict, guard=None
    )
    sampler.fit(*halves[0]).save(tmp_path)
    assert repr(CGANSampler.load(tmp_path).quality_filter) == repr(strict)
