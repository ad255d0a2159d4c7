"""Critic steps a second of every backbone: CGANSampler's loop, a plain loop, matrix products.

Run by hand: ``python benchmarks/bench_cgan_steps.py``. All are timed in one process, in turn,
several rounds; the table gives medians of ratios taken within a round, because absolute times
mean little on a shared machine. FLOPs are counted by torch while each loop makes one iteration
(matrix products and convolutions only, a multiply-add counted as two), so "share" says how much
of the machine's matrix-product rate a loop turns into the arithmetic it does itself. "x mlp" is
the time of an iteration over that of the fully connected networks.
"""

import argparse
import math
import statistics

import pandas as pd
import torch
from textbook_gan import CLOCKS, LR, N_CRITIC, N_LATENT, PENALTY, TextbookGAN, build_players
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from protimb.gan._step import AdversarialStep
from protimb.nn import BACKBONES
from protimb.training import WeightedBatches

N_ROWS, N_FEATURES, N_TERMS = 11_000, 512, 944

# Target, and whether it is met by a row of the table.
TARGETS = {
    "fully connected at least 1.2 times as fast as the plain loop": lambda row: (
        row["backbone"] != "mlp" or row["protimb / plain"] >= 1.2
    ),
    "fully connected at least 0.75 of the matrix-product rate at batch 256": lambda row: (
        row["backbone"] != "mlp" or row["batch"] != 256 or row["share"] >= 0.75
    ),
    "convolution at least 1.1 times as fast as the plain loop": lambda row: (
        row["backbone"] != "conv" or row["protimb / plain"] >= 1.1
    ),
    "attention at least 1.05 times as fast as the plain loop": lambda row: (
        row["backbone"] != "attention" or row["protimb / plain"] >= 1.05
    ),
    "attention at most 4 times the fully connected cost": lambda row: (
        row["backbone"] != "attention" or row["x mlp"] <= 4
    ),
}


def main():
    """Print one row a batch size and backbone; fail if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[64, 256, 1024])
    parser.add_argument("--backbones", nargs="+", default=list(BACKBONES))
    parser.add_argument("--seconds", type=float, default=0.5, help="of a timing, about")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu on a busy machine")
    args = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    rows = []
    for batch_size in args.batch_sizes:
        timed = Stopwatch(CLOCKS[args.clock])
        rows += measure(timed, batch_size, args.backbones, args.seconds, args.rounds)
    print(pd.DataFrame(rows).to_string(index=False, float_format="%.2f"))
    missed = [
        f"batch {row['batch']}: not {target}"
        for row in rows
        for target, is_met in TARGETS.items()
        if not is_met(row)
    ]
    if missed:
        raise SystemExit("\n".join(missed))


def measure(timed, batch_size, backbones, seconds, n_rounds):
    """Time all loops and the matrix product in turn; give one row of medians a backbone."""
    X = torch.randn(N_ROWS, N_FEATURES)
    labels = (torch.rand(N_ROWS, N_TERMS) < 0.01).to(torch.uint8)
    loops = {}
    for name in backbones:
        loops[name, "ours"] = protimb_loop(X, labels, batch_size, name)
        loops[name, "plain"] = TextbookGAN(X, labels, batch_size, backbone=name).run
    flops = {key: count_flops(loop) for key, loop in loops.items()}
    n_iterations = {key: math.ceil(seconds / timed(loop)) for key, loop in loops.items()}
    rounds = []
    for _ in range(n_rounds):
        took = {key: timed(loop, n_iterations[key]) for key, loop in loops.items()}
        rate = matrix_product_rate(timed, batch_size)
        rounds.append([_ratios(name, took, flops, rate) for name in backbones])
    return [
        {"batch": batch_size, "backbone": name}
        | {key: statistics.median(r[i][key] for r in rounds) for key in rounds[0][i]}
        for i, name in enumerate(backbones)
    ]


def _ratios(name, took, flops, rate):
    ours, plain = took[name, "ours"], took[name, "plain"]
    return {
        "steps/s": N_CRITIC / ours,
        "protimb / plain": plain / ours,
        "share": flops[name, "ours"] / ours / rate,
        "share plain": flops[name, "plain"] / plain / rate,
        "x mlp": ours / took["mlp", "ours"] if ("mlp", "ours") in took else math.nan,
    }


def protimb_loop(X, labels, batch_size, backbone):
    """Return a function that makes n iterations as CGANSampler does."""
    rng = torch.Generator().manual_seed(0)
    generator, critic = build_players(backbone, N_FEATURES, N_TERMS, rng)
    step = AdversarialStep(
        X,
        labels,
        generator,
        critic,
        n_latent=N_LATENT,
        n_critic=N_CRITIC,
        penalty_weight=PENALTY,
        lr=LR,
        rng=rng,
    )

    def run(n_iterations):
        batches = WeightedBatches(torch.ones(N_ROWS), batch_size * N_CRITIC, n_iterations, rng)
        for rows in batches:
            step.train_batch(rows)

    return run


class FlopCount(TorchDispatchMode):
    """Add up the FLOPs of products (torch's own FlopCounterMode fails in autograd.grad)."""

    def __init__(self):
        super().__init__()
        self.flops = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        formula = flop_registry.get(func.overloadpacket)
        if formula is None:
            with self:  # where no gradients are kept, a layer comes in one piece
                out = func.decompose(*args, **kwargs)
            return func(*args, **kwargs) if out is NotImplemented else out
        out = func(*args, **kwargs)
        self.flops += formula(*args, **kwargs, out_val=out)
        return out


def count_flops(loop):
    """Count the FLOPs of one iteration."""
    with FlopCount() as count:
        loop(1)
    return count.flops


class Stopwatch:
    """Time a call of a loop that makes n iterations.

    Parameters
    ----------
    clock : callable
        Gives seconds.
    """

    def __init__(self, clock):
        self.clock = clock

    def __call__(self, loop, n_iterations=1):
        """Return the seconds of an iteration, the mean of n."""
        start = self.clock()
        loop(n_iterations)
        return (self.clock() - start) / n_iterations


def matrix_product_rate(timed, batch_size, n_hidden=512, n_repeats=200):
    """Measure FLOPs a second of (batch x 512) @ (512 x 512), the networks' typical product."""
    a, b = torch.randn(batch_size, n_hidden), torch.randn(n_hidden, n_hidden)

    def products(n_times):
        for _ in range(n_times):
            a @ b

    return 2 * batch_size * n_hidden**2 / timed(products, n_repeats)


if __name__ == "__main__":
    main()
