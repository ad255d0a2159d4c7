"""Which terms a map shows, and what its points say."""

import numpy as np

from protimb.utils._labelsets import count_members

N_TERMS = 4
_FEWEST = 8  # real, and new, rows that make a term worth a colour
_N_SAID = 4  # of a point's terms, the rarest first
_OVERLAP = 0.2  # terms that share more of their proteins are drawn as one


def choose_terms(y, y_new, n_terms=N_TERMS):
    """Choose up to n_terms columns of y (n_rows, n_terms), the same for all who raise them."""
    n_real, n_new = count_members(y), count_members(y_new)
    # The rarest of all common training rows: where resampling is to help.
    common = _take_apart(y, np.where(n_real >= _FEWEST, 1 / np.maximum(n_real, 1), 0), n_terms)
    if (n_new[common] >= _FEWEST).any():
        return common
    # Others were to be raised: those with most new rows for each real one.
    is_raised = (n_real >= _FEWEST) & (n_new >= _FEWEST)
    return _take_apart(y, np.where(is_raised, n_new / np.maximum(n_real, 1), 0), n_terms)


def say_points(points, y, y_new, ids, term_names, new_ids=None):
    """Say of each point of a map which protein it is, and its rarest terms: list of str."""
    rarest = np.argsort(count_members(y), kind="stable")
    said = []
    for kind, row in zip(points["kind"], points["row"], strict=True):
        labels, names = (y_new, new_ids) if kind == "generated" else (y, ids)
        who = "generated" if names is None else str(names[row])
        said.append(f"{who}: {_say_terms(labels[row], rarest, term_names)}")
    return said


def _say_terms(labels, rarest, term_names):
    carried = rarest[labels[rarest] > 0]
    names = "; ".join(str(term_names[column]) for column in carried[:_N_SAID])
    n_more = len(carried) - _N_SAID
    return f"{names}; and {n_more} more" if n_more > 0 else names or "none of the terms"


def _take_apart(y, worth, n_terms):
    """Take the columns of most worth (n_terms,), above 0, that have few proteins in common."""
    chosen: list[int] = []
    for column in np.argsort(-worth, kind="stable"):
        if worth[column] == 0 or len(chosen) == n_terms:
            break
        if not any(_share(y, column, other) > _OVERLAP for other in chosen):
            chosen.append(int(column))
    return chosen


def _share(y, first, second):
    both = (y[:, first] & y[:, second]).sum()
    return both / min(y[:, first].sum(), y[:, second].sum())
