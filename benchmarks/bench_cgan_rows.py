"""CGANSampler and the number of rows: vectors generated a second, and seconds an epoch.

Run by hand: ``python benchmarks/bench_cgan_rows.py``
"""

import argparse

import numpy as np
import torch
from scipy import sparse
from textbook_gan import CLOCKS

from protimb import CGANSampler, load_human_go
from protimb.training import Callback

FAST = 25_000  # vectors of 512 features a second and thread, for one thread or two
LINEAR = 1.15  # seconds a row at four times the rows, over those at the fewest

N_FEATURES = 512


def main():
    """Time generation and epochs; fail if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=32_000, help="fewest training rows")
    parser.add_argument("--generate", type=int, default=200_000, help="rows to generate")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu on a busy machine")
    args = parser.parse_args()
    clock = CLOCKS[args.clock]
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    y = load_human_go("mf").y
    missed = [*time_generation(clock, y, args.generate, args.rounds)]
    missed += time_epochs(clock, y, args.rows, args.rounds)
    if missed:
        raise SystemExit("\n".join(missed))


def time_generation(clock, y, n_rows, n_rounds):
    """Time ``sample`` on dense and on sparse label rows; the best of the rounds counts."""
    X, _ = draw_rows(y, len(y))
    sampler = make_sampler(max_updates=1).fit(X, y)
    _, labels = draw_rows(y, n_rows)
    for kind, rows in {"dense": labels, "sparse": sparse.csr_array(labels)}.items():
        seconds = []
        for _ in range(n_rounds):
            start = clock()
            sampler.sample(rows, random_state=0)
            seconds.append(clock() - start)
        speed = n_rows / min(seconds)
        print(f"{speed:,.0f} vectors a second, {kind} labels")
        target = FAST * min(2, torch.get_num_threads())
        if speed < target:
            yield f"Only {speed:,.0f} vectors a second, {kind} labels; the target is {target:,}."


def time_epochs(clock, y, fewest, n_rounds):
    """Time ten updates and a check at n, 2n and 4n rows, in turn; the best of the rounds counts."""
    data = {n: draw_rows(y, n) for n in (fewest, 2 * fewest, 4 * fewest)}
    seconds = {n: [] for n in data}
    for _ in range(n_rounds):
        for n, (X, labels) in data.items():
            watch = EpochWatch(clock)
            make_sampler(max_updates=20, callbacks=[watch]).fit(X, labels)
            seconds[n].append(watch.seconds)
    growth = {n: min(times) for n, times in seconds.items()}
    for n, a_check in growth.items():
        print(f"{n:7,} rows: {a_check:.2f} s a check, {a_check / growth[fewest]:.2f} x at n")
    if growth[4 * fewest] > LINEAR * growth[fewest]:
        yield f"At 4 n rows a check costs more than {LINEAR} times what it costs at n."


class EpochWatch(Callback):
    """Keep the seconds of the last epoch: the first one also warms up.

    Parameters
    ----------
    clock : callable
        Gives seconds.
    """

    def __init__(self, clock):
        self.clock = clock

    def on_epoch_begin(self, loop):
        """Start."""
        self.started = self.clock()

    def on_epoch_end(self, loop, record):
        """Stop."""
        self.seconds = self.clock() - self.started


def make_sampler(**options):
    """Make a sampler with default networks and no quality control."""
    return CGANSampler(generate_from="noise", quality_filter=None, random_state=0, **options)


def draw_rows(y, n_rows):
    """Draw made-up vectors, and rows of the real label matrix, with replacement."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, N_FEATURES), dtype=np.float32)
    return X, y[rng.integers(len(y), size=n_rows)]


if __name__ == "__main__":
    main()
