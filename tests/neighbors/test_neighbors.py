"""Searches passed in place of a number: among a sample, by faiss, or scikit-learn's own."""

import sys

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors

from protimb.classification import GOTermClassifier, KNNTermClassifier
from protimb.exceptions import MissingExtraError, SlowSearchWarning
from protimb.filters import CriticFilter, IntrusionFilter
from protimb.neighbors import FaissNeighbors, SampledNeighbors, _search
from protimb.over_sampling import MLSMOTE, MLSOL
from protimb.under_sampling import MLTL, MLeNN


@pytest.fixture
def rows(rng):
    return rng.normal(size=(60, 5))


@pytest.fixture
def labelled(rng):
    y = np.zeros((90, 3), dtype=np.uint8)
    y[:80, 0], y[:12, 1], y[8:40, 2] = 1, 1, 1
    return rng.normal(size=(90, 12)) + y @ rng.normal(size=(3, 12)), y


def test_all_rows_are_searched_where_they_are_few(rows):
    search = SampledNeighbors(3, max_reference=60).fit(rows)
    assert not search.is_sample_
    distances, found = search.kneighbors()
    expected = NearestNeighbors(n_neighbors=3).fit(rows).kneighbors()
    np.testing.assert_allclose(distances, expected[0])
    np.testing.assert_array_equal(found, expected[1])


def test_neighbours_are_the_nearest_of_the_sample(rows):
    search = SampledNeighbors(4, max_reference=20, random_state=0).fit(rows)
    assert search.is_sample_
    assert len(set(search.sample_indices_)) == 20
    for X, own in ((rows, None), (None, np.arange(60))):
        distances, found = search.kneighbors(X)
        gaps = cdist(rows, rows[search.sample_indices_])
        if own is not None:
            gaps[search.sample_indices_[None, :] == own[:, None]] = np.inf
        np.testing.assert_allclose(distances, np.sort(gaps, axis=1)[:, :4])
        np.testing.assert_allclose(cdist(rows, rows)[np.arange(60)[:, None], found], distances)


def test_a_seed_draws_the_same_sample(rows):
    search = SampledNeighbors(max_reference=20, random_state=7)
    drawn = [clone(search).fit(rows).sample_indices_.tolist() for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != search.set_params(random_state=8).fit(rows).sample_indices_.tolist()


def test_a_graph_of_neighbours_has_as_many_a_row(rows):
    graph = SampledNeighbors(4, max_reference=20, random_state=0).fit(rows).kneighbors_graph()
    assert graph.shape == (60, 60)
    assert (graph.sum(axis=1) == 4).all()


def test_more_neighbours_than_rows_are_refused(rows):
    search = SampledNeighbors(max_reference=20, random_state=0).fit(rows)
    with pytest.raises(ValueError, match=r"n_neighbors=21 .* the 20 rows that SampledNeighbors"):
        search.kneighbors(rows, n_neighbors=21)
    with pytest.raises(ValueError, match="'max_reference' parameter"):
        SampledNeighbors(max_reference=1).fit(rows)


@pytest.mark.usefixtures("faiss")
@pytest.mark.parametrize("index", ["exact", "ivf"])
def test_faiss_finds_what_scikit_learn_does(rows, index):
    search = FaissNeighbors(3, index=index).fit(rows)
    assert search.recall_ == 1
    expected = NearestNeighbors(n_neighbors=3).fit(rows)
    for X in (None, rows[:7] + 0.1):
        for found, wanted in zip(search.kneighbors(X), expected.kneighbors(X), strict=True):
            np.testing.assert_allclose(found, wanted)


@pytest.mark.usefixtures("faiss")
def test_recall_is_measured_and_rows_without_enough_neighbours_are_searched(rows):
    """The stand-in forgets each row itself, then one too many, and finds nothing for the first."""
    search = FaissNeighbors(3, index="hnsw").fit(rows)
    assert search.recall_ == pytest.approx(1, abs=0.01)  # itself is what was left out
    distances, found = search.kneighbors(rows)
    assert (found[0] >= 0).all()
    assert distances[0, 0] == 0  # searched exactly
    assert (distances[1:, 0] > 0).all()


def test_faiss_is_asked_for_where_it_is_missing(rows, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingExtraError, match=r"protimb\[faiss\]"):
        FaissNeighbors().fit(rows)


def _outcome(estimator, X, y):
    if hasattr(estimator, "fit_resample"):
        return estimator.fit_resample(X, y)
    estimator.fit(X, y)
    return [estimator.predict_proba(X) if hasattr(estimator, "classes_") else estimator.score(X, y)]


TAKE_NEIGHBOURS = [
    (MLSOL(random_state=0), "k_neighbors"),
    (MLSMOTE(random_state=0), "k_neighbors"),
    (MLeNN(), "n_neighbors"),
    (MLeNN(n_jobs=2), "n_neighbors"),
    (IntrusionFilter(), "n_neighbors"),
    (CriticFilter(max_iter=2, cv=2, random_state=0), "n_neighbors"),
    (KNNTermClassifier(), "n_neighbors"),
    (GOTermClassifier(max_epochs=1, random_state=0), "n_neighbors"),
]


@pytest.mark.parametrize("search", [NearestNeighbors, SampledNeighbors, FaissNeighbors])
@pytest.mark.parametrize(("estimator", "name"), TAKE_NEIGHBOURS)
@pytest.mark.usefixtures("faiss")
def test_an_exact_search_gives_what_its_number_gives(estimator, name, search, labelled):
    passed = search(n_neighbors=4)
    by_object = _outcome(clone(estimator).set_params(**{name: passed}), *labelled)
    by_number = _outcome(clone(estimator).set_params(**{name: 4}), *labelled)
    for one, other in zip(by_object, by_number, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    assert not hasattr(passed, "n_samples_fit_")  # it is copied


@pytest.mark.parametrize(("estimator", "name"), TAKE_NEIGHBOURS)
def test_what_is_no_search_is_refused(estimator, name, labelled):
    for wrong in (0, "five", NearestNeighbors):
        with pytest.raises(ValueError, match=f"The {name!r} parameter of"):
            _outcome(clone(estimator).set_params(**{name: wrong}), *labelled)


def test_a_sample_alone_votes_and_is_kept(labelled, tmp_path):
    X, y = labelled
    search = SampledNeighbors(5, max_reference=30, random_state=0)
    knn = KNNTermClassifier(search).fit(X, y)
    kept = clone(search).fit(X).sample_indices_
    assert knn.nearest(X, 5)[2].shape == (30, 3)
    alone = KNNTermClassifier(5, standardize=False).fit(X[kept], y[kept])
    sampled = KNNTermClassifier(search, standardize=False).fit(X, y)
    np.testing.assert_array_equal(sampled.predict_proba(X), alone.predict_proba(X))
    knn.save(tmp_path / "knn")
    loaded = KNNTermClassifier.load(tmp_path / "knn", classes=[SampledNeighbors])
    np.testing.assert_array_equal(loaded.predict_proba(X), knn.predict_proba(X))


def test_a_sampler_tells_by_what_it_searched(labelled):
    sampler = MLSOL(k_neighbors=SampledNeighbors(max_reference=30), random_state=0)
    sampler.fit_resample(*labelled)
    assert sampler.neighbors_.is_sample_


def test_sparse_rows_may_be_searched_by_an_object(labelled):
    X, y = labelled
    X = sparse.csr_array(np.maximum(X, 0))
    by_object = MLeNN(n_neighbors=NearestNeighbors(n_neighbors=3)).fit_resample(X, y)[1]
    np.testing.assert_array_equal(by_object, MLeNN(n_neighbors=3).fit_resample(X, y)[1])


@pytest.mark.usefixtures("faiss")
@pytest.mark.parametrize("mutual", [True, False])
@pytest.mark.parametrize("search", [NearestNeighbors, SampledNeighbors, FaissNeighbors])
def test_links_are_those_that_an_exact_search_finds(mutual, search, labelled):
    X, y = labelled
    exact = MLTL(threshold=0.1, mutual=mutual)
    by_object = clone(exact).set_params(neighbors=search(n_neighbors=4))
    for sampler in (exact, by_object):
        sampler.fit_resample(X, y)
    assert 0 < exact.n_removed_ < 80
    np.testing.assert_array_equal(by_object.sample_indices_, exact.sample_indices_)


def test_a_sample_finds_links_between_its_rows_alone(labelled):
    X, y = labelled
    search = SampledNeighbors(max_reference=30, random_state=0)
    sampler = MLTL(threshold=0.1, neighbors=search)
    sampler.fit_resample(X, y)
    removed = np.setdiff1d(np.arange(90), sampler.sample_indices_)
    assert len(removed)
    assert np.isin(removed, clone(search).fit(X).sample_indices_).all()


SLOW = [(MLSOL(random_state=0), "k_neighbors"), (MLeNN(), "n_neighbors"), (MLTL(), "neighbors")]


@pytest.mark.parametrize(("sampler", "name"), SLOW)
def test_many_pairs_are_told_of_unless_a_search_was_passed(sampler, name, labelled, monkeypatch):
    monkeypatch.setattr(_search, "_MANY_PAIRS", 90)
    with pytest.warns(SlowSearchWarning, match=rf"90 each.* Pass {name}=SampledNeighbors\(\)"):
        clone(sampler).fit_resample(*labelled)
    clone(sampler).set_params(**{name: SampledNeighbors(random_state=0)}).fit_resample(*labelled)


def test_many_rows_asked_of_a_neighbour_classifier_are_told_of(labelled, monkeypatch):
    X, y = labelled
    exact = KNNTermClassifier(5).fit(X, y)
    sampled = KNNTermClassifier(SampledNeighbors(5, random_state=0)).fit(X, y)
    monkeypatch.setattr(_search, "_MANY_PAIRS", 90 * len(X) - 1)
    exact.predict_proba(X[:-1])
    with pytest.warns(SlowSearchWarning, match=r"compares 90 rows with 90 each.* n_neighbors="):
        exact.predict_proba(X)
    sampled.predict_proba(X)
