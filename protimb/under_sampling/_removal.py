"""Remove rows from bags in turn, as long as no term falls below its floor."""

import numpy as np


def remove_in_turns(bags, indicator, floors, limits=None):
    """Take one row from each bag in turn until the budget is spent or no bag has any to give.

    Bags hold rows, int, in the order in which to try them; ``limits`` are the most to take from
    each. Gives the rows removed, int64, in the order of removal.
    """
    n_remove = indicator.shape[0] if floors.n_rows is None else floors.n_rows
    limits = [len(bag) for bag in bags] if limits is None else limits
    stock = _Stock(indicator, floors.n_before - floors.n_target)
    turns = [_removals(stock, bag, limit) for bag, limit in zip(bags, limits, strict=True)]
    while turns and len(stock.removed) < n_remove:
        turns = [turn for turn in turns if len(stock.removed) < n_remove and next(turn, False)]
    return np.array(stock.removed, dtype=np.int64)


def _removals(stock, bag, limit):
    """Remove a row at each step; rows that may not go now never may, so none is tried twice."""
    n_taken = 0
    for row in bag:
        if n_taken == limit:
            return
        if stock.remove(row):
            n_taken += 1
            yield True


class _Stock:
    """The rows that are left, and how many members each term can spare."""

    def __init__(self, indicator, spare):
        self.removed = []
        self._spare = spare
        self._bounds = indicator.indptr.tolist()
        self._indices = indicator.indices
        self._seen = bytearray(indicator.shape[0])

    def remove(self, row):
        """Remove a row unless one of its terms has none to spare; tell whether it went."""
        if self._seen[row]:
            return False
        self._seen[row] = True
        terms = self._indices[self._bounds[row] : self._bounds[row + 1]]
        if not (self._spare[terms] > 0).all():
            return False
        self._spare[terms] -= 1
        self.removed.append(row)
        return True
