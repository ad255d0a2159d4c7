"""One update of a conditional Wasserstein GAN: several critic steps, then one of the generator."""

import copy

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
    scores = critic.read(x_mix, condition)
    # Rows do not interact in the critic, so the gradient of the sum holds one gradient a row.
    (gradient,) = torch.autograd.grad(scores.sum(), x_mix, create_graph=True)
    # vector_norm has derivative 0 at 0, where sqrt(sum of squares) would give NaN.
    return (torch.linalg.vector_norm(gradient, dim=1) - 1) ** 2


class AdversarialStep:
    """Own the two networks and their optimizers; update both from one batch of rows.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_features)
        Real vectors, standardised.
    labels : Tensor of shape (n_rows, n_terms)
        Indicators, uint8.
    generator, critic : ConditionalNetwork
        The two players.
    n_latent : int
        Width of the noise.
    n_critic : int
        Critic updates for each update of the generator.
    penalty_weight : float
        Weight of the gradient penalty.
    lr : float
        Learning rate of both Adam optimizers.
    rng : torch.Generator
        Source of noise and mixing positions, on the device of ``X``.
    """

    def __init__(
        self, X, labels, generator, critic, *, n_latent, n_critic, penalty_weight, lr, rng
    ):
        self.X = X
        self.labels = labels
        self.generator = generator
        self.critic = critic
        self.n_latent = n_latent
        self.n_critic = n_critic
        self.penalty_weight = penalty_weight
        self.rng = rng
        # A first moment would average over critics that no longer exist (Gulrajani et al. 2017).
        adam = {"lr": lr, "betas": (0.0, 0.9), "fused": True}
        self.generator_optimizer = torch.optim.Adam(generator.parameters(), **adam)
        self.critic_optimizer = torch.optim.Adam(critic.parameters(), **adam)

    def train_batch(self, rows):
        """Cut the rows into ``n_critic`` batches for the critic, then update the generator.

        Parameters
        ----------
        rows : Tensor of int64
            ``n_critic`` times the batch size, positions in ``X``.

        Returns
        -------
        losses : dict of Tensor
            Means over the critic's updates: ``critic_loss``, ``penalty``, ``wasserstein`` (the
            critic's estimate of the distance); and ``generator_loss``.
        """
        rows = rows.to(self.X.device)
        x_real, labels = self.X[rows], self.labels[rows]
        with torch.no_grad():  # the generator stands still while the critic learns: one call
            x_fake = self.generator(self._noise(len(rows)), labels)
        parts = zip(*(t.chunk(self.n_critic) for t in (x_real, x_fake, labels)), strict=True)
        records = [self._update_critic(*part) for part in parts]
        losses = {name: sum(r[name] for r in records) / len(records) for name in records[0]}
        losses["generator_loss"] = self._update_generator(labels.chunk(self.n_critic)[-1])
        return losses

    def _update_critic(self, x_real, x_fake, labels):
        mix = torch.rand(len(x_real), 1, generator=self.rng, device=self.X.device)
        condition = self.critic.conditioner(labels)
        penalty = gradient_penalty(self.critic, x_real, x_fake, condition, mix).mean()
        scores = self.critic.read(torch.cat([x_real, x_fake]), condition.repeat(2, 1))
        score_real, score_fake = scores.view(2, -1).mean(dim=1)
        loss = score_fake - score_real + self.penalty_weight * penalty
        _descend(self.critic_optimizer, loss)
        return {
            "critic_loss": loss.detach(),
            "penalty": penalty.detach(),
            "wasserstein": (score_real - score_fake).detach(),
        }

    def _update_generator(self, labels):
        x_fake = self.generator(self._noise(len(labels)), labels)
        self.critic.requires_grad_(False)  # its weights need no gradient here: a third saved
        loss = -self.critic(x_fake, labels).mean()
        _descend(self.generator_optimizer, loss)
        self.critic.requires_grad_(True)
        return loss.detach()

    def _noise(self, n_rows):
        return torch.randn(n_rows, self.n_latent, generator=self.rng, device=self.X.device)

    def _parts(self):
        return {
            "generator": self.generator,
            "critic": self.critic,
            "generator_optimizer": self.generator_optimizer,
            "critic_optimizer": self.critic_optimizer,
        }

    def state_dict(self):
        """Return the state of both networks, both optimizers and the noise source."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        return state | {"rng": self.rng.get_state()}

    def load_state_dict(self, state):
        """Put a state back that ``state_dict`` returned."""
        for name, part in self._parts().items():
            # Optimizers would go on updating the very tensors that they are given.
            part.load_state_dict(copy.deepcopy(state[name]))
        self.rng.set_state(state["rng"])


def _descend(optimizer, loss):
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
