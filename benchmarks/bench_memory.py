"""Peak memory of training on a memory map: 1,000,000 x 1,024 in half precision, by default.

Run by hand: ``python benchmarks/bench_memory.py``. It writes the vectors to a file (2 GiB at the
default size), trains in a process of its own, and prints what that process had resident at most,
as the system counts it: pages of the file that stay in memory are included, although the system
may drop them at any time. ``--steps`` limits the updates, because memory does not depend on them.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy import sparse

from protimb import CGANSampler

LIMIT = 3 * 2**30


def main():
    """Write the data, train in another process, print its peak."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=1024)
    parser.add_argument("--terms", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--phase", choices=["write", "train"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.phase == "write":
        write_data(args.folder, args.rows, args.features, args.terms)
    elif args.phase == "train":
        train(args.folder, args.steps)
    else:
        run_phases()


def run_phases():
    """Write and train in two processes: a child's peak would begin with its parent's."""
    with tempfile.TemporaryDirectory() as folder:
        for phase in ("write", "train"):
            command = [sys.executable, *sys.argv, "--phase", phase, "--folder", folder]
            subprocess.run(command, check=True)


def write_data(folder, n_rows, n_features, n_terms):
    """Write vectors as a half-precision .npy, and sparse labels of about 12 terms a row."""
    rng = np.random.default_rng(0)
    X = np.lib.format.open_memmap(folder / "X.npy", "w+", np.float16, (n_rows, n_features))
    for start in range(0, n_rows, 10_000):
        part = X[start : start + 10_000]
        part[:] = rng.standard_normal(part.shape, dtype=np.float32)
    X.flush()
    # Terms are the rarer the higher their number.
    columns = (n_terms * rng.random((n_rows, 12)) ** 2).astype(np.int32)
    indptr = np.arange(n_rows + 1) * 12
    ones = np.ones(columns.size, dtype=np.uint8)
    y = sparse.csr_array((ones, columns.ravel(), indptr), (n_rows, n_terms))
    y.sum_duplicates()
    y.data[:] = 1
    sparse.save_npz(folder / "y.npz", y)


def train(folder, n_steps):
    """Train for some steps, then print peak and time."""
    X = np.load(folder / "X.npy", mmap_mode="r")
    y = sparse.load_npz(folder / "y.npz")
    before = peak()
    start = time.perf_counter()
    sampler = CGANSampler(
        sampling_strategy=200, max_updates=n_steps, n_iter_no_change=None, random_state=0
    ).fit(X, y)
    seconds = time.perf_counter() - start
    print(f"{X.shape[0]:,} x {X.shape[1]:,} {X.dtype}, {y.nnz:,} labels")
    print(f"{sampler.history_['n_steps'].iloc[-1]} steps of {sampler.n_critic} + 1 updates")
    print(f"resident at most {peak() / 2**30:.2f} GiB ({before / 2**30:.2f} before fit)")
    print(f"{seconds:.0f} s, statistics and quality control included")
    print("below 3 GiB" if peak() < LIMIT else "NOT below 3 GiB")


def peak():
    """Return the most bytes that this process had resident (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
