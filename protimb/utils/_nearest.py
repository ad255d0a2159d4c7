"""Nearest rows and rows within a radius, by tiles of a matrix product: memory holds one tile."""

from itertools import combinations_with_replacement, product
from typing import NamedTuple

import numpy as np
from sklearn.utils import gen_batches

# Rows of a side of a tile: 4 MiB of single precision, which stays in the cache.
_TILE = 1024

# Rows kept beyond those asked for, because single precision may rank the last ones wrongly.
_SPARE = 4

# Roundings that a squared distance by a product may be off by, in units of the squared norms.
_ROUNDINGS = 64

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
    n_kept = min(n_found + _SPARE, len(reference) - same)
    best = _search(X, reference, n_kept, same, np.float32)
    distances, rows = _exactly(X, reference, best.rows, n_found)
    if n_kept == len(reference) - same:
        return distances, rows
    doubtful = np.flatnonzero(_doubt(X, reference, distances[:, -1], best))
    if len(doubtful):
        own = doubtful if same else None
        again = _search(X[doubtful], reference, n_kept, own, np.float64)
        found = _exactly(X[doubtful], reference, again.rows, n_found)
        distances[doubtful], rows[doubtful] = found
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
    balls = [_Balls.around(left, radii, X.shape), _Balls.around(right, reference_radii, X.shape)]
    hits = [_no_hits(X, reference) if ball else None for ball in balls]
    for rows, columns, squared in _tiles(left, right):
        for is_right, (ball, hit) in enumerate(zip(balls, hits, strict=True)):
            if ball is None:
                continue
            is_hit = ball.hold(X, reference, rows, columns, squared, is_right)
            hit.by_row[rows] += is_hit.sum(axis=1)
            hit.by_reference[columns] += is_hit.sum(axis=0)
    return tuple(hits)


def squared_tiles(X, reference=None):
    """Yield slices of rows, slices of the reference's, and their squared distances, float32.

    Without a reference these are tiles on and above the diagonal of X with itself.
    """
    X = np.asarray(X)
    left, right = _sides(X, X if reference is None else np.asarray(reference), np.float32)
    for rows, columns, squared in _tiles(left, right, same=reference is None):
        squared *= left.unit**2
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
    lefts, rights = _slices(len(one)), _slices(len(other))
    if same:
        pairs = [(part, part) for part in lefts]
        pairs += [p for p in combinations_with_replacement(lefts, 2) if p[0] != p[1]]
    else:
        pairs = product(lefts, rights)
    for rows, columns in pairs:
        yield rows, columns, one[rows] @ other[columns].T


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
        n_kept = self.rows.shape[1]
        if np.isinf(limits).any():  # nothing yet
            return _smallest(squared, None, min(n_kept, squared.shape[1]))
        return _padded(squared, squared < limits[:, None])


def _smallest(values, places, n):
    if n < values.shape[1]:
        order = np.argpartition(values, n - 1, axis=1)[:, :n]
    else:
        order = np.broadcast_to(np.arange(n), values.shape)
    chosen = order if places is None else np.take_along_axis(places, order, axis=1)
    return np.take_along_axis(values, order, axis=1), chosen


def _padded(squared, is_hit):
    """Gather marked values of a tile, row by row: values and columns, (n_rows, most_of_a_row)."""
    rows, columns = np.divmod(np.flatnonzero(is_hit), squared.shape[1])
    counts = np.bincount(rows, minlength=len(squared))
    position = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    shape = (len(squared), counts.max(initial=0))
    values, places = np.full(shape, np.inf, squared.dtype), np.zeros(shape, dtype=np.int64)
    values[rows, position], places[rows, position] = squared[rows, columns], columns
    return values, places


def _search(X, reference, n_kept, own, dtype):
    """Find candidates; ``own`` is True where X is the reference, or X's rows in it, or neither."""
    is_whole = own is True
    left, right = _sides(X, reference, dtype)
    best = _Best(len(X), n_kept, dtype)
    for rows, columns, squared in _tiles(left, right, same=is_whole):
        if is_whole and rows == columns:
            np.fill_diagonal(squared, np.inf)
        elif isinstance(own, np.ndarray):
            _leave_out(own[rows], columns, squared)
        best.offer(rows, columns, squared)
        if is_whole and rows != columns:
            best.offer(columns, rows, np.ascontiguousarray(squared.T))
    return best


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


def _doubt(X, reference, last, best):
    """Tell rows for which a row left out may be nearer than the last one found, (n_rows,)."""
    left, _ = _sides(X, reference, np.float32)
    last = last / left.unit
    limit = best.squared.max(axis=1)
    return (last > 0) & (last**2 > limit - _error(left.squares, last))


def _error(squares, radii):
    """Bound the error of squared distances up to a radius: what is within it has such norms."""
    return _ROUNDINGS * np.finfo(np.float32).eps * (squares + (np.sqrt(squares) + radii) ** 2)


class _Balls(NamedTuple):
    """Radii (n,), their squares in the unit of the sides, and the error of a squared distance."""

    radii: np.ndarray
    squares: np.ndarray
    errors: np.ndarray

    @classmethod
    def around(cls, side, radii, _):
        """Prepare radii (n_rows,) of the rows of a side; None stays None."""
        if radii is None:
            return None
        scaled = np.asarray(radii, dtype=np.float64) / side.unit
        return cls(np.asarray(radii), scaled**2, _error(side.squares, scaled))

    def hold(self, X, reference, rows, columns, squared, by_reference):
        """Tell which pairs of a tile are within the radius, bool (n_rows, n_columns)."""
        mine = columns if by_reference else rows
        lower, upper, radii = self._limits(mine)
        if not by_reference:
            lower, upper = lower[:, None], upper[:, None]
        is_hit = squared < upper
        unsure = np.flatnonzero(is_hit & (squared >= lower))
        if len(unsure):
            r, c = np.divmod(unsure, squared.shape[1])
            distances = exact_distances(X, reference, r + rows.start, c + columns.start)
            is_hit.ravel()[unsure] = distances < radii[c if by_reference else r]
        return is_hit

    def _limits(self, part):
        squares, errors, radii = self.squares[part], self.errors[part], self.radii[part]
        upper = np.where(radii > 0, squares + errors, -np.inf).astype(np.float32)
        return (squares - errors).astype(np.float32), upper, radii


def _no_hits(X, reference):
    return Hits(np.zeros(len(X), dtype=np.int64), np.zeros(len(reference), dtype=np.int64))
