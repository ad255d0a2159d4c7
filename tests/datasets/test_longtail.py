"""Toy data have the shape of the problem: long tail, true-path rule, something to learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestCentroid

from protimb.datasets import make_longtail_multilabel


@given(st.integers(2, 60), st.integers(1, 15), st.integers(0, 1000))
def test_rows_respect_the_true_path_rule_and_every_term_has_members(n_samples, n_terms, seed):
    toy = make_longtail_multilabel(n_samples, 3, n_terms, random_state=seed)
    closure = toy.ontology.closure(toy.terms).astype(int)
    np.testing.assert_array_equal((toy.y @ closure) > 0, toy.y == 1)
    assert toy.y.sum(axis=0).min() >= 2


def test_few_terms_are_frequent_and_many_rare():
    counts = np.sort(make_longtail_multilabel(500, 4, 30, random_state=0).y.sum(axis=0))[::-1]
    assert counts[0] > 10 * counts[-1]
    assert np.median(counts) < counts.mean()


def test_some_rows_have_no_term():
    toy = make_longtail_multilabel(200, 4, 10, unlabelled=0.1, random_state=0)
    assert (toy.y.sum(axis=1) == 0).sum() >= 20


def test_same_seed_gives_the_same_bits_and_another_seed_other_data():
    one, again, other = (make_longtail_multilabel(random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.X, again.X)
    np.testing.assert_array_equal(one.y, again.y)
    assert one.ontology == again.ontology
    assert not np.array_equal(one.X, other.X)


def test_global_random_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    make_longtail_multilabel(random_state=0)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_terms_can_be_learnt_from_the_vectors():
    toy = make_longtail_multilabel(400, 8, 5, class_sep=4.0, random_state=0)
    labels = toy.y[:, 0]
    accuracy = NearestCentroid().fit(toy.X[:200], labels[:200]).score(toy.X[200:], labels[200:])
    assert accuracy > max(labels.mean(), 1 - labels.mean()) + 0.1


def test_children_lie_near_their_parents():
    toy = make_longtail_multilabel(2000, 16, 6, class_sep=5.0, random_state=0)
    child, parent = next(
        (c, p) for c, above in toy.ontology.parents.items() for p in above if p in toy.terms
    )
    center = {term: toy.X[toy.y[:, k] == 1].mean(axis=0) for k, term in enumerate(toy.terms)}
    members = toy.X[toy.y[:, toy.terms.tolist().index(parent)] == 0].mean(axis=0)
    assert np.linalg.norm(center[child] - center[parent]) < np.linalg.norm(center[child] - members)


def test_types_and_names_are_those_of_the_real_data():
    toy = make_longtail_multilabel(30, 4, 5, random_state=0)
    assert (toy.X.dtype, toy.y.dtype) == (np.float32, np.uint8)
    assert len(set(toy.protein_ids)) == len(toy.groups) == 30
    assert [toy.ontology.names[t] for t in toy.terms] == toy.term_names.tolist()
    assert not set(toy.ontology.roots) & set(toy.terms)


@pytest.mark.parametrize("bad", [{"n_samples": 1}, {"n_terms": 0}, {"unlabelled": 1.0}])
def test_sizes_that_make_no_sense_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        make_longtail_multilabel(**bad)
