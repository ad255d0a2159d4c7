"""Critic steps a second: CGANSampler's loop, a textbook WGAN-GP loop, and matrix products.

Run by hand: ``python benchmarks/bench_cgan_steps.py``. All three are timed in one process, in
turn, several rounds; the table gives medians of ratios taken within a round, because absolute
times mean little on a shared machine. FLOPs are counted by torch while each loop makes one
iteration (matrix products only, a multiply-add counted as two), so "share" says how much of the
machine's matrix-product rate a loop turns into the arithmetic it does itself, and "useful share"
charges both loops with the textbook's FLOPs.
"""

import argparse
import statistics
import time

import pandas as pd
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.flop_counter import flop_registry

from protimb.nn import MLPBackbone, MultiHotCondition, PiecewiseLinear
from protimb.over_sampling._gan_step import AdversarialStep
from protimb.training import WeightedBatches

N_ROWS, N_FEATURES, N_TERMS, N_LATENT = 11_000, 512, 944, 64
N_CRITIC, LR, PENALTY = 5, 2e-4, 10.0


def main():
    """Print one row a batch size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[64, 256, 1024])
    parser.add_argument("--iterations", type=int, default=10, help="generator updates a timing")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    rows = [measure(size, args.iterations, args.rounds) for size in args.batch_sizes]
    print(pd.DataFrame(rows).to_string(index=False, float_format="%.2f"))


def measure(batch_size, n_iterations, n_rounds):
    """Time both loops and the matrix product in turn; return medians of paired ratios."""
    X = torch.randn(N_ROWS, N_FEATURES)
    labels = (torch.rand(N_ROWS, N_TERMS) < 0.01).to(torch.uint8)
    ours, plain = protimb_loop(X, labels, batch_size), textbook_loop(X, labels, batch_size)
    flops = {name: count_flops(loop) for name, loop in (("ours", ours), ("plain", plain))}
    rounds = []
    for _ in range(n_rounds):
        seconds = {"ours": timed(ours, n_iterations), "plain": timed(plain, n_iterations)}
        rate = matrix_product_rate(batch_size)
        rounds.append(
            {
                "batch": batch_size,
                "steps/s protimb": n_iterations * N_CRITIC / seconds["ours"],
                "steps/s textbook": n_iterations * N_CRITIC / seconds["plain"],
                "protimb / textbook": seconds["plain"] / seconds["ours"],
                "share protimb": n_iterations * flops["ours"] / seconds["ours"] / rate,
                "share textbook": n_iterations * flops["plain"] / seconds["plain"] / rate,
                "useful share protimb": n_iterations * flops["plain"] / seconds["ours"] / rate,
            }
        )
    return {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}


def protimb_loop(X, labels, batch_size):
    """Return a function that makes n iterations as CGANSampler does."""
    rng = torch.Generator().manual_seed(0)
    generator, critic = networks(rng)
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


def textbook_loop(X, labels, batch_size):
    """Return a function that makes n iterations the way tutorials write them."""
    generator, critic = (as_textbook(net) for net in networks(torch.Generator().manual_seed(0)))
    adam = {"lr": LR, "betas": (0.0, 0.9)}
    generator_optimizer = torch.optim.Adam(generator.parameters(), **adam)
    critic_optimizer = torch.optim.Adam(critic.parameters(), **adam)
    loader = DataLoader(TensorDataset(X, labels), batch_size, shuffle=True, drop_last=True)

    def forever():
        while True:
            yield from loader

    batches = forever()

    def run(n_iterations):
        for _ in range(n_iterations):
            for _ in range(N_CRITIC):
                x, y = next(batches)
                fake = generator(torch.randn(len(x), N_LATENT), y).detach()
                mix = torch.rand(len(x), 1)
                between = (mix * x + (1 - mix) * fake).requires_grad_()
                score = critic(between, y)
                (gradient,) = torch.autograd.grad(
                    score, between, torch.ones_like(score), create_graph=True
                )
                penalty = ((gradient.norm(dim=1) - 1) ** 2).mean()
                loss = critic(fake, y).mean() - critic(x, y).mean() + PENALTY * penalty
                critic_optimizer.zero_grad()
                loss.backward()
                critic_optimizer.step()
                loss.item()
            loss = -critic(generator(torch.randn(len(y), N_LATENT), y), y).mean()
            generator_optimizer.zero_grad()
            loss.backward()
            generator_optimizer.step()
            loss.item()

    return run


def networks(rng):
    """Build the default generator and critic."""
    backbone, condition = MLPBackbone(), MultiHotCondition()
    return (
        backbone.build_generator(N_LATENT, N_FEATURES, condition.build(N_TERMS, rng), rng),
        backbone.build_critic(N_FEATURES, condition.build(N_TERMS, rng), rng),
    )


def as_textbook(network):
    """Give a network torch's own leaky ReLU, as a tutorial would."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, PiecewiseLinear):
                setattr(module, name, torch.nn.LeakyReLU(child.negative_slope))
    return network


class FlopCount(TorchDispatchMode):
    """Add up the FLOPs of matrix products (torch's own FlopCounterMode fails in autograd.grad)."""

    def __init__(self):
        super().__init__()
        self.flops = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func.overloadpacket)
        if formula is not None:
            self.flops += formula(*args, **(kwargs or {}), out_val=out)
        return out


def count_flops(loop):
    """Count the matrix-product FLOPs of one iteration."""
    with FlopCount() as count:
        loop(1)
    return count.flops


def timed(loop, n_iterations):
    """Time n iterations in seconds."""
    start = time.perf_counter()
    loop(n_iterations)
    return time.perf_counter() - start


def matrix_product_rate(batch_size, n_hidden=512, n_repeats=200):
    """Measure FLOPs a second of (batch x 512) @ (512 x 512), the networks' typical product."""
    a, b = torch.randn(batch_size, n_hidden), torch.randn(n_hidden, n_hidden)
    start = time.perf_counter()
    for _ in range(n_repeats):
        a @ b
    return 2 * batch_size * n_hidden**2 * n_repeats / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
