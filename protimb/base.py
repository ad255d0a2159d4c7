"""The contract of samplers: multilabel targets in, real rows first and unchanged."""

import warnings
from collections.abc import Mapping
from numbers import Integral, Real

import numpy as np
import pandas as pd
from imblearn.base import BaseSampler
from imblearn.over_sampling.base import BaseOverSampler
from scipy import sparse
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from protimb.budgets._duplicates import warn_about_copies
from protimb.budgets._plan import Ledger
from protimb.budgets._strategy import suits_terms, warn_if_ambiguous
from protimb.budgets._target import READINGS, read_target
from protimb.budgets._totals import TOTALS, find_budget, warn_about
from protimb.exceptions import ShortfallWarning
from protimb.utils._alignment import check_same_order
from protimb.utils._containers import (
    append_copies,
    append_labels,
    append_vectors,
    parts_of,
)
from protimb.utils._foreign import check_supported, read_table
from protimb.utils._memory import available_memory, check_memory
from protimb.utils._rows_on_disk import Part, check_out, documents_out, write_rows
from protimb.utils._sklearn_compat import Interval, StrOptions, fit_context, validate_data
from protimb.utils._validation import a_few, check_rows, check_vectors, has_numbers
from protimb.utils._warnings import users_level

__all__ = ["BaseMultilabelOverSampler", "BaseMultilabelSampler"]


class BaseMultilabelSampler(BaseSampler):
    """Base of all samplers: read and check what users pass, multilabel targets included.

    Imbalanced-learn refuses a row with two labels, and reads a row without any as one of
    class 0. This class takes such targets as they are. Several columns are terms, unless a
    parameter ``target`` says that they are classes; one-dimensional targets are classes.

    Notes
    -----
    Subclasses never define ``transform``: a pipeline step is a sampler or a transformer.
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self._takes_sparse
        tags.input_tags.string = tags.input_tags.categorical = self._moves_rows
        tags.target_tags.two_d_labels = True
        tags.target_tags.multi_output = True
        return tags

    def _read(self, X, y):
        """Check X and y, and give X as floats and y as a ``Target``."""
        check_supported(X=X, y=y)
        vectors = self._read_vectors(X)
        validate_data(self, read_table(X, "X"), y, reset=True, skip_check_array=True)
        target = self._read_target(y)
        check_consistent_length(vectors, target.indicator)
        check_same_order(X=X, y=y)
        return vectors, target

    def _read_target(self, y):
        return read_target(y)

    # Whether new rows are copies, or rows only go: then columns may hold anything.
    _moves_rows = False

    # Whether X may be sparse.
    _takes_sparse = False

    def _read_vectors(self, X):
        if self._moves_rows:
            return check_rows(X)
        return check_vectors(X, sparse_too=self._takes_sparse, or_else=self._or_else)

    # What else to do with a column of names or sparse X, for the error that refuses it.
    _or_else = ""

    def _forget(self):
        # An interrupted or failed refit must not leave a mixture of old and new behind.
        for name in [name for name in vars(self) if name.endswith("_")]:
            delattr(self, name)


class BaseMultilabelOverSampler(BaseMultilabelSampler, BaseOverSampler):
    """Base of all over-samplers: plan, generate, and put new rows below the real ones.

    A subclass implements :meth:`_generate`, and :meth:`_train` if it learns first. As a rule
    labels are not made up: each synthetic row carries the labels of one real row, so whatever
    holds for every real label row, such as the true-path rule of an ontology, holds for it too.
    A sampler that lets several real rows vote on labels puts them into its plan and says so.

    Parameters
    ----------
    sampling_strategy : str, int, float, dict or callable, default="auto"
        If y holds terms: ``"auto"`` raises each term whose IRLbl exceeds MeanIR to the count where
        they are equal [1]_; an int n raises each term to n members; ``{term: total}`` names terms
        by column name or number; a callable gets y and returns such a dict. If y holds classes:
        imbalanced-learn's meaning.
    min_members : int, default=1
        Terms with fewer members are left alone and reported; naming one is an error.
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
        ``{term: rows missing}``.
    sampling_plan_ : DataFrame of shape (n_terms, 5)
        Indexed by term: ``n_before``, ``n_target``, ``n_drawn`` (rows added for this term),
        ``n_after`` (with the rows that other terms brought), ``note``.
    n_synthetic_ : int
        Number of rows added.
    synthetic_mask_ : ndarray of bool, shape (n_rows + n_synthetic,)
        Which rows of the output were generated.
    conditioning_indices_ : ndarray of int, shape (n_synthetic,)
        The real row that each synthetic row starts from, and whose labels it carries unless the
        sampler says that labels are voted on.

    See Also
    --------
    imblearn.over_sampling.base.BaseOverSampler : The contract for one label a row.

    Notes
    -----
    Totals are lower bounds: a row drawn for a rare term brings its ancestors along, so frequent
    terms may end above their totals.

    Rows come back in the container and the dtypes they came in: lists, arrays, pandas and polars,
    sparse matrices where the sampler takes them.
    New numbers are rounded in columns of integers, and become the nearest category in columns of
    categories; a container that cannot be given back is refused. Rows of two pandas tables need
    the same ids in the same order.

    Both ``fit`` and ``fit_resample`` start by forgetting what was learned before. If one of them
    fails or is interrupted, the sampler is unfitted, never half old and half new.

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
        "min_members": [Interval(Integral, 1, None, closed="left")],
        "target": [StrOptions(set(READINGS))],
        "random_state": ["random_state"],
    }

    def __init__(
        self, *, sampling_strategy="auto", min_members=1, target="auto", random_state=None
    ):
        super().__init__(sampling_strategy=sampling_strategy)
        self.min_members = min_members
        self.target = target
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """Check the inputs, find out which terms lack rows, and learn from the real rows.

        Parameters
        ----------
        X : array-like or sparse of shape (n_rows, n_features)
            Sparse, or with text, categories and dates, where the sampler only moves rows.
        y : array-like of shape (n_rows,) or (n_rows, n_terms)
            Classes or binary indicators.

        Returns
        -------
        self : BaseMultilabelOverSampler
        """
        self._forget()
        vectors, target = self._read(X, y)
        self._find_budget(target, y)
        self._train(vectors, target.indicator, check_random_state(self.random_state))
        return self

    @fit_context(prefer_skip_nested_validation=True)
    @documents_out
    def fit_resample(self, X, y, *, out=None):
        """Give the real rows, unchanged and in order, then the synthetic ones.

        Parameters
        ----------
        X : array-like or sparse of shape (n_rows, n_features)
            Sparse, or with text, categories and dates, where the sampler only moves rows.
        y : array-like of shape (n_rows,) or (n_rows, n_terms)
            Classes or binary indicators; rows without any label stay.
        {out}

        Returns
        -------
        X_res : same type as X, n_rows + n_synthetic rows
            With ``out`` a read-only memory map of ``X.npy``, in the dtype of X.
        y_res : same type as y, n_rows + n_synthetic rows
            With ``out`` a csr_array of uint8, or classes.

        Raises
        ------
        ArtifactWriteError
            If the disk has no room for ``out``.
        FileExistsError
            If ``out`` holds something already.
        InvalidLabelsError
            If y is not made of binary indicators, or cannot be resampled.
        MemoryEstimateError
            If the result would not fit in memory.
        TypeError
            If X is no matrix of numbers that ``out`` could hold.
        """
        self._forget()
        check_out(out, X)
        vectors, target = self._read(X, y)
        budget = self._find_budget(target, y)
        warn_if_ambiguous(
            self.sampling_strategy, target, self._forms, self._sampling_type, self._mixes_labels
        )
        warn_about(budget, target.terms)
        if has_numbers(X):  # rows of names alone are often equal
            warn_about_copies(vectors, target, budget)
        ledger = self._open_ledger(vectors, y, target, budget)
        rng = check_random_state(self.random_state)
        self._train(vectors, target.indicator, rng)
        X_new, plan = self._resample(vectors, target.indicator, ledger, rng)
        self._report(plan, target, budget)
        warn_about_shortfall(self.sampling_plan_)
        if out is not None:
            return self._write(out, X, y, X_new, plan, target)
        voted = plan.labels is not None and target.classes is None
        y_res = append_labels(y, plan.labels) if voted else append_copies(y, plan.rows)
        return self._append(X, X_new, plan), y_res

    def label_mask(self):
        """Tell which labels of the last output to train on: new rows teach what they are for.

        A row that was generated for a rare term says yes or no to the frequent ones as well, which
        have real rows enough. Real rows count with all of their labels, generated ones with those
        of the terms that lacked rows (``n_target`` above ``n_before`` in ``sampling_plan_``), or,
        where a share of all rows was asked for, of the terms that rows were drawn for.

        Returns
        -------
        known : ndarray of bool, shape (n_rows + n_synthetic, n_terms)
            For ``label_mask`` of `protimb.classification.GOTermClassifier.fit`.

        Raises
        ------
        NotFittedError
            If ``fit_resample`` was not called.
        """
        check_is_fitted(self, "synthetic_mask_")
        plan = self.sampling_plan_
        lacked_rows = (plan["n_target"] > plan["n_before"]).to_numpy()
        if not lacked_rows.any():
            lacked_rows = (plan["n_drawn"] > 0).to_numpy()
        return ~self.synthetic_mask_[:, None] | lacked_rows

    def _train(self, X, y, rng):
        """Learn from the real rows before any is drawn; nothing to learn by default.

        X is (n_rows, n_features) float, csr where a sampler takes sparse X, y a csr_array of uint8
        (n_rows, n_terms).
        """

    def _resample(self, X, y, ledger, rng):
        """Draw the whole plan, then generate; override to decide term by term instead."""
        return self._generate(X, y, ledger.draw(rng), rng)

    def _generate(self, X, y, plan, rng):
        """Make one vector for each row of the plan.

        Returns ``(X_new, plan)``, where the plan may have lost the rows that quality control
        rejected: ``X_new[keep], plan.take(keep)``. A list of arrays may stand for X_new, which is
        emptied: then its rows are never in memory twice.
        """
        raise NotImplementedError

    def _append(self, X, X_new, plan):
        """Put new rows below the real ones, in the container of X."""
        return append_vectors(X, X_new)

    def _write(self, out, X, y, X_new, plan, target):
        """Write the real rows and the new ones to a folder, block by block; give both, mapped."""
        labels = target.indicator
        new = plan.carried(labels) if target.classes is None else labels[plan.rows]
        if target.is_matrix:
            y = sparse.vstack([labels, new], format="csr")
        else:
            y = append_copies(target.classes, plan.rows)
        return write_rows(out, [Part(X), *self._new_parts(X, X_new, plan)], y)

    def _new_parts(self, X, X_new, plan):
        return map(Part, parts_of(X_new))

    # imbalanced-learn's hook is not called: both of its callers are overridden above.
    _fit_resample = None

    # What sampling_strategy may be where rows may carry several terms.
    _forms = TOTALS

    # Whether label rows are made by a vote, so that they may differ from those of the real row.
    votes_on_labels = False

    # Whether such a row may have labels of two classes, or none, if columns are terms.
    _mixes_labels = False

    def _read_target(self, y):
        suits = suits_terms(self.sampling_strategy, self._forms)
        target = read_target(y, self.target, suits_terms=suits)
        self._holds_classes = target.classes is not None
        return target

    def _find_budget(self, target, y):
        strategy = self._strategy_for(target)
        budget = find_budget(strategy, target, y, self.min_members, forms=self._forms)
        budget = self._restrict_budget(budget, target)
        columns = np.flatnonzero(budget.missing)
        self.sampling_strategy_ = {target.terms[c]: int(budget.missing[c]) for c in columns}
        return budget

    def _restrict_budget(self, budget, target):
        """Leave some terms alone; none by default."""
        return budget

    def _strategy_for(self, target):
        return self.sampling_strategy

    def _open_ledger(self, X, y, target, budget):
        # Each new row exists as computed and as returned.
        row_bytes = 2 * (_bytes_per_row(X) + _bytes_per_row(y))
        available = available_memory()

        def check_rows(n_rows):
            purpose = f"{type(self).__name__}: {n_rows:,} synthetic rows"
            check_memory(n_rows * row_bytes, available, purpose)

        check_rows(budget.n_rows or int(budget.missing.max(initial=0)))
        return Ledger(target.indicator, budget, check_rows)

    def _report(self, plan, target, budget):
        n_rows, n_terms = target.indicator.shape
        self.n_synthetic_ = len(plan)
        self.synthetic_mask_ = np.arange(n_rows + len(plan)) >= n_rows
        self.conditioning_indices_ = plan.rows
        self.sampling_plan_ = pd.DataFrame(
            {
                "n_before": budget.n_before,
                "n_target": budget.n_target,
                "n_drawn": np.bincount(plan.terms, minlength=n_terms),
                "n_after": budget.n_before + plan.count(target.indicator),
                "note": budget.notes,
            },
            index=pd.Index(target.terms, name="term", tupleize_cols=False),
        )


def _bytes_per_row(y):
    if sparse.issparse(y):
        return y.nnz * (y.dtype.itemsize + np.dtype(np.int32).itemsize) // y.shape[0]
    rows = getattr(y, "iloc", y if hasattr(y, "__getitem__") else np.asarray(y))
    return np.asarray(rows[:1]).nbytes


def warn_about_shortfall(plan):
    """Name the terms of a ``sampling_plan_`` that have fewer members than was planned."""
    short = plan[plan["n_after"] < plan["n_target"]]
    if len(short):
        names = a_few(f"{t}: {a} of {n}" for t, a, n in short[["n_after", "n_target"]].itertuples())
        warnings.warn(
            f"{len(short)} term(s) have fewer members than planned (term: members of planned; "
            f"{names}). sampling_plan_ lists them all.",
            ShortfallWarning,
            stacklevel=users_level(),
        )
