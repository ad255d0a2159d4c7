"""Find by experiment why a focal loss rises: twelve suspects, one switch each.

    python benchmarks/focal_run.py --seeds 0 1 2 --out docs/experiments/tale_focal.csv

The laboratory notes record a TALE trained with focal loss for five epochs whose loss kept rising,
and suspect learning rate, imbalance and initialisation; its code is lost. Here a run with the
suspects at work (``guilty``) stands against one with none (``healthy``). Each suspect is put alone
into the healthy run, and alone taken out of the guilty one. The softmax before the loss is not
among the guilty: the notes had removed it two months before. Prints the training loss of the first,
the best and the last epoch, as multiples of the loss of an answer that is right about every term's
frequency and knows nothing else. A loss rose if it ends a tenth above its best epoch, and above 1.
"""

import argparse
import math
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import logsigmoid

from protimb.classification import TALEClassifier
from protimb.classification._tale_data import TokenSource
from protimb.classification._tale_paths import label_paths
from protimb.classification._tale_step import TALESizes, build_tale
from protimb.datasets import load_human_go
from protimb.training import LengthBatches

N_EPOCHS, N_PROTEINS, N_TERMS, LENGTH, GAMMA = 5, 256, 80, 64, 2.0

# suspect -> (value in the guilty run, value in the healthy run)
SUSPECTS = {
    "lr": (1.0, 1e-3),
    "over_terms": ("sum", "mean"),
    "softmax_before_loss": (True, False),
    "embedding_scale": (8.0, 1.0),
    "bias_prior": (False, True),
    "warm_up": (False, True),
    "clip_norm": (math.inf, 1.0),
    "alpha_of_positives": (0.05, 0.5),
    "similarity_scale": (1.0, 0.125),
    "mask_pads": (False, True),
    "batch_size": (64, 16),
    "n_layers": (0, 2),
}
WRONG = {name: pair[0] for name, pair in SUSPECTS.items()}
HEALTHY = {name: pair[1] for name, pair in SUSPECTS.items()}
GUILTY = WRONG | {"softmax_before_loss": False}
RATES = (0.01, 0.1, 0.3)  # between the two


def main():
    """Run all, and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, help="CSV of the losses of every epoch")
    words = parser.parse_args()
    data = load_small()
    lines = []
    for name, run in runs().items():
        curves = np.array([train(data, run, seed) for seed in words.seeds])
        first, best, last = curves[:, 0], curves.min(axis=1), curves[:, -1]
        rose = ((last > 1.1 * best) & (last > 1)).sum()
        shown = " | ".join(f"{part.mean():.2f}" for part in (first, best, last))
        print(f"{name} | {shown} | rose in {rose} of {len(curves)}", flush=True)
        lines += [
            {"run": name, "seed": seed, "epoch": epoch + 1, "loss": loss}
            for seed, losses in zip(words.seeds, curves, strict=True)
            for epoch, loss in enumerate(losses)
        ]
    if words.out:
        pd.DataFrame(lines).to_csv(words.out, index=False, float_format="%.6g")


def runs():
    """Name every run: its settings."""
    alone = {f"healthy, {name}={WRONG[name]}": HEALTHY | {name: WRONG[name]} for name in WRONG}
    freed = {
        f"guilty, {name}={HEALTHY[name]}": GUILTY | {name: HEALTHY[name]}
        for name in GUILTY
        if GUILTY[name] != HEALTHY[name]
    }
    rates = {f"healthy, lr={lr}": HEALTHY | {"lr": lr} for lr in RATES}
    return {"healthy": HEALTHY, "guilty": GUILTY} | alone | freed | rates


def load_small():
    """Take a few human proteins and their most frequent terms: tokens, labels, label paths."""
    bunch = load_human_go("mf")
    rows = np.random.RandomState(0).choice(len(bunch.X), N_PROTEINS, replace=False)
    columns = np.argsort(bunch.y[rows].sum(axis=0))[::-1][:N_TERMS]
    sequences = [bunch.sequences[one][:LENGTH] for one in bunch.protein_ids[rows]]
    terms = bunch.terms[columns]
    labels = torch.from_numpy(bunch.y[rows][:, columns]).float()
    return sequences, labels, label_paths(bunch.ontology, terms, len(terms))


def train(data, run, seed):
    """Train once: the mean loss of each epoch, as a share of the uninformed loss."""
    sequences, labels, paths = data
    network = build(paths, run, seed)
    source = TokenSource(sequences, LENGTH, torch.device("cpu"), full_width=not run["mask_pads"])
    shares = (labels.sum(dim=0) + 0.5) / (len(labels) + 1)
    if run["bias_prior"]:
        with torch.no_grad():
            network.out.bias.copy_(torch.logit(shares))
    uninformed = focal(torch.logit(shares).expand(labels.shape), labels, run).item()
    optimizer = torch.optim.Adam(network.parameters(), lr=run["lr"])
    generator = torch.Generator().manual_seed(seed)
    batches = LengthBatches(source.costs, run["batch_size"], generator)
    n_warm = len(batches) if run["warm_up"] else 1
    epochs = []
    for epoch in range(N_EPOCHS):
        losses = []
        for number, rows in enumerate(batches):
            done = epoch * len(batches) + number + 1
            optimizer.param_groups[0]["lr"] = run["lr"] * min(1, done / n_warm)
            x = network(*source.batch(rows))
            loss = focal(
                x.log_softmax(dim=1).exp() if run["softmax_before_loss"] else x, labels[rows], run
            )
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), run["clip_norm"])
            optimizer.step()
            losses.append(loss.item() / uninformed)
        epochs.append(float(np.mean(losses)))
    return epochs


def build(paths, run, seed):
    """Build a network with the run's switches."""
    shape = {name: run[name] for name in ("n_layers", "similarity_scale", "mask_pads")}
    sizes = TALESizes.of(TALEClassifier(max_length=LENGTH, dropout=0.0, **shape))
    rng, device = np.random.RandomState(seed), torch.device("cpu")
    network, _ = build_tale(sizes, paths, None, rng, device)
    with torch.no_grad():
        for rows in (network.entry.weight, network.read_out.labels.weight):
            rows *= run["embedding_scale"]
    return network.train()


def focal(x, labels, run):
    """Give the focal loss of a batch of logits (batch, n_terms)."""
    agreed = (2 * labels - 1) * x
    weights = torch.where(labels > 0, run["alpha_of_positives"], 1 - run["alpha_of_positives"])
    cells = -2 * weights * torch.sigmoid(-agreed) ** GAMMA * logsigmoid(agreed)
    return getattr(cells, run["over_terms"])(dim=1).mean()


if __name__ == "__main__":
    main()
