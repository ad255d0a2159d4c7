"""Is a change slower? The same calls in two checkouts, in turn: CPU seconds and their ratio.

Run by hand: ``git worktree add /tmp/before HEAD~50``, then
``OMP_NUM_THREADS=1 python benchmarks/two_trees.py /tmp/before .``. Each round is one process a
checkout, so that neither profits from what the other has warmed; the least of all rounds counts,
because on a shared machine everything else only adds.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

SLOWER = 1.05
SAMPLERS = (
    "RandomLabelsetOverSampler",
    "MLROS",
    "LPROS",
    "MLSMOTE",
    "MLSOL",
    "REMEDIAL",
    "LabelwiseSampler",
)
UNDER_SAMPLERS = ("MLRUS", "LPRUS", "MLeNN", "MLTL")
BACKBONES = ("mlp", "conv", "transposed_conv", "attention")


def main():
    """Print one row a call; fail if one has become slower than the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="calls whose name begins so")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        print(json.dumps(time_calls(args.only)))
        return
    found = {tree: [] for tree in (args.before, args.after)}
    for number in range(args.rounds):
        # In turn who is first: whoever comes second was up to 4 % slower for that alone.
        for tree in list(found)[:: 1 if number % 2 == 0 else -1]:
            found[tree].append(run_in(tree, args.only))
    before, after = (pd.DataFrame(rounds).min() for rounds in found.values())
    table = pd.DataFrame({"before": before, "after": after, "after / before": after / before})
    print(table.to_string(float_format="{:.3f}".format))
    slower = table.index[table["after / before"] > SLOWER].tolist()
    if slower:
        raise SystemExit(f"more than {SLOWER - 1:.0%} slower: {', '.join(slower)}")


def run_in(tree, only):
    """Time all calls once in a new process that imports protimb from a checkout."""
    command = [sys.executable, __file__, str(tree), str(tree), "--worker", "--only", only]
    environment = os.environ | {"PYTHONPATH": str(tree.resolve())}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(run.stderr)
    return json.loads(run.stdout.splitlines()[-1])


def time_calls(only):
    """Give CPU seconds of each call, the better of two."""
    return {name: min(_seconds(call) for _ in range(2)) for name, call in calls(only)}


def calls(only):
    """List calls by name, with names that old and new checkouts share."""
    import warnings

    from protimb import over_sampling, under_sampling
    from protimb.classification import GOTermClassifier, KNNTermClassifier
    from protimb.datasets import load_human_go
    from protimb.filters import CosineFilter, LabelFidelityFilter, MemorisationFilter

    warnings.simplefilter("ignore")
    bunch = load_human_go("mf", min_proteins=10)
    rows = np.random.RandomState(0).permutation(len(bunch.X))[:4000]
    X, y = bunch.X[rows], bunch.y[rows]
    made = {name: getattr(over_sampling, name)(**_goal(name)) for name in SAMPLERS}
    made |= {name: getattr(under_sampling, name)() for name in UNDER_SAMPLERS}
    for name in BACKBONES:
        made[f"CGANSampler, {name}"] = over_sampling.CGANSampler(
            sampling_strategy=20, backbone=name, max_updates=2, random_state=0
        )
    listed = {
        name: lambda sampler=sampler: sampler.fit_resample(X, y) for name, sampler in made.items()
    }
    for kind in (CosineFilter, LabelFidelityFilter, MemorisationFilter):
        listed[kind.__name__] = lambda kind=kind: kind().fit(X, y).select(X, y)
    network = GOTermClassifier(max_steps=50, early_stopping=False, random_state=0)
    listed["GOTermClassifier"] = lambda: network.fit(X, y).predict_proba(X)
    listed["KNNTermClassifier"] = lambda: KNNTermClassifier().fit(X, y).predict_proba(X[:1000])
    listed["load_human_go"] = lambda: load_human_go("mf")
    return [(name, call) for name, call in listed.items() if name.startswith(only)]


def _goal(name):
    return {} if name == "REMEDIAL" else {"sampling_strategy": 50, "random_state": 0} | _share(name)


def _share(name):
    return {"sampling_strategy": 0.2} if name in ("MLROS", "LPROS") else {}


def _seconds(call):
    start = time.process_time()
    call()
    return time.process_time() - start


if __name__ == "__main__":
    main()
