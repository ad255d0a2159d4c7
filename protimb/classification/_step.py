"""One update of the classifier, and the loop that makes them all."""

import math

import numpy as np
import torch

from protimb.classification._network import at_rest, build_network, start_from_prior
from protimb.exceptions import TrainingDiverged
from protimb.training import (
    Callback,
    EarlyStopping,
    ProgressBar,
    ShuffledBatches,
    TrainingLoop,
    share_batch,
    torch_generator,
)
from protimb.training._cut_rows import training_labels, training_vectors
from protimb.training._fitting import put_back
from protimb.training._precision import half_digits
from protimb.training._processes import hash_rows
from protimb.training._room import BATCH_ROWS, Room
from protimb.utils._row_blocks import BLOCK_ROWS


class ClassifierStep:
    """One network, a criterion, an optimizer and the data that they learn from, on one device."""

    def __init__(self, network, criterion, data, optimizer, n_steps, *, mixed_precision=False):
        self.network = network
        self.mixed_precision = mixed_precision
        self.criterion = criterion
        self.data = data
        self.room, self.valid_room = Room(rows=BATCH_ROWS), Room(self._n_rows_at_once())
        self.optimizer = optimizer
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)

    def train_batch(self, rows):
        """Make one update from positions (batch,) among the training rows; give its ``loss``."""
        self._train(True)
        share = share_batch(len(rows))
        record = self._gradients(share, self.data.train_rows[rows])
        share.average(self.network, record)
        self.optimizer.step()
        self.schedule.step()
        return record

    @torch.inference_mode()
    def valid_batch(self):
        """Return ``valid_loss`` over all validation rows, or nothing where there are none."""
        if not len(self.data.valid_rows):
            return {}
        self._train(False)
        share = share_batch(len(self.data.valid_rows))
        rows = share.own(self.data.valid_rows)
        losses = self.valid_room.blocks(len(rows), lambda some: self._losses(rows[some]).sum())
        total = share.total(sum(losses))
        weight = self.data.weights[self.data.valid_rows].sum()
        return {"valid_loss": float(total) / float(weight)}

    def _train(self, mode):
        for module in (self.network, self.criterion):
            module.train(mode)

    def _gradients(self, share, rows):
        return self.room.gradients(share, self.optimizer, self._mean_loss, share.own(rows))

    def _mean_loss(self, rows):
        loss = self._losses(rows).mean()
        return loss, {"loss": loss}

    def _precision(self):
        return training_precision(self, self.mixed_precision)

    def _n_rows_at_once(self):
        return 4 * BLOCK_ROWS

    def _losses(self, rows):
        """Give rows (batch,) the criterion's losses, times the weights of the rows."""
        last = self.network[-1]
        with self._precision():
            features = self.network[:-1](self.data.X[rows])
            logits = last(features)
        losses = self.criterion(
            logits.float(),
            self.data.labels[rows],
            known=None if self.data.known is None else self.data.known[rows],
            pos_weight=self.data.pos_weight,
            features=features.float(),
            weight=last.weight,
        )
        return losses * self.data.weights[rows]

    def fingerprint(self):
        """Return hashes of the rows, for processes that train together."""
        return self.data.fingerprint()

    def state_dict(self):
        """Return weights, what the criterion learned, optimizer and schedule."""
        return {name: getattr(self, name).state_dict() for name in self._STATEFUL}

    def load_state_dict(self, state):
        """Put all of it back."""
        for name in self._STATEFUL:
            put_back(getattr(self, name), state[name], name)

    _STATEFUL = ("network", "criterion", "optimizer", "schedule")


class TrainingData:
    """Rows on one device, cut by index; ``held_out`` are positions for validation.

    Tensors, or batches of what is too large to be held once more, scaled when they are cut.
    """

    def __init__(self, rows, balance, *, scaling, held_out, device):
        valid_rows, train_rows = (torch.from_numpy(positions) for positions in held_out)
        self.valid_rows, self.train_rows = valid_rows.to(device), train_rows.to(device)
        self.device, self.n_features = device, rows.X.shape[1]
        everything = np.arange(len(rows.X))
        self.X = training_vectors(rows.X, everything, scaling, device)
        self.labels = training_labels(rows.labels, everything, device)
        self.known = None if rows.known is None else torch.from_numpy(rows.known).to(device)
        weights = torch.from_numpy(np.asarray(rows.weights, dtype=np.float32)).to(device)
        # Mean 1 over the training rows: weights then leave the size of a step alone.
        self.weights = weights / weights[self.train_rows].mean()
        self.prior = balance.prior
        weighs_alike = bool((balance.pos_weight == 1).all())
        self.pos_weight = None if weighs_alike else torch.from_numpy(balance.pos_weight).to(device)

    def fingerprint(self):
        """Hash what is learned from."""
        return {"X": hash_rows(self.X)} | hash_targets(self)


def training_precision(step, mixed):
    """Train in half the digits, if asked for; validate in all of them, as predictions are."""
    return half_digits(step.data.labels.device, mixed and step.network.training)


def hash_targets(data):
    """Hash labels, those that are known, weights, and which rows train, by name."""
    targets = {
        "y": data.labels,
        "label_mask": data.known,
        "sample_weight": data.weights,
        "rows": data.train_rows,
    }
    return {name: hash_rows(rows) for name, rows in targets.items() if rows is not None}


def train_network(data, criterion, classifier, rng):
    """Build and train a network by the parameters of a GOTermClassifier; give it and a history."""
    network = build_network(
        data.n_features,
        classifier.hidden_layer_sizes,
        len(data.prior),
        dropout=classifier.dropout,
        generator=torch_generator(rng),
        input_noise=classifier.input_noise,
        noise_generator=torch_generator(rng, data.device),
    ).to(data.device)
    start = np.asarray(criterion.loss.start(data.prior), dtype=np.float32)
    start_from_prior(network, torch.from_numpy(start).to(data.device))
    batches = ShuffledBatches(len(data.train_rows), classifier.batch_size, torch_generator(rng))
    n_steps = classifier.max_steps or classifier.max_epochs * len(batches)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=classifier.lr, weight_decay=classifier.weight_decay, fused=True
    )
    step = ClassifierStep(
        network,
        criterion.to(data.device),
        data,
        optimizer,
        n_steps,
        mixed_precision=classifier.mixed_precision,
    )
    loop = TrainingLoop(step, batches, max_steps=n_steps, callbacks=_callbacks(classifier))
    _run(loop, classifier.loss)
    return at_rest(network), loop.history


def _run(loop, loss):
    """Run the loop; where the loss diverges, say which one it was."""
    try:
        loop.run()
    except TrainingDiverged as error:
        cure = "" if loss == "bce" else " Or fit with loss='bce', whose slope is at most 1 a cell."
        said = f"With loss={loss!r}: {error}{cure}"
        raise TrainingDiverged(said, error.step, error.last_finite) from error


def _callbacks(classifier):
    callbacks: list[Callback] = [ProgressBar("classifier")] if classifier.verbose else []
    if classifier.early_stopping:
        # An exact number of steps leaves the choice of the best epoch, not of the last.
        patience = math.inf if classifier.max_steps else classifier.n_iter_no_change
        callbacks.append(EarlyStopping("valid_loss", patience=patience))
    return callbacks
