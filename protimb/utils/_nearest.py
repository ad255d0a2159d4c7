"""Nearest rows, exactly, by blocks of a product of matrices: memory holds one block.

Products see few numbers of each row where these say enough: its places on the axes along which the
reference varies most, and how far it is from them. By the triangle inequality gaps are at least
those of these numbers, and most rows need no closer look.
"""

from functools import cached_property, partial

import numpy as np
from scipy.spatial import KDTree
from sklearn.utils import gen_batches

from protimb.utils._nearest_equal import EqualRows
from protimb.utils._nearest_gaps import Distance
from protimb.utils._nearest_pairs import (
    first_of_each,
    leave_out,
    measured,
    pairs,
    smallest,
    within,
    without,
)
from protimb.utils._nearest_tables import Stored, find_axes, make_table

# Up to so many features a tree is faster than comparing all rows.
_NARROW = 8

# Gaps of a block of rows are so many numbers, 4 to 64 MiB, of so many rows at most; between these,
# such a share of the numbers of the reference.
_BLOCK_NUMBERS = 2**20, 2**24
_BLOCK_SHARE = 1 / 8
_BLOCK_ROWS = 1024

# Pairs for which axes are worth their while, and rows that they are tried with.
_MANY_PAIRS = 2**24
_TRIED = 64

# What needs a closer look, in rows beside those asked for and as a share of the reference.
_FEW = 64
_SHARE = 1 / 128

# The same for bounds by axes, and how many of the rows tried these have to settle.
_AXES_SHARE = 1 / 32
_WORTH_AXES = 0.9


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
        searches = self._searches(X, n_found, own)
        while len(left):
            search = next(searches)  # the last one is sure of all
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
        are_many = len(X) * len(self.rows) >= _MANY_PAIRS
        if are_many and self._axes_tell(X, n_found, own):
            yield self._by_axes
        # Digests of all rows take less than many products, and more than a few.
        if not (are_many and self._equal.largest > self._most_near(n_found)):
            yield partial(self._by_product, self._table(np.float32))
        among = self._by_product
        if self._equal.largest > 1:
            among = self._among_distinct
            yield partial(among, self._table(np.float32))
        yield partial(among, self._table(np.float64))
        yield self._by_differences

    def _axes_tell(self, X, n_found, own):
        """Tell, from some rows, if bounds by axes nearly always leave few others to look at."""
        if self._axes is None:
            return False
        tried = np.unique(np.linspace(0, len(X) - 1, _TRIED).astype(np.int64))
        own = None if own is None else own[tried]
        is_sure = [
            self._by_axes(X[tried[part]], n_found, None if own is None else own[part])[2]
            for part in self._blocks(len(tried))
        ]
        return np.concatenate(is_sure).mean() > _WORTH_AXES

    @cached_property
    def _axes(self):
        axes = find_axes(self.rows, self._place)
        return None if axes is None else Stored(self.rows, self._place, np.float32, axes)

    @cached_property
    def _equal(self):
        return EqualRows(self.rows)

    @cached_property
    def _place(self):
        return self._gap.place(self.rows)

    def _table(self, dtype):
        if dtype not in self._tables:
            self._tables[dtype] = make_table(self.rows, self._place, dtype)
        return self._tables[dtype]

    def _by_axes(self, X, n_found, own):
        """Search by products of few columns, and of all where those leave room."""
        few, table = self._axes, self._table(np.float32)
        placed = table.place.put(X)
        bounds = leave_out(few.values(placed), own)
        first = smallest(bounds, n_found)
        farthest = table.some(placed, *pairs(first)).reshape(first.shape).max(axis=1)
        row_of, columns = within(bounds, table.reach(placed, farthest))
        is_sure = np.bincount(row_of, minlength=len(X)) <= n_found + _AXES_SHARE * bounds.shape[1]
        kept = is_sure[row_of]
        row_of, columns = row_of[kept], columns[kept]
        values = table.some(placed, row_of, columns)
        last = first_of_each(row_of, columns, values, n_found, len(X))[0][:, -1]
        kept = values <= table.reach(placed, last)[row_of]
        return self._settle(table, placed, X, row_of[kept], columns[kept], n_found)

    def _by_product(self, table, X, n_found, own):
        """Search by products: gaps, rows (n_block, n_found), and which of these are sure."""
        placed = table.place.put(X)
        values = leave_out(table.values(placed), own)
        return self._within_reach(table, placed, X, values, n_found)

    def _among_distinct(self, table, X, n_found, own):
        """Do the same with one row of each set of equal rows; the others are as near."""
        equal = self._equal
        placed = table.place.put(X)
        values = table.values(placed)
        values[:, equal.is_repeat] = np.inf
        n_sets = min(n_found + (own is not None), equal.n_sets)
        gaps, firsts, is_sure = self._within_reach(table, placed, X, values, n_sets)
        found, rows = np.zeros((len(X), n_found)), np.zeros((len(X), n_found), dtype=np.int64)
        # Of others the sets are unknown, and their members would all be sorted.
        own = None if own is None else own[is_sure]
        sure = equal.nearest(gaps[is_sure], firsts[is_sure], n_found, own)
        found[is_sure], rows[is_sure] = sure
        return found, rows, is_sure

    def _within_reach(self, table, placed, X, values, n_found):
        """Settle on the nearest by the values of a product, (n_block, n_reference)."""
        last = np.take_along_axis(values, smallest(values, n_found)[:, -1:], axis=1).ravel()
        row_of, columns = within(values, table.reach(placed, last))
        return self._settle(table, placed, X, row_of, columns, n_found)

    def _settle(self, table, placed, X, row_of, columns, n_found):
        """Look exactly at pairs, sorted by row, unless they are many."""
        n_near = np.bincount(row_of, minlength=len(X))
        is_few = (n_near >= n_found) & (n_near <= self._most_near(n_found))
        is_sure = is_few & table.place.holds(placed)
        kept = is_sure[row_of]
        row_of, columns = row_of[kept], columns[kept]
        exact = self._gap.exact(X, self.rows, row_of, columns)
        return *first_of_each(row_of, columns, exact, n_found, len(X)), is_sure

    def _most_near(self, n_found):
        """Say how many rows may look as near as those asked for, to be looked at one by one."""
        return n_found + max(_FEW + 3 * n_found, _SHARE * len(self.rows))

    def _by_differences(self, X, n_found, own):
        """Search by all pairs, which no norm makes less exact; all of it is sure."""
        gaps = self._gap.all_pairs(X, self.rows)
        leave_out(gaps, own)
        columns = np.argpartition(gaps, n_found - 1, axis=1)[:, :n_found]
        last = np.take_along_axis(gaps, columns, axis=1).max(axis=1)
        row_of, columns = np.nonzero(gaps <= last[:, None])
        found = first_of_each(row_of, columns, gaps[row_of, columns], n_found, len(X))
        return *found, np.ones(len(X), dtype=bool)


def _by_tree(X, reference, n_found, own):
    """Search a tree: distances and rows, both (n_rows, n_found)."""
    # Trees that halve the rows become deep where many rows are equal.
    tree = KDTree(np.asarray(reference, dtype=np.float64), balanced_tree=False)
    rows = tree.query(X, np.arange(1, n_found + (own is not None) + 1))[1]
    rows = rows if own is None else without(rows, own)
    return measured(X, reference, np.sort(rows, axis=1))
