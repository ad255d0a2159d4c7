"""Rows within a radius, and all distances, by tiles of a matrix product: memory holds one tile."""

from itertools import combinations_with_replacement, product
from typing import NamedTuple

import numpy as np
from sklearn.utils import gen_batches

from protimb.utils._nearest_pairs import exact_distances, few_rows

# Rows of a side of a tile: 4 MiB of single precision, which stays in the cache.
_TILE = 1024

# Roundings that a squared distance by a product may be off by, in units of the squared norms.
_ROUNDINGS = 64


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
    left, right = _sides(X, reference)
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
    left, right = _sides(X, X if reference is None else np.asarray(reference))
    scale = np.float32(scale * left.unit**2)  # at once, for either alone may overflow
    for rows, columns, squared in _tiles(left, right, reference is None):
        squared *= scale
        yield rows, columns, squared


class _Side(NamedTuple):
    """Rows around a centre and in a unit, with two more columns: float32 (n_rows, n_features + 2).

    The product of two sides is |x|^2 - 2 x r + |r|^2. ``squares`` (n_rows,) holds the norms.
    """

    columns: np.ndarray
    squares: np.ndarray
    unit: float


def _sides(X, reference):
    """Bring both sets to one centre and one unit, which keeps squares small and finite."""
    centre = reference.mean(axis=0, dtype=np.float64)
    sets = [reference] if reference is X else [X, reference]
    numbers = (np.abs(one[block] - centre).max() for one in sets for block in few_rows(one))
    largest = float(max(numbers, default=0.0))
    unit = 2.0 ** np.frexp(largest)[1] if largest else 1.0
    return _side(X, centre, unit), _side(reference, centre, unit, factor=-2)


def _side(X, centre, unit, factor=1):
    """Make the columns of a side, block by block; those of a reference have the factor -2."""
    columns = np.empty((len(X), X.shape[1] + 2), dtype=np.float32)
    squares = np.empty(len(X))
    for block in few_rows(X):
        values = ((X[block] - centre) / unit).astype(np.float32)
        squares[block] = np.einsum("ij,ij->i", values, values, dtype=np.float64)
        columns[block, :-2] = factor * values
    columns[:, -2:] = 1
    columns[:, -2 if factor == 1 else -1] = squares
    return _Side(columns, squares, unit)


def _tiles(left, right, same=False):
    """Yield slices of both sides and squared distances in their unit, the diagonal's first."""
    for rows, columns in _tile_places(len(left.columns), len(right.columns), same):
        yield rows, columns, left.columns[rows] @ right.columns[columns].T


def _tile_places(n_rows, n_columns, same):
    if not same:
        return list(product(_slices(n_rows), _slices(n_columns)))
    parts = _slices(n_rows)
    above = [pair for pair in combinations_with_replacement(parts, 2) if pair[0] != pair[1]]
    return [(part, part) for part in parts] + above


def _slices(n_rows):
    return list(gen_batches(n_rows, _TILE))


def _error(side, radii):
    """Bound the error of squared distances up to a radius: what is within it has such norms."""
    norms = side.squares + (np.sqrt(side.squares) + radii) ** 2
    return _ROUNDINGS * np.finfo(side.columns.dtype).eps * norms


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
