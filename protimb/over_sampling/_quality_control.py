"""What became of the rows that a generator drew: counts by term, copies, diversity."""

import warnings

import numpy as np
import pandas as pd

from protimb.exceptions import ModeCollapseWarning
from protimb.utils._labelsets import group_positions
from protimb.utils._validation import a_few

# A term whose new rows spread less than this share of the real ones' is reported.
COLLAPSED = 0.1

# Fewer new rows tell little about spread.
_MIN_ROWS = 5


def report_quality(terms, plan, passed, n_draws, X, X_new):
    """Count by term what was planned, drawn, rejected, missing and copied, and how it spreads.

    Parameters
    ----------
    terms : list of length n_terms
        Names.
    plan : Plan
    passed : ndarray of bool, shape (n_planned,)
    n_draws : ndarray of int, shape (n_planned,)
    X : ndarray of shape (n_rows, n_features)
        Real rows.
    X_new : ndarray of shape (n_planned, n_features)
        The last draw of each planned row.

    Returns
    -------
    report : DataFrame of shape (n_terms, 6)
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
    """Warn of terms whose new rows hardly differ from one another.

    Parameters
    ----------
    report : DataFrame
        As :func:`report_quality` gives it.
    """
    n_new = report["n_planned"] - report["n_missing"]
    collapsed = report[(report["diversity"] < COLLAPSED) & (n_new >= _MIN_ROWS)]
    if len(collapsed):
        warnings.warn(
            f"New rows of {len(collapsed)} term(s) hardly differ from one another (term: their "
            f"spread over the real rows'; {a_few(_spreads(collapsed))}): the generator has "
            "collapsed there. Train it for longer or at a lower lr, or add noise (n_latent). "
            "quality_report_ lists all terms.",
            ModeCollapseWarning,
            stacklevel=5,
        )


def are_copies(X_new, X):
    """Tell which generated rows equal a real one in every number.

    Parameters
    ----------
    X_new : ndarray of shape (n_new, n_features)
    X : ndarray of shape (n_rows, n_features)

    Returns
    -------
    copies : ndarray of bool, shape (n_new,)
    """
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
