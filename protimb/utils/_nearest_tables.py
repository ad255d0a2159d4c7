"""Products of rows with a reference: by all columns, by few axes, or by rows as they are."""

import numpy as np
from scipy import linalg
from sklearn.utils import gen_batches

from protimb.utils._nearest_gaps import squared_norms
from protimb.utils._nearest_pairs import few_rows
from protimb.utils._row_blocks import sum_products

# The share of the variance that axes have to hold, rows that they are learned from, and how many
# of these at a time.
_VARIANCE = 0.9
_LEARNED_FROM = 4096
_LEARNED_AT_ONCE = 256

# Rows are multiplied as they are, without a copy around their centre, if that is so many times as
# far from zero as they are from it, at most, and their unit a power of two between such.
_OFF_CENTRE = 8
_PLAIN_UNITS = 2.0**-30, 2.0**30


def make_table(rows, place, dtype):
    """Choose how products with a reference, (n_reference, n_features), are made in a precision."""
    if rows.dtype == dtype and place.is_bare:
        return Stored(rows, place, dtype)
    if rows.dtype == dtype and _PLAIN_UNITS[0] <= place.unit <= _PLAIN_UNITS[1]:
        plain = Plain(rows, place, dtype)
        if plain.is_near_centre:
            return plain
    # Double precision is for the few rows that single cannot tell: no copy is kept for these.
    return (Stored if dtype == np.float32 else Passing)(rows, place, dtype)


class _Table:
    """Products of rows with a reference, which are gaps, or no larger than these."""

    off_centre = 0.0  # how far the rows multiplied are from the centre, in units

    def __init__(self, rows, place, dtype):
        self.rows, self.place, self._dtype = rows, place, dtype

    def some(self, placed, row_of, columns):
        """Multiply pairs, sorted by row: (n_pairs,)."""
        values = np.empty(len(columns), dtype=self._dtype)
        begins = np.searchsorted(row_of, np.arange(len(placed) + 1))
        for row, begin, end in zip(self._asked(placed), begins[:-1], begins[1:], strict=True):
            values[begin:end] = self._of(columns[begin:end]) @ row
        return values

    def reach(self, placed, value):
        """Give what rows as near as one with this value, (n_rows,), may have for a value."""
        eps = np.finfo(self._dtype).eps
        reach = self.place.reach(placed, value.astype(np.float64), eps, self.off_centre)
        return np.nextafter(reach.astype(self._dtype), np.inf, dtype=self._dtype)

    def _asked(self, placed):
        return self.place.columns(placed, self._parts(placed)).astype(self._dtype)

    def _of(self, columns):
        """Give what rows of the reference are multiplied by: (n_columns, n_parts)."""
        raise NotImplementedError

    def _parts(self, placed):
        return placed


class Stored(_Table):
    """Columns of all rows, (n_reference, n_columns); with axes products are lower bounds."""

    def __init__(self, rows, place, dtype, axes=None):
        super().__init__(rows, place, dtype)
        self._axes = axes
        if place.is_bare and axes is None:
            self._columns = np.ascontiguousarray(rows, dtype=dtype)
            return
        n_parts = rows.shape[1] if axes is None else axes.shape[1] + 1
        self._columns = np.empty((len(rows), n_parts + place.n_more), dtype=dtype)
        for block in few_rows(rows):
            placed = place.put(rows[block])
            self._columns[block] = place.reference_columns(placed, self._parts(placed))

    def values(self, placed):
        """Multiply rows with the reference: (n_rows, n_reference)."""
        return self._asked(placed) @ self._columns.T

    def _of(self, columns):
        return self._columns.take(columns, axis=0)

    def _parts(self, placed):
        """Cut rows to places on the axes and the length of what is left."""
        if self._axes is None:
            return placed
        parts = placed @ self._axes
        left = squared_norms(placed) - squared_norms(parts)
        return np.column_stack([parts, np.sqrt(np.maximum(left, 0))])


class Passing(_Table):
    """Columns made for each block of rows that is asked for, and forgotten."""

    def values(self, placed):
        """Multiply rows with the reference: (n_rows, n_reference)."""
        asked = self._asked(placed)
        values = np.empty((len(placed), len(self.rows)), dtype=self._dtype)
        for block in few_rows(self.rows):
            values[:, block] = asked @ self._of(block).T
        return values

    def _of(self, columns):
        placed = self.place.put(self.rows[columns])
        return self.place.reference_columns(placed, placed).astype(self._dtype, copy=False)


class Plain(_Table):
    """The rows themselves: (x - c)(r - c) is (x - c) r, less what is the same for all r."""

    def __init__(self, rows, place, dtype):
        super().__init__(rows, place, dtype)
        self._squares = np.empty(len(rows), dtype=dtype)
        for block in few_rows(rows):
            self._squares[block] = squared_norms(place.put(rows[block]))
        self.off_centre = float(np.linalg.norm(place.centre)) / place.unit

    @property
    def is_near_centre(self):
        """Whether products with the rows say about as much as with rows around their centre."""
        return self.off_centre**2 <= _OFF_CENTRE**2 * self._squares.mean(dtype=np.float64)

    def values(self, placed):
        """Multiply rows with the reference: (n_rows, n_reference)."""
        values = self._turned(placed) @ self.rows.T
        values += self._squares
        values += self._alone(placed)[:, None]
        return values

    def some(self, placed, row_of, columns):
        values = super().some(placed, row_of, columns)
        values += self._squares[columns]
        values += self._alone(placed)[row_of]
        return values

    def _of(self, columns):
        return self.rows.take(columns, axis=0)

    def _asked(self, placed):
        return self._turned(placed)

    def _turned(self, placed):
        return (-2 / self.place.unit * placed).astype(self._dtype)

    def _alone(self, placed):
        towards = placed @ (self.place.centre / self.place.unit)
        return (squared_norms(placed) + 2 * towards).astype(self._dtype)


def find_axes(rows, place):
    """Find few directions that hold most of the variance: (n_features, n_axes), or None."""
    sample = rows[:: max(1, len(rows) // _LEARNED_FROM)]
    blocks = gen_batches(len(sample), _LEARNED_AT_ONCE)
    squares = sum_products((place.put(sample[block]) for block in blocks), rows.shape[1])
    variances, axes = linalg.eigh(squares, overwrite_a=True)
    shares = variances[::-1].cumsum() / max(variances.sum(), np.finfo(float).tiny)
    n_axes = 1 + int(np.searchsorted(shares, _VARIANCE))
    return np.ascontiguousarray(axes[:, ::-1][:, :n_axes]) if 2 * n_axes < len(axes) else None
