"""Rows that are equal, found by digests of 16 bytes: neither rows nor dicts of them are kept."""

from hashlib import blake2b

import numpy as np

from protimb.utils._memory import read_blocks
from protimb.utils._nearest_pairs import few_rows


def digest(row):
    """Give 16 bytes that tell the bytes of a row from others."""
    return blake2b(row, digest_size=16).digest()


def digests(X, dtype=np.float32):
    """Yield digests of the rows of X in a precision; negative zero is zero."""
    zero = np.dtype(dtype).type(0)
    for block in read_blocks(X):
        for few in few_rows(block):
            rows = block[few].astype(dtype, copy=False)
            yield from map(digest, np.add(rows, zero, order="C"))


def number_equal(found):
    """Give digests numbers from 0 as they come, equal ones the same: int64 (n_rows,).

    >>> number_equal(map(digest, [b"one", b"other", b"one"])).tolist()
    [0, 1, 0]
    """
    halves = np.fromiter(found, dtype="V16").view(np.uint64).reshape(-1, 2)
    order = np.lexsort(halves.T)  # stable: the first of equals comes first
    ordered = halves[order]
    begins = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))[: len(order)]
    firsts = order[begins]
    rank = np.empty(len(firsts), dtype=np.int64)
    rank[np.argsort(firsts)] = np.arange(len(firsts))
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = rank[np.cumsum(begins) - 1]
    return numbers
