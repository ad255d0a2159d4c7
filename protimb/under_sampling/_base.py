"""The contract of samplers that remove rows: budgets, rows that stay, what is reported."""

import warnings
from collections.abc import Mapping
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import pandas as pd
from imblearn.under_sampling.base import BaseCleaningSampler, BaseUnderSampler
from sklearn.utils import check_random_state

from protimb.base import BaseMultilabelSampler
from protimb.budgets._floors import FLOORS, RULES, warn_about_skipped
from protimb.budgets._strategy import read_strategy, suits_terms, warn_if_ambiguous
from protimb.budgets._target import READINGS, read_target
from protimb.exceptions import ShortfallWarning
from protimb.utils._containers import take_rows
from protimb.utils._rows_on_disk import Part, check_out, documents_out, write_rows
from protimb.utils._sklearn_compat import Interval, StrOptions, fit_context
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level


class _Reducer(BaseMultilabelSampler):
    """What budgeted under-samplers and cleaners share: read, choose, keep the rest, report."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Check the inputs, and find out which terms may lose rows.

        Parameters
        ----------
        X : array-like or sparse of shape (n_rows, n_features)
            Sparse, or with text, categories and dates, where the sampler only moves rows.
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
    @documents_out
    def fit_resample(self, X, y, *, out=None):
        """Give the rows that stay, unchanged and in order.

        Parameters
        ----------
        X : array-like or sparse of shape (n_rows, n_features)
            Sparse, or with text, categories and dates, where the sampler only moves rows.
        y : array-like of shape (n_rows,) or (n_rows, n_terms)
            Classes or binary indicators; rows without any label stay.
        {out}

        Returns
        -------
        X_res : same type as X, n_rows - n_removed rows
            With ``out`` a read-only memory map of ``X.npy``.
        y_res : same type as y, n_rows - n_removed rows
            With ``out`` a csr_array of uint8, or classes.

        Raises
        ------
        FileExistsError
            If ``out`` holds something already.
        InvalidLabelsError
            If y is not made of binary indicators, or cannot be resampled.
        TypeError
            If X is no matrix of numbers that ``out`` could hold.
        """
        self._forget()
        check_out(out, X)
        vectors, target = self._read(X, y)
        floors = self._find_floors(target, y)
        warn_if_ambiguous(self.sampling_strategy, target, self._forms, self._sampling_type)
        warn_about_skipped(floors, target)
        removed = self._choose(vectors, target, floors)
        self._announce(floors, target)
        self._report(removed, target, floors)
        kept = self.sample_indices_
        if out is not None:
            y = target.indicator if target.is_matrix else target.classes
            return write_rows(out, [Part(X, kept)], y[kept])
        return take_rows(X, kept), take_rows(y, kept)

    # What sampling_strategy may be where rows may carry several terms.
    _forms: ClassVar[dict]

    def _read_target(self, y):
        suits = suits_terms(self.sampling_strategy, self._forms)
        return read_target(y, self.target, suits_terms=suits)

    def _find_floors(self, target, y):
        return read_strategy(self.sampling_strategy, target, y, self._forms, self._sampling_type)

    def _choose(self, X, target, floors):
        """Choose the rows to remove: their positions, in any order."""
        raise NotImplementedError

    # imbalanced-learn's hook is not called: both of its callers are overridden above.
    _fit_resample = None

    def _announce(self, floors, target):
        columns = np.flatnonzero(floors.targeted)
        self.sampling_strategy_ = {target.terms[c]: int(floors.n_target[c]) for c in columns}

    def _report(self, removed, target, floors):
        n_rows = target.indicator.shape[0]
        self.sample_indices_ = np.setdiff1d(np.arange(n_rows), removed)
        self.n_removed_ = n_rows - len(self.sample_indices_)
        kept = target.indicator[self.sample_indices_]
        self.sampling_plan_ = pd.DataFrame(
            {
                "n_before": floors.n_before,
                "n_floor": floors.n_target,
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
        If y holds terms: a float is the share of rows to remove; ``"auto"`` removes at most a
        quarter; an int n lowers each frequent term to n members; ``{term: total}`` names terms by
        column name or number; a callable gets y and returns one of these. If y holds classes:
        imbalanced-learn's meaning.
    target : {"auto", "multilabel", "classes"}, default="auto"
        What the columns of y are: ``"multilabel"``, terms; ``"classes"``, one-hot classes, and
        ``sampling_strategy`` has imbalanced-learn's meaning. ``"auto"`` takes several columns for
        terms, and warns if each row has exactly one label and both readings differ. Only a
        strategy without a meaning for terms makes such columns classes. One-dimensional y always
        holds classes.
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
            Interval(Real, 0, 1, closed="right"),
            str,  # which words there are depends on y
            Mapping,
            callable,
        ],
        "target": [StrOptions(set(READINGS))],
        "random_state": ["random_state"],
    }

    _forms = FLOORS
    _moves_rows = _takes_sparse = True

    def __init__(self, *, sampling_strategy="auto", target="auto", random_state=None):
        super().__init__(sampling_strategy=sampling_strategy)
        self.target = target
        self.random_state = random_state

    # What a subclass says of rows that it does not remove although the budget is not spent.
    _others = "all others carry a rare term, or one that is at its floor"

    def _choose(self, X, target, floors):
        return self._remove(target, floors, check_random_state(self.random_state))

    def _remove(self, target, floors, rng):
        """Choose the rows to remove by their labels alone."""
        raise NotImplementedError

    def _report(self, removed, target, floors):
        super()._report(removed, target, floors)
        if floors.n_rows is None:
            _warn_about_terms(self.sampling_plan_[floors.targeted], self._others)
        elif self.n_removed_ < floors.n_rows and not floors.at_most:
            warnings.warn(
                f"{self.n_removed_} of {floors.n_rows} rows were removed: {self._others}. "
                "sampling_plan_ lists the floors.",
                ShortfallWarning,
                stacklevel=users_level(),
            )


class BaseMultilabelCleaner(_Reducer, BaseCleaningSampler):
    """Base of under-samplers without a budget: a rule says which frequent rows mislead.

    A subclass implements ``_choose``, which marks rows among :meth:`_candidates`.

    Parameters
    ----------
    sampling_strategy : str, list or callable, default="auto"
        If y holds terms: ``"auto"`` lets rows of all majority terms go; a list names the terms, by
        column name or number, one of which a row must carry to go; a callable gets y and returns
        such a list. If y holds classes: imbalanced-learn's meaning, where ``"auto"`` spares the
        smallest class.
    target : {"auto", "multilabel", "classes"}, default="auto"
        What the columns of y are: ``"multilabel"``, terms; ``"classes"``, one-hot classes, and
        ``sampling_strategy`` has imbalanced-learn's meaning. ``"auto"`` takes several columns for
        terms, and warns if each row has exactly one label and both readings differ. Only a
        strategy without a meaning for terms makes such columns classes. One-dimensional y always
        holds classes.

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
            str,  # which words there are depends on y
            list,
            callable,
        ],
        "target": [StrOptions(set(READINGS))],
    }

    _forms = RULES
    _takes_sparse = True
    _or_else = " MLRUS and LPRUS, which measure no distances, take it as it is."

    def __init__(self, *, sampling_strategy="auto", target="auto"):
        super().__init__(sampling_strategy=sampling_strategy)
        self.target = target

    def _candidates(self, target, floors):
        """Find the rows that may go: of a targeted term, and of no term that must stay whole."""
        if not floors.targeted.any():
            return np.empty(0, dtype=np.int64)
        whole = floors.n_target == floors.n_before
        n_targeted = target.indicator @ floors.targeted.astype(np.int64)
        n_whole = target.indicator @ whole.astype(np.int64)
        return np.flatnonzero((n_targeted > 0) & (n_whole == 0))


def _warn_about_terms(plan, others):
    above = plan[plan["n_after"] > plan["n_floor"]]
    if len(above):
        names = a_few(f"{t}: {a} of {n}" for t, a, n in above[["n_after", "n_floor"]].itertuples())
        warnings.warn(
            f"{len(above)} term(s) keep more members than asked for (term: members of asked; "
            f"{names}): {others}. sampling_plan_ lists them all.",
            ShortfallWarning,
            stacklevel=users_level(),
        )
