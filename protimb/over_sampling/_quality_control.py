"""Quality control beside a sampler: draw, judge, draw again; and what became of the rows drawn."""

import warnings
from numbers import Integral
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils import gen_batches

from protimb.base import BaseMultilabelOverSampler
from protimb.budgets._plan import Plan, join
from protimb.exceptions import ModeCollapseWarning
from protimb.filters import FILTERS, BaseFilter
from protimb.utils._containers import parts_of, stack_rows
from protimb.utils._labelsets import group_positions
from protimb.utils._memory import gather_rows, is_large, read_blocks, room_for, rows_a_block
from protimb.utils._named import resolve, seeded, with_objects
from protimb.utils._representatives import members_a_term, representatives
from protimb.utils._sklearn_compat import Interval, StrOptions
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level

# A term whose new rows spread less than this share of the real ones' is reported.
COLLAPSED = 0.1

# Fewer new rows tell little about spread.
_MIN_ROWS = 5

# Real rows compared with copies at a time.
_BLOCK_OF_REAL = 2**12


class QualityControlled(BaseMultilabelOverSampler):
    """Base of the samplers that make vectors, which have to pass ``quality_filter``.

    A subclass has parameters ``quality_filter`` and ``max_rounds``, and implements ``_make``.
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        **BaseMultilabelOverSampler._parameter_constraints,
        "quality_filter": [StrOptions(set(FILTERS)), BaseFilter, None],
        "max_rounds": [Interval(Integral, 1, None, closed="left")],
    }

    def set_params(self, **params):
        """Set parameters; ``quality_filter__quantile`` also reaches into a filter's name.

        Parameters
        ----------
        **params

        Returns
        -------
        self : object
        """
        return super().set_params(**with_objects(params, self, {"quality_filter": FILTERS}))

    def _find_budget(self, target, y):
        self.terms_ = target.terms
        return super()._find_budget(target, y)

    def _train(self, X, y, rng):
        self._fit_filter(X, y, rng)

    def _fit_filter(self, X, y, rng):
        self.quality_filter_ = fit_quality_filter(self.quality_filter, X, y, rng)

    def _resample(self, X, y, ledger, rng):
        control = QualityControl(self.quality_filter_, self.max_rounds, X, y)
        X_new, plan = self._make(X, y, ledger, control, rng)
        if self.quality_filter_ is not None:  # what is judged term by term is wanted as a whole
            X_new = stack_rows(parts_of(X_new))
        self._report_quality(control, X_new, plan)
        return X_new, plan

    def _make(self, X, y, ledger, control, rng):
        """Draw with ``control`` what the ledger lacks: vectors, or a list of them, and the plan."""
        raise NotImplementedError

    def _report_quality(self, control, X_new, plan):
        if self.quality_filter_ is not None:
            self.quality_report_ = control.report(self.terms_, X_new, plan)


class Kept(NamedTuple):
    """Rows that passed: where they stand among those planned, vectors, and their plan."""

    positions: np.ndarray
    X: np.ndarray
    plan: Plan


class _Passed:
    """Rows that pass, of so many planned: they stay where the first round left them.

    What that round left open, others fill: all rows are in memory once.
    """

    def __init__(self, n_planned, none):
        self.is_filled = np.zeros(n_planned, dtype=bool)
        self._X, self._plans, self._positions = none, [], []

    def put(self, positions, passed, X_new, plan):
        """Keep those rows of a round that passed, in the array that it gave if it is the first."""
        kept = positions[passed]
        if not self._plans:
            self._X = X_new
        elif len(kept):
            if len(self._X) < len(self.is_filled):  # the first round made the first rows alone
                self._X = _with_room(self._X, len(self.is_filled))
            self._X[kept] = X_new[passed]
        self._plans.append(plan.take(passed))
        self._positions.append(kept)
        self.is_filled[kept] = True

    def all(self):
        """Give them in the order in which they were planned."""
        filled = np.flatnonzero(self.is_filled)
        X = self._X if len(filled) == self._X.shape[0] else _at_front(self._X, filled)
        if len(self._plans) < 2:
            return Kept(filled, X, join(self._plans))
        order = np.argsort(np.concatenate(self._positions))
        return Kept(filled, X, join(self._plans).take(order))


class QualityControl:
    """Judge what is drawn beside real rows X, csr y, draw again, and count what became of it.

    ``n_rounds`` are the draws that each planned row gets: one where nothing judges it.
    """

    def __init__(self, quality, max_rounds, X, y):
        self.quality, self.X, self.y = quality, X, y
        self.n_rounds = 1 if quality is None else max_rounds
        self.n_drawn, self.n_passed, self.n_missing = np.zeros((3, y.shape[1]), dtype=np.int64)

    def draw_until_passed(self, terms, draw, n_rounds=None):
        """Draw rows for these terms, (n_planned,), until each passes or has had its rounds.

        ``draw(positions)`` gives X_new and a plan for the first of these planned rows; no more
        rounds follow one that gives none.
        """
        pending, kept = np.arange(len(terms)), _Passed(len(terms), self.X[:0])
        n_rounds = self.n_rounds if n_rounds is None else n_rounds
        for _ in range(n_rounds if len(pending) else 0):
            X_new, plan = draw(pending)
            passed = self.judge(X_new, plan)
            drawn, undrawn = np.split(pending, [len(plan)])
            kept.put(drawn, passed, X_new, plan)
            del X_new  # the next round would hold it beside what was kept of it
            pending = np.concatenate([drawn[~passed], undrawn])
            if not (len(pending) and len(plan)):
                break
        self.n_missing += self._by_term(terms[pending])
        return kept.all()

    def accept(self, terms):
        """Count rows for these terms, (n_rows,), that need not be judged: real ones, say."""
        self.n_drawn += self._by_term(terms)
        self.n_passed += self._by_term(terms)

    def judge(self, X_new, plan):
        """Count what was drawn, and tell which rows pass with the labels they will carry."""
        passed = np.ones(len(plan), dtype=bool)
        if self.quality is not None:
            labels = plan.carried(self.y)
            for block in gen_batches(len(plan), rows_a_block(X_new)):
                passed[block] = self.quality.select(X_new[block], labels[block])
        self.n_drawn += self._by_term(plan.terms)
        self.n_passed += self._by_term(plan.terms[passed])
        return passed

    def report(self, terms, X_new, plan):
        """List by term what was planned, drawn, rejected, missing and copied, and its spread.

        X_new (n_new, n_features) and plan are what was kept. Gives a frame (n_terms, 6).
        """
        return pd.DataFrame(
            {
                "n_planned": self.n_passed + self.n_missing,
                "n_drawn": self.n_drawn,
                "n_rejected": self.n_drawn - self.n_passed,
                "n_missing": self.n_missing,
                "n_copies": self._by_term(plan.terms[are_copies(X_new, self.X)]),
                "diversity": _diversity(plan, self.X, X_new, len(terms)),
            },
            index=pd.Index(terms, name="term", tupleize_cols=False),
        )

    def _by_term(self, terms):
        return np.bincount(terms, minlength=self.y.shape[1])


def fit_quality_filter(quality_filter, X, y, rng):
    """Fit a copy of a filter on real rows X and y, csr (n_rows, n_terms); None stays None.

    Of rows too many to be copied it gets some members of each term.
    """
    if quality_filter is None:
        return None
    quality = seeded(resolve(quality_filter, FILTERS, "the sampler", "quality_filter"), rng)
    if not is_large(X.shape, 4):
        return quality.fit(X, y)
    rows = representatives(y, members_a_term(X.shape[1], y.shape[1]), rng)
    members = gather_rows(X, rows)
    dtype = np.float32 if X.dtype == np.float16 else X.dtype
    return quality.fit(members.astype(dtype, copy=False), y[rows])


def warn_about_collapse(report):
    """Warn of terms whose new rows hardly differ from one another."""
    n_new = report["n_planned"] - report["n_missing"]
    collapsed = report[(report["diversity"] < COLLAPSED) & (n_new >= _MIN_ROWS)]
    if len(collapsed):
        warnings.warn(
            f"New rows of {len(collapsed)} term(s) hardly differ from one another (term: their "
            f"spread over the real rows'; {a_few(_spreads(collapsed))}): the generator has "
            "collapsed there. Train it for longer or at a lower lr, or add noise (n_latent). "
            "quality_report_ lists all terms.",
            ModeCollapseWarning,
            stacklevel=users_level(),
        )


def are_copies(X_new, X):
    """Tell which of X_new (n_new, n_features) equal a row of X in every number: bool (n_new,)."""
    # Most rows differ in their first feature already, which spares reading the others.
    first = np.concatenate([block[:, 0].copy() for block in read_blocks(X)])
    suspects = np.flatnonzero(np.isin(X_new[:, 0], first))
    candidates = np.flatnonzero(np.isin(first, X_new[suspects, 0]))
    blocks = (candidates[block] for block in gen_batches(max(1, len(candidates)), _BLOCK_OF_REAL))
    real = {row.tobytes() for rows in blocks for row in gather_rows(X, rows).astype(X_new.dtype)}
    copies = np.zeros(len(X_new), dtype=bool)
    copies[suspects] = [row.tobytes() in real for row in X_new[suspects]]
    return copies


def _with_room(X, n_rows):
    """Give an array of so many rows, the first of them those of X."""
    room = room_for(n_rows, X.shape[1], X.dtype)
    room[: len(X)] = X
    return room


def _at_front(X, rows):
    """Give rows, (n_kept,) ascending, of an array of the caller's own, if they are many moved."""
    if 2 * len(rows) < len(X):
        return X[rows]
    for block in gen_batches(len(rows), rows_a_block(X)):
        X[block] = X[rows[block]]  # none is in front of its place, so none is lost
    return X[: len(rows)]


def _spreads(report):
    return (f"{term}: {spread:.2g}" for term, spread in report["diversity"].items())


def _diversity(plan, X, X_new, n_terms):
    """Divide the root of the summed variances of each term's new rows by the real ones'."""
    diversity = np.full(n_terms, np.nan)
    for term, rows in group_positions(plan.terms).items():
        real = _spread(gather_rows(X, plan.rows[rows]))
        if len(rows) > 1 and real > 0:
            diversity[term] = _spread(X_new[rows]) / real
    return diversity


def _spread(rows):
    return float(np.sqrt(rows.var(axis=0, dtype=np.float64).sum()))
