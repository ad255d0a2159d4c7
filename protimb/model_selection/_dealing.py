"""Deal rows or groups to folds term by term, the rarest first: iterative stratification."""

import numpy as np
from scipy import sparse


def deal_folds(counts, sizes, shares, rng=None):
    """Give each unit (n_units,) a fold, so that each fold gets its share of every term.

    counts: csr (n_units, n_terms), members of each term; sizes: rows (n_units,); shares: whole
    numbers (n_folds,). Without rng the first unit, term and fold go first among equals.
    """
    if rng is not None:
        order = rng.permutation(len(sizes))
        folds = np.empty(len(sizes), dtype=np.intp)
        folds[order] = _Table(counts[order], sizes[order], shares, rng).deal()
        return folds
    return _Table(counts, sizes, shares, None).deal()


def members_by_fold(counts, folds, n_folds):
    """Count the members of each term in each fold, (n_folds, n_terms)."""
    n_units = counts.shape[0]
    where = sparse.csr_array((np.ones(n_units, int), (folds, np.arange(n_units))))
    where.resize(n_folds, n_units)
    return (where @ counts.astype(np.int64)).toarray()


class _Table:
    """What each fold still wants of every term, and of rows; in whole numbers, so ties are exact.

    A fold of share s wants s / sum(shares) of everything. All numbers are times sum(shares).
    """

    def __init__(self, counts, sizes, shares, rng):
        self.counts, self.sizes, self.rng = counts, sizes, rng
        self.scale = int(sum(shares))
        self.left = counts.sum(axis=0, dtype=np.int64)  # (n_terms,), members not dealt yet
        self.wanted = np.outer(shares, self.left)  # (n_folds, n_terms)
        self.room = [int(share) * int(sizes.sum()) for share in shares]
        self.folds = np.full(len(sizes), -1)

    def deal(self):
        columns = self.counts.tocsc()
        while self.left.any():
            term = self._rarest()
            holders = slice(columns.indptr[term], columns.indptr[term + 1])
            units, n_members = columns.indices[holders], columns.data[holders]
            waiting = self.folds[units] < 0
            self._deal_term(term, units[waiting], n_members[waiting])
        self._deal_unlabelled(np.flatnonzero(self.folds < 0))
        return self.folds

    def _rarest(self):
        rarest = np.flatnonzero(self.left == self.left[self.left > 0].min())
        return rarest[0] if self.rng is None else self.rng.choice(rarest)

    def _deal_term(self, term, units, n_members):
        """Deal the units (n_holders,) of one term, those with most of its members first."""
        order = np.argsort(-n_members.astype(np.int64), kind="stable")
        units, n_members = units[order], n_members[order]
        self.folds[units] = self._choose(self.wanted[:, term].tolist(), n_members, units)
        taken = members_by_fold(self.counts[units], self.folds[units], len(self.room))
        self.wanted -= self.scale * taken
        self.left -= taken.sum(axis=0)

    def _deal_unlabelled(self, units):
        """Deal units (n_units,) without a term to the folds with most room, large ones first."""
        units = units[np.argsort(-self.sizes[units], kind="stable")]
        self.folds[units] = self._choose(list(self.room), self.sizes[units], units)

    def _choose(self, wanted, amounts, units):
        """Give each unit the fold that wants most, then has most room; first of equals."""
        n_folds = len(self.room)
        order = range(n_folds) if self.rng is None else self.rng.permutation(n_folds).tolist()
        room, chosen = self.room, []
        sizes = (self.scale * self.sizes[units]).tolist()
        for amount, size in zip((self.scale * amounts).tolist(), sizes, strict=True):
            fold = max(order, key=lambda fold: (wanted[fold], room[fold]))
            wanted[fold] -= amount
            room[fold] -= size
            chosen.append(fold)
        return chosen
