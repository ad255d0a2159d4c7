"""IRLbl and SCUMBLE: one formula each for metrics, budgets, samplers and training."""

import numpy as np


def irlbl(counts):
    """Divide the members of the most frequent term by those of each: (n_terms,), at least 1."""
    # Infinite for a term without members.
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counts > 0, counts.max() / counts, np.inf)


def mean_ir(counts):
    """Average IRLbl over the terms that have members, counts of (n_terms,); NaN where none has."""
    present = counts[counts > 0]
    return float(irlbl(present).mean()) if len(present) else float("nan")


def minority_terms(counts):
    """Mark the terms, (n_terms,) bool, that are rarer than average: IRLbl above MeanIR."""
    return split_terms(counts)[0]


def split_terms(counts):
    """Mark terms with IRLbl above, and below, MeanIR: two masks (n_terms,)."""
    # A mean of equal ratios may be off by a rounding error. Terms without members are neither.
    ratios, mean = irlbl(counts), mean_ir(counts)
    minority = (counts > 0) & (ratios > mean * (1 + 1e-12))
    return minority, ratios < mean * (1 - 1e-12)


def scumble_rows(indicator, ratios):
    """Measure in each row how far frequent and rare terms concur: (n_rows,), 0 to 1."""
    # 1 less the geometric by the arithmetic mean of the IRLbl of the row's terms; 0 below two.
    n_terms = np.diff(indicator.indptr)
    several = n_terms > 1
    # Ratios, (n_terms,), are infinite only where a term has no members and so no row.
    safe = np.where(np.isfinite(ratios), ratios, 1.0)
    arithmetic = (indicator @ safe)[several] / n_terms[several]
    geometric = np.exp((indicator @ np.log(safe))[several] / n_terms[several])
    scumble = np.zeros(len(n_terms))
    scumble[several] = np.maximum(1 - geometric / arithmetic, 0.0)  # the means of equals may cross
    return scumble
