"""Number the distinct labelsets of a target."""

from itertools import pairwise

import numpy as np


def number_labelsets(indicator):
    """Give rows numbers, rows with the same labels the same one.

    Parameters
    ----------
    indicator : csr_array of shape (n_rows, n_terms)
        In canonical form, as ``check_indicator`` gives it.

    Returns
    -------
    labelset_ids : ndarray of int64, shape (n_rows,)
        From 0, in order of first appearance.

    Examples
    --------
    >>> from protimb.utils._validation import check_indicator
    >>> number_labelsets(check_indicator([[1, 0], [0, 0], [1, 0]])[0]).tolist()
    [0, 1, 0]
    """
    bounds, indices = indicator.indptr, indicator.indices
    seen: dict = {}
    ids = [
        seen.setdefault(indices[start:stop].tobytes(), len(seen))
        for start, stop in pairwise(bounds)
    ]
    return np.asarray(ids, dtype=np.int64)


def rarest_terms(y, counts, terms=None):
    """Name each row's rarest term, the most specific claim that it makes.

    Parameters
    ----------
    y : CSR array of shape (n_rows, n_terms), uint8
        Label rows.
    counts : ndarray of int, shape (n_terms,)
        Members by which terms are compared.
    terms : ndarray of bool, shape (n_terms,), optional
        Terms to look at; all by default.

    Returns
    -------
    rarest : ndarray of int64, shape (n_rows,)
        Column numbers; the first of equals; -1 for rows that carry none.
    """
    looked_at = (counts > 0) if terms is None else (counts > 0) & terms
    by_rarity = np.flatnonzero(looked_at)
    by_rarity = by_rarity[np.argsort(counts[by_rarity], kind="stable")]
    place = np.full(len(counts), len(counts), dtype=np.int32)
    place[by_rarity] = np.arange(len(by_rarity))
    # A sentinel behind the entries makes reduceat safe; empty rows are mended below.
    places = np.append(place[y.indices], place.dtype.type(len(counts)))
    best = np.minimum.reduceat(places, y.indptr[:-1])
    best[np.diff(y.indptr) == 0] = len(counts)
    return np.append(by_rarity, np.full(len(counts) + 1 - len(by_rarity), -1))[best]


def group_positions(values):
    """Find where each value occurs.

    Parameters
    ----------
    values : ndarray of int, shape (n,)

    Returns
    -------
    groups : dict of int to ndarray
        Positions of each distinct value, in ascending order.

    Examples
    --------
    >>> {value: where.tolist() for value, where in group_positions(np.array([5, 3, 5])).items()}
    {3: [1], 5: [0, 2]}
    """
    order = np.argsort(values, kind="stable")
    distinct, starts = np.unique(values[order], return_index=True)
    stops = np.append(starts[1:], len(order))
    return {
        int(value): order[start:stop]
        for value, start, stop in zip(distinct, starts, stops, strict=False)
    }
