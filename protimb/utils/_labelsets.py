"""Number the labelsets of a target, and find the members of its terms."""

from itertools import pairwise

import numpy as np
from sklearn.utils import gen_batches

# Rows, and entries of a sparse matrix, looked at a time: what is made of all of them would be as
# large as the labels of all rows, or larger.
_ROWS = 2**16
_ENTRIES = 2**20


def number_labelsets(indicator):
    """Give rows of canonical CSR numbers from 0, rows with the same labels the same: (n_rows,).

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
    """Find each row's rarest term among those in ``terms``, the first of equals: int64, (n_rows,).

    -1 stands for rows without any. ``counts`` is int, ``terms`` bool, both (n_terms,).
    """
    looked_at = (counts > 0) if terms is None else (counts > 0) & terms
    by_rarity = np.flatnonzero(looked_at)
    by_rarity = by_rarity[np.argsort(counts[by_rarity], kind="stable")]
    place = np.full(len(counts), len(counts), dtype=np.int32)
    place[by_rarity] = np.arange(len(by_rarity))
    best = np.full(y.shape[0], len(counts))
    for rows in gen_batches(max(1, y.shape[0]), _ROWS):
        begins = y.indptr[rows.start : rows.stop + 1]
        # A sentinel behind the entries makes reduceat safe; empty rows are mended below.
        places = np.append(place[y.indices[begins[0] : begins[-1]]], place.dtype.type(len(counts)))
        best[rows] = np.minimum.reduceat(places, begins[:-1] - begins[0])
    best[np.diff(y.indptr) == 0] = len(counts)
    return np.append(by_rarity, np.full(len(counts) + 1 - len(by_rarity), -1))[best]


def members_by_term(indicator):
    """Find the rows that carry each term: n_terms arrays of int, ascending.

    >>> from protimb.utils._validation import check_indicator
    >>> [m.tolist() for m in members_by_term(check_indicator([[1, 0], [0, 0], [1, 0]])[0])]
    [[0, 2], []]
    """
    by_term = indicator.tocsc()
    return np.split(by_term.indices, by_term.indptr[1:-1])


def group_positions(values):
    """Find the positions, in ascending order, of each distinct value of an array of int.

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


def count_rows_with_any(y):
    """Count the rows of sparse indicators (n_rows, n_terms) that carry a term."""
    return int(np.count_nonzero(y.sum(axis=1, dtype=np.int64)))


def count_members(y):
    """Count the members of each term of indicators (n_rows, n_terms), as int64."""
    if getattr(y, "format", None) != "csr":
        return np.asarray(y.sum(axis=0, dtype=np.int64)).ravel()
    counts = np.zeros(y.shape[1], dtype=np.int64)
    for part in gen_batches(max(1, len(y.data)), _ENTRIES):
        found = np.bincount(y.indices[part], y.data[part], len(counts))
        counts += found.astype(np.int64)
    return counts
