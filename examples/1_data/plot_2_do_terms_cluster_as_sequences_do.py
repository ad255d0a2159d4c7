"""
Do proteins whose terms are alike have sequences that are alike?
================================================================

A protein has a vector that a language model made of its sequence, and a set of GO terms. Each
term can have a vector too, learned from the ontology alone. Pooled over the terms of a protein,
these describe what it does; clustered, they give groups of proteins that do alike. If sequence
determined function in a way that distances show, the groups would be those that the sequence
vectors fall into. How far that goes, and by which pooling, is asked here.
"""

# %%
# Proteins, and vectors of their terms
# ------------------------------------
# Molecular functions with ten proteins or more, and 2,000 proteins drawn at random from those
# with three or more such terms. The hierarchy of these terms and their root is a slim of the
# ontology; a network learns from it to tell a term's ancestors, its namespace and the term itself.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score
from sklearn.preprocessing import normalize

from protimb.datasets import load_human_go
from protimb.ontology import Anc2VecVectorizer

bunch = load_human_go("mf", min_proteins=10)
rng = np.random.RandomState(0)
described = np.flatnonzero(bunch.y.sum(axis=1) >= 3)
rows = np.sort(rng.choice(described, 2000, replace=False))
X, y = bunch.X[rows].astype(np.float32), bunch.y[rows]

namespace = bunch.ontology.namespace(bunch.terms[0])
roots = [root for root in bunch.ontology.roots if bunch.ontology.namespaces[root] == namespace]
slim = bunch.ontology.slim([*bunch.terms, *roots])
vectorizer = Anc2VecVectorizer(64, max_epochs=30, batch_size=128, lr=0.01, random_state=0)
of_terms = vectorizer.fit(slim).transform(bunch.terms)

fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for losses, name, style in zip(
    vectorizer.losses_.T,
    ["ancestors", "namespace", "the term itself"],
    ["-", ":", "--"],
    strict=True,
):
    ax.plot(np.arange(1, 31), losses, style, label=name)
ax.set(xlabel="epoch", ylabel="-log p (nats)", title=f"what the vectors of {len(slim)} terms tell")
ax.legend(frameon=False)

# %%
# Four poolings
# -------------
# Each number of a pooled vector is the maximum, minimum, mean or sum of that number over a
# protein's terms, ancestors included. A sum is the mean times the number of terms, so that it
# also tells how much is known of a protein. Beside them stands the row of zeros and ones itself,
# reduced to as many components.

POOLINGS = {"max": np.max, "min": np.min, "mean": np.mean, "sum": np.sum}


def pooled(pool):
    return np.array([pool(of_terms[row != 0], axis=0) for row in y])


spaces = {name: pooled(pool) for name, pool in POOLINGS.items()}
spaces["0/1 labels"] = PCA(64, random_state=0).fit_transform(y.astype(np.float32))

# %%
# Clusters, compared
# ------------------
# k-means with 30 clusters, five times each with other starts. The adjusted Rand index asks of
# pairs of proteins whether both clusterings put them together; adjusted mutual information asks
# how much one cluster tells of the other. Both are 0 for unrelated clusterings and 1 for equal
# ones. Two clusterings of the sequence vectors that differ in their starts alone say how much
# could be reached at all.

N_CLUSTERS, SEEDS = 30, range(5)
FIGURES = {
    "adjusted Rand": adjusted_rand_score,
    "adjusted mutual information": adjusted_mutual_info_score,
}


def clusters(vectors, seed):
    return KMeans(N_CLUSTERS, n_init=1, random_state=seed).fit_predict(vectors)


sequence = PCA(64, random_state=0).fit_transform(normalize(X - X.mean(axis=0)))
of_sequences = [clusters(sequence, seed) for seed in SEEDS]
of_spaces = {name: [clusters(vectors, seed) for seed in SEEDS] for name, vectors in spaces.items()}
of_spaces["shuffled mean"] = [rng.permutation(found) for found in of_spaces["mean"]]
of_spaces["sequences again"] = [clusters(sequence, 100 + seed) for seed in SEEDS]

results = pd.DataFrame(
    {
        (name, figure): [score(one, other) for one, other in zip(of_sequences, found, strict=True)]
        for name, found in of_spaces.items()
        for figure, score in FIGURES.items()
    }
)
means = results.mean().unstack(sort=False)
means.round(3)

# %%
# The same as a figure
# --------------------
# Bars are means over the five starts, lines run from the least to the most.

fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), sharey=True, layout="constrained")
for ax, figure in zip(axes, FIGURES, strict=True):
    values = results.xs(figure, axis=1, level=1)
    centre = values.mean()
    reach = [centre - values.min(), values.max() - centre]
    ax.barh(values.columns, centre, xerr=reach, color="#4a7fb5", ecolor="#333333")
    ax.set(xlabel=f"{figure}, with sequence clusters", xlim=(min(0, values.min().min()), 0.9))
axes[0].invert_yaxis()

# %%
# What was seen
# -------------
# Clusters by terms and clusters by sequence agree more than chance, and far less than two
# clusterings of the same sequence vectors do: little of what proteins do shows in these
# neighbourhoods. Mean and sum come closer to the sequences than maximum and minimum, perhaps
# because one odd term can set an extreme. Against plain labels the vectors gain hardly anything:
# the mean is slightly ahead by the Rand index, and no pooling is by mutual information. This is one
# sample of proteins, one namespace and one number of clusters; and clusters that agree are not
# the same as vectors that help to predict.

pooling = means.loc[list(POOLINGS), "adjusted mutual information"]
labels, ceiling = means.loc[["0/1 labels", "sequences again"], "adjusted mutual information"]
print(means.round(3).to_string())
print(
    f"\nAdjusted mutual information with clusters of sequences: {pooling.min():.2f} "
    f"({pooling.idxmin()}) to {pooling.max():.2f} ({pooling.idxmax()})\nfor pooled vectors of "
    f"terms, {labels:.2f} for plain labels, {ceiling:.2f} for the sequences clustered again."
)
