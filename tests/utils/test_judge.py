"""One score a term comes out of any classifier, whatever form its answers have."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

from protimb.classification import KNNTermClassifier
from protimb.utils._judge import fit_judge, judge_terms, probabilities_by_term

CLASSIFIERS = [
    KNNTermClassifier(3),  # a matrix of probabilities
    KNeighborsClassifier(3),  # a list of two columns a term
    RandomForestClassifier(n_estimators=5, random_state=0),
    OneVsRestClassifier(LogisticRegression()),
    RidgeClassifier(),  # decisions, no probabilities
    Ridge(),  # predictions alone
]


@pytest.fixture
def rows():
    y = np.repeat([[1, 0, 1], [0, 1, 1], [0, 0, 0]], 10, axis=0).astype(np.uint8)
    X = 5 * y + np.random.default_rng(0).normal(size=y.shape)
    return X, sparse.csr_array(y)


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda one: type(one).__name__)
def test_members_of_each_term_score_above_the_others(classifier, rows):
    X, y = rows
    scores = judge_terms(fit_judge(classifier, X, y), X, 3)
    assert scores.shape == (30, 3)
    carried = y.toarray().astype(bool)
    for term in range(3):
        assert scores[carried[:, term], term].min() > scores[~carried[:, term], term].max()


@pytest.mark.parametrize("classifier", CLASSIFIERS[:4], ids=lambda one: type(one).__name__)
def test_a_lone_term_is_a_column_too(classifier, rows):
    X, y = rows
    scores = judge_terms(fit_judge(classifier, X, y[:, [0]]), X, 1)
    assert scores.shape == (30, 1)
    assert scores[:10].min() > scores[10:].max()


def test_the_classifier_that_was_passed_is_not_fitted(rows):
    classifier = KNeighborsClassifier(3)
    fit_judge(classifier, *rows)
    assert not hasattr(classifier, "classes_")


def test_a_classifier_of_one_target_is_named_with_the_cure():
    y = sparse.csr_array(np.array([[1, 0], [0, 1]] * 4, dtype=np.uint8))
    with pytest.raises(ValueError, match=r"LogisticRegression learns one target .* 2 label col"):
        fit_judge(LogisticRegression(), y.toarray(), y)
    with pytest.raises(ValueError, match="NaN"):  # what else is wrong is not laid on it
        fit_judge(RidgeClassifier(), np.full((8, 2), np.nan), y)


def test_a_term_without_members_makes_no_probabilities_of_votes(rows):
    # One-versus-rest gives its word by the first term, which is a constant with probabilities.
    X, y = rows
    y = sparse.csr_array(np.column_stack([np.zeros(30, dtype=np.uint8), y.toarray()]))
    with pytest.warns(UserWarning, match="present in all training examples"):
        votes = fit_judge(OneVsRestClassifier(LinearSVC()), X, y)
    assert hasattr(votes, "predict_proba")
    np.testing.assert_array_equal(probabilities_by_term(votes, X, 4), votes.predict(X))
    scores = judge_terms(votes, X, 4)
    assert scores.shape == (30, 4)
    assert scores[:10, 1].min() > scores[10:, 1].max()
