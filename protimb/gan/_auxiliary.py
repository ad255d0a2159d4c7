"""An auxiliary classifier that asks generated rows to look like their own labels."""

import copy

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from protimb.nn import seeded_linear
from protimb.training._fitting import put_back


class AuxiliaryHead:
    """A small classifier from x (batch, n_features) to terms, with its optimizer."""

    # It learns from real rows only. The generator is then asked for rows that it reads as their own
    # labels: the auxiliary-classifier GAN of A. Odena, C. Olah and J. Shlens ("Conditional image
    # synthesis with auxiliary classifier GANs", ICML 2017, PMLR 70:2642-2651), with one yes or no
    # a term.

    def __init__(self, n_features, n_terms, *, lr, init, device="cpu", n_hidden=256):
        # init, a torch.Generator on the CPU, draws the weights.
        self.network = nn.Sequential(
            seeded_linear(n_features, n_hidden, init, gain=2**0.5),
            nn.LeakyReLU(0.2),
            seeded_linear(n_hidden, n_terms, init),
        ).to(device)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=lr, fused=True)

    def loss(self, x, labels):
        """Compute the mean cross-entropy over rows x and terms, labels uint8 (batch, n_terms)."""
        logits = self.network(x).float()
        return binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))

    def state_dict(self):
        """Return the state of the classifier and its optimizer."""
        return {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state):
        """Put a state back that ``state_dict`` returned."""
        put_back(self.network, state["network"], "auxiliary.network")
        put_back(self.optimizer, copy.deepcopy(state["optimizer"]), "auxiliary.optimizer")
