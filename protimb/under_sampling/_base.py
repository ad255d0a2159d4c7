"""The contract of samplers that remove rows: budgets, rows that stay, what is reported."""

import warnings
from numbers import Integral

import numpy as np
import pandas as pd
from imblearn.under_sampling.base import BaseCleaningSampler, BaseUnderSampler
from sklearn.utils import check_random_state

from protimb.base import BaseMultilabelSampler
from protimb.budgets._floors import (
    ON_EVERY_ROW,
    Floors,
    describe,
    find_floors,
)
from protimb.budgets._totals import ask_imbalanced_learn, check_labelsets_differ
from protimb.exceptions import InvalidLabelsError, ShortfallWarning, SkippedTermWarning
from protimb.utils._containers import take_rows
from protimb.utils._imbalance import split_terms
from protimb.utils._sklearn_compat import Interval, StrOptions, fit_context
from protimb.utils._validation import a_few


class _Reducer(BaseMultilabelSampler):
    """What budgeted under-samplers and cleaners share: read, choose, keep the rest, report."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Check the inputs, and find out which terms may lose rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
        y : array-like of shape (n_rows,) or (n_rows, n_terms)
            Classes or binary indicators.

        Returns
        -------
        self : object
        """
        self._forget()
        _, target = self._read(X, y)
        self._announce(self._find_floors(target, y), target)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_resample(self, X, y):
        """Give the rows that stay, unchanged and in order.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
        y : array-like of shape (n_rows,) or (n_rows, n_terms)
            Classes or binary indicators; rows without any label stay.

        Returns
        -------
        X_res : same type as X, n_rows - n_removed rows
        y_res : same type as y, n_rows - n_removed rows

        Raises
        ------
        InvalidLabelsError
            If y is not made of binary indicators, or cannot be resampled.
        """
        self._forget()
        vectors, target = self._read(X, y)
        floors = self._find_floors(target, y)
        _warn_about_skipped(floors, target)
        removed = self._choose(vectors, target, floors)
        self._announce(floors, target)
        self._report(removed, target, floors)
        return take_rows(X, self.sample_indices_), take_rows(y, self.sample_indices_)

    def _find_floors(self, target, y):
        raise NotImplementedError

    def _choose(self, X, target, floors):
        """Choose the rows to remove: their positions, in any order."""
        raise NotImplementedError

    # imbalanced-learn's hook is not called: both of its callers are overridden above.
    _fit_resample = None

    def _announce(self, floors, target):
        columns = np.flatnonzero(floors.targeted)
        self.sampling_strategy_ = {target.terms[c]: int(floors.n_floor[c]) for c in columns}

    def _report(self, removed, target, floors):
        n_rows = target.indicator.shape[0]
        self.sample_indices_ = np.setdiff1d(np.arange(n_rows), removed)
        self.n_removed_ = n_rows - len(self.sample_indices_)
        kept = target.indicator[self.sample_indices_]
        self.sampling_plan_ = pd.DataFrame(
            {
                "n_before": floors.n_before,
                "n_floor": floors.n_floor,
                "n_after": kept.sum(axis=0, dtype=np.int64),
                "note": floors.notes,
            },
            index=pd.Index(target.terms, name="term", tupleize_cols=False),
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.sampler_tags.sample_indices = True
        return tags


class BaseMultilabelUnderSampler(_Reducer, BaseUnderSampler):
    """Base of under-samplers with a budget: remove so many rows, or down to so many members.

    A subclass implements ``_choose``. Each term has a floor, and a row may go only while each of
    its terms is above its own: rows of rare terms therefore stay, and no term is overshot.

    Parameters
    ----------
    sampling_strategy : str, int, float, dict or callable, default="auto"
        If rows may carry several terms, or none: a float is the share of rows to remove;
        ``"auto"`` removes at most a quarter; an int n lowers each frequent term to n members;
        ``{term: total}`` names terms by column name or number; a callable gets y and returns one
        of these. If each row has exactly one label: imbalanced-learn's meaning.
    random_state : int, RandomState or None, default=None
        Seed of every draw. The global state of NumPy is never used unless it is None.

    Attributes
    ----------
    sampling_strategy_ : dict
        ``{term: members that it is left with at least}``, for terms that may lose rows.
    sampling_plan_ : DataFrame of shape (n_terms, 4)
        Indexed by term: ``n_before``, ``n_floor`` (fewest members it may be left with),
        ``n_after``, ``note``.
    sample_indices_ : ndarray of int, shape (n_rows - n_removed,)
        The rows that stay, in order.
    n_removed_ : int
        Number of rows removed.

    See Also
    --------
    BaseMultilabelCleaner : Removes what a rule marks, without a budget.
    protimb.base.BaseMultilabelOverSampler : The same contract for samplers that add rows.

    Notes
    -----
    A term is *minority* if its IRLbl is above MeanIR [1]_, and *majority* if below. Rows with a
    minority term are never removed, nor are rows without any term, which are no class to balance.
    With a share as budget a majority term may fall to where its IRLbl, counted from the most
    frequent term before, reaches MeanIR; with a count n no term falls below n. Terms that a dict
    does not name have the floors of a share.

    Budgets are met exactly where the floors leave enough rows, else a ``ShortfallWarning`` says
    what is missing; ``"auto"`` asks for no more than there is.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Addressing imbalance in
       multilabel classification: Measures and random resampling algorithms", Neurocomputing 163,
       3-16, 2015. https://doi.org/10.1016/j.neucom.2014.08.091
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        "sampling_strategy": [
            Interval(Integral, 1, None, closed="left"),
            *BaseUnderSampler._parameter_constraints["sampling_strategy"],
        ],
        "random_state": ["random_state"],
    }

    def __init__(self, *, sampling_strategy="auto", random_state=None):
        super().__init__(sampling_strategy=sampling_strategy)
        self.random_state = random_state

    # What a subclass says of rows that it does not remove although the budget is not spent.
    _others = "all others carry a rare term, or one that is at its floor"

    def _find_floors(self, target, y):
        return find_floors(self.sampling_strategy, target, y)

    def _choose(self, X, target, floors):
        return self._remove(target, floors, check_random_state(self.random_state))

    def _remove(self, target, floors, rng):
        """Choose the rows to remove by their labels alone."""
        raise NotImplementedError

    def _report(self, removed, target, floors):
        super()._report(removed, target, floors)
        if floors.n_remove is None:
            _warn_about_terms(self.sampling_plan_[floors.targeted], self._others)
        elif self.n_removed_ < floors.n_remove and not floors.at_most:
            warnings.warn(
                f"{self.n_removed_} of {floors.n_remove} rows were removed: {self._others}. "
                "sampling_plan_ lists the floors.",
                ShortfallWarning,
                stacklevel=4,
            )


class BaseMultilabelCleaner(_Reducer, BaseCleaningSampler):
    """Base of under-samplers without a budget: a rule says which frequent rows mislead.

    A subclass implements ``_choose``, which marks rows among :meth:`_candidates`.

    Parameters
    ----------
    sampling_strategy : str, list or callable, default="auto"
        If rows may carry several terms, or none: ``"auto"`` lets rows of all majority terms go;
        a list names the terms, by column name or number, one of which a row must carry to go; a
        callable gets y and returns such a list. If each row has exactly one label:
        imbalanced-learn's meaning, where ``"auto"`` spares the smallest class.

    Attributes
    ----------
    sampling_strategy_ : dict
        ``{term: members that it is left with at least}``, for terms that may lose rows.
    sampling_plan_ : DataFrame of shape (n_terms, 4)
        Indexed by term: ``n_before``, ``n_floor``, ``n_after``, ``note``.
    sample_indices_ : ndarray of int, shape (n_rows - n_removed,)
        The rows that stay, in order.
    n_removed_ : int
        Number of rows removed.

    See Also
    --------
    BaseMultilabelUnderSampler : Removes to a budget.

    Notes
    -----
    Candidates carry a term with IRLbl below MeanIR and none above. Rows without any term stay.
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        "sampling_strategy": [
            StrOptions({"auto", "majority", "not minority", "not majority", "all"}),
            list,
            callable,
        ],
    }

    def __init__(self, *, sampling_strategy="auto"):
        super().__init__(sampling_strategy=sampling_strategy)

    def _candidates(self, target, floors):
        """Find the rows that may go: of a targeted term, and of no term that must stay whole."""
        if not floors.targeted.any():
            return np.empty(0, dtype=np.int64)
        whole = floors.n_floor == floors.n_before
        n_targeted = target.indicator @ floors.targeted.astype(np.int64)
        n_whole = target.indicator @ whole.astype(np.int64)
        return np.flatnonzero((n_targeted > 0) & (n_whole == 0))

    def _find_floors(self, target, y):
        n_before = target.indicator.sum(axis=0).astype(np.int64)
        targeted = np.zeros(len(n_before), dtype=bool)
        if target.classes is not None:
            targeted[[*ask_imbalanced_learn(self.sampling_strategy, target, "clean-sampling")]] = (
                True
            )
            notes = np.full(len(n_before), "", dtype=object)
            return Floors(n_before, np.where(targeted, 0, n_before), targeted, notes)
        check_labelsets_differ(n_before, target)
        minority, majority = split_terms(n_before)
        notes = describe(n_before, minority, target.indicator.shape[0])
        targeted[_named_columns(self.sampling_strategy, target, y, majority, minority)] = True
        targeted &= notes != ON_EVERY_ROW
        return Floors(n_before, np.where(minority, n_before, 0), targeted, notes)


def _named_columns(strategy, target, y, majority, minority):
    names = strategy(y) if callable(strategy) else strategy
    if isinstance(names, str) and names == "auto":
        return np.flatnonzero(majority)
    is_collection = isinstance(names, list | tuple | set | np.ndarray)
    if not is_collection:
        raise ValueError(
            f"sampling_strategy={names!r} does not suit multilabel y ({len(target.terms)} terms): "
            "which rows go is for the rule to say. Use 'auto', a list of terms whose rows may go, "
            "or a callable that returns one."
        )
    columns = [target.column(name) for name in names]
    kept = [target.terms[column] for column in columns if minority[column]]
    if kept:
        raise InvalidLabelsError(
            f"sampling_strategy names {len(kept)} term(s) that are rarer than average "
            f"({a_few(kept)}): their rows are never removed. Leave them out."
        )
    return columns


def _warn_about_skipped(floors, target):
    columns = np.flatnonzero((floors.notes == ON_EVERY_ROW) & ~floors.targeted)
    if len(columns):
        names = a_few(f"{target.terms[c]}: {floors.n_before[c]}" for c in columns)
        warnings.warn(
            f"{len(columns)} term(s) left alone, because every row carries them and removing rows "
            f"would not change that (term: members; {names}).",
            SkippedTermWarning,
            stacklevel=3,
        )


def _warn_about_terms(plan, others):
    above = plan[plan["n_after"] > plan["n_floor"]]
    if len(above):
        names = a_few(f"{t}: {a} of {n}" for t, a, n in above[["n_after", "n_floor"]].itertuples())
        warnings.warn(
            f"{len(above)} term(s) keep more members than asked for (term: members of asked; "
            f"{names}): {others}. sampling_plan_ lists them all.",
            ShortfallWarning,
            stacklevel=5,
        )
