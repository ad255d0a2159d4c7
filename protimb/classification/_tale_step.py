"""One update of a TALE network, the loop that makes them all, and its answers."""

import copy
import math
from collections import defaultdict
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from protimb.classification._balance import count_cells
from protimb.classification._step import hash_targets, training_precision
from protimb.nn import SeededDropout, make_loss
from protimb.nn._tale import TALENetwork, labels_fixed
from protimb.nn._tale_labels import TermPaths
from protimb.nn._term_losses_base import violations
from protimb.training import (
    Callback,
    Checkpoint,
    EarlyStopping,
    LengthBatches,
    ProgressBar,
    ShuffledBatches,
    TrainingLoop,
    build_schedule,
    share_batch,
    torch_generator,
)
from protimb.training._cut_rows import training_labels
from protimb.training._fitting import put_back
from protimb.training._room import BATCH_ROWS, Room
from protimb.utils._rebuilding import rebuilding


class TALEStep:
    """One network, one optimizer and the proteins that they learn from, on one device."""

    def __init__(self, network, data, options, optimizer, schedule, generators):
        self.network = network
        self.data = data
        self.options = options
        self.optimizer = optimizer
        self.schedule = schedule
        self.generators = generators  # name -> torch.Generator
        self.parameters = list(network.parameters())
        self.room, self.valid_room = Room(rows=BATCH_ROWS), Room(4 * options.batch_size)

    def train_batch(self, rows):
        """Make one update from positions (batch,) among the training rows; give its ``loss``."""
        self.network.train()
        self.data.criterion.train()
        rows = self.data.train_rows[rows]
        share = share_batch(len(rows))
        # Cut once padded: stretches and dropout are drawn for the whole batch.
        x, mask = self.data.source.batch(rows, self.generators["crop"])
        own = [None if part is None else share.own(part) for part in (rows, x, mask)]
        record = self.room.gradients(share, self.optimizer, self._mean_loss, *own)
        share.average(self.network, record)
        if self.options.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.parameters, self.options.clip_norm)
        self.optimizer.step()
        self.schedule.step()
        return record

    @torch.inference_mode()
    def valid_batch(self):
        """Return ``valid_loss`` over all validation rows, or nothing where there are none."""
        rows = self.data.valid_rows
        if not len(rows):
            return {}
        self.network.eval()
        self.data.criterion.eval()
        share = share_batch(len(rows))
        own = share.own(rows)
        losses = self.valid_room.blocks(len(own), lambda some: self._losses(own[some]).sum())
        total = share.total(sum(losses))
        return {"valid_loss": float(total) / float(self.data.weights[rows.to(total.device)].sum())}

    def _mean_loss(self, rows, x, mask):
        loss = self._losses_of(rows, x, mask).mean()
        return loss, {"loss": loss}

    def _losses(self, rows):
        """Give each row its loss, (batch,)."""
        return self._losses_of(rows, *self.data.source.batch(rows))

    def _losses_of(self, rows, x, mask):
        data = self.data
        with self._precision():
            features = self.network.features(x, mask)
            logits = self.network.logits(features).float()
        rows = rows.to(logits.device, non_blocking=True)
        known = None if data.known is None else data.known[rows]
        more = {}
        if data.needs_features:
            more = {"features": features.float(), "weight": self.network.out.weight}
        losses = data.criterion(logits, data.labels[rows], known=known, **more)
        if self.options.hierarchy_penalty:
            losses = losses + self.options.hierarchy_penalty * violations(logits, data.edges, known)
        return losses * data.weights[rows]

    def _precision(self):
        return training_precision(self, self.options.mixed_precision)

    def fingerprint(self):
        """Return hashes of the proteins and their labels, for processes that train together."""
        return {"X": self.data.source.hashed()} | hash_targets(self.data)

    def state_dict(self):
        """Return weights, optimizer, schedule, what the loss has learned, and sources of draws."""
        state = {name: part.state_dict() for name, part in self._stateful().items()}
        return state | {"generators": {n: g.get_state() for n, g in self.generators.items()}}

    def load_state_dict(self, state):
        """Put back what ``state_dict`` gave."""
        for name, part in self._stateful().items():
            put_back(part, state[name], name)
        for name, generator in self.generators.items():
            put_back(generator, state["generators"][name], f"generators.{name}")

    def _stateful(self):
        return {
            "network": self.network,
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "criterion": self.data.criterion,
        }


class TALESizes(NamedTuple):
    """What a network's tensors and its maths depend on, by the names of TALEClassifier."""

    n_layers: int
    n_hidden: int
    n_heads: int
    dropout: float
    max_length: int
    n_places: int
    read_out: str
    kernel_sizes: tuple
    n_filters: int
    label_coding: str
    similarity_scale: float
    mask_pads: bool
    output: str

    @classmethod
    def of(cls, classifier):
        """Read them from a classifier."""
        return cls(**{name: getattr(classifier, name) for name in cls._fields})._replace(
            kernel_sizes=tuple(int(width) for width in classifier.kernel_sizes),
            label_coding=_CODED_AS.get(classifier.label_coding, classifier.label_coding),
        )


_CODED_AS = {"own": "index_lists"}  # lists of one row


class TALEData:
    """Proteins and their labels on one device; ``held_out`` are positions for validation."""

    def __init__(self, source, rows, *, loss, edges, held_out, device):
        self.valid_rows, self.train_rows = (torch.from_numpy(part) for part in held_out)
        if source.costs is not None and len(self.valid_rows):
            # Neighbours in length are validated together, with little padding.
            self.valid_rows = self.valid_rows[source.costs[self.valid_rows].argsort(stable=True)]
        self.source = source
        self.labels = training_labels(rows.labels, np.arange(rows.labels.shape[0]), device)
        self.known = None if rows.known is None else torch.from_numpy(rows.known).to(device)
        weights = torch.from_numpy(np.asarray(rows.weights, dtype=np.float32))
        # Mean 1 over the training rows: weights then leave the size of a step alone.
        self.weights = (weights / weights[self.train_rows].mean()).to(device)
        n_positive, n_rows = _counts(rows, held_out[1])
        self.criterion = make_loss(loss, n_positive, n_rows, edges=edges).to(device)
        self.needs_features = getattr(self.criterion.loss, "needs_features", False)
        prior = np.log((n_positive + 0.5) / (n_rows - n_positive + 0.5))
        start = np.asarray(self.criterion.loss.start(prior), dtype=np.float32)
        self.start = torch.from_numpy(start).to(device)
        self.edges = None if edges is None else torch.from_numpy(edges).to(device)


def _counts(rows, trained):
    """Count positive and known rows of each term, (n_terms,) twice, by the rows' weights."""
    weights = np.asarray(rows.weights, dtype=np.float64)[trained]
    known = None if rows.known is None else rows.known[trained]
    return count_cells(rows.labels[trained], weights / weights.mean(), known)


def build_tale(sizes, paths, n_features, rng, device):
    """Build a network with fresh weights on a device; n_features is None for sequences."""
    starts, rows = paths  # of label_paths
    paths = TermPaths(torch.as_tensor(starts), torch.as_tensor(rows))
    init, noise = torch_generator(rng), torch_generator(rng, device)
    return TALENetwork(sizes, paths, n_features, init, noise).to(device), noise


def train_tale(data, classifier, network, noise, rng, *, run=None, state=None):
    """Train a network by the parameters of a TALEClassifier; give a fitted one and a history."""
    if classifier.prior_bias:
        with torch.no_grad():
            network.out.bias.copy_(data.start)
    batches = _batches(data, classifier.batch_size, torch_generator(rng))
    n_steps = classifier.max_steps or classifier.max_epochs * len(batches)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=classifier.lr, weight_decay=classifier.weight_decay, fused=True
    )
    schedule = build_schedule(classifier.lr_schedule, optimizer, n_steps)
    generators = {"crop": torch_generator(rng), "noise": noise}
    step = TALEStep(network, data, classifier, optimizer, schedule, generators)
    callbacks = _callbacks(classifier)
    loop = TrainingLoop(step, batches, max_steps=n_steps, callbacks=callbacks, manifest=run)
    if state is not None:
        with rebuilding("TALEClassifier", classifier.checkpoint):
            loop.load_state_dict(state)
    loop.run()
    return at_rest(network), loop.history


def _batches(data, batch_size, generator):
    if data.source.costs is None:
        return ShuffledBatches(len(data.train_rows), batch_size, generator)
    return LengthBatches(data.source.costs[data.train_rows], batch_size, generator)


def _callbacks(classifier):
    callbacks: list[Callback] = [ProgressBar("TALE")] if classifier.verbose else []
    if classifier.early_stopping:
        # An exact number of steps leaves the choice of the best epoch, not of the last.
        patience = math.inf if classifier.max_steps else classifier.n_iter_no_change
        callbacks.append(EarlyStopping("valid_loss", patience=patience))
    if classifier.checkpoint is not None:
        saved = Checkpoint(classifier.checkpoint, every_n_steps=classifier.checkpoint_steps)
        callbacks.append(saved)
    return callbacks


def at_rest(network):
    """Take a network out of training: eval mode, on the CPU, without generators."""
    for module in network.modules():
        if isinstance(module, SeededDropout):
            module.generator = None
    return network.cpu().eval()


def tale_scores(network, source, device):
    """Score every protein of a source: (n_rows, n_terms) float64, averaged over its windows."""
    if device.type != "cpu":
        network = copy.deepcopy(network).to(device)
    scores = np.zeros((len(source), network.out.out_features))
    windows, room = source.windows(), Room(source.n_together, "windows")
    by_width = defaultdict(list)
    for window in windows:
        by_width[source.width_of(window)].append(window)
    with torch.inference_mode(), labels_fixed(network):
        for alike in by_width.values():
            _add_scores(scores, network, source, alike, room)
    counts = np.bincount([window.row for window in windows], minlength=len(source))
    return scores / counts[:, None]


def _add_scores(scores, network, source, windows, room):
    # Blocks of one size: a product rounds differently for other heights, and a protein's score must
    # not depend on its company.
    def score(some):
        block = windows[some]
        filled = block + [block[-1]] * (room.n_most - len(block))
        logits = network(*source.of_windows(filled))
        return torch.sigmoid(logits.double())[: len(block)].cpu().numpy()

    probabilities = np.concatenate(room.blocks(len(windows), score))
    np.add.at(scores, [window.row for window in windows], probabilities)
