"""What every filter does alike: rows and columns by name, classes as terms, one decision."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from protimb.exceptions import InvalidLabelsError
from protimb.filters import (
    FILTERS,
    BaseFilter,
    CriticFilter,
    FilterChain,
    IntrusionFilter,
    LabelFidelityFilter,
    StrictFilter,
    _fidelity,
    _thresholds,
)
from protimb.utils import _memory, _nearest

EVERY = [*FILTERS.values(), FilterChain]
QUICK_CRITIC = {"max_iter": 5, "cv": 2}
QUICK = {
    CriticFilter: QUICK_CRITIC,
    StrictFilter: {"filters": [CriticFilter(**QUICK_CRITIC), "memorisation"]},
}


class FirstFeature(BaseFilter):
    """Rate a row by its first feature; a negative one cannot be rated."""

    def _fit(self, X, indicator):
        self.threshold_ = X[:, 0].mean()

    def _score(self, X_new, claims):
        return np.where(X_new[:, 0] < 0, np.nan, X_new[:, 0])


def seeded(kind):
    quality = kind(**QUICK.get(kind, {}))
    return quality.set_params(random_state=0) if "random_state" in quality.get_params() else quality


@pytest.fixture
def frames(clusters):
    X, y = clusters
    ids = [f"P{number:05d}" for number in range(len(X))]
    terms = [f"GO:{number}" for number in range(y.shape[1])]
    return pd.DataFrame(X, index=ids).add_prefix("f"), pd.DataFrame(y, index=ids, columns=terms)


def test_a_row_is_kept_if_its_score_reaches_the_threshold():
    quality = FirstFeature().fit([[1.0], [3.0]], [[1], [1]])
    assert quality.select([[1.9], [2.0], [-5.0]], [[1]] * 3).tolist() == [False, True, False]


@pytest.mark.parametrize("kind", EVERY)
def test_rows_in_another_order_are_refused_wherever_two_tables_are_read(kind, frames):
    X, y = frames
    shuffled = y.iloc[::-1]
    quality = seeded(kind).fit(X, y)
    for method in (quality.fit, quality.score, quality.select):
        with pytest.raises(InvalidLabelsError, match="same ids in a different order"):
            method(X, shuffled)


@pytest.mark.parametrize("kind", EVERY)
def test_columns_are_found_by_name(kind, frames, rng):
    X, y = frames
    quality = seeded(kind).fit(X, y)
    X_new = X + rng.normal(size=X.shape)
    expected = quality.score(X_new, y)
    np.testing.assert_array_equal(quality.score(X_new, y[y.columns[::-1]]), expected)
    np.testing.assert_array_equal(quality.score(X_new, y.to_numpy()), expected)


@pytest.mark.parametrize("kind", EVERY)
def test_other_terms_are_refused_and_named(kind, frames):
    X, y = frames
    quality = seeded(kind).fit(X, y)
    with pytest.raises(InvalidLabelsError, match=r"1 missing \(GO:4\) and 1 unknown \(GO:9\)"):
        quality.select(X, y.rename(columns={"GO:4": "GO:9"}))


@pytest.mark.parametrize("kind", EVERY)
def test_one_class_a_row_is_one_term_a_class(kind, clusters, rng):
    X, y = clusters
    names = np.array(["kinase", "binding", "transport", "ligase"])
    classes = names[y[:, 1:].argmax(axis=1)]
    indicator = (classes[:, None] == np.sort(names)).astype(int)
    X_new = X + rng.normal(size=X.shape)
    from_classes, from_columns = seeded(kind).fit(X, classes), seeded(kind).fit(X, indicator)
    expected = from_columns.select(X_new, indicator)
    assert 0 < expected.mean() < 1
    np.testing.assert_array_equal(from_classes.select(X_new, classes), expected)
    np.testing.assert_array_equal(from_classes.select(X_new, indicator), expected)
    rated = from_columns.score(X_new, indicator)
    np.testing.assert_array_equal(from_classes.score(X_new, classes), rated)
    assert len(np.unique(rated)) > 1


def test_a_class_that_no_real_row_has_is_refused(clusters):
    X, y = clusters
    quality = FirstFeature().fit(X, y.argmax(axis=1))
    with pytest.raises(InvalidLabelsError, match=r"1 class\(es\) .* FirstFeature .*: 7"):
        quality.select(X[:1], [7])


@pytest.mark.parametrize("kind", EVERY)
def test_a_fit_that_fails_leaves_the_filter_as_it_was(kind, clusters):
    X, y = clusters
    quality = seeded(kind).fit(X, y)
    expected = quality.score(X, y)
    with pytest.raises(InvalidLabelsError):
        quality.fit(X[:, :3], 2 * y)
    np.testing.assert_array_equal(quality.score(X, y), expected)


@pytest.mark.parametrize("kind", [IntrusionFilter, LabelFidelityFilter])
def test_rows_are_held_once_more_and_never_in_double_precision(rng, monkeypatch, kind):
    monkeypatch.setattr(_memory, "_BLOCK_BYTES", 2**20)
    monkeypatch.setattr(_nearest, "_BLOCK_NUMBERS", (2**16, 2**16))
    monkeypatch.setattr(_thresholds, "_ASKED_ROWS", 100)
    monkeypatch.setattr(_fidelity, "_BLOCK", 100)
    X = rng.normal(size=(3000, 512)).astype(np.float32)
    X[:300] = X[0] + 1e-6 * X[:300]  # too alike for products in single precision to tell apart
    y = np.repeat(np.eye(3, dtype=np.uint8), 1000, axis=0)
    seeded(kind).fit(X[::30], y[::30])  # what is imported and compiled once
    tracemalloc.start()
    seeded(kind).fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * X.nbytes
