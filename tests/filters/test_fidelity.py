"""Label fidelity: rows are believed as held-out real rows are, and not under other labels."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier

from protimb.classification import GOTermClassifier, KNNTermClassifier
from protimb.exceptions import InvalidLabelsError, UndefinedSimilarityWarning
from protimb.filters import LabelFidelityFilter


@pytest.fixture
def fitted(clusters):
    return LabelFidelityFilter(random_state=0).fit(*clusters)


@pytest.mark.parametrize("quantile", [0.05, 0.4])
def test_held_out_real_rows_pass_at_one_minus_the_quantile(draw_clusters, rng, quantile):
    X, y = draw_clusters(rng, sizes=[300, 300, 300], spread=5.0)  # clusters that overlap
    seen = rng.random(len(X)) < 0.5
    quality = LabelFidelityFilter(quantile=quantile, random_state=0).fit(X[seen], y[seen])
    assert quality.select(X[~seen], y[~seen]).mean() == pytest.approx(1 - quantile, abs=0.08)


def test_rows_of_another_cluster_are_not_believed(clusters, fitted):
    X, y = clusters
    is_first, is_second = y[:, 1] == 1, y[:, 2] == 1
    labels_of_second = np.tile(y[is_second][0], (is_first.sum(), 1))
    assert fitted.select(X[is_first], y[is_first]).mean() > 0.7
    assert not fitted.select(X[is_first], labels_of_second).any()


def test_belief_matches_the_hand_worked_example():
    # Each term has half of the rows: even odds beforehand. All neighbours agree: the odds become
    # (1 + 0.005) / 0.01 for the row's own term, 0.005 / 1.01 for the other one.
    X = np.repeat([[1.0, 0.0], [-1.0, 0.0]], 4, axis=0)
    y = np.repeat([[1, 0], [0, 1]], 4, axis=0)
    quality = LabelFidelityFilter(classifier=KNNTermClassifier(2), cv=4, random_state=0).fit(X, y)
    own, other = np.log2(1.005 / 0.01), np.log2(0.005 / 1.01)
    np.testing.assert_allclose(
        quality.score(X[:3], [[1, 0], [0, 1], [1, 1]]), [own, other, (own + other) / 2], rtol=1e-4
    )


def test_rare_terms_weigh_more_than_frequent_ones(fitted):
    bits = fitted.information_
    assert fitted.n_members_.tolist() == [222, 120, 60, 30, 12]
    assert bits[0] == 0  # every row carries it
    assert (np.diff(bits[1:]) > 0).all()


def test_a_claim_too_many_lowers_the_belief(clusters, fitted):
    X, y = clusters
    of_first = y[:, 1] == 1
    too_many = y[of_first].copy()
    too_many[:, 4] = 1
    assert (fitted.score(X[of_first], too_many) < fitted.score(X[of_first], y[of_first])).all()


@pytest.mark.parametrize(
    "classifier",
    [
        "knn",
        GOTermClassifier(hidden_layer_sizes=(8,), max_steps=30, early_stopping=False, lr=0.05),
        KNeighborsClassifier(5),  # gives a list of two columns a term
    ],
    ids=["knn", "network", "scikit-learn"],
)
def test_any_classifier_may_judge(clusters, classifier):
    X, y = clusters
    quality = LabelFidelityFilter(classifier=classifier, cv=2, random_state=0).fit(X, y)
    assert quality.select(X, y).mean() > 0.7
    assert quality.select(X, np.roll(y, 120, axis=0)).mean() < 0.3


def test_a_lone_term_can_be_recognised(clusters):
    X, y = clusters
    quality = LabelFidelityFilter(random_state=0).fit(X, y[:, 1:2])
    ones = np.ones((len(X), 1))
    assert quality.select(X, ones)[:120].mean() > 0.7
    assert not quality.select(X, ones)[120:].any()


def test_terms_without_members_have_no_threshold_and_no_say(clusters, fitted):
    """Case 7, seen from quality control."""
    X, y = clusters
    widened = np.hstack([y, np.zeros((len(y), 1), dtype=y.dtype)])
    quality = LabelFidelityFilter(random_state=0).fit(X, widened)
    claims = widened.copy()
    claims[:, -1] = 1
    assert np.isnan(quality.thresholds_[-1])
    np.testing.assert_allclose(quality.score(X, claims), fitted.score(X, y), rtol=1e-5)


def test_rows_that_claim_nothing_cannot_be_rated(clusters, fitted):
    """Case 6: no claim, or the root alone, which every row carries."""
    X, _ = clusters
    nothing = np.array([[0, 0, 0, 0, 0], [1, 0, 0, 0, 0]])
    assert np.isnan(fitted.score(X[:2], nothing)).all()
    assert not fitted.select(X[:2], nothing).any()


def test_an_all_zero_vector_is_undefined_and_told_once(clusters, fitted):
    """Case 15."""
    X, y = clusters
    X_new = X.copy()
    X_new[[0, 5]] = 0
    with pytest.warns(UndefinedSimilarityWarning, match=r"^2 of 222 generated rows") as told:
        belief = fitted.score(X_new, y)
    assert len(told) == 1
    assert np.flatnonzero(np.isnan(belief)).tolist() == [0, 5]
    with pytest.warns(UndefinedSimilarityWarning):
        assert not fitted.select(X_new, y)[[0, 5]].any()


def test_all_zero_real_rows_are_not_learned_from(clusters, fitted):
    """Case 15, on the side of the real proteins."""
    X, y = clusters
    with pytest.warns(UndefinedSimilarityWarning, match=r"^3 of 225 real rows"):
        quality = LabelFidelityFilter(random_state=0).fit(
            np.vstack([X, 0 * X[:3]]), np.vstack([y, y[:3]])
        )
    np.testing.assert_array_equal(quality.thresholds_, fitted.thresholds_)


def test_nothing_can_be_recognised_where_all_rows_are_alike(clusters):
    """Cases 9 and 10."""
    X, y = clusters
    for alike in (np.ones_like(y), np.zeros_like(y)):
        with pytest.raises(InvalidLabelsError, match="nothing to recognise"):
            LabelFidelityFilter().fit(X, alike)


def test_hopeless_rows_are_all_rejected(clusters, fitted, rng):
    """Case 26 starts here: the sampler has to live with it."""
    X, y = clusters
    assert not fitted.select(-X, np.roll(y, 111, axis=0))[y[:, 4] == 1].any()
    empty = fitted.select(X[:1], y[:1])
    assert empty.shape == (1,)


@pytest.mark.parametrize("wrong", [-1, 2, 0.5, np.nan])
def test_labels_must_be_binary_indicators(clusters, wrong):
    """Cases 3 to 5."""
    X, y = clusters
    y = y.astype(float)
    y[7, 1] = wrong
    with pytest.raises(InvalidLabelsError, match="row 7, column 1"):
        LabelFidelityFilter().fit(X, y)


def test_shapes_must_fit_what_was_learned(clusters, fitted):
    """Cases 1 and 12."""
    X, y = clusters
    with pytest.raises(InvalidLabelsError, match=r"4 terms, but LabelFidelityFilter was fitted"):
        fitted.select(X, y[:, :4])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        fitted.select(X, y[:-1])
    with pytest.raises(ValueError, match="15 features"):
        fitted.select(X[:, :-1], y)
    with pytest.raises(ValueError, match="NaN"):
        fitted.select(np.full_like(X, np.nan), y)


def test_the_seed_decides_and_sparse_labels_are_the_same_labels(clusters, fitted):
    """Case 13."""
    X, y = clusters
    quality = LabelFidelityFilter(random_state=0).fit(X, sparse.csr_array(y))
    np.testing.assert_array_equal(quality.thresholds_, fitted.thresholds_)
    np.testing.assert_array_equal(quality.score(X, sparse.csr_array(y)), fitted.score(X, y))
    other = LabelFidelityFilter(random_state=1).fit(X, y)
    assert (other.thresholds_ != fitted.thresholds_).any()


def test_scores_do_not_depend_on_company(clusters, fitted):
    X, y = clusters
    alone = [fitted.score(X[i : i + 1], y[i : i + 1])[0] for i in range(3)]
    np.testing.assert_allclose(alone, fitted.score(X, y)[:3], rtol=1e-5)


def test_a_clone_learns_the_same(clusters, fitted):
    again = clone(fitted).fit(*clusters)
    np.testing.assert_array_equal(again.thresholds_, fitted.thresholds_)


@pytest.mark.parametrize(
    "parameter", [{"quantile": 1.5}, {"cv": 1}, {"shrinkage": -1}, {"classifier": "svm"}]
)
def test_parameters_out_of_range_are_named(clusters, parameter):
    with pytest.raises(ValueError, match=f"The {next(iter(parameter))!r} parameter"):
        LabelFidelityFilter(**parameter).fit(*clusters)
