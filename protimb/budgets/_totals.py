"""How many members each term should have: every form of ``sampling_strategy``."""

import math
import numbers
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from imblearn.utils import check_sampling_strategy

from protimb.exceptions import InvalidLabelsError, RareTermWarning, SkippedTermWarning
from protimb.utils._imbalance import irlbl
from protimb.utils._validation import a_few

ON_EVERY_ROW = "on every row"
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


@dataclass(frozen=True)
class Totals:
    """How many members each term has, and how many it should have.

    Attributes
    ----------
    n_before, n_target : ndarray of int64, shape (n_terms,)
        Equal where a term is not targeted.
    notes : ndarray of str, shape (n_terms,)
        Why a term was left alone, or what is special about it; mostly empty.
    n_rows : int or None
        Rows to add in all, where the budget is a share of the rows; no term is targeted then.
    """

    n_before: np.ndarray
    n_target: np.ndarray
    notes: np.ndarray
    n_rows: int | None = None

    @property
    def missing(self):
        """Rows missing from each term, shape (n_terms,)."""
        return self.n_target - self.n_before


def find_totals(strategy, target, y, min_members=1, *, shares=False):
    """Turn a ``sampling_strategy`` into a total for each term.

    Parameters
    ----------
    strategy : str, int, float, mapping or callable
        Imbalanced-learn's meaning for single-label targets; else ``"auto"``, a count,
        ``{term: total}`` or a callable that returns one.
    target : Target
        ``y`` as read.
    y : array-like
        ``y`` as given: what a callable gets if rows carry several terms.
    min_members : int
        Terms with fewer members are left alone.
    shares : bool
        Whether a float is the share of rows to add if rows carry several terms; else an error.

    Returns
    -------
    totals : Totals

    Raises
    ------
    InvalidLabelsError
        If all rows have one labelset, or a named term has too few members.
    UnknownTermError
        If a named term does not exist.
    ValueError
        If the strategy does not suit the target.
    """
    n_before = target.indicator.sum(axis=0).astype(np.int64)
    if target.classes is None:
        check_labelsets_differ(n_before, target)
        if shares and _is_share(strategy):
            return _share_of_rows(strategy, target, n_before, min_members)
        n_target = _multilabel_totals(strategy, target, y, n_before)
    else:
        n_target = _single_label_totals(strategy, target, n_before)
    explicit = isinstance(strategy, Mapping) or callable(strategy)
    return _leave_some_alone(n_target, n_before, target, min_members, explicit)


def warn_about(totals, terms):
    """Say once for each kind of note which terms it concerns.

    Parameters
    ----------
    totals : Totals
    terms : list of length n_terms
        Names.
    """
    for note, (category, consequence) in WARNINGS.items():
        columns = np.flatnonzero(totals.notes == note)
        if len(columns):
            names = a_few(f"{terms[c]}: {totals.n_before[c]}" for c in columns)
            message = f"{len(columns)} term(s) {consequence} (term: members; {names})."
            warnings.warn(message, category, stacklevel=4)


def check_labelsets_differ(n_before, target):
    """Refuse a target whose rows all have one labelset.

    Parameters
    ----------
    n_before : ndarray of int, shape (n_terms,)
    target : Target

    Raises
    ------
    InvalidLabelsError
        If no term tells two rows apart.
    """
    n_rows = target.indicator.shape[0]
    if np.isin(n_before, (0, n_rows)).all():
        raise InvalidLabelsError(
            f"All {n_rows} rows of y have the same labelset, that is one class: there is nothing "
            "to balance. Resampling needs rows that differ in at least one term."
        )


def ask_imbalanced_learn(strategy, target, kind):
    """Let imbalanced-learn read the strategy where each row has exactly one label.

    Parameters
    ----------
    strategy : str, int, float, list, mapping or callable
    target : Target
        With classes.
    kind : {"over-sampling", "under-sampling", "clean-sampling"}

    Returns
    -------
    counts : dict
        ``{column of the class: count}``, the count as ``check_sampling_strategy`` means it.

    Raises
    ------
    ValueError
        If the strategy does not suit the target.
    """
    if isinstance(strategy, numbers.Integral) and int(strategy) > 1:
        raise ValueError(
            f"sampling_strategy={strategy} is a count for every term, which suits multilabel y. "
            "Each row of this y has exactly one label: use a name such as 'auto', a ratio in "
            "(0, 1], or {class: total}."
        )
    # One-hot classes are known to imbalanced-learn by column number.
    if target.one_hot and isinstance(strategy, Mapping):
        strategy = {target.column(name): count for name, count in strategy.items()}
    elif target.one_hot and isinstance(strategy, list):
        strategy = [target.column(name) for name in strategy]
    counts = check_sampling_strategy(strategy, target.classes, kind)
    return {
        label if target.one_hot else target.column(label): count for label, count in counts.items()
    }


def _single_label_totals(strategy, target, n_before):
    n_target = n_before.copy()
    for column, n_rows in ask_imbalanced_learn(strategy, target, "over-sampling").items():
        n_target[column] += _clipped(n_rows)
    return n_target


def _multilabel_totals(strategy, target, y, n_before):
    if callable(strategy):
        strategy = strategy(y)
    if isinstance(strategy, Mapping):
        return _named_totals(strategy, target, n_before)
    if isinstance(strategy, numbers.Integral):
        return np.where(n_before > 0, np.maximum(n_before, _clipped(strategy)), 0)
    if isinstance(strategy, str) and strategy == "auto":
        return mean_imbalance_totals(n_before)
    raise ValueError(
        f"sampling_strategy={strategy!r} does not suit multilabel y ({len(target.terms)} terms): "
        "ratios and class names compare one class with another. Use 'auto', a count for every "
        "term, {term: total}, or a callable that returns such a dict."
    )


def mean_imbalance_totals(n_before):
    """Raise each term to the count where its IRLbl equals MeanIR.

    Parameters
    ----------
    n_before : ndarray of int, shape (n_terms,)
        Members of each term.

    Returns
    -------
    n_target : ndarray of int64, shape (n_terms,)
        At least ``n_before``; 0 for a term without members.

    Examples
    --------
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


def _is_share(strategy):
    return isinstance(strategy, numbers.Real) and not isinstance(strategy, numbers.Integral)


def _share_of_rows(share, target, n_before, min_members):
    # The tolerance keeps 0.29 * 100 = 28.999999999999996 from losing a row.
    n_rows = math.floor(share * target.indicator.shape[0] + 1e-9)
    totals = _leave_some_alone(n_before.copy(), n_before, target, min_members, explicit=False)
    return replace(totals, n_rows=n_rows)


def _named_totals(strategy, target, n_before):
    n_target = n_before.copy()
    asked: dict = {}
    for term, total in strategy.items():
        column = target.column(term)
        if asked.setdefault(column, term) != term:
            raise ValueError(
                f"sampling_strategy names one term twice, as {asked[column]!r} and as {term!r}. "
                "Keep one of the two."
            )
        _check_total(term, total, n_before[column])
        n_target[column] = _clipped(total)
    return n_target


def _check_total(term, total, n_members):
    if not isinstance(total, numbers.Integral):
        raise TypeError(f"sampling_strategy wants {total!r} members of {term!r}: not a count.")
    if int(total) < n_members:
        raise ValueError(
            f"sampling_strategy wants {total} members of {term!r}, which has {n_members} already. "
            "Over-sampling only adds rows: give the total after resampling."
        )
    if n_members == 0 and int(total) > 0:
        raise InvalidLabelsError(
            f"sampling_strategy names {term!r}, which has no members in y: there is no row to "
            "take labels from. Leave it out."
        )


def _leave_some_alone(n_target, n_before, target, min_members, explicit):
    targeted = n_target > n_before
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
    return Totals(n_before, np.where(alone, n_before, n_target), notes)


def _clipped(total):
    # Python integers have no limit, numpy's do; no machine holds this many rows anyway.
    return min(int(total), 2**60)
