"""Losses of networks, and penalties on them."""

import torch


def gradient_penalty(critic, x_real, x_fake, condition, mix):
    """Penalise gradients of the critic by row, (batch,): 0 where their length is 1."""
    # Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017, arXiv:1704.00028:
    # (||gradient|| - 1) ** 2 on the line from x_fake to x_real, both (batch, n_features).
    # mix: (batch, 1), 0 at the generated end and 1 at the real one; both ends share the embedded
    # labels of condition, (batch, n_condition).
    x_mix = torch.lerp(x_fake, x_real, mix).requires_grad_()
    scores = critic.read(x_mix, condition).float()
    # Rows do not interact in the critic, so the gradient of the sum holds one gradient a row.
    (gradient,) = torch.autograd.grad(scores.sum(), x_mix, create_graph=True)
    # vector_norm has derivative 0 at 0, where sqrt(sum of squares) would give NaN.
    return (torch.linalg.vector_norm(gradient, dim=1) - 1) ** 2
