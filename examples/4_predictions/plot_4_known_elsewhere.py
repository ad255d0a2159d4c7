"""
What do other namespaces tell?
==============================

A protein to predict is often no blank page: somebody has annotated what it does in the cell, and
the complex that it belongs to is asked for. How much do those annotations tell of rare terms, and
what becomes of proteins that have none?
"""

# %%
# What is known
# -------------
# The human proteins and their cellular components. Whole sequence clusters are held out.
# ``labels_in`` looks the same proteins up among molecular functions and biological processes.

import matplotlib.pyplot as plt
import numpy as np

from protimb import GOTermClassifier, load_human_go
from protimb.metrics import evaluate
from protimb.model_selection import split_by_cluster
from protimb.preprocessing import AnnotationVectorizer

bunch = load_human_go("cc", min_proteins=20)
known = bunch.labels_in(load_human_go("mf"), load_human_go("bp"))
train, test = split_by_cluster(bunch.groups, random_state=0)
y_train, y_test = bunch.y[train], bunch.y[test]
n_known = known.sum(axis=1)
print(
    f"{known.shape[1]:,} terms of other namespaces; {(n_known > 0).mean():.0%} of "
    f"{len(n_known):,} proteins have some"
)

# %%
# Two models
# ----------
# One reads vectors, the other vectors and 128 numbers made of the annotations. Rarity weights and
# directions are learned from training proteins alone.

vectorizer = AnnotationVectorizer(random_state=0).fit(known[train])


def fit(X):
    """Train the network for some updates."""
    model = GOTermClassifier(
        hidden_layer_sizes=(256,), max_steps=600, early_stopping=False, random_state=0
    )
    return model.fit(X, y_train)


def beside(rows, known):
    """Put the numbers beside the vectors."""
    return np.hstack([bunch.X[rows], vectorizer.transform(known)])


of_vectors = fit(bunch.X[train])
of_both = fit(beside(train, known[train]))

# %%
# Fewer and fewer proteins that are known
# ---------------------------------------
# Of ever more test proteins the annotations are hidden. Asked about a protein without any, the
# second model sees zeros, and may take them for a lack of function: those go to the first.


def precision(scores):
    """Average precision over terms with fewer than 50 training proteins."""
    bins = {"<50": (0, 50)}
    found = evaluate(y_test, scores, n_train=y_train.sum(axis=0), bins=bins, n_resamples=1)
    return found.point["AP <50"]


alone = of_vectors.predict_proba(bunch.X[test])
order = np.random.RandomState(0).permutation(len(test))
shares = np.linspace(0, 1, 6)
figures: dict = {"vectors and annotations": [], "vectors alone where there are none": []}
for share in shares:
    seen = known[test].tolil()
    seen[order[int(share * len(test)) :]] = 0
    seen = seen.tocsr()
    scores = of_both.predict_proba(beside(test, seen))
    has_any = seen.sum(axis=1) > 0
    figures["vectors and annotations"].append(precision(scores))
    chosen = np.where(has_any[:, None], scores, alone)
    figures["vectors alone where there are none"].append(precision(chosen))

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, values), color in zip(figures.items(), ("#D55E00", "#0072B2"), strict=True):
    ax.plot(100 * shares, values, marker="o", color=color, label=name)
ax.axhline(precision(alone), color="#999999", linestyle=":", label="vectors alone")
ax.set(
    xlabel="test proteins whose annotations are known, %",
    ylabel="average precision, terms < 50 proteins",
    ylim=(0, None),
)
ax.legend(frameon=False, fontsize="small")

# %%
# What was seen
# -------------
# Where all are known, rare components are found far better than by any vectors, loss or resampler
# of this gallery. Where none is known a single model does worse than vectors alone; with two
# models nothing is lost. It is an upper bound: these annotations carry no dates, and those of one
# paper often reach all namespaces on one day.

first, last = (f"{figures['vectors and annotations'][place]:.3f}" for place in (0, -1))
print(f"vectors alone {precision(alone):.3f}; with annotations of none {first}, of all {last}")
plt.show()
