"""Seconds until CGANSampler's proteins are as good as those of a plain loop of 1,500 iterations.

Run by hand: ``python benchmarks/bench_cgan_quality.py``. Quality is the Frechet distance between
held-out human proteins (whole sequence clusters) and vectors generated for their labels, in
features standardized by the training proteins. It is measured along both runs, with the clocks
stopped: the plain loop may have been as good, or better, long before its end.
"""

import argparse
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from sklearn.preprocessing import StandardScaler
from textbook_gan import CLOCKS, LR, N_LATENT, TextbookGAN

from protimb import CGANSampler, load_human_go
from protimb.gan._sampling import draw_rows
from protimb.metrics import frechet_distance
from protimb.training import Callback

BATCH_SIZE = 256
N_ITERATIONS = 1500
N_BETWEEN = 50  # iterations of the plain loop between two measurements
N_HELD_OUT = 2000
TARGET = 0.5  # of the plain loop's seconds

# What is timed. Rows are drawn evenly, as the plain loop draws them.
SETTINGS = {
    "generate_from": "noise",
    "lr": 1e-3,
    "averaging": 0.99,
    "sampling_exponent": 0.0,
}


def main():
    """Print two rows a seed; fail if protimb needs more than half of the plain loop's seconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=N_ITERATIONS, help="of the plain loop")
    parser.add_argument("--plain-lr", type=float, default=LR, help="learning rate of that loop")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu on a busy machine")
    args = parser.parse_args()
    clock, data = CLOCKS[args.clock], Data()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    print(f"{len(data.X):,} proteins; other real proteins are at distance {data.floor():.1f}")
    rows = []
    for seed in range(args.seeds):
        plain = run_textbook(data, clock, seed, args.plain_lr, args.iterations)
        goals = {"its end": plain[-1].distance, "its best": min(m.distance for m in plain)}
        ours = run_protimb(data, clock, seed, min(goals.values()), args.iterations)
        for name, goal in goals.items():
            rows.append({"seed": seed, "goal": name, **compare(plain, ours, goal)})
    table = pd.DataFrame(rows)
    print(table.to_string(index=False, float_format="%.2f"))
    shares = table.loc[table["goal"] == "its end", "share of whole run"]
    if not shares.max() <= TARGET:  # NaN: not reached
        raise SystemExit(f"More than {TARGET} of the plain loop's time, or not at all.")


def compare(plain, ours, goal):
    """Say when each of two runs was first as good as a distance."""
    row = {"distance": goal}
    for name, run in {"plain": plain, "protimb": ours}.items():
        first = next((m for m in run if m.distance <= goal), Measurement(np.nan, np.nan, np.nan))
        row |= {f"{name} iterations": first.iterations, f"{name} seconds": first.seconds}
    row["share"] = row["protimb seconds"] / row["plain seconds"]
    row["share of whole run"] = row["protimb seconds"] / plain[-1].seconds
    return row


class Measurement(NamedTuple):
    """How good the vectors are after so many iterations of the generator."""

    iterations: float
    seconds: float
    distance: float


class Data:
    """Training proteins and held-out ones, standardized by the former."""

    def __init__(self):
        train, test = load_human_go("mf").split_by_cluster(random_state=0)
        test = test.take(np.random.RandomState(0).permutation(len(test.X))[:N_HELD_OUT])
        scaler = StandardScaler().fit(train.X)
        self.X, self.y = scaler.transform(train.X), train.y
        self.held_out, self.labels = scaler.transform(test.X), sparse.csr_array(test.y)

    def floor(self):
        """Measure the distance of as many real training proteins from the held-out ones."""
        rows = np.random.RandomState(0).permutation(len(self.X))[:N_HELD_OUT]
        return frechet_distance(self.held_out, self.X[rows])

    def distance(self, generator):
        """Measure the distance of vectors generated for the held-out proteins' labels."""
        was_training = generator.training
        noise = np.random.RandomState(0)
        X_new = draw_rows(generator.eval(), self.labels, N_LATENT, noise)
        generator.train(was_training)
        return frechet_distance(self.held_out, X_new)


def run_textbook(data, clock, seed, lr, n_iterations):
    """Time the plain loop, and measure its quality on the way."""
    X, labels = torch.from_numpy(data.X), torch.from_numpy(data.y)
    seconds, run = 0.0, []
    start = clock()
    gan = TextbookGAN(X, labels, BATCH_SIZE, lr=lr, seed=seed)
    while len(run) * N_BETWEEN < n_iterations:
        gan.run(N_BETWEEN)
        seconds += clock() - start
        run.append(
            Measurement(len(run) * N_BETWEEN + N_BETWEEN, seconds, data.distance(gan.generator))
        )
        start = clock()
    return run


def run_protimb(data, clock, seed, goal, n_iterations):
    """Time CGANSampler, data preparation included, until it reaches the goal or has to stop."""
    judge = Judge(data, clock, goal, n_iterations)
    CGANSampler(
        batch_size=BATCH_SIZE,
        n_latent=N_LATENT,
        max_updates=n_iterations,
        check_every=9,
        validation_fraction=0,
        quality_filter=None,
        callbacks=[judge],
        random_state=seed,
        **SETTINGS,
    ).fit(data.X, data.y)
    return judge.run


class Judge(Callback):
    """Measure the generator now and then, and end training once it is good enough.

    Parameters
    ----------
    data : Data
    clock : callable
        Gives seconds.
    goal : float
        Distance to reach.
    n_iterations : int
        Iterations after which it gives up.
    n_epochs_between : int
        Epochs between two measurements; one has nine iterations.
    """

    def __init__(self, data, clock, goal, n_iterations, n_epochs_between=3):
        self.data = data
        self.clock = clock
        self.goal = goal
        self.n_iterations = n_iterations
        self.n_epochs_between = n_epochs_between
        self.run = []
        self.started = self.clock()  # what fit does before training counts

    def on_epoch_end(self, loop, record):
        """Measure, with the clock stopped."""
        if record["epoch"] % self.n_epochs_between:
            return
        paused = self.clock()
        distance = self.data.distance(loop.step.sampling_generator)
        self.run.append(Measurement(loop.n_steps, paused - self.started, distance))
        loop.stop_requested = distance <= self.goal or loop.n_steps >= self.n_iterations
        self.started += self.clock() - paused


if __name__ == "__main__":
    main()
