"""
TALE on real proteins: what does a transformer learn from sequences alone?
==========================================================================

Language models have read millions of proteins before they see the first label. TALE reads only
those that are annotated, and what it knows besides is how terms are related. What can it learn in a
minute, and which loss curves are a sign of trouble?
"""

# %%
# Proteins by length
# ------------------
# A batch is as long as its longest protein, and the rest is padding. Proteins of nearly one length
# are therefore put together, another way in each epoch. What is longer than the network sees at a
# time is cut at a random place, in each epoch another.

import matplotlib.pyplot as plt
import numpy as np
import torch

from protimb.classification import TALEClassifier
from protimb.datasets import load_human_go
from protimb.metrics import average_precision_by_frequency
from protimb.model_selection import split_by_cluster
from protimb.nn import FocalLoss
from protimb.plotting import LabelImbalanceDisplay
from protimb.training import LengthBatches, ShuffledBatches

MAX_LENGTH = 128
human = load_human_go("mf", min_proteins=20)
lengths = torch.tensor([len(human.sequences[one]) for one in human.protein_ids]).clamp(max=512)


def padding(kind):
    """Say which share of the tokens of an epoch is padding."""
    batches = kind(lengths if kind is LengthBatches else len(lengths), 32, torch.Generator())
    cells = sum(len(rows) * int(lengths[rows].max()) for rows in batches)
    return 1 - int(lengths.sum()) / cells


print(f"padding: {padding(ShuffledBatches):.1%} shuffled, {padding(LengthBatches):.1%} by length")

# %%
# Loss curves
# -----------
# A few hundred proteins and the terms that many of them have. ``valid_loss`` is that of proteins
# that the network does not train on: where it stops falling, the weights of the best epoch stay.

train, test = split_by_cluster(human.groups, random_state=0)
rng = np.random.RandomState(0)
train, test = rng.permutation(train)[:500], rng.permutation(test)[:300]
columns = human.y[train].sum(axis=0) >= 12
terms, y = human.terms[columns], human.y[:, columns]
residues = np.array([human.sequences[one][:MAX_LENGTH] for one in human.protein_ids], dtype=object)
LabelImbalanceDisplay.from_labels(y[train]).plot()


def fit(**changes):
    """Train a small TALE on the first residues of the proteins."""
    settings = {"n_layers": 1, "n_hidden": 32, "max_epochs": 8, "batch_size": 16}
    settings |= {"max_length": MAX_LENGTH, "n_iter_no_change": 8, "lr": 3e-3}
    model = TALEClassifier(ontology=human.ontology, terms=terms, random_state=0)
    return model.set_params(**settings | changes).fit(residues[train], y[train])


plain = fit()


def draw(ax, model, title):
    """Draw training and validation loss by epoch."""
    epochs = [record["epoch"] for record in model.history_]
    for key, label in (("loss", "training"), ("valid_loss", "held out")):
        ax.plot(epochs, [record[key] for record in model.history_], marker="o", label=label)
    ax.set(title=title, xlabel="epoch", ylabel="loss")


figure, ax = plt.subplots(figsize=(5, 3.4), layout="constrained")
draw(ax, plain, "TALE, cross-entropy")
ax.legend(frameon=False)

# %%
# What it ranks
# -------------
# Macro average precision on proteins of clusters that training did not see, beside what chance
# would give: the share of proteins that have the term.

scores = plain.predict_proba(residues[test])
held = y[test].any(axis=0)
n_train = y[train].sum(axis=0, dtype=int)
for name, given in (
    ("TALE", scores),
    ("frequencies", np.tile(n_train / len(train), (len(test), 1))),
):
    table = average_precision_by_frequency(y[test], given, n_train=n_train)
    print(name)
    print(table.round(3).to_string())

# %%
# The loss that rose
# ------------------
# The notes that protimb grew from record a focal loss that rose for five epochs, and suspect twelve
# things. ``benchmarks/focal_run.py`` puts each alone into a healthy run: the learning rate is the
# one that makes the loss rise. Here are both runs, and nothing differs but the rate.

curious = {"loss": FocalLoss(), "early_stopping": False, "max_epochs": 5, "clip_norm": None}
curious |= {"lr_schedule": "constant"}
runs = {"lr = 0.003": fit(**curious), "lr = 1": fit(lr=1.0, **curious)}
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
for ax, (name, model) in zip(axes, runs.items(), strict=True):
    ax.plot([r["epoch"] for r in model.history_], [r["loss"] for r in model.history_], marker="o")
    ax.set(title=f"focal loss, {name}", xlabel="epoch", ylabel="training loss")

# %%
# What was seen
# -------------
# From a few hundred proteins TALE ranks terms better than their frequencies do, and far from well.
# A focal loss falls like any other at a small rate. At a rate of 1 the first epoch costs many times
# what an untrained network would; it comes down again to what the terms' frequencies cost, and
# learns no more.

for name, model in runs.items():
    print(name, [round(record["loss"], 3) for record in model.history_])
