"""How many members each term should have at least, for samplers that add rows."""

import warnings
from dataclasses import replace

import numpy as np

from protimb.budgets._strategy import (
    ON_EVERY_ROW,
    Budget,
    Form,
    clipped,
    find_budget,
    is_explicit,
    named_totals,
    share_of_rows,
)
from protimb.exceptions import InvalidLabelsError, RareTermWarning, SkippedTermWarning
from protimb.utils._imbalance import irlbl
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level

BELOW_MIN_MEMBERS = "fewer than min_members"
ONE_MEMBER = "one member"

# note -> the warning that reports it, and what it says after "n term(s)"
WARNINGS = {
    ON_EVERY_ROW: (
        SkippedTermWarning,
        "left alone, because every row carries them and new rows would not change that",
    ),
    BELOW_MIN_MEMBERS: (SkippedTermWarning, "left alone, because they have too few members"),
    ONE_MEMBER: (
        RareTermWarning,
        "resampled from a single member, so what is generated for them varies little; "
        "raise min_members to leave them alone",
    ),
}


def find_totals(strategy, target, y, min_members=1, *, forms=None):
    """Turn a strategy into a budget, by the ``forms`` that a sampler takes (``TOTALS``).

    Terms with fewer than ``min_members`` are left alone; to name one is an InvalidLabelsError.
    """
    budget = find_budget(strategy, target, y, TOTALS if forms is None else forms, "over-sampling")
    return _leave_some_alone(budget, target, min_members, is_explicit(strategy))


def warn_about(totals, terms):
    """Say once for each kind of note which terms, of these names, it concerns."""
    for note, (category, consequence) in WARNINGS.items():
        columns = np.flatnonzero(totals.notes == note)
        if len(columns):
            names = a_few(f"{terms[c]}: {totals.n_before[c]}" for c in columns)
            message = f"{len(columns)} term(s) {consequence} (term: members; {names})."
            warnings.warn(message, category, stacklevel=users_level())


def mean_imbalance_totals(n_before):
    """Raise each term to the count where its IRLbl equals MeanIR: int64, (n_terms,).

    >>> import numpy as np
    >>> mean_imbalance_totals(np.array([19, 10, 4])).tolist()
    [19, 10, 8]
    """
    # IRLbl(t) = max count / count(t); MeanIR is its mean over the terms that have members.
    present = n_before > 0
    imbalance = irlbl(n_before)[present]
    # The tolerance keeps a quotient such as 3.0000000000000004 from asking for a fourth row.
    total = np.ceil(n_before.max() / imbalance.mean() - 1e-9).astype(np.int64)
    return np.where(present, np.maximum(n_before, total), 0)


def _mean_imbalance(strategy, target, n_before):
    return _raised_to(mean_imbalance_totals(n_before), n_before)


def _equal(total, target, n_before):
    return _raised_to(np.where(n_before > 0, np.maximum(n_before, clipped(total)), 0), n_before)


def _share(share, target, n_before):
    if not 0 < share <= 1:
        raise ValueError(f"sampling_strategy={share!r} is no share of the rows, in (0, 1].")
    n_rows = share_of_rows(share, target.indicator.shape[0])
    return replace(_raised_to(n_before.copy(), n_before), n_rows=n_rows)


def _named(strategy, target, n_before):
    n_target = n_before.copy()
    for column, (term, total) in named_totals(strategy, target).items():
        _check_total(term, total, n_before[column])
        n_target[column] = clipped(total)
    return _raised_to(n_target, n_before)


def _raised_to(n_target, n_before):
    notes = np.full(len(n_before), "", dtype=object)
    return Budget(n_before, n_target, n_target > n_before, notes)


def _check_total(term, total, n_members):
    if total < n_members:
        raise ValueError(
            f"sampling_strategy wants {total} members of {term!r}, which has {n_members} already. "
            "Over-sampling only adds rows: give the total after resampling."
        )
    if n_members == 0 and total > 0:
        raise InvalidLabelsError(
            f"sampling_strategy names {term!r}, which has no members in y: there is no row to "
            "take labels from. Leave it out."
        )


# kind of strategy -> how it is read, where rows may carry several terms
TOTALS = {
    "auto": Form("'auto'", _mean_imbalance),
    "count": Form("a count for every term", _equal),
    "totals": Form("{term: total}", _named),
}
TOTALS_OR_SHARE = {**TOTALS, "share": Form("a share of rows to add such as 0.1", _share)}


def _leave_some_alone(budget, target, min_members, explicit):
    n_before, targeted = budget.n_before, budget.missing > 0
    on_every_row = (n_before == target.indicator.shape[0]) & (targeted | (not explicit))
    too_small = targeted & (n_before < min_members)
    if explicit and too_small.any():
        names = a_few(f"{target.terms[c]}: {n_before[c]}" for c in np.flatnonzero(too_small))
        raise InvalidLabelsError(
            f"sampling_strategy names {too_small.sum()} term(s) with fewer than min_members="
            f"{min_members} members (term: members; {names}). Leave them out or lower min_members."
        )
    notes = np.select(
        [on_every_row, too_small, targeted & (n_before == 1)],
        [ON_EVERY_ROW, BELOW_MIN_MEMBERS, ONE_MEMBER],
        default="",
    )
    alone = on_every_row | too_small
    return replace(
        budget,
        n_target=np.where(alone, n_before, budget.n_target),
        targeted=targeted & ~alone,
        notes=notes,
    )
