"""A chain keeps what all of its filters keep, and says what each of them cost."""

import numpy as np
import pytest
from sklearn.base import clone

from protimb import CGANSampler
from protimb.classification import KNNTermClassifier
from protimb.filters import FILTERS, BaseFilter, CosineFilter, FilterChain, LabelFidelityFilter
from protimb.nn import MLPBackbone


class KeepAbove(BaseFilter):
    """Keep rows whose first feature exceeds a bound: a filter whose outcome is known."""

    def __init__(self, bound):
        self.bound = bound

    def _fit(self, X, indicator):
        self.threshold_ = np.nextafter(0, 1)

    def _score(self, X_new, claims):
        return X_new[:, 0].astype(float) - self.bound


@pytest.fixture
def numbers():
    X = np.arange(10.0)[:, None]
    return np.hstack([X, X[::-1]]), np.ones((10, 1))


def test_a_row_has_to_pass_every_filter(numbers):
    chain = FilterChain([KeepAbove(3), KeepAbove(6), KeepAbove(1)]).fit(*numbers)
    assert np.flatnonzero(chain.select(*numbers)).tolist() == [7, 8, 9]
    np.testing.assert_allclose(chain.score(*numbers)[[0, 2, 4, 8]], [0, 1 / 3, 2 / 3, 1])


def test_the_report_counts_what_each_filter_rejects(numbers):
    report = FilterChain([KeepAbove(3), KeepAbove(6)]).fit(*numbers).report(*numbers)
    assert report.index.tolist() == ["KeepAbove", "KeepAbove-2"]
    assert report.to_numpy().tolist() == [[10, 4, 0], [10, 7, 3]]


def test_scores_keep_the_unit_of_each_filter(numbers):
    scores = FilterChain([KeepAbove(3), KeepAbove(6)]).fit(*numbers).score_members(*numbers)
    assert scores.loc[9].tolist() == [6.0, 3.0]


@pytest.mark.parametrize("name", FILTERS)
def test_every_named_filter_keeps_most_real_rows_that_it_has_not_seen(name, draw_clusters, rng):
    X, y = draw_clusters(rng, sizes=[120, 60, 30])
    seen = np.arange(len(X)) % 2 == 0
    quality = FilterChain([name], random_state=0).fit(X[seen], y[seen])
    assert quality.select(X[~seen], y[~seen]).mean() > 0.7


def test_names_and_objects_can_be_mixed_and_reach_through_clone(clusters):
    given = FilterChain(["cosine", CosineFilter(quantile=0.3)], random_state=0)
    chain = clone(given).fit(*clusters)
    assert list(chain.filters_) == ["cosine", "CosineFilter"]
    assert not hasattr(given.filters[1], "thresholds_")  # the user's object is not fitted
    assert (chain.filters_["CosineFilter"].thresholds_ > chain.filters_["cosine"].thresholds_).all()


def test_one_seed_seeds_all_members(clusters):
    members = [CosineFilter(max_members=20), "fidelity"]
    first, again = (FilterChain(members, random_state=0).fit(*clusters) for _ in range(2))
    for name in first.filters_:
        np.testing.assert_array_equal(
            first.filters_[name].thresholds_, again.filters_[name].thresholds_
        )


def test_a_sampler_with_a_chain_can_be_saved_and_loaded(clusters, tmp_path):
    X, y = clusters
    judge = LabelFidelityFilter(classifier=KNNTermClassifier(20), quantile=0.1)
    chain = FilterChain(["cosine", judge])
    sampler = CGANSampler(backbone=MLPBackbone(n_hidden=8), max_updates=1, quality_filter=chain)
    sampler.fit(X, y).save(tmp_path)
    loaded = CGANSampler.load(tmp_path).quality_filter
    assert repr(loaded) == repr(chain)


def test_what_is_no_filter_is_refused_with_what_there_is(clusters):
    with pytest.raises(ValueError, match=rf"{', '.join(FILTERS)} .* Got 'cosinus'"):
        FilterChain(["cosinus"]).fit(*clusters)
    for nothing in ([], "cosine"):
        with pytest.raises(ValueError, match="'filters' parameter of FilterChain"):
            FilterChain(nothing).fit(*clusters)
