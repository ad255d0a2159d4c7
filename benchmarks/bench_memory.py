"""Peak memory and CPU time of what works on vectors larger than memory, as the rows become many.

Run by hand: ``OMP_NUM_THREADS=1 python benchmarks/bench_memory.py``. For each number of rows it
writes float16 vectors, 1,024 wide, and sparse labels to a temporary folder (2 GiB a million rows;
above ``--written`` rows the rest of the file is a hole of zeros), and runs each step in a process
of its own. ``resident`` is the most that the process had in memory as the system counts it
(``ru_maxrss``): pages of the mapped file are included, although the system may drop them at any
time. ``own`` is the most that was its own (``RssAnon``, looked at every 20 ms).
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
from scipy import sparse

LIMIT = 3 * 2**30
GROWTH = 1.15  # CPU seconds a row, at the most rows over at the fewest
N_FEATURES, N_TERMS, A_ROW = 1024, 1000, 12
N_NEW = 100_000


def main():
    """Write data of each size, run each step on it in another process, and print its peak."""
    args = _parse_arguments()
    if args.step:
        print(json.dumps(run_step(args.step, args.folder)))
        return
    found = {}
    for n_rows in args.rows:
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            _write_apart(Path(folder), n_rows, args.written)
            for step in args.steps or STEPS:
                found[step, n_rows] = one = _in_a_process(step, folder)
                print(f"{step:18s} {n_rows:>9,} rows {_in_words(one)}", flush=True)
    _judge(found, args.rows)


def _in_words(one):
    own, resident = one["own"] / 2**30, one["resident"] / 2**30
    return (
        f"{one['seconds']:8.1f} s  own {own:5.2f} GiB  resident {resident:5.2f} GiB  {one['did']}"
    )


def _judge(found, rows):
    missed = [
        f"{step}, {n_rows:,} rows: {one['resident'] / 2**30:.2f} GiB resident"
        for (step, n_rows), one in found.items()
        if one["resident"] > LIMIT
    ]
    few, many = min(rows), max((n for n in rows if n <= 1_000_000), default=min(rows))
    for step in {step for step, _ in found}:
        growth = found[step, many]["seconds"] / found[step, few]["seconds"] * few / many
        print(f"{step:18s} {growth:5.2f} times the seconds a row at {many:,} rows")
        if growth > GROWTH:
            missed.append(f"{step}: {growth:.2f} times the seconds a row")
    if missed:
        raise SystemExit("\n".join(missed))


def _write_apart(folder, n_rows, n_written):
    """Write the data in a process of its own: a child's peak would begin with its parent's."""
    n_bytes = 2 * N_FEATURES * (2 * min(n_rows, n_written) + N_NEW)  # what resample writes, too
    if shutil.disk_usage(folder).free < 1.5 * n_bytes:
        raise SystemExit(f"{folder}: {n_bytes / 2**30:.0f} GiB and half of that must be free")
    code = f"import bench_memory as b; b.write_data(b.Path({str(folder)!r}), {n_rows}, {n_written})"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent)


def _in_a_process(step, folder):
    command = [sys.executable, __file__, "--step", step, "--folder", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def write_data(folder, n_rows, n_written):
    """Write vectors as a half-precision .npy, and sparse labels of about 12 terms a row."""
    rng = np.random.default_rng(0)
    X = np.lib.format.open_memmap(folder / "X.npy", "w+", np.float16, (n_rows, N_FEATURES))
    for start in range(0, min(n_rows, n_written), 10_000):
        part = X[start : start + 10_000]
        part[:] = rng.standard_normal(part.shape, dtype=np.float32)
    X.flush()
    # Terms are the rarer the higher their number.
    columns = (N_TERMS * rng.random((n_rows, A_ROW)) ** 2).astype(np.int32)
    bounds = np.arange(n_rows + 1) * A_ROW
    ones = np.ones(columns.size, dtype=np.uint8)
    y = sparse.csr_array((ones, columns.ravel(), bounds), (n_rows, N_TERMS))
    y.sum_duplicates()
    y.data[:] = 1
    sparse.save_npz(folder / "y.npz", y, compressed=False)


def run_step(step, folder):
    """Run a step, and give its CPU seconds, its peaks of memory, and what it did."""
    warnings.simplefilter("ignore")
    X = np.load(folder / "X.npy", mmap_mode="r")
    y = sparse.load_npz(folder / "y.npz")
    STEPS[step](X[:300], y[:300], folder / "small")  # imports, and what is compiled once
    own = _Watch("RssAnon")
    start = time.process_time()
    did = STEPS[step](X, y, folder / step)
    seconds = time.process_time() - start
    shutil.rmtree(folder / "small", ignore_errors=True)
    shutil.rmtree(folder / step, ignore_errors=True)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB
    return {"seconds": seconds, "own": own.peak(), "resident": resident, "did": did}


class _Watch:
    """Look at a figure of this process all the time, and remember the largest."""

    def __init__(self, figure):
        self._figure, self._largest, self._done = figure, 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self):
        while not self._done.wait(0.02):
            lines = Path("/proc/self/status").read_text().splitlines()
            (line,) = (line for line in lines if line.startswith(self._figure))
            self._largest = max(self._largest, int(line.split()[1]) * 1024)

    def peak(self):
        self._done.set()
        self._thread.join()
        return self._largest


def train_sampler(X, y, out, **params):
    """Train for 20 updates, and learn how to judge what is generated."""
    return _sampler().fit(X, y).history_["n_steps"].iloc[-1].item()


def _sampler(strategy=200):
    from protimb import CGANSampler

    return CGANSampler(
        sampling_strategy=strategy,
        max_updates=20,
        n_iter_no_change=None,
        guard=None,
        random_state=0,
    )


def resample(X, y, out):
    """Train for 20 updates, and write the rows with N_NEW new ones."""
    counts = y.sum(axis=0)
    n_each = 1 + 7 * N_NEW // N_TERMS if len(X) > N_NEW else 1
    strategy = {term: int(n + n_each) for term, n in enumerate(counts) if n}
    sampler = _sampler(strategy)
    X_res, _ = sampler.fit_resample(X, y, out=out)
    return f"{len(X_res) - len(X):,} rows added"


def audit(X, y, out):
    """Judge 1,000 noisy copies of rows."""
    from protimb.metrics import quality_report

    rng = np.random.default_rng(0)
    rows = np.sort(rng.choice(len(X), min(len(X), 1000), replace=False))
    X_new = X[rows].astype(np.float32)
    X_new += rng.normal(scale=0.1, size=X_new.shape).astype(np.float32)
    report = quality_report(X, y, X_new, y[rows])
    return f"{len(report.failed)} properties failed"


def train_classifier(X, y, out):
    """Train the network for 50 updates, and look at the held-out rows."""
    from protimb import GOTermClassifier

    classifier = GOTermClassifier(max_steps=50, random_state=0).fit(X, y)
    return f"{len(classifier.history_)} epochs"


def filtering(name):
    """Give a step that fits a filter."""

    def fit(X, y, out):
        from protimb import filters

        getattr(filters, name)().fit(X, y)
        return ""

    return fit


STEPS = {
    "train-sampler": train_sampler,
    "resample": resample,
    "audit": audit,
    "train-classifier": train_classifier,
}


def _parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[125_000, 250_000, 1_000_000])
    parser.add_argument("--written", type=int, default=1_000_000, help="rows that are no zeros")
    parser.add_argument("--folder", type=Path, help="where to write, if not the system's")
    parser.add_argument("--steps", nargs="+", choices=STEPS)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
