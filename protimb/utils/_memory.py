"""Ask for memory before taking it: an estimate beats a killed process."""

import mmap
import os
from pathlib import Path

import numpy as np
from sklearn.utils import gen_batches

from protimb.exceptions import MemoryEstimateError

# What a block of rows may take as float32.
_BLOCK_BYTES = 2**26

# Rows gathered at a time: of a file whose cache lies in large pages, the system maps up to 2 MiB
# around each.
_SCATTERED_ROWS = 64

# A matrix of more bytes than this is cut by batches and never held once more.
IN_MEMORY = 2**28


def check_memory(n_bytes, available, purpose):
    """Refuse n_bytes, a lower bound, where fewer are available; None, unknown, refuses nothing."""
    if available is not None and n_bytes > available:
        raise MemoryEstimateError(
            f"{purpose} would take at least {n_bytes / 2**30:,.1f} GiB; "
            f"{available / 2**30:,.1f} GiB are available. Ask for fewer rows: lower the totals in "
            "sampling_strategy, or name fewer terms."
        )


def rows_a_block(X):
    """Say how many rows to read at a time of X, (n_rows, n_features); at least 1."""
    return max(1, _BLOCK_BYTES // (4 * max(1, X.shape[1])))


def read_blocks(X):
    """Yield blocks (n_block, n_features), letting go of what a memory map has read for each."""
    for block in gen_batches(len(X), rows_a_block(X)) if len(X) else ():
        yield X[block]
        release_pages(X)


def gather_rows(X, rows):
    """Copy scattered rows, (n_rows, n_features), letting go of what a memory map has read."""
    gathered = np.empty((len(rows), X.shape[1]), dtype=X.dtype)
    # A row that is touched brings its neighbours along, so a few rows at a time.
    for block in gen_batches(max(1, len(rows)), _SCATTERED_ROWS):
        gathered[block] = X[rows[block]]
        release_pages(X)
    return gathered


def release_pages(X):
    """Let the system take back pages of a map opened to read; they are read again if need be."""
    owner = X
    while isinstance(owner, np.ndarray) and not isinstance(owner, np.memmap):
        owner = owner.base
    # Only these: pages of a map opened as "c" hold changes that are nowhere else.
    if isinstance(owner, np.memmap) and owner.mode == "r" and hasattr(mmap, "MADV_DONTNEED"):
        vars(owner)["_mmap"].madvise(mmap.MADV_DONTNEED)


def available_memory():
    """Read how many bytes can be allocated without swapping; None where the system hides it."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        amounts = dict(line.split(":", 1) for line in lines)
        return int(amounts["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return _physical_memory()


def _physical_memory():
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def is_large(shape, itemsize):
    """Tell whether a matrix of this shape and bytes a value is too large to be held once more."""
    return shape[0] * shape[1] * itemsize > IN_MEMORY


def rows_in_memory(n_features):
    """Say how many float32 rows a filter may get of vectors that are too large to be copied."""
    # Half of what would be too large, because filters copy what they are fitted on.
    return IN_MEMORY // (2 * 4 * n_features)
