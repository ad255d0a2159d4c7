"""The classifier's network: built from generators, started from the prior, asked in blocks."""

import torch
from torch import nn

from protimb.classification._base import in_blocks
from protimb.nn import SeededDropout, SeededNoise, seeded_linear


def build_network(
    n_features, hidden_layer_sizes, n_columns, *, dropout, input_noise, generator, noise_generator
):
    """Build a network from (batch, n_features) to logits (batch, n_columns)."""
    # generator (CPU) draws the initial weights, noise_generator (training device) the rest.
    layers: list[nn.Module] = [SeededNoise(input_noise, noise_generator)]
    for n_hidden in hidden_layer_sizes:
        layers += [
            seeded_linear(n_features, n_hidden, generator),
            nn.LayerNorm(n_hidden),
            nn.GELU(),
            SeededDropout(dropout, noise_generator),
        ]
        n_features = n_hidden
    # A small last layer leaves the first word to the prior, see start_from_prior.
    return nn.Sequential(*layers, seeded_linear(n_features, n_columns, generator, gain=0.1))


def start_from_prior(network, prior):
    """Let an untrained network answer every row with each column's share of positives.

    From zero biases the first epochs go into learning that nearly all terms are rare, while
    rare terms sit in the flat part of the loss.
    """
    with torch.no_grad():
        network[-1].bias.copy_(prior)


def network_logits(network, X):
    """Run a fitted network over rows (n_rows, n_features) in blocks: logits (n_rows, n_columns)."""
    last = network[-1]

    def forward(block):
        with torch.inference_mode():
            return network(torch.from_numpy(block).to(last.weight.device)).cpu().numpy()

    return in_blocks(forward, X, last.out_features)


def at_rest(network):
    """Take a network out of training: eval mode, on the CPU, without generators."""
    # A fitted network draws nothing, and answers on the CPU: it unpickles on any machine.
    for module in network.modules():
        if isinstance(module, SeededDropout | SeededNoise):
            module.generator = None
    return network.cpu().eval()
