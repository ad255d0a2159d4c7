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

# An array of more bytes than this has pages of its own, which go back to the system when it does.
_OWN_PAGES = 2**22

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


def room_for(n_rows, n_features, dtype):
    """Give an array like ``np.empty`` does, of which ``free_rows`` frees rows one by one."""
    n_bytes = n_rows * n_features * np.dtype(dtype).itemsize
    if n_bytes < _OWN_PAGES or not hasattr(mmap, "MAP_ANONYMOUS"):
        return np.empty((n_rows, n_features), dtype=dtype)
    pages = mmap.mmap(-1, n_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(pages, dtype=dtype).reshape(n_rows, n_features)


def free_rows(X, first):
    """Free the rows of X from one on, for good, if they lie in what ``room_for`` gave."""
    owner = X
    while isinstance(owner, np.ndarray) and owner.base is not None:
        owner = owner.base
    pages = owner.obj if isinstance(owner, memoryview) else None
    if not (isinstance(pages, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED") and len(X[first:])):
        return
    if not X.flags.c_contiguous:  # what lies between its rows is not its own
        return
    begin = X[first:].ctypes.data - np.frombuffer(pages, dtype=np.uint8).ctypes.data
    end = begin + X[first:].nbytes
    begin = -(-begin // mmap.PAGESIZE) * mmap.PAGESIZE  # others may have a part of this page
    end = end if end == len(pages) else end // mmap.PAGESIZE * mmap.PAGESIZE
    if begin < end:
        pages.madvise(mmap.MADV_DONTNEED, begin, end - begin)


def packed(parts, n_features, dtype):
    """Put many small arrays, (n_part, n_features), into a list of large ones."""
    blocks: list[np.ndarray] = []
    n_rows = 0  # in the last block
    n_block = max(1, _BLOCK_BYTES // (np.dtype(dtype).itemsize * max(1, n_features)))
    for part in parts:
        while len(part):
            if not blocks or n_rows == n_block:
                blocks.append(room_for(n_block, n_features, dtype))
                n_rows = 0
            fitting, part = np.split(part, [n_block - n_rows])
            blocks[-1][n_rows : n_rows + len(fitting)] = fitting
            n_rows += len(fitting)
    return [*blocks[:-1], blocks[-1][:n_rows]] if blocks else [np.empty((0, n_features), dtype)]


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
