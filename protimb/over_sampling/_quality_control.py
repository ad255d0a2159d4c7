"""Quality control beside a sampler: draw, judge, draw again; and what became of the rows drawn."""

import warnings
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.utils import gen_batches

from protimb.exceptions import ModeCollapseWarning
from protimb.filters import FILTERS, BaseFilter
from protimb.utils._labelsets import group_positions
from protimb.utils._memory import gather_rows, is_large
from protimb.utils._named import resolve, seeded
from protimb.utils._representatives import members_a_term, representatives
from protimb.utils._sklearn_compat import Interval, StrOptions
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level

# A term whose new rows spread less than this share of the real ones' is reported.
COLLAPSED = 0.1

# Fewer new rows tell little about spread.
_MIN_ROWS = 5

# Rows drawn and judged at a time, which bounds what that takes beside the rows themselves.
_BLOCK = 2**16

# Of every sampler that makes vectors.
QUALITY_CONSTRAINTS = {
    "quality_filter": [StrOptions(set(FILTERS)), BaseFilter, None],
    "max_rounds": [Interval(Integral, 1, None, closed="left")],
}


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


def draw_until_passed(X_new, draw, passes, max_rounds):
    """Fill X_new (n_new, n_features) with draws until each row passes, or has had its rounds.

    ``draw(rows)`` gives vectors for positions in X_new, and may keep what else it drew for them;
    ``passes(X_drawn, rows)`` judges these; None lets all pass. Gives passed, bool (n_new,), and
    n_draws, int (n_new,).
    """
    passed = np.zeros(len(X_new), dtype=bool)
    n_draws = np.zeros(len(X_new), dtype=np.int64)
    for _ in range(max_rounds):
        if passed.all():
            break
        pending = np.flatnonzero(~passed)
        for block in gen_batches(len(pending), _BLOCK):
            rows = pending[block]
            X_new[rows] = draw(rows)
            passed[rows] = True if passes is None else passes(X_new[rows], rows)
        n_draws[pending] += 1
    return passed, n_draws


def report_quality(terms, plan, passed, n_draws, X, X_new):
    """Count by term what was planned, drawn, rejected, missing and copied, and how it spreads.

    ``passed`` and ``n_draws`` are of each planned row, X_new (n_planned, n_features) its last
    draw, X the real rows. Gives a frame (n_terms, 6).
    """

    def count(weights):
        return np.bincount(plan.terms, weights, minlength=len(terms)).astype(np.int64)

    copies = np.zeros(len(plan), dtype=bool)
    copies[passed] = are_copies(X_new[passed], X)
    return pd.DataFrame(
        {
            "n_planned": count(np.ones(len(plan))),
            "n_drawn": count(n_draws),
            "n_rejected": count(n_draws - passed),
            "n_missing": count(~passed),
            "n_copies": count(copies),
            "diversity": _diversity(plan.take(passed), X, X_new[passed], len(terms)),
        },
        index=pd.Index(terms, name="term", tupleize_cols=False),
    )


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
    suspects = np.flatnonzero(np.isin(X_new[:, 0], X[:, 0]))
    candidates = np.flatnonzero(np.isin(X[:, 0], X_new[suspects, 0]))
    real = {row.tobytes() for row in X[candidates].astype(X_new.dtype, copy=False)}
    copies = np.zeros(len(X_new), dtype=bool)
    copies[suspects] = [row.tobytes() in real for row in X_new[suspects]]
    return copies


def _spreads(report):
    return (f"{term}: {spread:.2g}" for term, spread in report["diversity"].items())


def _diversity(plan, X, X_new, n_terms):
    """Divide the root of the summed variances of each term's new rows by the real ones'."""
    diversity = np.full(n_terms, np.nan)
    for term, rows in group_positions(plan.terms).items():
        real = _spread(X[plan.rows[rows]])
        if len(rows) > 1 and real > 0:
            diversity[term] = _spread(X_new[rows]) / real
    return diversity


def _spread(rows):
    return float(np.sqrt(rows.var(axis=0, dtype=np.float64).sum()))
