"""
How long must a generator train?
================================

A conditional GAN starts from noise that has nothing to do with proteins. With training its vectors
should move among the real ones and fill the gaps between them, without ending up as copies. This
page stops one and the same run at three points, and looks at what it makes.
"""

# %%
# The data and its imbalance
# --------------------------
# Human proteins whose molecular function is neither frequent nor very rare. Whole sequence
# clusters are held out: generated vectors are compared with proteins that nothing was trained on.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import pairwise_distances
from sklearn.preprocessing import StandardScaler

from protimb import CGANSampler, load_human_go
from protimb.metrics import frechet_distance, two_sample_score
from protimb.model_selection import split_by_cluster
from protimb.nn import MLPBackbone
from protimb.plotting import EmbeddingMapDisplay, LabelImbalanceDisplay, TrainingHistoryDisplay

bunch = load_human_go("mf", min_proteins=100, max_proteins=600)
annotated = bunch.y.any(axis=1)
X, y, groups = bunch.X[annotated], bunch.y[annotated], bunch.groups[annotated]
train, test = split_by_cluster(groups, random_state=0)
shuffle = np.random.RandomState(0).permutation
train, test = shuffle(train)[:1000], shuffle(test)[:400]
LabelImbalanceDisplay.from_labels(y[train]).plot()

# %%
# One run, stopped at three points
# --------------------------------
# Runs with one seed take the same steps, so each longer run has been where the shorter ones
# stopped. For the labels of every held-out protein each generator makes one vector.

lengths = [3, 30, 300]
generated, samplers = {}, {}
for n_updates in lengths:
    samplers[n_updates] = CGANSampler(
        generate_from="noise",
        backbone=MLPBackbone(n_hidden=256),
        batch_size=64,
        max_updates=n_updates,
        validation_fraction=0,
        lr=1e-3,
        quality_filter=None,
        random_state=0,
    ).fit(X[train], y[train])
    generated[n_updates] = samplers[n_updates].sample(y[test], random_state=0)

# %%
# Real and generated proteins on maps
# -----------------------------------
# One row a training length. t-SNE keeps more of who is next to whom, UMAP more of the layout as a
# whole. Dots are held-out proteins, crosses what was generated for their labels.


def updates(n):
    return f"{n} updates"


columns = y[test].sum(axis=0).argsort()[-3:]
names = {column: bunch.term_names[column] for column in columns}
fig, axes = plt.subplots(len(lengths), 2, figsize=(8, 3.4 * len(lengths)), layout="constrained")
for row, (n_updates, X_new) in zip(axes, generated.items(), strict=True):
    for ax, method in zip(row, ("tsne", "umap"), strict=True):
        EmbeddingMapDisplay.from_vectors(
            X[test], y[test], X_new, y[test], terms=names, method=method, random_state=0
        ).plot(ax)
        ax.set_title(updates(n_updates))
        if ax is not axes[-1, 0]:
            ax.get_legend().remove()

# %%
# What the losses say
# -------------------
# The Wasserstein estimate is the critic's opinion of how far generated proteins are from real ones.
# It cannot choose a training length: critic and generator change together, so it may stay level,
# or even rise, while generated proteins get better.

TrainingHistoryDisplay.from_estimator(samplers[lengths[-1]]).plot(
    losses=["wasserstein", "generator_loss"]
)

# %%
# What held-out proteins say
# --------------------------
# ``frechet`` compares means and covariances; ``auc`` is how well nearest neighbours tell generated
# from real, 0.5 at best; ``spread`` is the variance that generated proteins have of the real
# ones'; ``nearest`` is the distance to the closest training protein. The last row gives the same
# figures for real proteins, the best that can be hoped for.

scaler = StandardScaler().fit(X[train])
real, seen = scaler.transform(X[test]), scaler.transform(X[train])


def judge(vectors, others=seen):
    return {
        "frechet": frechet_distance(real, vectors),
        "auc": two_sample_score(real, vectors, classifier="knn").auc,
        "spread": vectors.var(axis=0).sum() / real.var(axis=0).sum(),
        "nearest": np.median(pairwise_distances(vectors, others).min(axis=1)),
    }


table = pd.DataFrame({updates(n): judge(scaler.transform(v)) for n, v in generated.items()}).T
table.loc["real proteins"] = judge(seen[: len(real)], seen[len(real) :])
table.round(2)

# %%
# What was seen
# -------------
# A short run on few proteins, and none held out. By default a sampler measures ``frechet`` on
# rows held out every few updates, keeps the best weights and stops when nothing is gained.

made, ideal = table.drop("real proteins"), table.loc["real proteins"]
best, last = made["frechet"].idxmin(), made.iloc[-1]
rest = f"{made['frechet'].min():.0f} where real ones are at {ideal['frechet']:.0f}"
between = "closer to training proteins than real ones are: they lie in the gaps, or copy"
apart = "no closer to training proteins than real ones are"
print(
    f"Closest to held-out proteins after {best}: Fréchet distance {rest}.\n"
    f"After {last.name} a classifier still tells them from real ones with AUC {last['auc']:.2f},\n"
    f"they have {last['spread']:.0%} of the real spread, and are "
    f"{between if last['nearest'] < ideal['nearest'] else apart}."
)
plt.show()
