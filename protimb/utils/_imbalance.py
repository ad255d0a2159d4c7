"""IRLbl and SCUMBLE: one formula each for metrics, budgets, samplers and training."""

import numpy as np


def irlbl(counts):
    """Divide the members of the most frequent term by those of each.

    Parameters
    ----------
    counts : ndarray of int, shape (n_terms,)
        Members of each term.

    Returns
    -------
    ratios : ndarray of float, shape (n_terms,)
        At least 1; infinite for a term without members.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counts > 0, counts.max() / counts, np.inf)


def mean_ir(counts):
    """Average IRLbl over the terms that have members; NaN where none has.

    Parameters
    ----------
    counts : ndarray of int, shape (n_terms,)

    Returns
    -------
    mean : float
    """
    present = counts[counts > 0]
    return float(irlbl(present).mean()) if len(present) else float("nan")


def minority_terms(counts):
    """Say which terms are rarer than average: IRLbl above MeanIR.

    Parameters
    ----------
    counts : ndarray of int, shape (n_terms,)

    Returns
    -------
    minority : ndarray of bool, shape (n_terms,)
    """
    return split_terms(counts)[0]


def split_terms(counts):
    """Say which terms are rarer, and which more frequent, than average.

    Parameters
    ----------
    counts : ndarray of int, shape (n_terms,)

    Returns
    -------
    minority, majority : ndarray of bool, shape (n_terms,)
        IRLbl above, below MeanIR. Terms without members are neither.
    """
    # A mean of equal ratios may be off by a rounding error.
    ratios, mean = irlbl(counts), mean_ir(counts)
    minority = (counts > 0) & (ratios > mean * (1 + 1e-12))
    return minority, ratios < mean * (1 - 1e-12)


def scumble_rows(indicator, ratios):
    """Measure in each row how far frequent and rare terms concur.

    Parameters
    ----------
    indicator : csr_array of shape (n_rows, n_terms)
    ratios : ndarray of float, shape (n_terms,)
        IRLbl; finite wherever ``indicator`` has members.

    Returns
    -------
    scumble : ndarray of float, shape (n_rows,)
        1 less the geometric by the arithmetic mean of the IRLbl of the row's terms; 0 in rows
        with fewer than two.
    """
    n_terms = np.diff(indicator.indptr)
    several = n_terms > 1
    safe = np.where(np.isfinite(ratios), ratios, 1.0)
    arithmetic = (indicator @ safe)[several] / n_terms[several]
    geometric = np.exp((indicator @ np.log(safe))[several] / n_terms[several])
    scumble = np.zeros(len(n_terms))
    scumble[several] = np.maximum(1 - geometric / arithmetic, 0.0)  # the means of equals may cross
    return scumble
