"""Every form of ``sampling_strategy``, read into one budget: members that each term should have."""

import numbers
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from imblearn.utils import check_sampling_strategy

from protimb.exceptions import AmbiguousTargetWarning, InvalidLabelsError
from protimb.utils._labelsets import count_members
from protimb.utils._warnings import users_level

ON_EVERY_ROW = "on every row"

# kind of a sampling_strategy -> its types; an integer is a real number as well, so order matters
KINDS: dict[str, Any] = {
    "totals": Mapping,
    "count": numbers.Integral,
    "share": numbers.Real,
    "terms": (list, tuple, set, np.ndarray),
}

# kind of sampler -> the words that imbalanced-learn knows
CLASS_WORDS = {
    "over-sampling": ("auto", "minority", "not minority", "not majority", "all"),
    "under-sampling": ("auto", "majority", "not minority", "not majority", "all"),
    "clean-sampling": ("auto", "majority", "not minority", "not majority", "all"),
}

# kind of sampler -> members of a class after it, from those before and imbalanced-learn's count
CLASS_TARGETS: dict[str, Callable] = {
    "over-sampling": lambda n_before, n_missing: n_before + clipped(n_missing),
    "under-sampling": lambda n_before, total: total,
    "clean-sampling": lambda n_before, total: 0,
}


@dataclass(frozen=True)
class Budget:
    """How many members each term has, and how many it should have at least."""

    n_before: np.ndarray  # int64 (n_terms,)
    n_target: np.ndarray  # int64 (n_terms,): n_before where a term must neither gain nor lose
    targeted: np.ndarray  # bool (n_terms,): terms that rows are made for, or that may lose rows
    notes: np.ndarray  # str (n_terms,): why a term was left alone, or is special; mostly empty
    n_rows: int | None = None  # to add or remove in all; None: the members are the budget
    at_most: bool = False  # fewer than n_rows are as good

    @property
    def missing(self):
        """Rows missing from each term, shape (n_terms,)."""
        return self.n_target - self.n_before

    def agrees_with(self, other):
        """Tell whether both ask for the same."""
        if not (self._asks() or other._asks()):
            return True
        same_terms = np.array_equal(self.targeted, other.targeted)
        return (
            same_terms
            and self.n_rows == other.n_rows
            and np.array_equal(self.n_target[self.targeted], other.n_target[self.targeted])
        )

    def _asks(self):
        return bool((self.targeted & (self.missing != 0)).any() or (self.n_rows or 0) > 0)


class Form(NamedTuple):
    """One form that a ``sampling_strategy`` may have: what errors call it, and how it is read.

    ``read(strategy, target, n_before)`` gives a budget.
    """

    offer: str
    read: Callable


def kind_of(strategy):
    """Name the form of a strategy: "auto", "word", "callable", or a key of ``KINDS``."""
    if isinstance(strategy, str):
        return "auto" if strategy == "auto" else "word"
    if callable(strategy):
        return "callable"
    return next((kind for kind, types in KINDS.items() if isinstance(strategy, types)), "unknown")


def is_explicit(strategy):
    """Tell whether a strategy names terms, so that leaving one out would be an error."""
    return kind_of(strategy) in ("totals", "callable")


def suits_terms(strategy, forms):
    """Tell whether a strategy has a meaning where rows may carry several terms."""
    return kind_of(strategy) in ("callable", *forms)


def read_strategy(strategy, target, y, forms, sampling_type):
    """Read a strategy as one for terms, or for classes if the target has them.

    ``forms`` are those for terms, by kind; a callable gets ``y`` as given, or the classes.
    """
    n_before = count_members(target.indicator)
    if target.classes is not None:
        counts = ask_imbalanced_learn(strategy, target, sampling_type)
        return _class_budget(counts, n_before, sampling_type)
    check_labelsets_differ(n_before, target)
    return _term_budget(strategy, target, y, forms, n_before)


def _term_budget(strategy, target, y, forms, n_before):
    strategy = strategy(y) if callable(strategy) else strategy
    form = forms.get(kind_of(strategy))
    if form is None:
        offers = ", ".join(form.offer for form in forms.values())
        raise ValueError(
            f"sampling_strategy={strategy!r} does not suit multilabel y ({len(target.terms)} "
            f"terms). Use {offers}, or a callable that returns one of them."
        )
    return form.read(strategy, target, n_before)


def _class_budget(counts, n_before, sampling_type):
    n_target, targeted = n_before.copy(), np.zeros(len(n_before), dtype=bool)
    for column, count in counts.items():
        n_target[column] = CLASS_TARGETS[sampling_type](n_before[column], count)
        targeted[column] = True
    return Budget(n_before, n_target, targeted, np.full(len(n_before), "", dtype=object))


def ask_imbalanced_learn(strategy, target, sampling_type):
    """Let imbalanced-learn read a strategy for classes: ``{column: count as it means it}``."""
    words = CLASS_WORDS[sampling_type]
    if isinstance(strategy, str) and strategy not in words:
        raise ValueError(
            f"sampling_strategy={strategy!r} is no word for y with one class a row. "
            f"Words are {', '.join(map(repr, words))}."
        )
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
    counts = check_sampling_strategy(strategy, target.classes, sampling_type)
    return {
        label if target.one_hot else target.column(label): count for label, count in counts.items()
    }


def warn_if_ambiguous(strategy, target, forms, sampling_type, mixes_labels=False):
    """Say so where nobody chose between terms and classes, and the two give different rows."""
    if not target.may_be_classes or callable(strategy):
        return
    as_terms = read_strategy(strategy, target, None, forms, sampling_type)
    try:
        as_classes = read_strategy(strategy, target.as_classes(), None, forms, sampling_type)
    except ValueError:  # imbalanced-learn knows no such strategy: nothing to choose
        return
    if mixes_labels or not as_terms.agrees_with(as_classes):
        warnings.warn(
            "Every row of y carries exactly one label, so its columns may be terms or classes, "
            f"and sampling_strategy={strategy!r} gives other rows for classes. They are read as "
            "terms: pass target='multilabel' to say that this is right, target='classes' for "
            "imbalanced-learn's meaning.",
            AmbiguousTargetWarning,
            stacklevel=users_level(),
        )


def check_labelsets_differ(n_before, target):
    """Refuse a target whose rows all have one labelset: no term tells two rows apart."""
    n_rows = target.indicator.shape[0]
    if np.isin(n_before, (0, n_rows)).all():
        raise InvalidLabelsError(
            f"All {n_rows} rows of y have the same labelset, that is one class: there is nothing "
            "to balance. Resampling needs rows that differ in at least one term."
        )


def named_totals(strategy, target):
    """Give ``{column: (name, total)}`` of a dict of totals; a term named twice is an error."""
    named: dict = {}
    for term, total in strategy.items():
        column = target.column(term)
        if column in named:
            raise ValueError(
                f"sampling_strategy names one term twice, as {named[column][0]!r} and as {term!r}. "
                "Keep one of the two."
            )
        if not isinstance(total, numbers.Integral):
            raise TypeError(f"sampling_strategy wants {total!r} members of {term!r}: not a count.")
        named[column] = term, int(total)
    return named


def share_of_rows(share, n_rows):
    """Give a share of the rows as a number of rows."""
    # The tolerance keeps 0.29 * 100 = 28.999999999999996 from losing a row.
    return int(share * n_rows + 1e-9)


def clipped(total):
    """Give a total that numpy can hold: Python integers have no limit, and no machine such rows."""
    return min(int(total), 2**60)
