"""Training of label attention, and its answers: in batches of rows, for all terms at once."""

import numpy as np
import torch

from protimb.classification._base import in_blocks
from protimb.classification._label_attention_residues import Residues
from protimb.classification._label_attention_rows import ResidueRows, rows_on
from protimb.classification._network import at_rest
from protimb.classification._step import ClassifierStep, _callbacks, hash_targets
from protimb.nn import LabelAttention
from protimb.training import ShuffledBatches, TrainingLoop, torch_generator
from protimb.training._cut_rows import training_labels
from protimb.training._processes import hash_rows
from protimb.utils._row_blocks import BLOCK_ROWS

# Numbers that a block of rows may hold at once, one for each part of a protein and term.
_BLOCK_CELLS = 2**25


class AttentionData:
    """Rows and term vectors on one device; ``held_out`` are positions for validation."""

    def __init__(self, rows, term_vectors, prior, *, held_out, device):
        valid_rows, train_rows = (torch.from_numpy(positions) for positions in held_out)
        self.valid_rows, self.train_rows = valid_rows.to(device), train_rows.to(device)
        self.X = rows_on(device, rows.X)
        self.labels = training_labels(rows.labels, np.arange(rows.labels.shape[0]), device)
        self.known = None if rows.known is None else torch.from_numpy(rows.known).to(device)
        weights = torch.from_numpy(np.asarray(rows.weights, dtype=np.float32)).to(device)
        self.weights = weights / weights[self.train_rows].mean()
        self.term_vectors = torch.from_numpy(term_vectors).to(device)
        self.prior = prior

    def fingerprint(self):
        """Hash what is learned from."""
        own = {"X": self.X.hashed(), "term_vectors": hash_rows(self.term_vectors)}
        return own | hash_targets(self)


class AttentionStep(ClassifierStep):
    """The step of the network, where terms are asked for by their vectors."""

    def __init__(self, network, criterion, data, optimizer, n_steps, keep, **options):
        super().__init__(network, criterion, data, optimizer, n_steps, **options)
        self.keep = keep

    def _gradients(self, share, rows):
        # Cut once padded: noise and dropout are drawn for the width of the whole batch.
        own = [None if part is None else share.own(part) for part in (rows, *self.data.X[rows])]
        keep = self.keep()

        def mean_loss(rows, x, padding):
            loss = self._losses_of(rows, x, padding, keep).mean()
            return loss, {"loss": loss}

        return self.room.gradients(share, self.optimizer, mean_loss, *own)

    def _n_rows_at_once(self):
        return _block_rows(self.network, self.data.X.longest, len(self.data.term_vectors))

    def _losses(self, rows):
        """Give rows (batch,) the criterion's losses, times the weights of the rows."""
        return self._losses_of(rows, *self.data.X[rows])

    def _losses_of(self, rows, x, padding, keep=None):
        with self._precision():
            logits = self.network(x, self.data.term_vectors, padding, keep).float()
        known = None if self.data.known is None else self.data.known[rows]
        return self.criterion(logits, self.data.labels[rows], known=known) * self.data.weights[rows]


def train_attention(data, criterion, classifier, rng):
    """Build and train a network by the parameters of the classifier; give it and a history."""
    device = data.labels.device
    network = _build(data, criterion, classifier, rng)
    batches = ShuffledBatches(
        len(data.train_rows), _batch_rows(data, classifier), torch_generator(rng)
    )
    n_steps = classifier.max_steps or classifier.max_epochs * len(batches)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=classifier.lr, weight_decay=classifier.weight_decay, fused=True
    )
    keep = _TermDropout(classifier.term_dropout, data, torch_generator(rng, device))
    step = AttentionStep(
        network,
        criterion.to(device),
        data,
        optimizer,
        n_steps,
        keep,
        mixed_precision=classifier.mixed_precision,
    )
    loop = TrainingLoop(step, batches, max_steps=n_steps, callbacks=_callbacks(classifier))
    loop.run()
    return at_rest(network), loop.history


class _TermDropout:
    """Draws, for each batch, which terms use what they know of their own: (n_terms,) of 0 and 1."""

    def __init__(self, share, data, generator):
        self.share, self.generator = share, generator
        self.shape, self.device = len(data.term_vectors), data.labels.device

    def __call__(self):
        if not self.share:
            return None
        draws = torch.rand(self.shape, generator=self.generator, device=self.device)
        return (draws >= self.share).float()


def attention_logits(network, X, term_vectors, own=True):
    """Ask a fitted network, with or without what terms have of their own: (n_rows, n_terms)."""
    vectors = torch.from_numpy(term_vectors)
    ask = network if own else network.score_unseen

    def answer(x, padding=None):
        with torch.inference_mode():
            return ask(x, vectors, padding).numpy()

    if not isinstance(X, Residues):
        return in_blocks(lambda block: answer(torch.from_numpy(block)), X, len(vectors))
    return _of_residues(answer, network, ResidueRows(X, "cpu"), len(vectors))


def _of_residues(answer, network, rows, n_terms):
    """Answer proteins of similar length together, so that little is padded."""
    logits = np.empty((len(rows.lengths), n_terms), dtype=np.float32)
    order = torch.argsort(rows.lengths, stable=True)
    for block in order.split(_block_rows(network, rows.longest, n_terms)):
        logits[block.numpy()] = answer(*rows[block])
    return logits


def _build(data, criterion, classifier, rng):
    """Build a network from the prior, on the device of the data."""
    device = data.labels.device
    network = LabelAttention(
        data.X.n_features,
        data.term_vectors.shape[1],
        len(data.term_vectors),
        n_tokens=classifier.n_tokens if data.X.longest == 1 else 1,
        n_hidden=classifier.n_hidden,
        n_heads=classifier.n_heads,
        head_size=classifier.head_size,
        dropout=classifier.dropout,
        input_noise=classifier.input_noise,
        generator=torch_generator(rng),
        noise_generator=torch_generator(rng, device),
    ).to(device)
    start = np.asarray(criterion.loss.start(data.prior), dtype=np.float32)
    with torch.no_grad():
        network.own.bias.copy_(torch.from_numpy(start))
    return network


def _batch_rows(data, classifier):
    """Give rows a batch: fewer where each is a protein's many residues."""
    if classifier.batch_size != "auto":
        return classifier.batch_size
    return 256 if data.X.longest == 1 else 32


def _block_rows(network, longest, n_terms):
    """Count the rows of which the answers fit into memory at once."""
    n_parts = longest * network.n_tokens * network.n_heads
    return int(np.clip(_BLOCK_CELLS // max(n_parts * n_terms, 1), 1, 4 * BLOCK_ROWS))
