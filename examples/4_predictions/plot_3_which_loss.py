"""
Which loss for a long tail?
===========================

A term of ten proteins has hundreds of "no" for each "yes". One may make more rows of it, or let the
cells weigh differently in the loss. Ten losses have been proposed for that, among them one that
trains on infinitely many made rows without making any. Does one of them rank proteins of rare terms
better than plain cross-entropy?
"""

# %%
# The tail
# --------
# Some of the human proteins and their molecular functions. Whole sequence clusters are held out,
# so no test protein has a close relative in training.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from protimb import GOTermClassifier, load_human_go
from protimb.metrics import evaluate, paired_difference
from protimb.model_selection import split_by_cluster
from protimb.nn import LOSSES, make_loss
from protimb.plotting import LabelImbalanceDisplay

bunch = load_human_go("mf", min_proteins=20)
train, test = split_by_cluster(bunch.groups, random_state=0)
train = np.random.RandomState(0).permutation(train)[:3000]
columns = bunch.y[train].sum(axis=0) >= 5
X_train, y_train = bunch.X[train], bunch.y[train][:, columns]
X_test, y_test = bunch.X[test], bunch.y[test][:, columns]
n_train = y_train.sum(axis=0)
LabelImbalanceDisplay.from_labels(y_train).plot()

# %%
# What a cell costs
# -----------------
# The loss of one term of ten proteins among three thousand, for a protein that has it (left) and
# for one that has not (right). Asymmetric loss forgives every "no" that is nearly right,
# cross-entropy none; class-balanced loss makes a "yes" dear, a margin (LDAM) makes it dear for
# longer. Logit adjustment moves both curves.

shown = ("bce", "focal", "class_balanced", "asymmetric", "ldam", "logit_adjustment")
logits = torch.linspace(-8, 8, 200)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for name in shown:
    # The second term is a frequent one, unknown here: a weight is relative to it.
    criterion = make_loss(name, n_positive=[10, 1000], n_rows=3000)
    pair = torch.stack([logits, logits], dim=1)
    known = torch.tensor([[True, False]]).expand(len(pair), 2)
    for ax, label in zip(axes, (1, 0), strict=True):
        cost = 2 * criterion(pair, torch.full_like(pair, label), known=known)
        ax.plot(logits, cost, label=name)
for ax, title in zip(axes, ("has the term", "has it not"), strict=True):
    ax.set(title=title, xlabel="logit", ylabel="loss of the cell", yscale="log", ylim=(1e-3, 300))
axes[0].legend(frameon=False, fontsize="small")

# %%
# The same network with each
# --------------------------
# All start from the same random weights and make the same number of updates. Differences to
# cross-entropy have paired bootstrap intervals over test proteins.

terms = np.array(bunch.terms)[columns]
evaluations = {}
for name in LOSSES:
    model = GOTermClassifier(
        hidden_layer_sizes=(128,),
        loss=name,
        ontology=bunch.ontology,
        terms=terms,
        max_steps=250,
        early_stopping=False,
        random_state=0,
    ).fit(X_train, y_train)
    evaluations[name] = evaluate(
        y_test,
        model.predict_proba(X_test),
        n_train=n_train,
        bins={"<50": (0, 50), "all": (0, np.inf)},
        n_resamples=100,
    )

plain = evaluations.pop("bce")
differences = {name: paired_difference(one, plain) for name, one in evaluations.items()}
figures = {"AP <50": "terms with fewer than 50 proteins", "AP all": "all terms"}
figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
for ax, (column, title) in zip(axes, figures.items(), strict=True):
    rows = pd.DataFrame({name: table.loc[column] for name, table in differences.items()}).T
    low, high = rows["estimate"] - rows["lower"], rows["upper"] - rows["estimate"]
    ax.errorbar(rows["estimate"], rows.index, xerr=[low, high], fmt="o", color="#0072B2")
    ax.axvline(0, color="#C8C8C8", zorder=0)
    ax.set(title=title, xlabel="difference in average precision to bce")
    ax.locator_params(axis="x", nbins=5)
axes[0].invert_yaxis()

# %%
# What was seen
# -------------
# Average precision sees the order of proteins under a term and nothing else: a loss that mostly
# moves a term's cut changes little here, whatever it does to decisions at 0.5. Intervals say what
# other test proteins would change, not what other training proteins or weights would:
# `protimb compare --arms losses --seeds 5` asks that.

for column, title in figures.items():
    rows = {name: table.loc[column] for name, table in differences.items()}
    better = [name for name, row in rows.items() if row["lower"] > 0]
    worse = [name for name, row in rows.items() if row["upper"] < 0]
    print(
        f"{title} ({plain.point[column]:.3f} with bce): better than bce: "
        f"{', '.join(better) or 'no loss'}; worse: {', '.join(worse) or 'none'}"
    )
plt.show()
