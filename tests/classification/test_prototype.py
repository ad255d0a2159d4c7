"""Prototypes of terms: means of members, completed by parents and term vectors."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.special import expit
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler, normalize

from protimb.classification import PrototypeTermClassifier, _calibration
from protimb.classification._calibration import CosineCounts, fit_logistic
from protimb.exceptions import (
    InvalidLabelsError,
    TermVectorError,
    TermVectorWarning,
    UnknownTermError,
    WhiteningWarning,
)
from protimb.ontology import GeneOntology

NAMES = ["GO:1", "GO:2", "GO:3", "GO:4"]
ONTOLOGY = GeneOntology(
    names={name: name for name in NAMES},
    namespaces=dict.fromkeys(NAMES, "molecular_function"),
    parents={"GO:2": ["GO:1"], "GO:3": ["GO:2"], "GO:4": ["GO:2"]},
)


@pytest.fixture(scope="module")
def tree():
    """Rows (40, 5) of GO:2, its children GO:3 (six members) and GO:4 (none)."""
    rng = np.random.default_rng(0)
    y = np.zeros((40, 3), dtype=int)
    y[:20, 0], y[:6, 1] = 1, 1
    X = rng.normal(size=(40, 5)) + y @ [[4, 0, 0, 0, 0], [0, 3, 0, 0, 0], [0] * 5]
    return X, pd.DataFrame(y, columns=["GO:2", "GO:3", "GO:4"])


def raw(**changes):
    return PrototypeTermClassifier(whiten=False, **changes)


def directions(X):
    return normalize(StandardScaler().fit_transform(X))


def test_a_prototype_points_to_the_mean_of_unit_members(tree):
    X, y = tree
    prototypes = raw().fit(X, y).prototypes_
    expected = normalize(y[["GO:2", "GO:3"]].to_numpy().T @ directions(X))
    np.testing.assert_allclose(prototypes[:2], expected, atol=1e-5)


def test_parents_count_as_so_many_members(tree):
    X, y = tree
    unit = directions(X)
    parent = unit[:20].mean(axis=0)
    for weight in (0, 1.0, 2.5):
        found = raw(ontology=ONTOLOGY, parent_weight=weight).fit(X, y).prototypes_[1]
        expected = normalize((unit[:6].sum(axis=0) + weight * parent)[None])[0]
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_term_without_a_member_points_where_its_parent_does(tree):
    prototypes = raw(ontology=ONTOLOGY).fit(*tree).prototypes_
    np.testing.assert_allclose(prototypes[2], prototypes[0], atol=1e-6)


def test_probabilities_rise_with_the_cosine_to_the_prototype(tree):
    X, y = tree
    model = raw().fit(X, y)
    cosines = directions(X) @ model.prototypes_.T
    expected = expit(model.slope_ * cosines + model.intercepts_)
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-5)
    assert model.slope_ > 0


def test_a_parent_never_scores_below_its_child(tree):
    scores = PrototypeTermClassifier(ontology=ONTOLOGY).fit(*tree).predict_proba(tree[0] * 3)
    assert (scores[:, [0]] >= scores[:, 1:]).all()


def test_probabilities_of_rows_that_were_left_out_sum_to_the_members():
    rng = np.random.default_rng(1)
    y = (rng.random((600, 5)) < [0.5, 0.3, 0.2, 0.1, 0.05]).astype(int)
    X = rng.normal(size=(600, 8)) + y @ rng.normal(size=(5, 8))
    scores = PrototypeTermClassifier().fit(X[:300], y[:300]).predict_proba(X[300:])
    np.testing.assert_allclose(scores.sum(axis=0), y[300:].sum(axis=0), rtol=0.35)


def test_whitening_finds_members_that_noise_hid():
    rng = np.random.default_rng(2)
    members = np.tile(np.arange(12), 9)
    y = np.eye(12, dtype=int)[members]
    X = rng.normal(size=(12, 12))[members] + rng.normal(size=(108, 12)) * 0.2
    X += 4 * rng.normal(size=(108, 5)) @ rng.normal(size=(5, 12))  # what members differ in
    plain = cross_val_score(raw(), X, y, cv=3).mean()
    assert cross_val_score(PrototypeTermClassifier(shrinkage=0.01), X, y, cv=3).mean() > plain + 0.2


def test_term_vectors_place_a_term_without_members_beside_its_kin():
    rng = np.random.default_rng(3)
    vectors = np.repeat(np.eye(3), 4, axis=0) + rng.normal(size=(12, 3)) * 0.05  # three families
    centres = vectors @ rng.normal(size=(3, 6)) * 5
    members = np.repeat(np.arange(12), 8)
    X, y = centres[members] + rng.normal(size=(96, 6)) * 0.2, np.eye(12, dtype=int)[members]
    seen = members != 5
    model = PrototypeTermClassifier(term_vectors=vectors).fit(X[seen], y[seen])
    cosines = model.prototypes_[5] @ model.prototypes_.T
    family = [4, 6, 7]
    others = np.setdiff1d(np.arange(12), [4, 5, 6, 7])
    assert cosines[family].min() > cosines[others].max()
    scores = model.predict_proba(X)[:, 5]
    assert scores[~seen].mean() > 3 * scores[seen].mean()


def test_terms_with_members_do_not_change_by_term_vectors(tree):
    X, y = tree
    vectors = {"GO:2": [1.0, 0], "GO:3": [1.0, 1], "GO:4": [0.0, 1]}
    plain = raw(ontology=ONTOLOGY).fit(X, y).prototypes_
    with_vectors = raw(ontology=ONTOLOGY, term_vectors=vectors).fit(X, y).prototypes_
    np.testing.assert_array_equal(with_vectors[:2], plain[:2])


def test_a_term_that_nothing_tells_of_gets_one_score_and_a_word(tree):
    X, y = tree
    vectors = {"GO:2": [1.0, 0], "GO:3": [1.0, 1]}
    with pytest.warns(TermVectorWarning, match=r"1 terms have no member, .*\(GO:4\)"):
        model = raw(term_vectors=vectors).fit(X, y)
    assert np.ptp(model.predict_proba(X)[:, 2]) == 0
    assert model.predict_proba(X)[0, 2] < 0.05


def test_a_protein_scores_the_same_alone_and_in_company(data):
    model = PrototypeTermClassifier(ontology=data.ontology, terms=data.terms).fit(data.X, data.y)
    together = model.predict_proba(np.tile(data.X, (3, 1)))
    alone = np.vstack([model.predict_proba(row[None]) for row in data.X[:5]])
    np.testing.assert_array_equal(together[:5], alone)
    np.testing.assert_array_equal(together[240:245], alone)


@pytest.mark.parametrize("container", [sparse.csr_array, pd.DataFrame, np.ndarray.tolist])
def test_containers_of_labels_give_the_same_probabilities(data, container):
    expected = PrototypeTermClassifier().fit(data.X, data.y).predict_proba(data.X)
    found = PrototypeTermClassifier().fit(data.X, container(data.y)).predict_proba(data.X)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes_are_told_apart(n_classes):
    X, classes = make_blobs(90, centers=n_classes, random_state=0)
    names = np.array(["a", "b", "c"])[classes]
    model = PrototypeTermClassifier().fit(X, names)
    assert model.score(X, names) > 0.8
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


@pytest.mark.parametrize("whiten", [True, False])
@pytest.mark.parametrize("n_features", [1, 60])
def test_few_rows_and_odd_terms_give_finite_scores(whiten, n_features):
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(30, n_features)), rng.integers(0, 2, (30, 5))
    X[:, n_features // 2 + 1 :] = 1  # constant
    y[:, 0], y[:, 1], y[1:, 2], y[:, 3] = 1, 0, 0, 1
    y[0, 3] = 0  # all rows, none, one, all but one
    scores = PrototypeTermClassifier(whiten=whiten).fit(X, y).predict_proba(X)
    assert np.isfinite(scores).all()
    assert scores[:, 0].min() > 0.8
    assert scores[:, 1].max() < 0.2


def test_rows_that_are_all_alike_get_the_share_of_each_term():
    y = np.repeat([[1, 0], [0, 1]], [6, 18], axis=0)
    with pytest.warns(WhiteningWarning):
        model = PrototypeTermClassifier().fit(np.ones((24, 3)), y)
    np.testing.assert_allclose(model.predict_proba(np.ones((1, 3)))[0], [0.26, 0.74], atol=0.05)


def test_the_logistic_is_that_of_a_regression_on_many_cosines():
    rng = np.random.default_rng(5)
    cosines = rng.uniform(-0.9, 0.9, 20_000)
    is_member = rng.random(20_000) < expit(6 * cosines - 2)
    counts = CosineCounts(1)
    counts.add_members(np.zeros(is_member.sum(), dtype=int), cosines[is_member])
    counts.add_others(cosines[:, None], is_member[:, None])
    slope, intercepts = fit_logistic(counts)
    peer = LogisticRegression(C=np.inf).fit(cosines[:, None], is_member)
    np.testing.assert_allclose(slope, peer.coef_[0, 0], rtol=0.02)
    np.testing.assert_allclose(intercepts, peer.intercept_, rtol=0.02)


def test_terms_share_a_slope_and_keep_their_own_prevalence():
    rng = np.random.default_rng(6)
    counts, shift = CosineCounts(3), np.array([0.0, -2.0, -4.0])
    cosines = rng.uniform(-0.9, 0.9, (30_000, 3))
    is_member = rng.random(cosines.shape) < expit(5 * cosines + shift)
    rows, terms = np.nonzero(is_member)
    counts.add_members(terms, cosines[rows, terms])
    counts.add_others(cosines, is_member)
    slope, intercepts = fit_logistic(counts)
    np.testing.assert_allclose(slope, 5, rtol=0.05)
    np.testing.assert_allclose(intercepts, shift, atol=0.15)


def test_cosines_that_tell_nothing_or_all_leave_a_finite_slope():
    for members, others in ([[-0.5], [0.5]], [[0.9], [-0.9]]):
        counts = CosineCounts(1)
        counts.add_members(np.zeros(50, dtype=int), np.full(50, members[0]))
        counts.add_others(np.full((50, 1), others[0]), np.zeros((50, 1), dtype=bool))
        slope, intercepts = fit_logistic(counts)
        assert _calibration._MIN_SLOPE <= slope <= _calibration._MAX_SLOPE
        assert np.isfinite(intercepts).all()


def test_what_needs_names_says_so(tree):
    X, y = tree
    for params in ({"ontology": ONTOLOGY}, {"term_vectors": {"GO:2": [1.0]}}):
        with pytest.raises(InvalidLabelsError, match="pass terms, or y as a DataFrame"):
            PrototypeTermClassifier(**params).fit(X, y.to_numpy())


def test_vectors_of_other_terms_and_unknown_terms_are_refused(tree):
    X, y = tree
    with pytest.raises(TermVectorError, match="None of the 3 terms has a vector"):
        PrototypeTermClassifier(term_vectors={"GO:9": [1.0]}).fit(X, y)
    with pytest.raises(UnknownTermError, match="GO:7"):
        PrototypeTermClassifier(ontology=ONTOLOGY, terms=["GO:2", "GO:3", "GO:7"]).fit(
            X, y.to_numpy()
        )


def test_prototypes_keep_no_rows_to_show(tree):
    with pytest.raises(ValueError, match="PrototypeTermClassifier kept no training rows"):
        PrototypeTermClassifier().fit(*tree).nearest(tree[0])


def test_a_failed_fit_leaves_the_earlier_one(tree):
    X, y = tree
    model = PrototypeTermClassifier().fit(X, y)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(np.full_like(X, np.nan), y)
    np.testing.assert_array_equal(model.predict_proba(X), before)
