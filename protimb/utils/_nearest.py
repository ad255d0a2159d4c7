"""Nearest rows and rows within a radius, by tiles of a matrix product: memory holds one tile."""

from itertools import combinations_with_replacement, product
from typing import NamedTuple

import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist
from sklearn.utils import gen_batches

# Up to so many features a tree is faster than comparing all rows.
_NARROW = 8

# Rows of a side of a tile: 4 MiB of single precision, which stays in the cache.
_TILE = 1024

# Rows kept beyond those asked for, because single precision may rank the last ones wrongly.
_SPARE = 4

# Roundings that a squared distance by a product may be off by, in units of the squared norms.
_ROUNDINGS = 64

# Part of a squared distance that does not matter.
_EXACT = 1e-9

# Pairs compared exactly at a time hold so many numbers: 16 MiB.
_EXACT_NUMBERS = 2**21


def nearest(X, reference, n_neighbors, *, same=False):
    """Find the nearest rows of a reference: distances and rows, both (n_rows, n_found), in order.

    With ``same`` the reference is X, and no row is its own neighbour. There are as many as the
    reference has where that is fewer. Candidates come from single precision, distances from
    differences in double; rows that single precision cannot rank are searched again in double.
    """
    X = np.asarray(X)
    reference = X if same else np.asarray(reference)
    n_found = min(n_neighbors, len(reference) - same)
    if not (len(X) and n_found > 0):
        return np.empty((len(X), max(n_found, 0))), np.empty((len(X), max(n_found, 0)), np.int64)
    if X.shape[1] <= _NARROW:
        return _by_tree(X, reference, n_found, same)
    distances, rows = np.empty((len(X), n_found)), np.empty((len(X), n_found), np.int64)
    left = np.arange(len(X))
    for search in (_in_single, _in_double, _by_differences):
        found = search(X, reference, left, n_found, same)
        distances[left], rows[left], is_sure = found
        left = left[~is_sure]
        if not len(left):
            break
    return distances, rows


class Hits(NamedTuple):
    """How many pairs lie within a radius: for each row (n_rows,), for each of a reference."""

    by_row: np.ndarray
    by_reference: np.ndarray


def within(X, reference, *, radii=None, reference_radii=None):
    """Count pairs closer than the radius of the row, or of the row of the reference: two Hits.

    A Hits is None without its radii, (n_rows,) and (n_reference,). As near as the radius is not
    within it, and pairs that single precision cannot tell are compared in double.
    """
    X, reference = np.asarray(X), np.asarray(reference)
    left, right = _sides(X, reference, np.float32)
    sorts = [_Balls.around(left, radii, 0), _Balls.around(right, reference_radii, 1)]
    hits = [balls and _no_hits(X, reference) for balls in sorts]
    for rows, columns, squared in _tiles(left, right):
        for balls, hit in zip(sorts, hits, strict=True):
            if balls is not None:
                pairs = balls.pairs(X, reference, rows, columns, squared)
                hit.by_row[rows] += np.bincount(pairs[0], minlength=len(squared))
                hit.by_reference[columns] += np.bincount(pairs[1], minlength=squared.shape[1])
    return tuple(hits)


def squared_tiles(X, reference=None, *, scale=1.0):
    """Yield slices of rows, of the reference's, and their squared distances by scale, float32.

    Without a reference these are tiles on and above the diagonal of X with itself.
    """
    X = np.asarray(X)
    left, right = _sides(X, X if reference is None else np.asarray(reference), np.float32)
    scale = np.float32(scale * left.unit**2)  # at once, for either alone may overflow
    for rows, columns, squared in _tiles(left, right, reference is None):
        squared *= scale
        yield rows, columns, squared


def exact_distances(X, reference, rows, columns):
    """Give distances of pairs of rows, by differences in double precision: (n_pairs,)."""
    squared = np.empty(len(rows))
    n_pairs = max(1, _EXACT_NUMBERS // max(1, X.shape[1]))
    for pairs in gen_batches(max(1, len(rows)), n_pairs):
        difference = X[rows[pairs]].astype(np.float64) - reference[columns[pairs]]
        squared[pairs] = np.einsum("ij,ij->i", difference, difference)
    return np.sqrt(squared)


class _Side(NamedTuple):
    """Rows centred and in units of the largest number: (n_rows, n_features); norms (n_rows,)."""

    values: np.ndarray
    squares: np.ndarray
    unit: float


def _sides(X, reference, dtype):
    """Bring both sets to one centre and one unit, which keeps squares small and finite."""
    centre = reference.mean(axis=0, dtype=np.float64)
    moved = [X.astype(np.float64) - centre]
    moved += moved if reference is X else [reference.astype(np.float64) - centre]
    largest = max((float(np.abs(side).max(initial=0)) for side in moved), default=0.0)
    unit = 2.0 ** np.frexp(largest)[1] if largest else 1.0
    sides = [_side(side, unit, dtype) for side in moved[: 1 if reference is X else 2]]
    return sides[0], sides[-1]


def _side(moved, unit, dtype):
    values = (moved / unit).astype(dtype)
    return _Side(values, np.einsum("ij,ij->i", values, values, dtype=np.float64), unit)


def _tiles(left, right, same=False):
    """Yield slices of both sides and squared distances in their unit, the diagonal's first."""
    # One product gives |x|^2 - 2 x r + |r|^2: the norms are two more columns.
    one = _with_columns(left.values, left.squares, 1.0)
    other = _with_columns(-2 * right.values, 1.0, right.squares)
    for rows, columns in _tile_places(len(one), len(other), same):
        yield rows, columns, one[rows] @ other[columns].T


def _tile_places(n_rows, n_columns, same):
    if not same:
        return list(product(_slices(n_rows), _slices(n_columns)))
    parts = _slices(n_rows)
    above = [pair for pair in combinations_with_replacement(parts, 2) if pair[0] != pair[1]]
    return [(part, part) for part in parts] + above


def _with_columns(values, first, second):
    columns = np.empty((len(values), values.shape[1] + 2), dtype=values.dtype)
    columns[:, :-2], columns[:, -2], columns[:, -1] = values, first, second
    return columns


def _slices(n_rows):
    return list(gen_batches(n_rows, _TILE))


class _Best:
    """The nearest rows so far: squared distances and rows, both (n_rows, n_kept), unordered."""

    def __init__(self, n_rows, n_kept, dtype):
        self.squared = np.full((n_rows, n_kept), np.inf, dtype=dtype)
        self.rows = np.zeros((n_rows, n_kept), dtype=np.int64)

    def offer(self, rows, columns, squared):
        """Take what is nearer from a tile (n_rows, n_columns)."""
        values, places = self._nearer(squared, self.squared[rows].max(axis=1))
        if not values.shape[1]:
            return
        values = np.concatenate([self.squared[rows], values], axis=1)
        places = np.concatenate([self.rows[rows], places + columns.start], axis=1)
        self.squared[rows], self.rows[rows] = _smallest(values, places, self.rows.shape[1])

    def _nearer(self, squared, limits):
        if np.isinf(limits).any():  # nothing yet
            return _smallest(squared, None, min(self.rows.shape[1], squared.shape[1]))
        is_hit = squared < limits[:, None]
        if is_hit.flags.c_contiguous:
            return _padded(squared, *np.divmod(np.flatnonzero(is_hit), squared.shape[1]))
        # A tile seen from its other side: few hits are sooner turned than the tile.
        columns, rows = np.divmod(np.flatnonzero(is_hit.T), len(squared))
        order = np.argsort(rows, kind="stable")
        return _padded(squared, rows[order], columns[order])


def _smallest(values, places, n):
    if n < values.shape[1]:
        order = np.argpartition(values, n - 1, axis=1)[:, :n]
    else:
        order = np.broadcast_to(np.arange(n), values.shape)
    chosen = order if places is None else np.take_along_axis(places, order, axis=1)
    return np.take_along_axis(values, order, axis=1), chosen


def _padded(squared, rows, columns):
    """Gather values of a tile, places sorted by row: values and columns, (n_rows, most_a_row)."""
    counts = np.bincount(rows, minlength=len(squared))
    position = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    shape = (len(squared), counts.max(initial=0))
    values, places = np.full(shape, np.inf, squared.dtype), np.zeros(shape, dtype=np.int64)
    values[rows, position], places[rows, position] = squared[rows, columns], columns
    return values, places


def _by_tree(X, reference, n_found, same):
    """Search a tree: distances and rows, both (n_rows, n_found)."""
    # Trees that halve the rows become deep where many rows are equal.
    tree = KDTree(np.asarray(reference, dtype=np.float64), balanced_tree=False)
    rows = tree.query(X, np.arange(1, n_found + same + 1))[1]
    if same:
        own = rows == np.arange(len(X))[:, None]
        # Among many copies a row may not find itself: then the last one found is one too many.
        own[~own.any(axis=1), -1] = True
        rows = rows[~own].reshape(len(X), n_found)
    return _exactly(X, reference, rows, n_found)


def _in_single(X, reference, _, n_found, same):
    """Search for all rows: distances, rows (n_rows, n_found), and which of them are sure."""
    return _by_product(X, reference, None, n_found, same, np.float32)


def _in_double(X, reference, left, n_found, same):
    return _by_product(X[left], reference, left if same else None, n_found, False, np.float64)


def _by_differences(X, reference, left, n_found, same):
    """Search for the rows left by all differences, which no norm makes less exact."""
    best = _Best(len(left), n_found, np.float64)
    for block, columns in product(_slices(len(left)), _slices(len(reference))):
        squared = cdist(X[left[block]], reference[columns], "sqeuclidean")
        if same:
            _leave_out(left[block], columns, squared)
        best.offer(block, columns, squared)
    found = _exactly(X[left], reference, best.rows, n_found)
    return *found, np.ones(len(left), dtype=bool)


def _by_product(X, reference, own, n_found, same, dtype):
    """Search by products; ``own`` (n_rows,) says which row of the reference each of X is."""
    left, right = _sides(X, reference, dtype)
    n_others = len(reference) - (same or own is not None)
    best = _Best(len(X), min(n_found + _SPARE, n_others), dtype)
    for rows, columns, squared in _tiles(left, right, same):
        if same and rows == columns:
            np.fill_diagonal(squared, np.inf)
        elif own is not None:
            _leave_out(own[rows], columns, squared)
        best.offer(rows, columns, squared)
        if same and rows != columns:
            best.offer(columns, rows, squared.T)
    distances, found = _exactly(X, reference, best.rows, n_found)
    is_sure = best.rows.shape[1] == n_others or _are_sure(left, distances[:, -1], best)
    return distances, found, np.broadcast_to(is_sure, len(X))


def _leave_out(own, columns, squared):
    is_here = (own >= columns.start) & (own < columns.stop)
    squared[is_here, own[is_here] - columns.start] = np.inf


def _exactly(X, reference, candidates, n_found):
    """Order candidates (n_rows, n_kept) by exact distance, and by row where these are equal."""
    rows = np.repeat(np.arange(len(X)), candidates.shape[1])
    candidates = np.sort(candidates, axis=1)
    distances = exact_distances(X, reference, rows, candidates.ravel()).reshape(candidates.shape)
    order = np.argsort(distances, axis=1, kind="stable")[:, :n_found]
    return np.take_along_axis(distances, order, 1), np.take_along_axis(candidates, order, 1)


def _are_sure(side, last, best):
    """Tell rows (n_rows,) for which no row left out can be nearer than the last one found."""
    last, limit = last / side.unit, best.squared.max(axis=1)
    error = _error(side, last)
    # Among equal rows those left out are as near as those found, up to the error.
    return (last**2 < limit - error) | (error <= _EXACT * last**2) | (last == 0)


def _error(side, radii):
    """Bound the error of squared distances up to a radius: what is within it has such norms."""
    norms = side.squares + (np.sqrt(side.squares) + radii) ** 2
    return _ROUNDINGS * np.finfo(side.values.dtype).eps * norms


class _Balls(NamedTuple):
    """Radii (n,) of rows of a side, 0 or 1, and the squares between which no float32 can tell."""

    radii: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    side: int

    @classmethod
    def around(cls, rows, radii, side):
        """Prepare radii (n_rows,) of the rows of a side; None stays None."""
        if radii is None:
            return None
        scaled = np.asarray(radii, dtype=np.float64) / rows.unit
        error = _error(rows, scaled)
        upper = np.where(scaled > 0, scaled**2 + error, -np.inf)
        limits = ((scaled**2 - error).astype(np.float32), upper.astype(np.float32))
        return cls(np.asarray(radii), *limits, side)

    def pairs(self, X, reference, rows, columns, squared):
        """Find the pairs of a tile that are within the radius: rows and columns, both (n_hits,)."""
        part, across = ((rows, (slice(None), None)), (columns, (None, slice(None))))[self.side]
        hits = np.flatnonzero(squared < self.upper[part][across])
        pair = np.divmod(hits, squared.shape[1])
        of = pair[self.side]
        is_hit = squared.ravel()[hits] < self.lower[part][of]
        unsure = np.flatnonzero(~is_hit)
        places = pair[0][unsure] + rows.start, pair[1][unsure] + columns.start
        distances = exact_distances(X, reference, *places)
        is_hit[unsure] = distances < self.radii[part][of[unsure]]
        return pair[0][is_hit], pair[1][is_hit]


def _no_hits(X, reference):
    return Hits(np.zeros(len(X), dtype=np.int64), np.zeros(len(reference), dtype=np.int64))
