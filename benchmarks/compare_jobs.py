"""How much faster two jobs are than one, and whether they give the same bits.

    OMP_NUM_THREADS=1 python benchmarks/compare_jobs.py

Two cores have to be idle for the ratio to mean anything: CPU seconds over wall seconds are printed.
"""

import os
import time

from protimb.comparison import compare
from protimb.datasets import make_longtail_multilabel

OPTIONS = {
    "arms": ["class_weight", "ros", "smote"],
    "classifiers": ["mlp"],
    "seeds": 2,
    "max_steps": 600,
    "n_resamples": 200,
    "maps": (),
}


def main():
    """Time both, and hold their tables against each other."""
    toy = make_longtail_multilabel(n_samples=3000, n_features=200, n_terms=200, random_state=0)
    compare(toy, jobs=2, **OPTIONS | {"max_steps": 1})  # starts the processes, which stay
    seconds, tables = {}, {}
    for jobs in (1, 2):
        wall, cpu = time.perf_counter(), sum(os.times()[:4])
        tables[jobs] = compare(toy, jobs=jobs, **OPTIONS).table
        seconds[jobs] = time.perf_counter() - wall
        here = sum(os.times()[:4]) - cpu
        print(f"{jobs} job(s): {seconds[jobs]:.1f} s, CPU of this process {here:.1f} s")
    print(f"ratio {seconds[1] / seconds[2]:.2f}, same bits: {tables[1].equals(tables[2])}")


if __name__ == "__main__":
    main()
