"""Draw the real rows whose labels the synthetic rows carry."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from protimb.utils._labelsets import members_by_term


@dataclass(frozen=True)
class Plan:
    """Which real row each synthetic row starts from, for which term, and with which labels."""

    rows: np.ndarray  # int64 (n_new,): positions of the real rows
    terms: np.ndarray  # int64 (n_new,): the column that each row was drawn for
    # uint8 (n_new, n_terms) where labels were made, by a vote say; None: copies of those of rows
    labels: sparse.csr_array | None = None

    def __len__(self):
        return len(self.rows)

    def take(self, index):
        """Keep a part of the plan, by position or mask, e.g. rows that passed quality control."""
        labels = None if self.labels is None else self.labels[index]
        return Plan(self.rows[index], self.terms[index], labels)

    def carried(self, indicator):
        """Give the label rows that the planned rows will carry: csr_array, (n_new, n_terms)."""
        return indicator[self.rows] if self.labels is None else self.labels

    def count(self, indicator):
        """Count the members that the planned rows bring to each term: int64, (n_terms,)."""
        return self.carried(indicator).sum(axis=0, dtype=np.int64)


def join(plans):
    """Put plans one below the other; all of them have labels of their own, or none has."""
    none = np.empty(0, dtype=np.int64)
    labels = [plan.labels for plan in plans if plan.labels is not None]
    return Plan(
        np.concatenate([none, *(plan.rows for plan in plans)]),
        np.concatenate([none, *(plan.terms for plan in plans)]),
        sparse.vstack(labels, format="csr") if labels else None,
    )


class Ledger:
    """Count the members of every term while rows are drawn, from rarest to most frequent."""

    def __init__(self, indicator, budget, check_rows=None):
        self.n_now = budget.n_before.copy()  # int64 (n_terms,): members so far, real and drawn
        self.n_target = budget.n_target  # int64 (n_terms,): members wanted
        self.n_rows = budget.n_rows  # to add in all, where the budget is a share of the rows
        # Hears the number of rows about to be reached; raises if that is too many.
        self.check_rows = check_rows or (lambda n_rows: None)
        self._indicator = indicator
        self._members = None
        self._n_before = budget.n_before
        self._n_drawn = 0
        self._recorded = []

    def __iter__(self):
        """Yield (term, members, missing) of terms that lack rows; record those drawn in between."""
        for term in self.lacking():
            missing = int(self.n_target[term] - self.n_now[term])
            # Rows drawn for rarer terms bring other labels along: this term may be full by now.
            if missing > 0:
                self.check_rows(self._n_drawn + missing)
                yield int(term), self.members(term), missing

    def lacking(self):
        """Give the terms that lack rows at the outset, rarest first."""
        rarest_first = np.argsort(self._n_before, kind="stable")
        return rarest_first[(self.n_target > self._n_before)[rarest_first]]

    def members(self, term):
        """Give the positions of the real rows that carry a term."""
        if self._members is None:
            self._members = members_by_term(self._indicator)
        return self._members[term]

    def record(self, term, rows, labels=None):
        """Count rows as drawn for a term, or one for each, with all the labels that they carry.

        ``labels``, csr_array (n_new, n_terms), are those made for the new rows; those of ``rows``
        if left out. A sampler gives them always or never.
        """
        terms = np.broadcast_to(np.asarray(term, dtype=np.int64), len(rows))
        drawn = Plan(np.asarray(rows, dtype=np.int64), terms, labels)
        self.n_now += np.bincount(drawn.carried(self._indicator).indices, minlength=len(self.n_now))
        self._n_drawn += len(drawn)
        self._recorded.append(drawn)

    def draw(self, rng):
        """Draw rows until no term lacks any, each member of a term about equally often."""
        for term, members, missing in self:
            self.record(term, cycle_fairly(members, missing, rng))
        return self.plan()

    def plan(self):
        """Give what was recorded so far as a ``Plan``."""
        self._members = None  # as large as all labels, and what is planned is drawn
        return join(self._recorded)


def cycle_fairly(members, n_draws, rng):
    """Draw (n_draws,) members with repeats, none twice more often than another.

    >>> import numpy as np
    >>> drawn = cycle_fairly(np.array([3, 8]), 5, np.random.RandomState(0))
    >>> np.bincount(drawn)[[3, 8]].tolist()
    [2, 3]
    """
    n_rounds, n_rest = divmod(n_draws, len(members))
    return np.concatenate([np.tile(members, n_rounds), rng.permutation(members)[:n_rest]])
