"""Probabilities from cosine neighbours, worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from protimb.classification import KNNTermClassifier
from protimb.exceptions import InvalidLabelsError

# Cosines with the query (1, 0): 1, 0.6, 0, -1.
X = np.array([[2.0, 0.0], [3.0, 4.0], [0.0, 5.0], [-1.0, 0.0]])
Y = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 0], [0, 0, 1]])
QUERY = [[1.0, 0.0]]


def raw_knn(n_neighbors, temperature=0.05):
    return KNNTermClassifier(n_neighbors, temperature=temperature, standardize=False).fit(X, Y)


def test_one_neighbour_gives_its_own_terms():
    np.testing.assert_array_equal(raw_knn(1).predict_proba(QUERY), [[1, 0, 1]])


def test_votes_weigh_the_softmax_of_cosine_over_temperature():
    votes = np.exp(np.array([1.0, 0.6]) / 0.4)
    votes /= votes.sum()
    expected = [[1.0, votes[1], votes[0]]]
    actual = raw_knn(2, temperature=0.4).predict_proba(QUERY)
    np.testing.assert_allclose(actual, expected, rtol=1e-5)


def test_length_of_a_vector_does_not_matter():
    knn = raw_knn(3)
    np.testing.assert_allclose(
        knn.predict_proba([[1.0, 2.0]]), knn.predict_proba([[10.0, 20.0]]), rtol=1e-5
    )


def test_more_neighbours_than_rows_means_all_rows():
    np.testing.assert_array_equal(
        raw_knn(4).predict_proba(QUERY), raw_knn(1000).predict_proba(QUERY)
    )


def test_a_shared_direction_hides_neighbours_until_features_are_standardized():
    shifted = X + 1000
    query = np.array([[2.0, 0.0]]) + 1000
    raw = KNNTermClassifier(4, standardize=False).fit(shifted, Y).predict_proba(query)
    standardized = KNNTermClassifier(4).fit(shifted, Y).predict_proba(query)
    np.testing.assert_allclose(raw, [Y.mean(axis=0)], atol=0.01)
    assert standardized[0, 0] > 0.9


def test_sparse_and_dense_labels_give_the_same_probabilities():
    dense = raw_knn(3).predict_proba(X)
    knn = KNNTermClassifier(3, standardize=False).fit(X, sparse.csr_matrix(Y))
    np.testing.assert_array_equal(knn.predict_proba(X), dense)


def test_a_protein_scores_the_same_alone_and_in_company(data):
    knn = KNNTermClassifier(20).fit(data.X, data.y)
    together = knn.predict_proba(np.tile(data.X, (3, 1)))
    alone = np.vstack([knn.predict_proba(row[None]) for row in data.X[:5]])
    np.testing.assert_array_equal(together[:5], alone)
    np.testing.assert_array_equal(together[240:245], alone)


def test_a_parent_never_scores_below_its_child(data):
    scores = KNNTermClassifier(7).fit(data.X, data.y).predict_proba(data.X)
    lifted = data.ontology.propagate_scores(scores, data.terms)
    np.testing.assert_allclose(scores, lifted, atol=1e-6)


@given(
    seed=st.integers(0, 2**16),
    n_neighbors=st.integers(1, 12),
    temperature=st.floats(1e-3, 10),
)
def test_probabilities_lie_between_0_and_1(seed, n_neighbors, temperature):
    rng = np.random.RandomState(seed)
    rows = rng.standard_normal((12, 3))
    labels = rng.randint(0, 2, (12, 4))
    scores = KNNTermClassifier(n_neighbors, temperature=temperature).fit(rows, labels)
    scores = scores.predict_proba(rng.standard_normal((5, 3)))
    assert (scores >= 0).all()
    assert (scores <= 1).all()
    np.testing.assert_array_equal(scores[:, labels.all(axis=0)], 1)


def test_a_query_without_direction_hears_everyone_equally():
    """Case 15: the cosine with a zero vector is 0 for every row."""
    np.testing.assert_allclose(raw_knn(4).predict_proba([[0.0, 0.0]]), [Y.mean(axis=0)], rtol=1e-6)


def test_constant_features_are_ignored():
    """Case 14."""
    padded = np.hstack([X, np.full((4, 1), 7.0)])
    plain = KNNTermClassifier(3).fit(X, Y).predict_proba(X)
    np.testing.assert_allclose(
        KNNTermClassifier(3).fit(padded, Y).predict_proba(padded), plain, rtol=1e-5
    )


def test_labels_other_than_0_and_1_are_refused():
    """Case 3."""
    with pytest.raises(InvalidLabelsError, match="binary indicators"):
        KNNTermClassifier().fit(X, 2 * Y - 1)


def test_temperature_must_be_positive():
    with pytest.raises(ValueError, match="'temperature' parameter of KNNTermClassifier"):
        KNNTermClassifier(temperature=0).fit(X, Y)
