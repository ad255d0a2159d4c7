"""Sets of equal rows, of which one is searched: the others are exactly as near."""

import numpy as np

from protimb.utils._equal_rows import digests, number_equal
from protimb.utils._nearest_pairs import first_of_each


class EqualRows:
    """The sets of equal rows among some, (n_rows, n_features); a row may be the only one of its.

    ``is_repeat``, bool, (n_rows,), tells those whose set has an earlier one; the ``largest`` set
    has so many.
    """

    def __init__(self, rows):
        of_row = number_equal(digests(rows, rows.dtype))
        self.n_sets = int(of_row.max(initial=-1)) + 1
        # The rows of each set, one set after the other.
        self._members = np.argsort(of_row, kind="stable")
        self._sizes = np.bincount(of_row, minlength=self.n_sets)
        self._begins = np.cumsum(self._sizes) - self._sizes
        self.largest = int(self._sizes.max(initial=0))
        self._of_row = of_row
        self.is_repeat = np.ones(len(of_row), dtype=bool)
        self.is_repeat[self._members[self._begins]] = False

    def nearest(self, gaps, firsts, n_found, own=None):
        """Make the nearest rows of the nearest sets, each told by its first row, in order.

        All are (n_asked, n_near) and (n_asked, n_found); ``own`` is left out, (n_asked,).
        """
        sets = self._of_row[firsts]
        taken = np.minimum(self._sizes[sets], n_found + (own is not None))
        # Sets beyond the one that fills up the rows wanted are of use if they are as near as it.
        last = (np.cumsum(taken, axis=1) < n_found + (own is not None)).sum(axis=1)
        last = np.minimum(last, gaps.shape[1] - 1)
        taken[gaps > np.take_along_axis(gaps, last[:, None], axis=1)] = 0
        row_of = np.repeat(np.arange(len(sets)), taken.sum(axis=1))
        taken, begins = taken.ravel(), self._begins[sets].ravel()
        ends = np.cumsum(taken)
        columns = self._members[np.arange(len(row_of)) + np.repeat(begins - ends + taken, taken)]
        order = np.lexsort((columns, row_of))
        gaps = np.repeat(gaps.ravel(), taken)[order]
        columns, row_of = columns[order], row_of[order]
        if own is not None:
            kept = columns != own[row_of]
            row_of, columns, gaps = row_of[kept], columns[kept], gaps[kept]
        return first_of_each(row_of, columns, gaps, n_found, len(sets))
