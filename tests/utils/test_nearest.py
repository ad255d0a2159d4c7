"""Neighbours by tiles: those of a float64 search of all pairs, whatever scale, copies and shape."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.preprocessing import normalize

from protimb.utils import _nearest, _nearest_pairs, _nearest_tables, _tiles
from protimb.utils._nearest import Reference, nearest
from protimb.utils._nearest_equal import EqualRows
from protimb.utils._nearest_gaps import Cosine
from protimb.utils._tiles import squared_tiles, within


@pytest.fixture(autouse=True, params=["product", "axes", "tree"])
def _small_tiles(monkeypatch, request):
    monkeypatch.setattr(_nearest, "_NARROW", 99 if request.param == "tree" else 0)
    if request.param == "axes":  # also where they say little
        monkeypatch.setattr(_nearest, "_MANY_PAIRS", 0)
        monkeypatch.setattr(_nearest_tables, "_VARIANCE", 0.2)
        monkeypatch.setattr(_nearest, "_AXES_SHARE", 1)
    monkeypatch.setattr(_nearest, "_BLOCK_ROWS", 16)
    monkeypatch.setattr(_tiles, "_TILE", 16)
    monkeypatch.setattr(_nearest_pairs, "_EXACT_NUMBERS", 100)


def all_pairs(X, reference, *, same=False):
    distances = cdist(np.asarray(X, dtype=float), np.asarray(reference, dtype=float))
    if same:
        np.fill_diagonal(distances, np.inf)
    return distances


def check_nearest(X, reference, n_neighbors, *, same=False):
    """Distances are the smallest of all pairs, and each is that of the row it is given for."""
    distances, rows = nearest(X, reference, n_neighbors, same=same)
    expected = all_pairs(X, reference, same=same)
    n_found = min(n_neighbors, len(reference) - same)
    np.testing.assert_allclose(distances, np.sort(expected, axis=1)[:, :n_found], rtol=1e-7)
    np.testing.assert_allclose(np.take_along_axis(expected, rows, 1), distances, rtol=1e-7)
    assert all(len(set(found)) == n_found for found in rows)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (1, 100), (1e-3, 0), (100, 0)])
def test_neighbours_are_those_of_all_pairs(rng, dtype, scale, shift):
    X, reference = (((rng.normal(size=(n, 7)) + shift) * scale).astype(dtype) for n in (50, 70))
    check_nearest(X, reference, 3)
    check_nearest(X, X, 3, same=True)


@pytest.mark.parametrize("scale", [1e-150, 1e-30, 1e30, 1e150])
def test_units_do_not_matter(rng, scale):
    X, reference = rng.normal(size=(50, 7)), rng.normal(size=(70, 7))
    distances, rows = nearest(scale * X, scale * reference, 4)
    plain, plain_rows = nearest(X, reference, 4)
    np.testing.assert_allclose(distances / scale, plain)
    np.testing.assert_array_equal(rows, plain_rows)


@pytest.mark.parametrize("noise", [0, 1e-3, 1e-5, 1e-9])
def test_what_single_precision_cannot_rank_is_ranked(rng, noise):
    """Five points and noise below the last digit of a float32: only double precision tells."""
    points = 100 * rng.normal(size=(5, 6))
    X = points[rng.integers(5, size=90)] + noise * rng.normal(size=(90, 6))
    check_nearest(X, X, 3, same=True)
    check_nearest(X[:40], X[30:], 3)
    check_within(X[:40], X[40:], 3)


def test_one_row_far_away_leaves_the_others_their_neighbours(rng):
    X = rng.normal(size=(60, 5))
    X[7] = 1e7
    check_nearest(X, X, 2, same=True)
    check_within(X[:30], X[30:], 2)


def test_there_are_no_more_neighbours_than_other_rows(rng):
    X = rng.normal(size=(3, 40))
    check_nearest(X, X, 9, same=True)
    check_nearest(X, X, 9)
    for found in nearest(X[:1], X[:1], 9, same=True):
        assert found.shape == (1, 0)
    assert nearest(X[:0], X, 2)[0].shape == (0, 2)


def test_equal_rows_of_the_reference_are_told_apart_once(rng, monkeypatch):
    """All are as near, in double precision at the latest: no third search is made for that."""
    monkeypatch.setattr(_nearest.Reference, "_by_differences", None)
    X, reference = rng.normal(size=(40, 9)), np.repeat(rng.normal(size=(2, 9)), 30, axis=0)
    check_nearest(X, reference, 1)


def test_equal_rows_are_neighbours_at_no_distance():
    distances, rows = nearest(np.zeros((40, 3)), np.zeros((40, 3)), 2, same=True)
    assert not distances.any()
    assert (rows != np.arange(40)[:, None]).all()


def test_of_rows_as_near_the_first_are_found(monkeypatch):
    monkeypatch.setattr(_nearest, "_NARROW", 0)  # a tree tells them apart as it likes
    line = np.repeat(np.arange(6.0), 4)[:, None] * np.ones(3)
    own = nearest(line, line, 2, same=True)[1]
    assert own[:5].tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [5, 6]]
    assert nearest(np.zeros((1, 3)), line[4:], 5)[1].tolist() == [[0, 1, 2, 3, 4]]


def in_order_of_rows(X, reference, n_neighbors, *, same=False):
    """Give the nearest by all pairs, of rows as near as each other the first."""
    expected = all_pairs(X, reference, same=same)
    columns = np.broadcast_to(np.arange(len(reference)), expected.shape)
    return np.lexsort((columns, expected))[:, :n_neighbors]


def test_equal_rows_are_found_whatever_their_order_in_memory(rng):
    reference = np.repeat(rng.integers(9, size=(2, 9)).astype(float), 200, axis=0)
    X = rng.integers(9, size=(40, 9)).astype(float)
    _, rows = nearest(X, np.asfortranarray(reference), 3)
    np.testing.assert_array_equal(rows, in_order_of_rows(X, reference, 3))


def test_sets_of_equal_rows_are_made_rows_where_all_that_are_as_near_were_seen(rng, monkeypatch):
    """A far row hides what is nearest: its sets, all unknown, once took three GiB to sort."""
    monkeypatch.setattr(_nearest, "_NARROW", 0)
    reference = rng.normal(size=(400, 9)).astype(np.float32)
    reference[:200], reference[-1] = 0, 1e9
    seen, make_rows = [], EqualRows.nearest
    monkeypatch.setattr(
        EqualRows, "nearest", lambda *told: seen.append(told[1]) or make_rows(*told)
    )
    check_nearest(reference[150:250], reference, 5)
    assert np.isfinite(np.concatenate(seen)).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize(("n_kinds", "n_neighbors"), [(1, 3), (3, 5), (40, 4), (60, 90)])
@pytest.mark.parametrize("same", [False, True])
def test_of_sets_of_equal_rows_one_is_searched(rng, monkeypatch, dtype, n_kinds, n_neighbors, same):
    monkeypatch.setattr(_nearest, "_NARROW", 0)  # a tree tells them apart as it likes
    kinds = rng.integers(3, size=(n_kinds, 9)).astype(dtype)
    kinds[0] = 0
    reference = kinds[rng.integers(n_kinds, size=130) * (rng.random(130) < 0.5)]
    reference[reference == 0] *= -1  # negative zeros are zeros
    X = reference if same else rng.integers(3, size=(40, 9)).astype(dtype)
    monkeypatch.setattr(_nearest, "_FEW", -3 * n_neighbors)
    monkeypatch.setattr(_nearest, "_SHARE", 0.5)
    monkeypatch.setattr(Reference, "_by_differences", None)
    distances, rows = nearest(X, reference, n_neighbors, same=same)
    np.testing.assert_array_equal(rows, in_order_of_rows(X, reference, n_neighbors, same=same))
    np.testing.assert_allclose(
        distances, np.take_along_axis(all_pairs(X, reference, same=same), rows, 1)
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_neighbours_by_cosine_are_those_of_all_products(rng, dtype):
    X, real = (rng.normal(size=(n, 7)).astype(dtype) for n in (50, 70))
    X[3], real[[5, 60]] = 0, 0
    X, real = normalize(X), normalize(real)
    cosines = X.astype(float) @ real.T.astype(float)
    gaps, rows = Reference(real, Cosine()).nearest(X, 4)
    error = 8 * np.finfo(dtype).eps
    np.testing.assert_allclose(-gaps, -np.sort(-cosines, axis=1)[:, :4], atol=error)
    np.testing.assert_allclose(np.take_along_axis(cosines, rows, 1), -gaps, atol=error)
    assert rows[3].tolist() == [0, 1, 2, 3]
    own = Reference(real, Cosine()).nearest(real, 69, np.arange(70))[1]
    assert all(set(found) == set(range(70)) - {row} for row, found in enumerate(own))


def test_what_is_found_for_a_row_does_not_depend_on_its_company(rng):
    X, reference = rng.normal(size=(40, 7)), rng.normal(size=(90, 7))
    together = nearest(X, reference, 5)
    for row in (0, 17, 39):
        for alone, found in zip(nearest(X[[row]], reference, 5), together, strict=True):
            np.testing.assert_array_equal(alone[0], found[row])


def check_within(X, reference, n_neighbors):
    radii = nearest(X, X, n_neighbors, same=True)[0][:, -1]
    others = nearest(reference, reference, n_neighbors, same=True)[0][:, -1]
    own, other = within(X, reference, radii=radii, reference_radii=others)
    distances = all_pairs(X, reference)
    for hits, is_hit in ((own, distances < radii[:, None]), (other, distances < others)):
        np.testing.assert_array_equal(hits.by_row, is_hit.sum(axis=1))
        np.testing.assert_array_equal(hits.by_reference, is_hit.sum(axis=0))


def test_rows_within_radii_are_those_of_all_pairs(rng):
    check_within(rng.normal(size=(50, 7)), rng.normal(size=(70, 7)), 3)
    check_within(rng.normal(size=(50, 7)) + 300, rng.normal(size=(70, 7)) + 300, 3)


def test_as_near_as_the_radius_is_not_within_it():
    line = np.arange(60.0)[:, None]  # whole numbers, so that many distances equal a radius
    hits, none = within(line, line, radii=np.full(60, 2.0))
    assert none is None
    assert hits.by_row.tolist() == [2, *[3] * 58, 2]
    assert not within(line, line, radii=np.zeros(60))[0].by_row.any()


def test_tiles_cover_all_pairs_once(rng):
    X, reference = rng.normal(size=(50, 7)) + 20, rng.normal(size=(35, 7)) + 20
    found = np.full((50, 35), np.nan)
    for rows, columns, squared in squared_tiles(X, reference):
        assert np.isnan(found[rows, columns]).all()
        found[rows, columns] = squared
    np.testing.assert_allclose(found, all_pairs(X, reference) ** 2, rtol=1e-4)


def test_tiles_of_one_set_are_its_upper_half(rng):
    X = rng.normal(size=(50, 7))
    found = np.full((50, 50), np.nan)
    for rows, columns, squared in squared_tiles(X):
        found[rows, columns] = squared
    upper = np.triu_indices(50)
    np.testing.assert_allclose(found[upper], all_pairs(X, X)[upper] ** 2, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shift", [0, 5, 1e4])
def test_rows_are_not_copied_unless_they_lie_far_from_zero(rng, shift):
    X = (rng.normal(size=(70, 7)) + shift).astype(np.float32)
    kinds = {dtype: type(Reference(X)._table(dtype)) for dtype in (np.float32, np.float64)}
    near = shift < 1e4
    assert kinds[np.float32] is (_nearest_tables.Plain if near else _nearest_tables.Stored)
    assert kinds[np.float64] is _nearest_tables.Passing
    check_nearest(X + X[:1], X, 3)


def test_cosines_that_single_precision_cannot_tell_apart_are_looked_at_without_a_copy(rng):
    """Rows that differ by less than the last digit of their products, more than are looked at."""
    X = 1 + 1e-5 * rng.normal(size=(400, 7))
    X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    reference = Reference(X, Cosine())
    gaps, _ = reference.nearest(X[:50], 3)
    products = X[:50].astype(np.float64) @ X.T.astype(np.float64)
    np.testing.assert_allclose(-gaps, -np.sort(-products, axis=1)[:, :3], rtol=3e-7)
    tables = reference._tables
    assert np.shares_memory(tables[np.float32]._columns, X)
    assert type(tables[np.float64]) is _nearest_tables.Passing
