"""How few members each term may be left with: every form of ``sampling_strategy``."""

import numbers
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from protimb.budgets._totals import ask_imbalanced_learn, check_labelsets_differ
from protimb.utils._imbalance import mean_ir, split_terms

AUTO_SHARE = 0.25
MINORITY = "minority: rows kept"
ON_EVERY_ROW = "on every row"


@dataclass(frozen=True)
class Floors:
    """How few members each term may be left with, and which terms are to lose members.

    Attributes
    ----------
    n_before, n_floor : ndarray of int64, shape (n_terms,)
        Equal where a term must not lose any row.
    targeted : ndarray of bool, shape (n_terms,)
        Terms whose rows may be removed.
    notes : ndarray of str, shape (n_terms,)
        Why a term is not targeted; mostly empty.
    n_remove : int or None
        Rows to remove over all terms; None where the floors are the budget.
    at_most : bool
        Whether fewer than ``n_remove`` are as good.
    """

    n_before: np.ndarray
    n_floor: np.ndarray
    targeted: np.ndarray
    notes: np.ndarray
    n_remove: int | None = None
    at_most: bool = False


def find_floors(strategy, target, y):
    """Turn a ``sampling_strategy`` into a floor for each term.

    Parameters
    ----------
    strategy : str, int, float, mapping or callable
        Imbalanced-learn's meaning for single-label targets; else ``"auto"``, a share of the
        rows, a count, ``{term: total}`` or a callable that returns one of them.
    target : Target
        ``y`` as read.
    y : array-like
        ``y`` as given: what a callable gets if rows carry several terms.

    Returns
    -------
    floors : Floors

    Raises
    ------
    InvalidLabelsError
        If all rows have one labelset.
    UnknownTermError
        If a named term does not exist.
    ValueError
        If the strategy does not suit the target.
    """
    n_before = target.indicator.sum(axis=0).astype(np.int64)
    if target.classes is not None:
        return _single_label_floors(strategy, target, n_before)
    check_labelsets_differ(n_before, target)
    strategy = strategy(y) if callable(strategy) else strategy
    if isinstance(strategy, Mapping):
        return _named_floors(strategy, target, n_before)
    if isinstance(strategy, numbers.Integral):
        return _equal_floors(int(strategy), target, n_before)
    if isinstance(strategy, str) and strategy == "auto":
        return _share_floors(AUTO_SHARE, target, n_before, at_most=True)
    if isinstance(strategy, numbers.Real) and 0 < float(strategy) < 1:
        return _share_floors(strategy, target, n_before, at_most=False)
    raise ValueError(
        f"sampling_strategy={strategy!r} does not suit multilabel y ({len(target.terms)} terms). "
        "Use 'auto', a share of the rows to remove such as 0.1, a count that every frequent term "
        "is lowered to, {term: total}, or a callable that returns one of them."
    )


def describe(n_before, minority, n_rows):
    """Note of each term why it loses no rows of its own.

    Parameters
    ----------
    n_before : ndarray of int, shape (n_terms,)
    minority : ndarray of bool, shape (n_terms,)
    n_rows : int

    Returns
    -------
    notes : ndarray of str, shape (n_terms,)
    """
    return np.select([minority, n_before == n_rows], [MINORITY, ON_EVERY_ROW], default="")


def _single_label_floors(strategy, target, n_before):
    n_floor, targeted = n_before.copy(), np.zeros(len(n_before), dtype=bool)
    for column, total in ask_imbalanced_learn(strategy, target, "under-sampling").items():
        n_floor[column], targeted[column] = total, True
    return Floors(n_before, n_floor, targeted, np.full(len(n_before), "", dtype=object))


def _share_floors(share, target, n_before, at_most):
    n_rows = target.indicator.shape[0]
    minority, majority = split_terms(n_before)
    notes = describe(n_before, minority, n_rows)
    # IRLbl(t) = max count / count(t) reaches MeanIR where count(t) = max count / MeanIR.
    mean = np.ceil(n_before.max() / mean_ir(n_before) - 1e-9).astype(np.int64)
    n_floor = np.where(minority, n_before, np.minimum(n_before, mean))
    n_remove = int(share * n_rows + 1e-9)
    return Floors(
        n_before,
        np.where(notes == ON_EVERY_ROW, 0, n_floor),
        majority & (notes != ON_EVERY_ROW),
        notes,
        n_remove,
        at_most,
    )


def _equal_floors(total, target, n_before):
    minority, _ = split_terms(n_before)
    notes = describe(n_before, minority, target.indicator.shape[0])
    n_floor = np.where(minority, n_before, np.minimum(n_before, total))
    on_every_row = notes == ON_EVERY_ROW
    n_floor = np.where(on_every_row, 0, n_floor)
    return Floors(n_before, n_floor, (n_floor < n_before) & ~on_every_row, notes)


def _named_floors(strategy, target, n_before):
    rest = _share_floors(AUTO_SHARE, target, n_before, at_most=True)
    minority, _ = split_terms(n_before)
    n_floor, targeted = rest.n_floor.copy(), np.zeros(len(n_before), dtype=bool)
    asked: dict = {}
    for term, total in strategy.items():
        column = target.column(term)
        if asked.setdefault(column, term) != term:
            raise ValueError(
                f"sampling_strategy names one term twice, as {asked[column]!r} and as {term!r}. "
                "Keep one of the two."
            )
        _check_total(term, total, n_before[column], minority[column])
        n_floor[column], targeted[column] = int(total), True
    notes = np.where(minority, MINORITY, "")
    return Floors(n_before, n_floor, targeted, notes)


def _check_total(term, total, n_members, is_minority):
    if not isinstance(total, numbers.Integral):
        raise TypeError(f"sampling_strategy wants {total!r} members of {term!r}: not a count.")
    if not 1 <= int(total) <= n_members:
        raise ValueError(
            f"sampling_strategy wants {total} members of {term!r}, which has {n_members}. "
            "Under-sampling only removes rows, and not all of a term: give the total after "
            "resampling."
        )
    if is_minority and int(total) < n_members:
        raise ValueError(
            f"sampling_strategy wants {total} of the {n_members} members of {term!r}, a term that "
            "is rarer than average: its rows are never removed. Leave it out."
        )
