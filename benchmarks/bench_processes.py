"""Rows a second of training in one process with one and with two threads, and in two processes.

Run by hand: ``python benchmarks/bench_processes.py``; it ends within four minutes. Two processes
are started once, by torchrun, and speak over gloo. In turn, round after round, they train together,
and the first one alone while the other sleeps, on the same data and the same total batch. The table
gives medians, and ratios to one process with one thread within a round. On a shared machine rows a
second mean little; CPU seconds of the busiest process say what an idle one could reach at best: the
time that a process waits for the other is not in them. "half a batch" is one process with half of
the rows, all that one of two has to compute: what is lost beyond that is lost by speaking.
"""

import argparse
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pandas as pd
from bench_cgan_steps import N_FEATURES, N_ROWS, N_TERMS, protimb_loop
from scipy import sparse

TARGET = 1.7  # times the rows a second of one process with one thread


class Way(NamedTuple):
    """How many processes train, with how many threads each, on what share of a batch."""

    n_processes: int = 1
    n_threads: int = 1
    share: float = 1.0


WAYS = {
    "1 process, 1 thread": Way(),
    "1 process, 2 threads": Way(n_threads=2),
    "2 processes, 1 thread each": Way(n_processes=2),
    "half a batch, 1 process": Way(share=0.5),
}
ONE, THREADS, TWO, _ = WAYS


def main():
    """Start two processes that print one row a way, network and batch size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="at most")
    parser.add_argument("--minutes", type=float, default=3.0, help="that may pass before a round")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[256, 1024])
    parser.add_argument("--seconds", type=float, default=0.7, help="of a timing, about")
    args = parser.parse_args()
    if "RANK" in os.environ:
        work(args)
        return
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = str(one.getsockname()[1])
    # As protimb's commands do: threads that spin while they wait hold the cores of others.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", port]
    done = subprocess.run([sys.executable, *launcher, __file__, *sys.argv[1:]], check=False)
    raise SystemExit(done.returncode)


def work(args):
    """Time every way in turn, with the other process."""
    from protimb.utils._ranks import is_first

    rng = np.random.RandomState(0)
    X = rng.randn(N_ROWS, N_FEATURES).astype(np.float32)
    y = (rng.rand(N_ROWS, N_TERMS) < 0.01).astype(np.uint8)
    trainers = {"CGANSampler": gan_trainer, "GOTermClassifier": classifier_trainer}
    races = [
        Race(name, batch_size, make, X, y)
        for batch_size in args.batch_sizes
        for name, make in trainers.items()
    ]
    run(races, args)
    if is_first():
        print(f"{N_FEATURES} features, {N_TERMS} terms, {os.cpu_count()} cores, medians of")
        print(f"{len(races[0].rounds)} rounds; the load of the machine is {os.getloadavg()[0]:.1f}")
        frame = pd.DataFrame([row for race in races for row in race.table()])
        frame = frame.set_index(["network", "batch", "way"])
        print(frame.to_string(float_format="%.2f"))
        print("\n".join(verdicts(frame)))


def run(races, args):
    """Make rounds until there are enough, or time is up."""
    from protimb.training import from_first

    began = time.monotonic()
    for race in races:
        race.set_length(args.seconds)
    for _ in range(args.rounds):
        for race in races:
            race.round()
        if from_first(time.monotonic) - began > 60 * args.minutes:
            break


class Race:
    """One network and batch size, trained in every way, round after round."""

    def __init__(self, network, batch_size, make, X, y):
        self.facts = {"network": network, "batch": batch_size}
        self.batch_size = batch_size
        self.trains = {way: make(X, y, int(way.share * batch_size)) for way in WAYS.values()}
        self.rounds = []

    def set_length(self, seconds):
        """Choose how many batches a timing has."""
        timed(Way(), self.trains[Way()], 1)
        self.n_batches = max(2, round(2 * seconds / timed(Way(), self.trains[Way()], 2)[0]))

    def round(self):
        """Time all ways once: {way: (rows a second, CPU ms of a batch)}."""
        found = {}
        for name, way in WAYS.items():
            wall, cpu = timed(way, self.trains[way], self.n_batches)
            n_rows = self.n_batches * int(way.share * self.batch_size)
            found[name] = (n_rows / wall, 1e3 * cpu / self.n_batches)
        self.rounds.append(found)

    def table(self):
        """Give one row of medians a way; ratios are taken within a round."""
        for name in WAYS:
            rates = [found[name][0] for found in self.rounds]
            cpu = [found[name][1] for found in self.rounds]
            ratios = [found[name][0] / found[ONE][0] for found in self.rounds]
            by_cpu = [found[ONE][1] / found[name][1] for found in self.rounds]
            yield self.facts | {
                "way": name,
                "rows/s": round(statistics.median(rates)),
                "ratio": statistics.median(ratios),
                "CPU ms": statistics.median(cpu),
                "less CPU": statistics.median(by_cpu),
            }


def timed(way, train, n_batches):
    """Give the seconds, of the wall and of the busiest process, that both learn from the first."""
    import torch

    from protimb.training._processes import hear_all
    from protimb.utils._ranks import is_first

    trains = way.n_processes == 2 or is_first()
    torch.set_num_threads(way.n_threads)
    hear_all(None)
    took = (0.0, 0.0)
    if trains:
        with contextlib.nullcontext() if way.n_processes == 2 else alone():
            train(1)
            began, cpu = time.perf_counter(), time.process_time()
            train(n_batches)
            took = (time.perf_counter() - began, time.process_time() - cpu)
    return tuple(map(max, zip(*hear_all(took), strict=True)))


@contextlib.contextmanager
def alone():
    """Work as the only process, while the other one waits."""
    told = os.environ["WORLD_SIZE"]
    os.environ["WORLD_SIZE"] = "1"
    try:
        yield
    finally:
        os.environ["WORLD_SIZE"] = told


def verdicts(frame):
    """Say where two processes reach the target, and two threads."""
    for (network, batch), part in frame.groupby(level=[0, 1]):
        ratio = part.xs(TWO, level=2)["ratio"].item()
        by_threads = part.xs(THREADS, level=2)["ratio"].item()
        reached = "reach" if ratio >= TARGET else "do NOT reach"
        beaten = "no worse" if ratio >= by_threads else "WORSE"
        yield (
            f"{network}, batch {batch}: two processes {reached} {TARGET} ({ratio:.2f}), and are "
            f"{beaten} than two threads ({by_threads:.2f})"
        )


def gan_trainer(X, y, batch_size):
    """Give a function that makes n updates of the generator, each after five of the critic."""
    import torch

    return protimb_loop(torch.from_numpy(X), torch.from_numpy(y), batch_size, "mlp")


def classifier_trainer(X, y, batch_size):
    """Give a function that makes n updates of a classifier."""
    import torch

    from protimb.classification._network import build_network
    from protimb.classification._step import ClassifierStep, TrainingData
    from protimb.nn import make_loss
    from protimb.utils._standardizing import Standardized, fit_standardizer

    labels = sparse.csr_array(y)
    rows = SimpleNamespace(X=X, labels=labels, known=None, weights=np.ones(len(X)))
    balance = SimpleNamespace(prior=np.zeros(N_TERMS), pos_weight=np.ones(N_TERMS))
    held_out = (np.zeros(0, dtype=np.int64), np.arange(len(X)))
    scaling = Standardized(fit_standardizer(X))
    cpu = torch.device("cpu")
    data = TrainingData(rows, balance, scaling=scaling, held_out=held_out, device=cpu)
    source = torch.Generator().manual_seed(0)
    network = build_network(
        N_FEATURES,
        (512,),
        N_TERMS,
        dropout=0.5,
        input_noise=0.5,
        generator=source,
        noise_generator=source,
    )
    criterion = make_loss("bce", np.maximum(y.sum(axis=0), 1), len(X))
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, fused=True)
    step = ClassifierStep(network, criterion, data, optimizer, 10_000)

    def train(n_batches):
        for _ in range(n_batches):
            step.train_batch(torch.randint(len(X), (batch_size,), generator=source))

    return train


if __name__ == "__main__":
    main()
