"""Fewer training rows: whole clusters left out, or frequent terms cut to a few proteins."""

import numpy as np
from sklearn.utils import check_random_state

_FEWEST_TEST = 10  # test proteins that make the truth about a term known
_MOST_ROWS = 0.5  # share of the training rows whose terms may be cut
_MOST_SHARED = 0.2  # share of a cut term's rows that may be those of another one
_MOST_SHOTS = 20  # up to here the same terms are cut, whatever the number of shots


def take_clusters(groups, rows, n_most, seed):
    """Choose up to n_most of some rows, whole clusters at a time; fewer are part of more."""
    clusters, member_of = np.unique(np.asarray(groups)[rows], return_inverse=True)
    order = check_random_state(seed).permutation(len(clusters))
    sizes = np.bincount(member_of, minlength=len(clusters))[order]
    n_taken = max(int(np.searchsorted(sizes.cumsum(), n_most, side="right")), 1)
    return rows[np.isin(member_of, order[:n_taken])]


def choose_terms_to_cut(y_train, y_test, n_shots):
    """Choose columns with known truth, rarest first, that have few rows in common."""
    y_train = y_train == 1
    n_train, n_test = y_train.sum(axis=0), (y_test == 1).sum(axis=0)
    enough = (n_train >= max(n_shots, _MOST_SHOTS)) & (n_test >= _FEWEST_TEST)
    taken = np.zeros(len(y_train), dtype=bool)
    cut: list[int] = []
    for term in np.argsort(n_train, kind="stable"):
        members = y_train[:, term]
        if not enough[term] or _overlap(y_train[:, cut], members) > _MOST_SHARED:
            continue
        if (taken | members).sum() > _MOST_ROWS * len(y_train):
            break  # what is left has more members still
        taken |= members
        cut.append(int(term))
    return np.array(cut, dtype=int)


def _overlap(others, members):
    """Give the largest share of a term's rows (n_rows,), or another's, that both have."""
    # A parent's few proteins would leave none to a child of it.
    shared = (others & members[:, None]).sum(axis=0)
    smaller = np.minimum(others.sum(axis=0), members.sum())
    return (shared / smaller).max(initial=0)


def keep_few(y, n_shots, seed):
    """Mark rows (n_rows,) so that each column of y keeps n_shots or, in bad luck, fewer."""
    # Level by level: the rows kept for fewer shots are among those kept for more.
    order = check_random_state(seed).permutation(len(y))
    carriers = [row for row in order if y[row].any()]
    keep, n_kept = ~(y == 1).any(axis=1), np.zeros(y.shape[1], dtype=int)
    for level in range(1, n_shots + 1):
        for row in carriers:
            terms = y[row] == 1
            if not keep[row] and (n_kept[terms] < level).all():
                keep[row] = True
                n_kept += terms
    return keep
