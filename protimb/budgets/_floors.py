"""How few members each term may be left with, for samplers that remove rows."""

import warnings
from dataclasses import replace

import numpy as np

from protimb.budgets._strategy import (
    ON_EVERY_ROW,
    Budget,
    Form,
    named_totals,
    share_of_rows,
)
from protimb.exceptions import InvalidLabelsError, SkippedTermWarning
from protimb.utils._imbalance import mean_ir, split_terms
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level

AUTO_SHARE = 0.25
MINORITY = "minority: rows kept"


def warn_about_skipped(floors, target):
    """Name the terms that lose no row because every row carries them."""
    columns = np.flatnonzero((floors.notes == ON_EVERY_ROW) & ~floors.targeted)
    if len(columns):
        names = a_few(f"{target.terms[c]}: {floors.n_before[c]}" for c in columns)
        warnings.warn(
            f"{len(columns)} term(s) left alone, because every row carries them and removing rows "
            f"would not change that (term: members; {names}).",
            SkippedTermWarning,
            stacklevel=users_level(),
        )


def _describe(n_before, minority, n_rows):
    """Note of each term why it loses no rows of its own: str, (n_terms,)."""
    return np.select([minority, n_before == n_rows], [MINORITY, ON_EVERY_ROW], default="")


def _at_most_a_quarter(strategy, target, n_before):
    return replace(_to_the_mean(AUTO_SHARE, target, n_before), at_most=True)


def _share(share, target, n_before):
    if not 0 < share < 1:
        raise ValueError(f"sampling_strategy={share!r} is no share of the rows, in (0, 1).")
    return _to_the_mean(share, target, n_before)


def _to_the_mean(share, target, n_before):
    n_rows = target.indicator.shape[0]
    minority, majority = split_terms(n_before)
    notes = _describe(n_before, minority, n_rows)
    # IRLbl(t) = max count / count(t) reaches MeanIR where count(t) = max count / MeanIR.
    mean = np.ceil(n_before.max() / mean_ir(n_before) - 1e-9).astype(np.int64)
    n_floor = np.where(minority, n_before, np.minimum(n_before, mean))
    on_every_row = notes == ON_EVERY_ROW
    return Budget(
        n_before,
        np.where(on_every_row, 0, n_floor),
        majority & ~on_every_row,
        notes,
        share_of_rows(share, n_rows),
    )


def _equal(total, target, n_before):
    minority, _ = split_terms(n_before)
    notes = _describe(n_before, minority, target.indicator.shape[0])
    n_floor = np.where(minority, n_before, np.minimum(n_before, int(total)))
    on_every_row = notes == ON_EVERY_ROW
    n_floor = np.where(on_every_row, 0, n_floor)
    return Budget(n_before, n_floor, (n_floor < n_before) & ~on_every_row, notes)


def _named(strategy, target, n_before):
    minority, _ = split_terms(n_before)
    n_floor = _to_the_mean(AUTO_SHARE, target, n_before).n_target.copy()
    targeted = np.zeros(len(n_before), dtype=bool)
    for column, (term, total) in named_totals(strategy, target).items():
        _check_total(term, total, n_before[column], minority[column])
        n_floor[column], targeted[column] = total, True
    return Budget(n_before, n_floor, targeted, np.where(minority, MINORITY, ""))


def _check_total(term, total, n_members, is_minority):
    if not 1 <= total <= n_members:
        raise ValueError(
            f"sampling_strategy wants {total} members of {term!r}, which has {n_members}. "
            "Under-sampling only removes rows, and not all of a term: give the total after "
            "resampling."
        )
    if is_minority and total < n_members:
        raise ValueError(
            f"sampling_strategy wants {total} of the {n_members} members of {term!r}, a term that "
            "is rarer than average: its rows are never removed. Leave it out."
        )


def _majority_may_go(strategy, target, n_before):
    return _may_go(split_terms(n_before)[1], target, n_before)


def _listed_may_go(names, target, n_before):
    minority, _ = split_terms(n_before)
    columns = [target.column(name) for name in names]
    kept = [target.terms[column] for column in columns if minority[column]]
    if kept:
        raise InvalidLabelsError(
            f"sampling_strategy names {len(kept)} term(s) that are rarer than average "
            f"({a_few(kept)}): their rows are never removed. Leave them out."
        )
    return _may_go(np.isin(np.arange(len(n_before)), columns), target, n_before)


def _may_go(targeted, target, n_before):
    minority, _ = split_terms(n_before)
    notes = _describe(n_before, minority, target.indicator.shape[0])
    targeted = targeted & (notes != ON_EVERY_ROW)
    return Budget(n_before, np.where(minority, n_before, 0), targeted, notes)


# kind of strategy -> how it is read, where rows may carry several terms
FLOORS = {
    "auto": Form("'auto'", _at_most_a_quarter),
    "share": Form("a share of the rows to remove such as 0.1", _share),
    "count": Form("a count that every frequent term is lowered to", _equal),
    "totals": Form("{term: total}", _named),
}
RULES = {
    "auto": Form("'auto'", _majority_may_go),
    "terms": Form("a list of terms whose rows may go", _listed_may_go),
}
