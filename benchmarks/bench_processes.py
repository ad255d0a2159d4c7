"""Rows a second of training in one process with one and with two threads, and in two processes.

Run by hand: ``python benchmarks/bench_processes.py``. Each way is started several times, in turn,
on the same data and the same total batch; the table gives medians, and ratios to one process with
one thread. Absolute figures mean little on a shared machine. Two processes are started by torchrun
and speak over gloo.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from bench_cgan_steps import N_FEATURES, N_ROWS, N_TERMS, protimb_loop
from textbook_gan import N_CRITIC

# name -> processes, threads of each
WAYS = {
    "1 process, 1 thread": (1, 1),
    "1 process, 2 threads": (1, 2),
    "2 processes, 1 thread each": (2, 1),
}


def main():
    """Print one row a way and network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=4.0, help="of a timing, about")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        work(args)
        return
    rounds = [
        {way: start(args, *counts) for way, counts in WAYS.items()} for _ in range(args.rounds)
    ]
    networks = rounds[0][next(iter(WAYS))]
    print(
        f"batch {args.batch_size}, {N_FEATURES} features, {N_TERMS} terms, {os.cpu_count()} cores"
    )
    print(
        pd.DataFrame([row for name in networks for row in table(name, rounds)]).to_string(
            index=False, float_format="%.2f"
        )
    )


def table(network, rounds):
    """Give medians of a network, and of ratios taken within a round."""
    first = next(iter(WAYS))
    for way in WAYS:
        ratios = [found[way][network] / found[first][network] for found in rounds]
        rates = [found[way][network] for found in rounds]
        yield {
            "network": network,
            "way": way,
            "rows/s": round(statistics.median(rates)),
            "ratio": statistics.median(ratios),
        }


def start(args, n_processes, n_threads):
    """Measure in fresh processes: {network: rows a second}."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = str(one.getsockname()[1])
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node", str(n_processes)]
    launcher = [] if n_processes == 1 else [*launcher, "--master-port", port]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "found.json")
        options = ["--batch-size", str(args.batch_size), "--seconds", str(args.seconds)]
        subprocess.run(
            [sys.executable, *launcher, __file__, *options, "--worker", str(out)],
            env=os.environ | {"OMP_NUM_THREADS": str(n_threads)},
            check=True,
        )
        return json.loads(out.read_text())


def work(args):
    """Time both networks in this process, with the others if there are any."""
    from protimb.utils._ranks import is_first

    rng = np.random.RandomState(0)
    X = rng.randn(N_ROWS, N_FEATURES).astype(np.float32)
    y = (rng.rand(N_ROWS, N_TERMS) < 0.01).astype(np.uint8)
    trainers = {"CGANSampler's networks": gan_trainer, "GOTermClassifier": classifier_trainer}
    found = {name: rate(make(X, y, args), args) for name, make in trainers.items()}
    if is_first():
        args.worker.write_text(json.dumps(found))


def rate(train, args):
    """Count rows a second of what trains n batches and says how many rows these were."""
    from protimb.training import from_first

    train(2)
    began = time.perf_counter()
    train(2)
    n_batches = from_first(max, 4, round(2 * args.seconds / (time.perf_counter() - began)))
    began = time.perf_counter()
    return train(n_batches) / (time.perf_counter() - began)


def gan_trainer(X, y, args):
    """Give a function that makes n updates of the generator, each after five of the critic."""
    import torch

    run = protimb_loop(torch.from_numpy(X), torch.from_numpy(y), args.batch_size, "mlp")

    def train(n_batches):
        run(n_batches)
        return n_batches * args.batch_size * N_CRITIC

    return train


def classifier_trainer(X, y, args):
    """Give a function that makes n updates of a classifier."""
    import torch

    from protimb.classification._network import build_network
    from protimb.classification._step import ClassifierStep, TrainingData
    from protimb.nn import make_loss

    class Rows:
        labels, known, weights = y, None, np.ones(N_ROWS)

    class Balance:
        prior, pos_weight = np.zeros(N_TERMS), np.ones(N_TERMS)

    Rows.X = X
    held_out = (np.zeros(0, dtype=np.int64), np.arange(N_ROWS))
    data = TrainingData(Rows, Balance, held_out=held_out, device=torch.device("cpu"))
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
    criterion = make_loss("bce", np.maximum(y.sum(axis=0), 1), N_ROWS)
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, fused=True)
    step = ClassifierStep(network, criterion, data, optimizer, 10_000)

    def train(n_batches):
        for _ in range(n_batches):
            step.train_batch(torch.randint(N_ROWS, (args.batch_size,), generator=source))
        return n_batches * args.batch_size

    return train


if __name__ == "__main__":
    main()
