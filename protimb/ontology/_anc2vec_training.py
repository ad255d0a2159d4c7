"""Training of anc2vec's network: three softmax heads over one row a term. Loads torch."""

from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from protimb.exceptions import TrainingDiverged


class Pairs(NamedTuple):
    """Targets of a head: which row of the batch, and which term; both of shape (n_pairs,)."""

    rows: torch.Tensor
    terms: torch.Tensor


class Task(NamedTuple):
    """What there is to learn, as arrays."""

    inputs: np.ndarray  # (n_inputs,): terms that are described, no roots among them
    indptr: np.ndarray  # (n_terms + 1,): ancestors[indptr[i]:indptr[i + 1]] are those of term i
    ancestors: np.ndarray  # itself included
    spaces: np.ndarray  # (n_terms,): number of the namespace of each term


def train(task, n_components, *, n_negatives, batch_size, lr, max_epochs, seed):
    """Train; give vectors (n_terms, n_components) of the best epoch, and losses (max_epochs, 3)."""
    rng = torch.Generator().manual_seed(seed)
    tables = make_tables(len(task.spaces), n_components, task.spaces.max() + 1, rng)
    optimizer = _Optimizer(tables, lr, sparse=n_negatives is not None)
    losses, best = [], (np.inf, None)
    for epoch in range(max_epochs):
        optimizer.slow_down(epoch / max_epochs)
        losses.append(_epoch(tables, task, optimizer, n_negatives, batch_size, rng))
        total = losses[-1].sum()
        _check_finite(total, len(losses), lr, n_steps=-(-len(task.inputs) // batch_size))
        if total < best[0]:
            best = total, tables["vectors"].detach().numpy().copy()
    return best[1], np.array(losses)


def make_tables(n_terms, n_components, n_spaces, rng):
    """Draw the network's weights, Glorot-uniform; a row a term, so that a batch touches few."""
    shapes = {"vectors": n_terms, "ancestors": n_terms, "own": n_terms, "spaces": n_spaces}
    tables = {name: _glorot(n_rows, n_components, rng) for name, n_rows in shapes.items()}
    biases = {f"{name}_bias": torch.zeros(n, 1) for name, n in shapes.items() if name != "vectors"}
    return {name: table.requires_grad_() for name, table in (tables | biases).items()}


def batch_losses(tables, task, terms, negatives=None):
    """Give the losses (3,) of a batch of terms: their ancestors, namespaces and themselves."""
    is_sparse = negatives is not None
    terms_there = torch.from_numpy(terms)
    vectors = F.embedding(terms_there, tables["vectors"], sparse=is_sparse)  # (batch, n_components)
    own = Pairs(torch.arange(len(terms)), terms_there)
    spaces = vectors @ tables["spaces"].T + tables["spaces_bias"].T
    return torch.stack(
        [
            _recovery(vectors, tables, "ancestors", _ancestor_pairs(task, terms), negatives),
            F.cross_entropy(spaces, torch.from_numpy(task.spaces[terms])),
            _recovery(vectors, tables, "own", own, negatives),
        ]
    )


class _Optimizer:
    """Adam; where a batch touches few rows of a table, only these are moved."""

    def __init__(self, tables, lr, *, sparse):
        self.lr, self.sparse = lr, sparse
        small = [tables["spaces"], tables["spaces_bias"]]
        large = [table for name, table in tables.items() if not name.startswith("spaces")]
        kind = torch.optim.SparseAdam if sparse else torch.optim.Adam
        self.parts = [kind(large, lr=lr), torch.optim.Adam(small, lr=lr)]

    def slow_down(self, progress):
        """Shorten the steps of sampled losses, whose noise would else keep them off the minimum."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = self.lr * (1 - progress) if self.sparse else self.lr

    def step(self, loss):
        """Go one step down a loss."""
        for part in self.parts:
            part.zero_grad()
        loss.backward()
        for part in self.parts:
            part.step()


def _epoch(tables, task, optimizer, n_negatives, batch_size, rng):
    """Run over all inputs once, in random order; give the mean losses (3,) of the batches."""
    order = task.inputs[torch.randperm(len(task.inputs), generator=rng).numpy()]
    losses = np.zeros(3)
    for start in range(0, len(order), batch_size):
        terms = order[start : start + batch_size]
        negatives = _draw(len(task.spaces), n_negatives, rng)
        parts = batch_losses(tables, task, terms, negatives)
        optimizer.step(parts.sum())
        losses += parts.detach().numpy() * len(terms) / len(order)
    return losses


def _check_finite(total, epoch, lr, n_steps):
    if not np.isfinite(total):
        raise TrainingDiverged(
            f"The loss of epoch {epoch} is {total}. Lower lr={lr}.", step=epoch * n_steps
        )


def _draw(n_terms, n_negatives, rng):
    if n_negatives is None:
        return None
    return torch.randperm(n_terms, generator=rng)[:n_negatives]


def _recovery(vectors, tables, head, targets, negatives):
    """Give -mean log p of the targets; the sum below p over all terms, or estimated of a sample."""
    weight, bias = tables[head], tables[f"{head}_bias"]
    if negatives is None:
        scores = vectors @ weight.T + bias.T  # (batch, n_terms)
        shares = scores[targets.rows, targets.terms] - scores.logsumexp(1)[targets.rows]
        return -shares.mean()
    wanted = _scores_of(vectors, weight, bias, targets)
    others = _log_sum_of_others(vectors, weight, bias, targets, negatives)
    total = torch.logaddexp(_log_sum_by_row(wanted, targets.rows, len(vectors)), others)
    return -(wanted - total[targets.rows]).mean()


def _scores_of(vectors, weight, bias, targets):
    """Score the targets alone, (n_pairs,)."""
    rows = F.embedding(targets.terms, weight, sparse=True)
    shift = F.embedding(targets.terms, bias, sparse=True)
    return (vectors[targets.rows] * rows).sum(1) + shift[:, 0]


def _log_sum_of_others(vectors, weight, bias, targets, negatives):
    """Estimate, of a sample, log sum exp of the scores of all that is no target: (batch,)."""
    n_terms, n_rows = len(weight), len(vectors)
    table = F.embedding(negatives, weight, sparse=True)
    scores = vectors @ table.T + F.embedding(negatives, bias, sparse=True).T
    place = torch.full((n_terms,), -1).index_copy(0, negatives, torch.arange(len(negatives)))
    drawn = place[targets.terms] >= 0
    hits = targets.rows[drawn], place[targets.terms[drawn]]
    scores = scores.index_put(hits, torch.tensor(-torch.inf))
    n_targets = torch.bincount(targets.rows, minlength=n_rows)
    n_drawn = len(negatives) - torch.bincount(hits[0], minlength=n_rows)
    return scores.logsumexp(1) + torch.log((n_terms - n_targets) / n_drawn)


def _log_sum_by_row(scores, rows, n_rows):
    """Give log sum exp of the scores of each row: (n_rows,)."""
    top = torch.full((n_rows,), -torch.inf).scatter_reduce(0, rows, scores.detach(), "amax")
    total = torch.zeros(n_rows).index_add(0, rows, torch.exp(scores - top[rows]))
    return top + torch.log(total)


def _ancestor_pairs(task, terms):
    starts, counts = task.indptr[terms], np.diff(task.indptr)[terms]
    rows = np.repeat(np.arange(len(terms)), counts)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    above = task.ancestors[starts[rows] + within]
    return Pairs(torch.from_numpy(rows), torch.from_numpy(above))


def _glorot(n_rows, n_columns, rng):
    limit = np.sqrt(6 / (n_rows + n_columns))
    return (torch.rand(n_rows, n_columns, generator=rng) * 2 - 1) * limit
