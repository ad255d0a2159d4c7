"""The peer of CGANSampler's benchmarks: a conditional WGAN-GP, trained as tutorials write it."""

import time

import torch
from torch.utils.data import DataLoader, TensorDataset

from protimb.nn import BACKBONES, MultiHotCondition, PiecewiseLinear

N_LATENT, N_CRITIC, LR, PENALTY = 64, 5, 2e-4, 10.0

# Seconds of a busy machine say little: with OMP_NUM_THREADS=1, count those of the processor.
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


class TextbookGAN:
    """The plain loop, on networks with torch's own leaky ReLU.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_features)
    labels : Tensor of shape (n_rows, n_terms)
    batch_size : int
    backbone : str
    lr : float
    seed : int
        Of torch's global generator, which draws noise and order, and of the initial weights.
    """

    def __init__(self, X, labels, batch_size, *, backbone="mlp", lr=LR, seed=0):
        torch.manual_seed(seed)
        rng = torch.Generator().manual_seed(seed)
        players = build_players(backbone, X.shape[1], labels.shape[1], rng)
        self.generator, self.critic = (_with_torch_activations(net) for net in players)
        adam = {"lr": lr, "betas": (0.0, 0.9)}
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), **adam)
        self.critic_optimizer = torch.optim.Adam(self.critic.parameters(), **adam)
        loader = DataLoader(TensorDataset(X, labels), batch_size, shuffle=True, drop_last=True)
        self.batches = _forever(loader)

    def run(self, n_iterations):
        """Make n iterations: five critic updates and one of the generator each."""
        for _ in range(n_iterations):
            for _ in range(N_CRITIC):
                x, y = next(self.batches)
                self._update_critic(x, y)
            self._update_generator(y)

    def _update_critic(self, x, y):
        critic = self.critic
        fake = self.generator(torch.randn(len(x), N_LATENT), y).detach()
        mix = torch.rand(len(x), 1)
        between = (mix * x + (1 - mix) * fake).requires_grad_()
        score = critic(between, y)
        (gradient,) = torch.autograd.grad(score, between, torch.ones_like(score), create_graph=True)
        penalty = ((gradient.norm(dim=1) - 1) ** 2).mean()
        loss = critic(fake, y).mean() - critic(x, y).mean() + PENALTY * penalty
        self.critic_optimizer.zero_grad()
        loss.backward()
        self.critic_optimizer.step()
        loss.item()

    def _update_generator(self, y):
        loss = -self.critic(self.generator(torch.randn(len(y), N_LATENT), y), y).mean()
        self.generator_optimizer.zero_grad()
        loss.backward()
        self.generator_optimizer.step()
        loss.item()


def build_players(backbone, n_features, n_terms, rng):
    """Build the default generator and critic of a backbone."""
    backbone, condition = BACKBONES[backbone](), MultiHotCondition()
    return (
        backbone.build_generator(N_LATENT, n_features, condition.build(n_terms, rng), rng),
        backbone.build_critic(n_features, condition.build(n_terms, rng), rng),
    )


def _forever(loader):
    while True:
        yield from loader


def _with_torch_activations(network):
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, PiecewiseLinear):
                setattr(module, name, torch.nn.LeakyReLU(child.negative_slope))
    return network
