"""Losses of networks, and penalties on them."""

import torch


def gradient_penalty(critic, x_real, x_fake, condition, mix):
    """Penalise, row by row, gradients of the critic whose length differs from 1.

    Parameters
    ----------
    critic : ConditionalNetwork
        Scores vectors under a condition.
    x_real, x_fake : Tensor of shape (batch, n_features)
        Ends of the line on which each row's gradient is taken.
    condition : Tensor of shape (batch, n_condition)
        Embedded labels, shared by both ends.
    mix : Tensor of shape (batch, 1)
        Position on the line, 0 at the generated end and 1 at the real one.

    Returns
    -------
    penalty : Tensor of shape (batch,)
        ``(||gradient|| - 1) ** 2`` of each row.

    References
    ----------
    .. [1] I. Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017,
       arXiv:1704.00028.
    """
    x_mix = torch.lerp(x_fake, x_real, mix).requires_grad_()
    scores = critic.read(x_mix, condition).float()
    # Rows do not interact in the critic, so the gradient of the sum holds one gradient a row.
    (gradient,) = torch.autograd.grad(scores.sum(), x_mix, create_graph=True)
    # vector_norm has derivative 0 at 0, where sqrt(sum of squares) would give NaN.
    return (torch.linalg.vector_norm(gradient, dim=1) - 1) ** 2
