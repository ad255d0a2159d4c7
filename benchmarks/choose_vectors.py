"""Ask which layer and pooling of a protein language model serves rare terms best.

    python benchmarks/choose_vectors.py pool MODEL pooled.npz
    python benchmarks/choose_vectors.py score pooled.npz --ontology mf --seeds 100 101 102

`pool` reads the bundled sequences once and keeps, of every layer, the mean over residues, and of
the last three also the maximum and the means over quarters of the sequence. `score` holds out
sequence clusters and prints macro average precision on terms with fewer than 50 training proteins,
for cosine neighbours and for ridge regression on a cosine kernel; `--network` adds the network of
`protimb compare`, alone and averaged with the neighbours. Choose on seeds from 100 on: the
comparisons report 0 to 4.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm.auto import tqdm

sys.path.insert(0, str(Path(__file__).parent))

from measure_ceiling import kernel_ridge, network

from protimb.classification import KNNTermClassifier
from protimb.datasets import load_human_go, read_fasta
from protimb.datasets._human import HUMAN_GO
from protimb.embeddings import TransformersEncoder
from protimb.embeddings._batches import plan_batches
from protimb.metrics import average_precision_by_frequency
from protimb.model_selection import split_by_cluster
from protimb.utils._sequences import read_sequences

RARE = {"<50": (0, 50)}
N_PARTS, LAST = 4, 3  # quarters of a sequence; layers that get more than a mean


def main():
    """Pool residues, or score what was pooled."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    words = commands.add_parser("pool")
    words.add_argument("model")
    words.add_argument("out")
    words = commands.add_parser("score")
    words.add_argument("pooled")
    words.add_argument("--ontology", default="mf", choices=["mf", "bp", "cc"])
    words.add_argument("--seeds", type=int, nargs="+", default=[100, 101, 102])
    words.add_argument("--only", nargs="+", help="names of candidates; all by default")
    words.add_argument("--network", action="store_true")
    words = parser.parse_args()
    if words.command == "pool":
        pool(words.model, words.out)
    else:
        score(words)


def score(words):
    """Print one line a candidate, the mean over seeds and each seed."""
    bunch = load_human_go(words.ontology)
    candidates = {"bundled": lambda: bunch.X} | read_candidates(words.pooled, bunch.protein_ids)
    for name in words.only or candidates:
        X = np.ascontiguousarray(candidates[name](), dtype=np.float32)
        rows = {seed: score_one(bunch, X, seed, words.network) for seed in words.seeds}
        table = pd.DataFrame(rows).T
        for method, mean in table.mean().items():
            seeds = ", ".join(f"{value:.3f}" for value in table[method])
            print(f"{words.ontology} | {name} | {X.shape[1]} | {method} | {mean:.3f} | {seeds}")
        sys.stdout.flush()


def score_one(bunch, X, seed, with_network):
    """Score one set of vectors on one split."""
    train, test = split_by_cluster(bunch.groups, random_state=seed)
    y, n_train = bunch.y[train], bunch.y[train].sum(axis=0, dtype=np.int64)
    scores = {
        "cosine kNN": KNNTermClassifier().fit(X[train], y).predict_proba(X[test]),
        "kernel ridge": bunch.ontology.propagate_scores(
            kernel_ridge(X[train], y, X[test]), bunch.terms
        ),
    }
    if with_network:
        scores["network"] = network(bunch, X[train], y, X[test], seed)
        scores["network + kNN"] = (scores["network"] + scores["cosine kNN"]) / 2
    return {
        name: average_precision_by_frequency(bunch.y[test], one, n_train, bins=RARE).loc[
            "<50", "average_precision"
        ]
        for name, one in scores.items()
    }


def read_candidates(path, protein_ids):
    """Name the sets of vectors made of what was pooled: {name: function that makes them}."""
    with np.load(path) as file:
        rows = pd.Index(file["ids"]).get_indexer(protein_ids)
        mean, top, parts = (file[name][rows] for name in ("mean", "mx", "seg"))
    n_layers = mean.shape[1] - 1
    last = range(n_layers - LAST + 1, n_layers + 1)
    found = {f"layer {one}": lambda one=one: mean[:, one] for one in range(n_layers + 1)}
    found["mean of the last two"] = lambda: mean[:, -2:].mean(axis=1)
    found["mean of the last but one and two"] = lambda: mean[:, -3:-1].mean(axis=1)
    found["mean of the last three"] = lambda: mean[:, -3:].mean(axis=1)
    found["mean of all layers"] = lambda: mean[:, 1:].mean(axis=1)
    found["last but one beside last but two"] = lambda: flat(mean[:, -3:-1])
    for place, one in enumerate(last):
        found[f"layer {one}, maximum"] = lambda place=place: top[:, place]
        found[f"layer {one}, mean beside maximum"] = lambda one=one, place=place: np.hstack(
            [mean[:, one], top[:, place]]
        )
        found[f"layer {one}, mean beside quarters"] = lambda one=one, place=place: np.hstack(
            [mean[:, one], flat(parts[:, place])]
        )
    return found


def flat(blocks):
    """Put blocks (n_proteins, n_blocks, width) side by side."""
    return blocks.reshape(len(blocks), -1)


@torch.inference_mode()
def pool(model, out):
    """Read all sequences once, and pool each layer's vectors of residues."""
    encoder = TransformersEncoder(model).fit()
    network = encoder._network()
    sequences = read_fasta(HUMAN_GO / "train_sequences.fasta.gz")
    spelled = [encoder._spell(one) for one in read_sequences(sequences)]
    n_layers, width = network.network.config.num_hidden_layers, network.width
    mean = np.zeros((len(spelled), n_layers + 1, width), np.float32)
    top = np.full((len(spelled), LAST, width), -np.inf, np.float32)
    parts = np.zeros((len(spelled), LAST, N_PARTS, width), np.float32)
    shares = np.zeros((len(spelled), N_PARTS), np.float32)
    pieces = [piece for row, one in enumerate(spelled) for piece in network.cut(row, one)]
    starts = [start for one in spelled for start in piece_starts(network, len(one))]
    lengths = [len(piece.residues) + network.n_special for piece in pieces]
    for batch in tqdm(plan_batches(lengths, 8192, network.min_fill)):
        hidden, weights = read(network, [pieces[item] for item in batch])
        means = torch.einsum("bt,bltd->bld", weights, hidden).numpy()
        for place, item in enumerate(batch):
            piece, first = pieces[item], len(network.tokens.prefix)
            inner = hidden[place, -LAST:, first : first + len(piece.residues)]
            positions = torch.arange(starts[item], starts[item] + len(piece.residues))
            part = torch.nn.functional.one_hot(
                positions * N_PARTS // len(spelled[piece.row]), N_PARTS
            )
            share = part * torch.from_numpy(piece.weights)[:, None]
            mean[piece.row] += means[place]
            top[piece.row] = np.maximum(top[piece.row], inner.amax(1).numpy())
            parts[piece.row] += torch.einsum("tq,ltd->lqd", share, inner).numpy()
            shares[piece.row] += share.sum(0).numpy()
    parts /= np.maximum(shares, 1e-9)[:, None, :, None]
    np.savez(out, ids=np.array(list(sequences)), mean=mean, mx=top, seg=parts)


def read(network, pieces):
    """Give all layers' vectors (n_pieces, n_layers + 1, n_tokens, width), and weights of tokens."""
    numbers, mask, weights = map(torch.from_numpy, network._inputs(pieces))
    found = network.network(input_ids=numbers, attention_mask=mask, output_hidden_states=True)
    return torch.stack(found.hidden_states, 1), weights


def piece_starts(network, n_residues):
    """Say where a sequence's windows start."""
    from protimb.embeddings._batches import _starts

    return _starts(n_residues, network.window, network.overlap)


if __name__ == "__main__":
    main()
