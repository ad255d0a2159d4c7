"""Time and memory of a quality report: all properties on a large set of generated rows.

Run by hand: ``python benchmarks/bench_quality_report.py``. Rows come from a random network of 40
numbers a protein, so that they lie near a surface as proteins' vectors do; terms are the largest
of random directions, from common to rare.
"""

import argparse
import resource
import time

import numpy as np
from scipy.stats import norm

from protimb.metrics import quality_report


def main():
    """Print seconds and the largest memory of the process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-real", type=int, default=14_122)
    parser.add_argument("--n-new", type=int, default=20_000)
    parser.add_argument("--n-features", type=int, default=512)
    parser.add_argument("--n-terms", type=int, default=900)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    make = maker(arguments.n_features, arguments.n_terms, rng)
    n_held = arguments.n_real // 5
    X, y = make(arguments.n_real - n_held)
    held_out, (X_new, y_new) = make(n_held), make(arguments.n_new)
    before = peak()
    wall, cpu = time.perf_counter(), time.process_time()
    report = quality_report(X, y, X_new, y_new, held_out=held_out)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        f"{len(X):,} training, {n_held:,} held-out and {len(X_new):,} generated rows, "
        f"{arguments.n_features} features, {arguments.n_terms} terms, "
        f"{len(report.findings)} properties"
    )
    print(f"{wall:.1f} seconds, {cpu:.1f} CPU seconds")
    print(f"peak memory {peak():.2f} GiB, {before:.2f} GiB before the report")
    print(f"passed: {report.passed} {report.failed}")


def maker(n_features, n_terms, rng):
    """Give a function of a number of rows that draws vectors and labels."""
    inner, outer = rng.normal(size=(40, 200)), rng.normal(size=(200, n_features))
    directions = rng.normal(size=(40, n_terms))
    cuts = norm.isf(np.geomspace(0.3, 0.001, n_terms))  # shares of members, common to rare

    def make(n_rows):
        hidden = rng.normal(size=(n_rows, 40))
        X = (np.tanh(hidden @ inner / 6) @ outer).astype(np.float32)
        scores = hidden @ directions / np.linalg.norm(directions, axis=0)
        y = (scores > cuts).astype(np.uint8)
        y[:, 0] = 1
        return X, y

    return make


def peak():
    """Largest memory of this process so far, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main()
