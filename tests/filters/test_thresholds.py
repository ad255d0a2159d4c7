"""Thresholds of many rows are learned from some of them, and rare terms are not forgotten."""

import numpy as np
import pytest

from protimb.filters import IntrusionFilter, LabelFidelityFilter, MemorisationFilter
from protimb.filters import _memorisation as memorisation
from protimb.filters import _thresholds as thresholds


@pytest.fixture
def _ask_few(monkeypatch):
    monkeypatch.setattr(thresholds, "MOST_ASKED", 60)
    monkeypatch.setattr(memorisation, "MOST_ASKED", 60)


def test_all_rows_are_asked_where_they_are_few():
    terms = np.array([3, -1, 3, 0])
    assert thresholds.rows_to_ask(terms).tolist() == [0, 1, 2, 3]


@pytest.mark.usefixtures("_ask_few")
def test_frequent_terms_give_up_rows_and_rare_ones_none():
    terms = np.repeat([0, 1, 2, -1], [200, 7, 90, 50])
    asked = thresholds.rows_to_ask(terms)
    counts = np.bincount(terms[asked] + 1, minlength=4)
    assert counts.tolist() == [0, 26, 7, 26]  # 7 + 26 + 26 is the most that 60 have room for
    assert (np.diff(asked) > 0).all()
    of_first = asked[terms[asked] == 0]
    assert np.diff(of_first).max() <= 8  # 200 rows by 26, evenly


@pytest.mark.usefixtures("_ask_few")
@pytest.mark.parametrize("quality_filter", [IntrusionFilter(), LabelFidelityFilter(random_state=0)])
def test_thresholds_of_some_rows_keep_as_many_held_out_rows(quality_filter, draw_clusters, rng):
    X, y = draw_clusters(rng, sizes=[400, 400], spread=4.0)
    seen = rng.random(len(X)) < 0.5
    quality_filter = quality_filter.set_params(quantile=0.2).fit(X[seen], y[seen])
    assert quality_filter.select(X[~seen], y[~seen]).mean() == pytest.approx(0.8, abs=0.15)


@pytest.mark.usefixtures("_ask_few")
def test_distances_of_some_rows_tell_what_those_of_all_do(draw_clusters, rng):
    X, y = draw_clusters(rng, sizes=[800, 800], n_features=4)
    seen = np.arange(len(X)) % 2 == 0
    quality = MemorisationFilter(quantile=0.5).fit(X[seen], y[seen])
    assert quality.n_asked_ == 60
    assert quality.select(X[~seen], y[~seen]).mean() == pytest.approx(0.5, abs=0.15)
