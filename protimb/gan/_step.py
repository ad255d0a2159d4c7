"""One update of a conditional Wasserstein GAN: several critic steps, then one of the generator."""

import copy

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from protimb.nn._losses import gradient_penalty
from protimb.training import draw_rows, share_batch
from protimb.training._fitting import put_back
from protimb.training._precision import half_digits
from protimb.training._processes import hash_rows
from protimb.training._room import BATCH_ROWS, Room


class AdversarialStep:
    """Own the two networks and their optimizers; update both from one batch of rows.

    ``X`` (n_rows, n_features), standardized, and ``labels`` (n_rows, n_terms), uint8, are tensors
    or give such tensors when cut by rows; the critic is a ConditionalNetwork. ``rng`` draws noise
    and mixing positions on the device of ``X``. ``starts(rows, rng)`` gives the real vector that
    each generated row starts from, which the generator reads behind the noise. The loss of an
    ``auxiliary`` classifier on generated rows joins that of the generator by its weight.
    ``averaging`` is the decay of a running mean of the generator's weights, 0 for none,
    ``max_grad_norm`` the longest gradient that an update follows. ``schedule`` makes a
    learning-rate schedule for an optimizer, stepped once a batch of rows.
    """

    def __init__(
        self,
        X,
        labels,
        generator,
        critic,
        *,
        n_latent,
        n_critic,
        penalty_weight,
        lr,
        rng,
        starts=None,
        auxiliary=None,
        auxiliary_weight=0.0,
        averaging=0.0,
        max_grad_norm=None,
        schedule=None,
        mixed_precision=False,
    ):
        self.X = X
        self.labels = labels
        self.generator = generator
        self.critic = critic
        self.n_latent = n_latent
        self.n_critic = n_critic
        self.penalty_weight = penalty_weight
        self.rng = rng
        self.starts = starts
        self.auxiliary = auxiliary
        self.auxiliary_weight = auxiliary_weight
        self.max_grad_norm = max_grad_norm
        self.mixed_precision = mixed_precision
        self.room = Room(rows=BATCH_ROWS)
        # A first moment would average over critics that no longer exist (Gulrajani et al. 2017).
        adam = {"lr": lr, "betas": (0.0, 0.9), "fused": True}
        self.generator_optimizer = torch.optim.Adam(generator.parameters(), **adam)
        self.critic_optimizer = torch.optim.Adam(critic.parameters(), **adam)
        self.average = _running_mean(generator, averaging) if averaging else None
        optimizers = (self.generator_optimizer, self.critic_optimizer)
        self.schedules = [schedule(optimizer) for optimizer in optimizers] if schedule else []

    @property
    def sampling_generator(self):
        """The generator to draw from: the averaged one where weights are averaged."""
        return self.generator if self.average is None else self.average.module

    def train_batch(self, rows):
        """Train the critic on n_critic parts of rows, int64 (n_rows,), then once the generator."""
        share = share_batch(len(rows), self.n_critic)
        rows = share.own(rows.to(self.rng.device))
        x_real, labels = self.X[rows], self.labels[rows]
        # The generator stands still here: one call.
        with torch.no_grad():
            x_fake = torch.cat(self.room.batch(share, self._fakes, rows, labels))
        parts = zip(share.parts, *map(share.split, (x_real, x_fake, labels)), strict=True)
        records = [self._update_critic(*part) for part in parts]
        # Means over the critic's updates, then what the generator's one update adds.
        losses = {name: sum(r[name] for r in records) / len(records) for name in records[0]}
        losses |= self._update_generator(
            share.parts[-1], share.split(rows)[-1], share.split(labels)[-1]
        )
        for schedule in self.schedules:
            schedule.step()
        return losses

    def _update_critic(self, share, x_real, x_fake, labels):
        own = (x_real, x_fake, labels)
        record = self._descend(self.critic_optimizer, self.critic, self._critic_loss, share, *own)
        return record | self._update_auxiliary(share, x_real, labels)

    def _critic_loss(self, x_real, x_fake, labels):
        with self._precision():
            mix = draw_rows(torch.rand, (len(x_real), 1), self.rng)
            condition = self.critic.conditioner(labels)
            penalty = gradient_penalty(self.critic, x_real, x_fake, condition, mix).mean()
            scores = self.critic.read(torch.cat([x_real, x_fake]), condition.repeat(2, 1))
            score_real, score_fake = scores.float().view(2, -1).mean(dim=1)
            loss = score_fake - score_real + self.penalty_weight * penalty
        return loss, {
            "critic_loss": loss,
            "penalty": penalty,
            "wasserstein": score_real - score_fake,  # its estimate of the distance
        }

    def _update_auxiliary(self, share, x_real, labels):
        if self.auxiliary is None:
            return {}
        optimizer, network = self.auxiliary.optimizer, self.auxiliary.network
        return self._descend(optimizer, network, self._auxiliary_loss, share, x_real, labels)

    def _auxiliary_loss(self, x_real, labels):
        with self._precision():
            loss = self.auxiliary.loss(x_real, labels)
        return loss, {"auxiliary_loss": loss}  # on real rows

    def _update_generator(self, share, rows, labels):
        judges = [self.critic] + ([] if self.auxiliary is None else [self.auxiliary.network])
        for judge in judges:
            judge.requires_grad_(False)  # its weights need no gradient here: a third saved
        record = self._descend(
            self.generator_optimizer, self.generator, self._generator_loss, share, rows, labels
        )
        for judge in judges:
            judge.requires_grad_(True)
        if self.average is not None:
            self.average.update_parameters(self.generator)
        return record

    def _generator_loss(self, rows, labels):
        with self._precision():
            x_fake = self.generator(self._latent(rows), labels)
            loss = -self.critic(x_fake, labels).float().mean()
            record = {"generator_loss": loss}
            if self.auxiliary is not None:
                label_loss = self.auxiliary.loss(x_fake, labels)
                loss = loss + self.auxiliary_weight * label_loss
                record["label_loss"] = label_loss  # on generated rows
        return loss, record

    def _descend(self, optimizer, network, loss_of, share, *own):
        record = self.room.gradients(share, optimizer, loss_of, *own)
        share.average(network, record)
        if self.max_grad_norm is not None:
            torch.nn.utils.clip_grad_norm_(network.parameters(), self.max_grad_norm)
        optimizer.step()
        return record

    def _fakes(self, part, rows, labels):
        with self._precision():
            return self.generator(self._latent(rows), labels).float()

    def _latent(self, rows):
        noise = draw_rows(torch.randn, (len(rows), self.n_latent), self.rng)
        if self.starts is None:
            return noise
        return torch.cat([noise, self.starts(rows, self.rng)], dim=1)

    def _precision(self):
        return half_digits(self.rng.device, self.mixed_precision)

    def _parts(self):
        parts = {
            "generator": self.generator,
            "critic": self.critic,
            "generator_optimizer": self.generator_optimizer,
            "critic_optimizer": self.critic_optimizer,
        }
        optional = {"average": self.average, "auxiliary": self.auxiliary}
        optional |= {f"schedule_{n}": schedule for n, schedule in enumerate(self.schedules)}
        return parts | {name: part for name, part in optional.items() if part is not None}

    def fingerprint(self):
        """Return hashes of the rows, for processes that train together."""
        return {"X": hash_rows(self.X), "y": hash_rows(self.labels)}

    def state_dict(self):
        """Return the state of all networks, optimizers and schedules, and of the noise source."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        return state | {"rng": self.rng.get_state()}

    def load_state_dict(self, state):
        """Put a state back that ``state_dict`` returned."""
        for name, part in self._parts().items():
            # Optimizers would go on updating the very tensors that they are given.
            put_back(part, copy.deepcopy(state[name]), name)
        put_back(self.rng, state["rng"], "rng")


def _running_mean(network, decay):
    # Before its first update the mean takes the weights as they are: no start at random ones.
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay)).requires_grad_(False)
