"""Frequent terms cut to a few members: what would be known of terms that have no more."""

from typing import NamedTuple

import numpy as np
from scipy import stats

from protimb.utils._labelsets import count_members

# Members that a proxy has, at the least, and how many terms are cut at the most.
FEWEST_MEMBERS = 8
MOST_PROXIES = 25

# Fewer proxies say too little on terms at large.
FEWEST_PROXIES = 5

# Share of the rows that may be taken away, and that a proxy may have in common with another.
_MOST_ROWS = 0.5
_MOST_SHARED = 0.2


class Cut(NamedTuple):
    """Proxies (n_proxies,), the rows that stay, and those that were taken away and may judge."""

    proxies: np.ndarray
    kept: np.ndarray
    taken: np.ndarray


def cut_terms(y, n_members, rng):
    """Cut some terms of csr y (n_rows, n_terms), the rarest first, to so many members: a Cut."""
    proxies = _choose(y, n_members)
    labels = y[:, proxies].toarray().astype(bool)
    kept = _keep_few(labels, n_members, rng)
    still = labels[kept].any(axis=0)  # one that shared its rows may have lost all of them
    return Cut(proxies[still], np.flatnonzero(kept), np.flatnonzero(~kept))


def _choose(y, n_members):
    """Choose terms with members to spare that have few rows in common: (n_proxies,)."""
    counts, columns = count_members(y), y.tocsc()
    taken = np.zeros(y.shape[0], dtype=bool)
    chosen: list[int] = []
    for term in np.argsort(counts, kind="stable"):
        if len(chosen) == MOST_PROXIES or counts[term] < FEWEST_MEMBERS + n_members:
            continue
        members = columns.indices[columns.indptr[term] : columns.indptr[term + 1]]
        if taken[members].mean() > _MOST_SHARED:
            continue
        if taken.sum() + len(members) > _MOST_ROWS * y.shape[0]:
            break  # what is left has more members still
        taken[members] = True
        chosen.append(int(term))
    return np.array(chosen, dtype=np.int64)


def _keep_few(labels, n_members, rng):
    """Mark rows of bool (n_rows, n_proxies) so that each column keeps so many or fewer members."""
    keep, n_kept = ~labels.any(axis=1), np.zeros(labels.shape[1], dtype=np.int64)
    for row in rng.permutation(np.flatnonzero(~keep)):
        if (n_kept[labels[row]] < n_members).all():
            keep[row] = True
            n_kept += labels[row]
    return keep


def mean_gain(differences, terms, confidence):
    """Average differences (n_pairs,) over the terms that they are of: mean, and a lower bound."""
    n_pairs = np.bincount(terms)
    by_term = np.bincount(terms, differences)[n_pairs > 0] / n_pairs[n_pairs > 0]
    n_terms = len(by_term)
    if n_terms < FEWEST_PROXIES:
        return 0.0, -np.inf
    error = by_term.std(ddof=1) / np.sqrt(n_terms)
    return by_term.mean(), by_term.mean() - stats.t.ppf(confidence, n_terms - 1) * error
