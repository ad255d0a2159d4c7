"""All arms in all folds: one after another here, or several at a time in processes."""

import sys
import warnings
from contextlib import contextmanager, nullcontext
from dataclasses import replace

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from protimb.comparison._run import run_arm
from protimb.comparison._stages import Stages
from protimb.utils._warnings import users_level

_SHOWN = {"fmax": "Fmax", "AP all": "AP", "AP <50": "AP <50"}


def run_all(arms, folds, protocol, stages, cells, jobs):
    """Run every arm in every fold; returns [{arm: ArmResult}], a dict a fold."""
    run = _run_here if jobs is None or jobs == 1 else _run_in_processes
    found: list[dict] = [{} for _ in folds]
    for number, name, result in run(arms, folds, protocol, stages, cells, jobs):
        found[number][name] = result
        if protocol.verbose:
            tqdm.write(first_line(folds[number].seed, name, result), file=sys.stderr)
    return [{name: one[name] for name in arms} for one in found]


def first_line(seed, name, result):
    """Say in one line what an arm reached in one seed."""
    heads = [f"{head}: {_figures(one.point)}" for head, one in result.evaluations.items()]
    return f"seed {seed}, {name}: {'; '.join(heads) or 'no head can do it'}"


def _figures(point):
    return ", ".join(f"{word} {point[name]:.3f}" for name, word in _SHOWN.items() if name in point)


def _run_here(arms, folds, protocol, stages, cells, jobs):
    with nullcontext() if jobs is None else one_thread():
        for number, fold in enumerate(folds):
            for name, arm in arms.items():
                yield number, name, run_arm(name, arm, fold, protocol, stages, cells)
            fold.neighbours = None  # (n_test, n_terms) that no later fold needs


def _run_in_processes(arms, folds, protocol, stages, cells, jobs):
    quiet = replace(protocol, verbose=0)  # bars of several processes would overwrite each other
    tasks = (
        delayed(_run_apart)(number, name, arm, fold, quiet, cells)
        for number, fold in enumerate(folds)
        for name, arm in arms.items()
    )
    jobs = min(jobs, len(folds) * len(arms))  # each would be started, with nothing to do
    # Plain copies of the data: a mapped file would be read-only for samplers. No more tasks than
    # processes hold one.
    pool = Parallel(
        jobs,
        backend="loky",
        return_as="generator_unordered",
        pre_dispatch="n_jobs",
        max_nbytes=None,
        batch_size=1,
    )
    for number, name, result, seconds, said in pool(tasks):
        for category, message in said:
            warnings.warn(message, category, stacklevel=users_level())
        stages.take(seconds)
        yield number, name, result


def _run_apart(number, name, arm, fold, protocol, cells):
    """Run one arm in a process of its own, and bring back what it had to say."""
    stages = Stages(0, verbose=0)
    with one_thread(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = run_arm(name, arm, fold, protocol, stages, cells)
    said = dict.fromkeys((one.category, str(one.message)) for one in caught)
    return number, name, result, stages.seconds, list(said)


@contextmanager
def one_thread():
    """Compute in one thread: sums then have the same bits whatever the number of jobs."""
    import torch

    before = torch.get_num_threads()
    with threadpool_limits(1):
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)
