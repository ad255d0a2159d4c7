"""Time a training step of TALEClassifier, against the paper's network written out in plain torch.

    python benchmarks/bench_tale.py

Prints CPU milliseconds a protein and epoch (of all threads together), at 512 residues and 944
terms, for several depths of the encoder; the ratio to ``torch.nn.TransformerEncoder``, ``conv1d``
and a softmax that is written out; and the share of tokens that padding takes of batches of the
bundled human proteins, bucketed by length and not.
"""

import argparse
import time

import numpy as np
import torch
from torch import nn

from protimb.classification import TALEClassifier
from protimb.classification._tale_paths import label_paths
from protimb.datasets import load_human_go
from protimb.training import LengthBatches, ShuffledBatches

BATCH, LENGTH = 32, 512


def main():
    """Print one line a depth, and the waste of tokens."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, nargs="+", default=[TALEClassifier().n_layers, 6])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=3)
    words = parser.parse_args()
    torch.set_num_threads(words.threads)
    bunch = load_human_go("mf")
    rng = np.random.RandomState(0)
    sequences = ["".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), LENGTH)) for _ in range(BATCH)]
    y = bunch.y[:BATCH]
    print(
        f"{y.shape[1]} terms, {LENGTH} residues, {BATCH} proteins a step, {words.threads} threads"
    )
    for n_layers in words.layers:
        ours = time_ours(bunch, sequences, y, n_layers, words.steps)
        plain = time_plain(bunch, y, n_layers, words.steps)
        shown = " | ".join(
            f"{name}: CPU {cpu:.1f} ms, wall {wall:.1f} ms a protein and epoch"
            for name, (cpu, wall) in {"TALEClassifier": ours, "plain torch": plain}.items()
        )
        print(f"{n_layers} layers | {shown} | ratio of CPU times {plain[0] / ours[0]:.1f}")
    print_waste(bunch)


def time_ours(bunch, sequences, y, n_layers, n_steps):
    """Time a step as the difference of a longer and a shorter fit: CPU and wall milliseconds."""

    def fit(max_steps):
        TALEClassifier(
            n_layers=n_layers,
            max_steps=max_steps,
            batch_size=BATCH,
            early_stopping=False,
            ontology=bunch.ontology,
            terms=bunch.terms,
            device="cpu",
            random_state=0,
        ).fit(sequences, y)

    fit(1)
    short, long = clock(lambda: fit(1)), clock(lambda: fit(1 + n_steps))
    return [1e3 * (b - a) / n_steps / BATCH for a, b in zip(short, long, strict=True)]


def time_plain(bunch, y, n_layers, n_steps):
    """Time a step of the textbook network: CPU and wall milliseconds a protein."""
    torch.manual_seed(0)
    network = PlainTALE(bunch, n_layers)
    optimizer = torch.optim.Adam(network.parameters())
    tokens = torch.randint(1, 21, (BATCH, LENGTH))
    labels = torch.from_numpy(y).float()

    def steps(n):
        for _ in range(n):
            loss = nn.functional.binary_cross_entropy(network(tokens), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    steps(1)
    return [1e3 * seconds / n_steps / BATCH for seconds in clock(lambda: steps(n_steps))]


def clock(work):
    """Run something: CPU and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


class PlainTALE(nn.Module):
    """The paper's network as its formulas read."""

    def __init__(self, bunch, n_layers):
        super().__init__()
        n_terms = len(bunch.terms)
        starts, rows = label_paths(bunch.ontology, bunch.terms, n_terms)
        members = torch.zeros(n_terms, int(rows.max()) + 1)
        members[np.repeat(np.arange(n_terms), np.diff(starts)), rows] = 1
        self.register_buffer("members", members)
        self.residues = nn.Embedding(26, 64, padding_idx=0)
        self.places = nn.Parameter(torch.randn(LENGTH, 64), requires_grad=False)
        self.rows = nn.Parameter(torch.randn(members.shape[1], 64) / 8)
        block = nn.TransformerEncoderLayer(64, 2, 64, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(
            block, n_layers, nn.LayerNorm(64), enable_nested_tensor=False
        )
        self.convolution = nn.Conv1d(n_terms, 10, 10)
        self.out = nn.Linear(64, n_terms)

    def forward(self, tokens):
        """Give probabilities (batch, n_terms) of tokens (batch, length)."""
        h = self.encoder(8 * self.residues(tokens) + self.places)
        labels = 8 * self.members @ self.rows
        similarity = torch.softmax(h @ labels.T, dim=2)
        padded = nn.functional.pad(similarity.transpose(1, 2), (4, 5))
        filtered = torch.relu(self.convolution(padded)).amax(dim=1)
        return torch.sigmoid(self.out((filtered.softmax(dim=1).unsqueeze(1) @ h).squeeze(1)))


def print_waste(bunch):
    """Print which share of tokens is padding, over an epoch of the bundled proteins."""
    lengths = torch.tensor([len(bunch.sequences[one]) for one in bunch.protein_ids])
    costs = lengths.clamp(max=LENGTH)
    kinds = {
        "bucketed by length": LengthBatches(costs, BATCH, torch.Generator().manual_seed(0)),
        "shuffled": ShuffledBatches(len(costs), BATCH, torch.Generator().manual_seed(0)),
    }
    for name, batches in kinds.items():
        # Widths are multiples of 8, as TALEClassifier makes them.
        cells = sum(len(rows) * (-(-int(costs[rows].max()) // 8) * 8) for rows in batches)
        print(f"{name}: padding is {1 - int(costs.sum()) / cells:.1%} of tokens")


if __name__ == "__main__":
    main()
