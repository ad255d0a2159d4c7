"""One update of the classifier, and the loop that makes them all."""

import math

import numpy as np
import torch
from torch import nn

from protimb.classification._base import BLOCK_ROWS
from protimb.classification._network import at_rest, build_network, start_from_prior
from protimb.nn._label_losses import mean_label_loss
from protimb.training import (
    Callback,
    EarlyStopping,
    ProgressBar,
    ShuffledBatches,
    TrainingLoop,
    torch_generator,
)


class ClassifierStep:
    """One network, one optimizer and the data that they learn from, on one device."""

    def __init__(self, network, data, optimizer, n_steps):
        self.network = network
        self.data = data
        self.optimizer = optimizer
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)

    def train_batch(self, rows):
        """Make one update from positions (batch,) among the training rows; give its ``loss``."""
        self.network.train()
        loss = self._losses(self.data.train_rows[rows]).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        return {"loss": loss.detach()}

    @torch.inference_mode()
    def valid_batch(self):
        """Return ``valid_loss`` over all validation rows, or nothing where there are none."""
        if not len(self.data.valid_rows):
            return {}
        self.network.eval()
        blocks = self.data.valid_rows.split(4 * BLOCK_ROWS)
        total = sum(self._losses(rows).sum() for rows in blocks)
        weight = self.data.weights[self.data.valid_rows].sum()
        return {"valid_loss": float(total) / float(weight)}

    def _losses(self, rows):
        logits, labels = self.network(self.data.X[rows]), self.data.labels[rows]
        is_plain = self.data.known is None and self.data.pos_weight is None
        losses = (
            mean_label_loss(logits, labels) if is_plain else self._weighed(logits, labels, rows)
        )
        return losses * self.data.weights[rows]

    def _weighed(self, logits, labels, rows):
        """Let positive cells weigh more, and unknown ones nothing: (batch,)."""
        labels = labels.to(logits.dtype)  # uint8 until here: a quarter the memory
        cells = nn.functional.binary_cross_entropy_with_logits(
            logits, labels, pos_weight=self.data.pos_weight, reduction="none"
        )
        return (cells if self.data.known is None else cells * self.data.known[rows]).mean(dim=1)

    def state_dict(self):
        """Return weights, optimizer and schedule."""
        return {name: getattr(self, name).state_dict() for name in self._STATEFUL}

    def load_state_dict(self, state):
        """Put weights, optimizer and schedule back."""
        for name in self._STATEFUL:
            getattr(self, name).load_state_dict(state[name])

    _STATEFUL = ("network", "optimizer", "schedule")


class TrainingData:
    """Rows as tensors on one device, cut by index; ``held_out`` are positions for validation."""

    def __init__(self, rows, balance, *, held_out, device):
        valid_rows, train_rows = (torch.from_numpy(positions) for positions in held_out)
        self.valid_rows, self.train_rows = valid_rows.to(device), train_rows.to(device)
        self.X = torch.from_numpy(rows.X).to(device)
        self.labels = torch.from_numpy(rows.labels).to(device)
        self.known = None if rows.known is None else torch.from_numpy(rows.known).to(device)
        weights = torch.from_numpy(np.asarray(rows.weights, dtype=np.float32)).to(device)
        # Mean 1 over the training rows: weights then leave the size of a step alone.
        self.weights = weights / weights[self.train_rows].mean()
        self.prior = torch.from_numpy(balance.prior).to(device)
        weighs_alike = bool((balance.pos_weight == 1).all())
        self.pos_weight = None if weighs_alike else torch.from_numpy(balance.pos_weight).to(device)


def train_network(data, classifier, rng):
    """Build and train a network by the parameters of a GOTermClassifier; give it and a history."""
    network = build_network(
        data.X.shape[1],
        classifier.hidden_layer_sizes,
        data.labels.shape[1],
        dropout=classifier.dropout,
        generator=torch_generator(rng),
        input_noise=classifier.input_noise,
        noise_generator=torch_generator(rng, data.X.device),
    ).to(data.X.device)
    start_from_prior(network, data.prior)
    batches = ShuffledBatches(len(data.train_rows), classifier.batch_size, torch_generator(rng))
    n_steps = classifier.max_steps or classifier.max_epochs * len(batches)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=classifier.lr, weight_decay=classifier.weight_decay, fused=True
    )
    step = ClassifierStep(network, data, optimizer, n_steps)
    loop = TrainingLoop(step, batches, max_steps=n_steps, callbacks=_callbacks(classifier))
    loop.run()
    return at_rest(network), loop.history


def _callbacks(classifier):
    callbacks: list[Callback] = [ProgressBar("classifier")] if classifier.verbose else []
    if classifier.early_stopping:
        # An exact number of steps leaves the choice of the best epoch, not of the last.
        patience = math.inf if classifier.max_steps else classifier.n_iter_no_change
        callbacks.append(EarlyStopping("valid_loss", patience=patience))
    return callbacks
