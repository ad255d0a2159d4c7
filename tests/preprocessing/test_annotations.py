"""Annotations of other namespaces as features."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from protimb.preprocessing import AnnotationVectorizer


@pytest.fixture(scope="module")
def known():
    """Indicators of 60 proteins, two of which have none, and nine terms, the last of one alone."""
    rng = np.random.default_rng(0)
    known = (rng.random((60, 9)) < [0.9, 0.5, 0.3, 0.3, 0.2, 0.2, 0.15, 0.1, 0]).astype(np.uint8)
    known[:2], known[2, 8] = 0, 1
    return known


def by_hand(known, n_components, min_members):
    """Weigh by the logarithm, take the exact decomposition, and bring rows to length 1."""
    n_members = known.sum(axis=0, dtype=int)
    rarity = np.log((1 + len(known)) / n_members) * (n_members >= min_members)
    directions = np.linalg.svd(known * rarity)[2][:n_components]
    vectors = known * rarity @ directions.T
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


@pytest.mark.parametrize("n_components", [2, 8])
def test_vectors_are_those_of_the_exact_decomposition(known, n_components):
    vectors = AnnotationVectorizer(n_components, random_state=0).fit_transform(known)
    expected = by_hand(known, n_components, 5)
    # A direction may point either way: products of rows do not tell.
    np.testing.assert_allclose(vectors @ vectors.T, expected @ expected.T, atol=1e-5)


def test_a_term_of_few_rows_is_left_out_and_who_has_nothing_gets_zeros(known):
    vectorizer = AnnotationVectorizer(3, random_state=0).fit(known)
    assert vectorizer.rarity_[8] == 0
    assert (vectorizer.components_[:, 8] == 0).all()
    np.testing.assert_array_equal(vectorizer.transform(known[:2]), 0)
    np.testing.assert_array_equal(vectorizer.transform(np.eye(9, dtype=int)[8:]), 0)


@pytest.mark.parametrize(
    "container", [sparse.csr_array, sparse.csc_matrix, np.ndarray.tolist, pd.DataFrame, np.bool_]
)
def test_every_container_tells_the_same(known, container):
    expected = AnnotationVectorizer(4, random_state=0).fit_transform(known)
    found = AnnotationVectorizer(4, random_state=0).fit_transform(container(known))
    assert expected.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_there_are_as_many_numbers_as_terms_at_most(known):
    assert AnnotationVectorizer(random_state=0).fit_transform(known).shape == (60, 8)
    lone = np.array([[1], [0], [1]])
    vectors = AnnotationVectorizer(min_members=1, random_state=0).fit_transform(lone)
    np.testing.assert_allclose(abs(vectors), lone)


def test_where_no_term_has_rows_enough_the_cure_is_named(known):
    said = "None of the 9 terms has min_members=61 of the 60 rows, the most common "
    with pytest.raises(ValueError, match=re.escape(said) + r"\d+\. Lower min_members"):
        AnnotationVectorizer(min_members=61).fit(known)


@pytest.mark.parametrize("bad", [-1, np.nan, np.inf])
def test_what_is_no_confidence_is_refused_and_an_earlier_fit_stays(known, bad):
    vectorizer = AnnotationVectorizer(3, random_state=0).fit(known)
    before = vectorizer.transform(known)
    broken = known.astype(float)
    broken[5, 1] = bad
    for method in (vectorizer.fit, vectorizer.transform):
        with pytest.raises(ValueError, match=r"Negative values|NaN|infinity"):
            method(broken)
    np.testing.assert_array_equal(vectorizer.transform(known), before)


def test_it_stands_beside_vectors_in_a_pipeline(known):
    rng = np.random.default_rng(1)
    X = np.hstack([rng.normal(size=(60, 4)), known])
    y = known[:, 1]  # told by the annotations alone
    both = ColumnTransformer(
        [
            ("vectors", "passthrough", slice(0, 4)),
            ("known", AnnotationVectorizer(8, random_state=0), slice(4, None)),
        ]
    )
    model = make_pipeline(both, LogisticRegression(C=100)).fit(X[:40], y[:40])
    assert model.score(X[40:], y[40:]) > 0.9
