"""Draw the real rows whose labels the synthetic rows carry."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Plan:
    """Which real row lends its labels to each synthetic row, and for which term.

    Attributes
    ----------
    rows : ndarray of int64, shape (n_new,)
        Conditioning rows: positions of real rows.
    terms : ndarray of int64, shape (n_new,)
        The column that each row was drawn for.
    """

    rows: np.ndarray
    terms: np.ndarray

    def __len__(self):
        return len(self.rows)

    def take(self, index):
        """Keep a part of the plan, e.g. the rows that passed quality control.

        Parameters
        ----------
        index : ndarray of bool or int

        Returns
        -------
        plan : Plan
        """
        return Plan(self.rows[index], self.terms[index])


class Ledger:
    """Count the members of every term while rows are drawn, from rarest to most frequent.

    Iterating yields ``(term, members, missing)`` for each term that still lacks rows when its
    turn comes: a row drawn for a rare term brings its other labels along, so a frequent term may
    have been filled by then. Call :meth:`record` with the rows drawn before going on.

    Parameters
    ----------
    indicator : csr_array of shape (n_rows, n_terms)
    totals : Totals
    check_rows : callable, optional
        Called with the number of rows about to be reached; raises if that is too many.

    Attributes
    ----------
    n_now : ndarray of int64, shape (n_terms,)
        Members so far, real and drawn.
    """

    def __init__(self, indicator, totals, check_rows=None):
        self.n_now = totals.n_before.copy()
        self._indicator = indicator
        self._by_term = indicator.tocsc()
        self._totals = totals
        self._check_rows = check_rows or (lambda n_rows: None)
        self._n_drawn = 0
        self._rows = []
        self._terms = []

    def __iter__(self):
        totals = self._totals
        rarest_first = np.argsort(totals.n_before, kind="stable")
        for term in rarest_first[totals.missing[rarest_first] > 0]:
            missing = int(totals.n_target[term] - self.n_now[term])
            if missing > 0:
                self._check_rows(self._n_drawn + missing)
                yield int(term), self._members(term), missing

    def record(self, term, rows):
        """Count rows as drawn for a term, with all the labels that they carry.

        Parameters
        ----------
        term : int
        rows : ndarray of int, shape (n_new,)
            Positions of real rows.
        """
        carried = self._indicator[rows].indices
        self.n_now += np.bincount(carried, minlength=len(self.n_now))
        self._n_drawn += len(rows)
        self._rows.append(np.asarray(rows, dtype=np.int64))
        self._terms.append(np.full(len(rows), term, dtype=np.int64))

    def draw(self, rng):
        """Draw rows until no term lacks any, each member of a term about equally often.

        Parameters
        ----------
        rng : numpy.random.RandomState

        Returns
        -------
        plan : Plan
        """
        for term, members, missing in self:
            self.record(term, cycle_fairly(members, missing, rng))
        return self.plan()

    def plan(self):
        """Give what was recorded so far.

        Returns
        -------
        plan : Plan
        """
        none = np.empty(0, dtype=np.int64)
        return Plan(np.concatenate([none, *self._rows]), np.concatenate([none, *self._terms]))

    def _members(self, term):
        start, stop = self._by_term.indptr[term : term + 2]
        return self._by_term.indices[start:stop]


def cycle_fairly(members, n_draws, rng):
    """Draw with repeats so that no member is drawn twice more often than another.

    Parameters
    ----------
    members : ndarray of shape (n_members,)
    n_draws : int
    rng : numpy.random.RandomState

    Returns
    -------
    drawn : ndarray of shape (n_draws,)
        Each member ``n_draws // n_members`` times, and a random few once more.

    Examples
    --------
    >>> import numpy as np
    >>> drawn = cycle_fairly(np.array([3, 8]), 5, np.random.RandomState(0))
    >>> np.bincount(drawn)[[3, 8]].tolist()
    [2, 3]
    """
    n_rounds, n_rest = divmod(n_draws, len(members))
    return np.concatenate([np.tile(members, n_rounds), rng.permutation(members)[:n_rest]])
