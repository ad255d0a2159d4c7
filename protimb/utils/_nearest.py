"""Nearest rows, exactly, by blocks of a product of matrices: memory holds one block.

Products see few numbers of each row where these say enough: its places on the axes along which the
reference varies most, and how far it is from them. By the triangle inequality gaps are at least
those of these numbers, and most rows need no closer look.
"""

from functools import partial

import numpy as np
from scipy import linalg
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist
from sklearn.utils import gen_batches

# Up to so many features a tree is faster than comparing all rows.
_NARROW = 8

# Gaps of a block of rows are so many numbers, 4 to 64 MiB, of so many rows at most; between these,
# such a share of the numbers of the reference.
_BLOCK_NUMBERS = 2**20, 2**24
_BLOCK_SHARE = 1 / 8
_BLOCK_ROWS = 1024

# Pairs for which axes are worth their while, the share of the variance that these have to hold,
# and rows that they are learned from and tried with.
_MANY_PAIRS = 2**24
_VARIANCE = 0.9
_LEARNED_FROM = 4096
_TRIED = 64

# What needs a closer look, in rows beside those asked for and as a share of the reference.
_FEW = 64
_SHARE = 1 / 128

# The same for bounds by axes.
_AXES_SHARE = 1 / 32

# Roundings that a gap by a product may be off by, in units of the squared norms.
_ROUNDINGS = 64

# Rows are multiplied as they are, without a copy around their centre, if that is so many times as
# far from zero as they are from it, at most, and their unit a power of two between such.
_OFF_CENTRE = 8
_PLAIN_UNITS = 2.0**-30, 2.0**30

# Rows so much longer than the reference's longest may overflow its unit.
_FAR = 2.0**20

# Groups that wide rows of gaps are cut into, each with its least, and how wide rows must be.
_GROUPS = 256
_WIDE = 4

# Candidates for each value wanted; more of them are slower to sort than a row to partition.
_CANDIDATES = 16

# Pairs compared exactly at a time hold so many numbers, which stay in the cache.
_EXACT_NUMBERS = 2**16


def nearest(X, reference, n_neighbors, *, same=False):
    """Find the nearest rows of a reference: distances and rows, both (n_rows, n_found), in order.

    With ``same`` the reference is X, and no row is its own neighbour. There are as many as the
    reference has where that is fewer. Of rows as near as each other the first comes first, but that
    a tree, which few features have, finds whichever it comes upon.
    """
    X = np.asarray(X)
    own = np.arange(len(X)) if same else None
    return Reference(X if same else reference).nearest(X, n_neighbors, own)


class Reference:
    """Rows to be found, (n_reference, n_features), the nearest by distance or by a smaller gap."""

    search = None  # nobody else's

    def __init__(self, rows, gap=None):
        self.rows = np.asarray(rows)
        self._gap = Distance() if gap is None else gap
        self._tables = {}

    def nearest(self, X, n_neighbors, own=None):
        """Find the nearest rows: gaps and rows, both (n_rows, n_found), in order.

        ``own``, (n_rows,), says which row each of X is: that one is not its neighbour.
        """
        X = np.asarray(X)
        n_found = max(0, min(n_neighbors, len(self.rows) - (own is not None)))
        gaps, rows = np.empty((len(X), n_found)), np.empty((len(X), n_found), dtype=np.int64)
        if not gaps.size:
            return gaps, rows
        if X.shape[1] <= _NARROW and self._gap.has_tree:
            return _by_tree(X, self.rows, n_found, own)
        rows[:] = np.arange(n_found)  # of all, should none be nearer than another
        if own is not None:
            rows += rows >= own[:, None]
        gaps[:] = 0
        left = np.flatnonzero(self._gap.tells(X))
        for search in self._searches(X, n_found, own):
            if not len(left):
                break
            is_sure = np.empty(len(left), dtype=bool)
            for block in self._blocks(len(left)):
                part = left[block]
                found = search(X[part], n_found, None if own is None else own[part])
                gaps[part], rows[part], is_sure[block] = found
            left = left[~is_sure]
        return gaps, rows

    def __getstate__(self):
        return {"rows": self.rows, "_gap": self._gap, "_tables": {}}

    def _blocks(self, n_rows):
        n_numbers = np.clip(_BLOCK_SHARE * self.rows.size, *_BLOCK_NUMBERS)
        n_block = max(1, min(_BLOCK_ROWS, int(n_numbers) // len(self.rows)))
        return gen_batches(n_rows, n_block)

    def _searches(self, X, n_found, own):
        """List ways to search, each for what the one before could not tell."""
        if len(X) * len(self.rows) >= _MANY_PAIRS and self._axes_tell(X, n_found, own):
            yield self._by_axes
        for dtype in (np.float32, np.float64):
            yield partial(self._by_product, self._table(dtype))
        yield self._by_differences

    def _axes_tell(self, X, n_found, own):
        """Tell, from some rows, whether bounds by axes leave few others to look at."""
        if self._axes_table() is None:
            return False
        tried = np.unique(np.linspace(0, len(X) - 1, _TRIED).astype(np.int64))
        own = None if own is None else own[tried]
        is_sure = [
            self._by_axes(X[tried[part]], n_found, None if own is None else own[part])[2]
            for part in self._blocks(len(tried))
        ]
        return np.concatenate(is_sure).mean() > 0.5

    def _axes_table(self):
        if "axes" not in self._tables:
            place = self._table(np.float32).place
            axes = _find_axes(self.rows, place)
            found = None if axes is None else _Stored(self.rows, place, np.float32, axes)
            self._tables["axes"] = found
        return self._tables["axes"]

    def _table(self, dtype):
        if dtype not in self._tables:
            self._tables[dtype] = _make_table(self.rows, self._gap.place(self.rows), dtype)
        return self._tables[dtype]

    def _by_axes(self, X, n_found, own):
        """Search by products of few columns, and of all where those leave room."""
        few, table = self._axes_table(), self._table(np.float32)
        placed = table.place.put(X)
        bounds = _leave_out(few.values(placed), own)
        first = smallest(bounds, n_found)
        farthest = table.some(placed, *pairs(first)).reshape(first.shape).max(axis=1)
        row_of, columns = _within(bounds, table.reach(placed, farthest))
        is_sure = np.bincount(row_of, minlength=len(X)) <= n_found + _AXES_SHARE * bounds.shape[1]
        kept = is_sure[row_of]
        row_of, columns = row_of[kept], columns[kept]
        values = table.some(placed, row_of, columns)
        last = _first(row_of, columns, values, n_found, len(X))[0][:, -1]
        kept = values <= table.reach(placed, last)[row_of]
        return self._settle(table, placed, X, row_of[kept], columns[kept], n_found)

    def _by_product(self, table, X, n_found, own):
        """Search by products: gaps, rows (n_block, n_found), and which of these are sure."""
        placed = table.place.put(X)
        values = _leave_out(table.values(placed), own)
        first = smallest(values, n_found)
        last = np.take_along_axis(values, first[:, -1:], axis=1).ravel()
        row_of, columns = _within(values, table.reach(placed, last))
        gaps, rows, is_sure = self._settle(table, placed, X, row_of, columns, n_found)
        if self._gap.ends_at_zero and not is_sure.all():
            # Nothing is nearer than copies, however many there are.
            unsure = np.flatnonzero(~is_sure)
            exact = self._gap.exact(X[unsure], self.rows, *pairs(first[unsure]))
            copies = unsure[~exact.reshape(len(unsure), n_found).any(axis=1)]
            gaps[copies], rows[copies], is_sure[copies] = 0, np.sort(first[copies], axis=1), True
        return gaps, rows, is_sure

    def _settle(self, table, placed, X, row_of, columns, n_found):
        """Look exactly at pairs, sorted by row, unless they are many."""
        n_near = np.bincount(row_of, minlength=len(X))
        most = n_found + max(_FEW + 3 * n_found, _SHARE * len(self.rows))
        is_sure = (n_near >= n_found) & (n_near <= most) & table.place.holds(placed)
        kept = is_sure[row_of]
        row_of, columns = row_of[kept], columns[kept]
        exact = self._gap.exact(X, self.rows, row_of, columns)
        return *_first(row_of, columns, exact, n_found, len(X)), is_sure

    def _by_differences(self, X, n_found, own):
        """Search by all pairs, which no norm makes less exact; all of it is sure."""
        gaps = self._gap.all_pairs(X, self.rows)
        _leave_out(gaps, own)
        columns = np.argpartition(gaps, n_found - 1, axis=1)[:, :n_found]
        last = np.take_along_axis(gaps, columns, axis=1).max(axis=1)
        row_of, columns = np.nonzero(gaps <= last[:, None])
        found = _first(row_of, columns, gaps[row_of, columns], n_found, len(X))
        return *found, np.ones(len(X), dtype=bool)


class Distance:
    """Rows are the nearer the smaller their Euclidean distance."""

    has_tree = ends_at_zero = True

    def place(self, rows):
        """Say around which centre and in which unit products are taken."""
        centre = rows.mean(axis=0, dtype=np.float64)
        largest = max((_largest(rows[block] - centre) for block in _few_rows(rows)), default=0.0)
        return _Around(centre, 2.0 ** np.frexp(largest)[1] if largest else 1.0)

    def tells(self, X):
        """Tell which rows, (n_rows,), may be nearer to one row than to another: all."""
        return np.ones(len(X), dtype=bool)

    def exact(self, X, reference, rows, columns):
        """Give distances of pairs of rows: (n_pairs,)."""
        return exact_distances(X, reference, rows, columns)

    def all_pairs(self, X, reference):
        """Give all distances: (n_rows, n_reference)."""
        return cdist(X, reference)


class Cosine:
    """Rows of unit length, or of length 0, are the nearer the larger their product."""

    has_tree = ends_at_zero = False

    def place(self, rows):
        """Take products as they are."""
        return _AsTheyAre()

    def tells(self, X):
        """Tell which rows, (n_rows,), point anywhere."""
        return X.any(axis=1)

    def exact(self, X, reference, rows, columns):
        """Give negative cosines of pairs of rows, in their precision: (n_pairs,)."""
        return -_over_pairs(X, reference, rows, columns, lambda one, other: (one, other))

    def all_pairs(self, X, reference):
        """Give all negative cosines: (n_rows, n_reference)."""
        return -np.einsum("ij,kj->ik", X, reference).astype(np.float64)


class _Around:
    """Rows around a centre, in a unit: squared distances from products."""

    is_bare, n_more = False, 2

    def __init__(self, centre, unit):
        self.centre, self.unit = centre, unit

    def put(self, X):
        """Bring rows to the centre and unit: float64 (n_rows, n_features)."""
        return (X - self.centre) / self.unit

    def holds(self, placed):
        """Tell which rows, (n_rows,), do not overflow."""
        return np.abs(placed).max(axis=1) < _FAR

    def columns(self, placed, parts):
        """Make columns of rows that are asked for: |x|^2 - 2 x r + |r|^2 is one product."""
        return np.column_stack([parts, squared_norms(placed), np.ones(len(parts))])

    def reference_columns(self, placed, parts):
        """Make the columns of rows that are searched."""
        return np.column_stack([-2 * parts, np.ones(len(parts)), squared_norms(placed)])

    def reach(self, placed, value, eps, off_centre=0.0):
        """Bound what the product gives for rows as near as one with this value: (n_rows,).

        ``off_centre`` is how far from the centre, in units, the rows are that were multiplied.
        """
        error, squares = _ROUNDINGS * eps, squared_norms(placed)
        aside = 2 * error * np.sqrt(squares) * off_centre
        # What is within a distance of a row is that much longer at most.
        squared = (np.maximum(value, 0) + 3 * error * squares + aside) / (1 - 2 * error)
        return squared + error * (squares + (np.sqrt(squares) + np.sqrt(squared)) ** 2) + aside


class _AsTheyAre:
    """Rows as they are: cosines from products."""

    is_bare, n_more = True, 0

    def put(self, X):
        return X.astype(np.float64)

    def holds(self, placed):
        return np.ones(len(placed), dtype=bool)

    def columns(self, placed, parts):
        return -parts

    def reference_columns(self, placed, parts):
        return parts

    def reach(self, placed, value, eps, off_centre=0.0):
        return value + 2 * _ROUNDINGS * eps


def _make_table(rows, place, dtype):
    """Choose how products with a reference, (n_reference, n_features), are made in a precision."""
    if rows.dtype == dtype and place.is_bare:
        return _Stored(rows, place, dtype)
    if rows.dtype == dtype and _PLAIN_UNITS[0] <= place.unit <= _PLAIN_UNITS[1]:
        plain = _Plain(rows, place, dtype)
        if plain.is_near_centre:
            return plain
    # Double precision is for the few rows that single cannot tell: no copy is kept for these.
    return (_Stored if dtype == np.float32 else _Passing)(rows, place, dtype)


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


class _Stored(_Table):
    """Columns of all rows, (n_reference, n_columns); with axes products are lower bounds."""

    def __init__(self, rows, place, dtype, axes=None):
        super().__init__(rows, place, dtype)
        self._axes = axes
        if place.is_bare and axes is None:
            self._columns = np.ascontiguousarray(rows, dtype=dtype)
            return
        n_parts = rows.shape[1] if axes is None else axes.shape[1] + 1
        self._columns = np.empty((len(rows), n_parts + place.n_more), dtype=dtype)
        for block in _few_rows(rows):
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


class _Passing(_Table):
    """Columns made for each block of rows that is asked for, and forgotten."""

    def values(self, placed):
        """Multiply rows with the reference: (n_rows, n_reference)."""
        asked = self._asked(placed)
        values = np.empty((len(placed), len(self.rows)), dtype=self._dtype)
        for block in _few_rows(self.rows):
            values[:, block] = asked @ self._of(block).T
        return values

    def _of(self, columns):
        placed = self.place.put(self.rows[columns])
        return self.place.reference_columns(placed, placed).astype(self._dtype, copy=False)


class _Plain(_Table):
    """The rows themselves: (x - c)(r - c) is (x - c) r, less what is the same for all r."""

    def __init__(self, rows, place, dtype):
        super().__init__(rows, place, dtype)
        self._squares = np.empty(len(rows), dtype=dtype)
        for block in _few_rows(rows):
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


def squared_norms(rows):
    """Give squared lengths of rows: (n_rows,)."""
    return np.einsum("ij,ij->i", rows, rows)


def _find_axes(rows, place):
    """Find few directions that hold most of the variance: (n_features, n_axes), or None."""
    sample = rows[:: max(1, len(rows) // _LEARNED_FROM)]
    squares = np.zeros((rows.shape[1], rows.shape[1]))
    for block in gen_batches(len(sample), _BLOCK_ROWS // 4):
        placed = place.put(sample[block])
        squares += placed.T @ placed
    variances, axes = linalg.eigh(squares, overwrite_a=True)
    shares = variances[::-1].cumsum() / max(variances.sum(), np.finfo(float).tiny)
    n_axes = 1 + int(np.searchsorted(shares, _VARIANCE))
    return np.ascontiguousarray(axes[:, ::-1][:, :n_axes]) if 2 * n_axes < len(axes) else None


def smallest(values, n):
    """Give the columns of the n smallest values of each row, smallest first: int, (n_rows, n).

    >>> smallest(np.array([[3.0, 1.0, 2.0]]), 2).tolist()
    [[1, 2]]
    """
    is_wide = values.shape[1] >= _WIDE * _GROUPS and n <= _GROUPS
    few = _few_smallest(values, n) if is_wide else None
    if few is not None:
        return few
    columns = np.argpartition(values, n - 1, axis=1)[:, :n]
    return in_order(np.take_along_axis(values, columns, axis=1), columns)[1]


def _few_smallest(values, n):
    """Do the same in two passes, since few values are at most the n-th of the groups' minima.

    None where they are many, because values repeat, or where some are no numbers.
    """
    n_rows, n_columns = values.shape
    n_even = n_columns - n_columns % _GROUPS
    minima = values[:, :n_even].reshape(n_rows, -1, _GROUPS).min(axis=1)
    rest = values[:, n_even:]
    np.minimum(minima[:, : rest.shape[1]], rest, out=minima[:, : rest.shape[1]])
    limits = np.partition(minima, n - 1, axis=1)[:, n - 1 : n]
    rows, columns = np.divmod(np.flatnonzero(values <= limits), n_columns)
    n_found = np.bincount(rows, minlength=n_rows)
    if n_found.min() < n or len(rows) > _CANDIDATES * n * n_rows:
        return None
    order = np.lexsort((values[rows, columns], rows))
    begins = np.cumsum(n_found) - n_found
    return columns[order[begins[:, None] + np.arange(n)]]


def exact_distances(X, reference, rows, columns):
    """Give distances of pairs of rows, by differences in double precision: (n_pairs,)."""
    return np.sqrt(_over_pairs(X, reference, rows, columns, _difference))


def _over_pairs(X, reference, rows, columns, function):
    """Sum the product of what a function makes of two rows: (n_pairs,)."""
    sums = np.empty(len(rows))
    n_pairs = max(1, _EXACT_NUMBERS // max(1, X.shape[1]))
    for pairs in gen_batches(max(1, len(rows)), n_pairs):
        one, other = X.take(rows[pairs], axis=0), reference.take(columns[pairs], axis=0)
        sums[pairs] = np.einsum("ij,ij->i", *function(one, other))
    return sums


def _difference(one, other):
    difference = one.astype(np.float64)
    difference -= other
    return difference, difference


def _by_tree(X, reference, n_found, own):
    """Search a tree: distances and rows, both (n_rows, n_found)."""
    # Trees that halve the rows become deep where many rows are equal.
    tree = KDTree(np.asarray(reference, dtype=np.float64), balanced_tree=False)
    rows = tree.query(X, np.arange(1, n_found + (own is not None) + 1))[1]
    rows = rows if own is None else without(rows, own)
    return measured(X, reference, np.sort(rows, axis=1))


def measured(X, reference, rows, exact=exact_distances):
    """Order the rows found for each of X, int (n_rows, n_found), by their gaps, which it gives."""
    return in_order(exact(X, reference, *pairs(rows)).reshape(rows.shape), rows)


def without(rows, own):
    """Leave the row itself out of what was found for it: (n_rows, n_found - 1)."""
    is_own = rows == own[:, None]
    # Among many copies a row may not find itself: then the last one found is one too many.
    is_own[~is_own.any(axis=1), -1] = True
    return rows[~is_own].reshape(len(rows), rows.shape[1] - 1)


def in_order(gaps, columns):
    """Order what was found of each row, both (n_rows, n_found), by its gap."""
    order = np.argsort(gaps, axis=1, kind="stable")
    return np.take_along_axis(gaps, order, axis=1), np.take_along_axis(columns, order, axis=1)


def _first(row_of, columns, gaps, n_found, n_rows):
    """Take of pairs, sorted by row, each row's nearest: gaps and columns, (n_rows, n_found).

    Rows that have fewer get infinity.
    """
    order = np.lexsort((gaps, row_of))  # stable: the first of equals stays first
    begins = np.searchsorted(row_of, np.arange(n_rows + 1))
    place = np.arange(len(order)) - begins[row_of]
    order, at = order[place < n_found], (row_of[place < n_found], place[place < n_found])
    found = np.full((n_rows, n_found), np.inf), np.zeros((n_rows, n_found), dtype=columns.dtype)
    found[0][at], found[1][at] = gaps[order], columns[order]
    return found


def _within(values, reach):
    """Find the values that are no larger than the reach of their row: rows and columns."""
    return np.divmod(np.flatnonzero(values <= reach[:, None]), values.shape[1])


def _leave_out(values, own):
    """Put the row's own entry out of reach."""
    if own is not None:
        values[np.arange(len(values)), own] = np.inf
    return values


def pairs(columns):
    """List pairs of a row and each of its columns: two of (n_rows * n_found,)."""
    return np.repeat(np.arange(len(columns)), columns.shape[1]), columns.ravel()


def _few_rows(rows):
    """Give slices of rows whose float64 copies are small."""
    return gen_batches(len(rows), max(1, _EXACT_NUMBERS // max(1, rows.shape[1])))


def _largest(values):
    return float(np.abs(values).max(initial=0))
