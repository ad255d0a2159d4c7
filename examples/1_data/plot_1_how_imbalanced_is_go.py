"""
How imbalanced is the Gene Ontology?
====================================

Every annotation of a protein with a term also annotates it with all ancestors of that term, so
terms near the root collect thousands of proteins while most others have a handful. This page
counts them for the human proteins that come with protimb, and looks at what an honest split into
training and test proteins leaves of the rare ones.
"""

# %%
# Three ontologies, three long tails
# ----------------------------------
# ``min_proteins=1`` keeps every term that has a protein at all. Both axes are logarithmic: where
# the curve falls straight, ten times further down the list the count is smaller by a fixed factor.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit
from sklearn.preprocessing import StandardScaler, normalize

from protimb.datasets import load_human_go
from protimb.metrics import FREQUENCY_BINS, imbalance_report, label_cardinality
from protimb.plotting import LabelImbalanceDisplay

NAMES = {"mf": "molecular function", "bp": "biological process", "cc": "cellular component"}
bunches = {key: load_human_go(key, min_proteins=1) for key in NAMES}

fig, axes = plt.subplots(1, 3, figsize=(10, 3.4), sharey=True, layout="constrained")
for ax, (key, bunch) in zip(axes, bunches.items(), strict=True):
    LabelImbalanceDisplay.from_labels(bunch.y).plot(ax)
    ax.set(title=NAMES[key], ylabel="proteins with the term" if key == "mf" else "")

# %%
# The same in numbers
# -------------------
# IRLbl of a term is the count of the most frequent term divided by its own: how many times
# more often a model sees the best-known term than this one.

reports = {key: imbalance_report(bunch.y, bunch.terms) for key, bunch in bunches.items()}
summary = pd.DataFrame(
    {
        key: {
            "proteins": f"{len(bunches[key].y):,}",
            "terms": f"{len(report):,}",
            "terms per protein": f"{label_cardinality(bunches[key].y):.1f}",
            "median proteins per term": f"{report['count'].median():.0f}",
            "terms with < 50 proteins": f"{(report['count'] < 50).mean():.0%}",
            "median IRLbl": f"{report['IRLbl'].median():,.0f}",
        }
        for key, report in reports.items()
    }
)
summary

# %%
# Where the terms are, and where the annotations are
# --------------------------------------------------
# Most terms are rare, but most annotations belong to frequent terms. A measure that weighs each
# annotation alike therefore hardly notices whether rare terms are predicted.

share_of_terms, share_of_annotations = {}, {}
for key, report in reports.items():
    members = {
        name: report["count"].between(low, high - 1) for name, (low, high) in FREQUENCY_BINS.items()
    }
    share_of_terms[key] = {name: rows.mean() for name, rows in members.items()}
    total = report["count"].sum()
    share_of_annotations[key] = {
        name: report.loc[rows, "count"].sum() / total for name, rows in members.items()
    }

fig, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True, layout="constrained")
for ax, title, shares in [
    (axes[0], "share of terms", share_of_terms),
    (axes[1], "share of annotations", share_of_annotations),
]:
    pd.DataFrame(shares).plot.bar(ax=ax, title=title, rot=0, width=0.8)
    ax.set(xlabel="proteins of the term", ylim=(0, 1))

# %%
# What a split by sequence does
# -----------------------------
# Proteins of one family look alike. If some of them train and others test, a model is praised
# for recognising relatives. protimb keeps each cluster of similar sequences on one side; here is
# how similar the closest training protein of every test protein is, under either split.

mf = bunches["mf"]
vectors = normalize(StandardScaler().fit_transform(mf.X))


def closest_training_protein(train, test):
    return (vectors[test] @ vectors[train].T).max(axis=1)


splits = {
    "by protein": next(ShuffleSplit(1, test_size=0.2, random_state=0).split(mf.X)),
    "by sequence cluster": next(
        GroupShuffleSplit(1, test_size=0.2, random_state=0).split(mf.X, groups=mf.groups)
    ),
}
similarity = {name: closest_training_protein(*split) for name, split in splits.items()}

fig, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
for (name, values), style in zip(similarity.items(), ("--", "-"), strict=True):
    ax.ecdf(values, label=f"split {name}", linestyle=style)
ax.set(
    xlabel="cosine similarity to the closest training protein",
    ylabel="share of test proteins below",
)
ax.legend(frameon=False)

# %%
# What was seen
# -------------
# Rare terms are where the split hurts: a term needs a protein on either side to be learned and
# judged at all.

train, test = splits["by sequence cluster"]
n_train, n_test = mf.y[train].sum(axis=0), mf.y[test].sum(axis=0)
rare = (n_train + n_test < 50) & (n_train + n_test >= 10)
near = {name: np.mean(values > 0.9) for name, values in similarity.items()}
print(
    f"Of {len(mf.terms):,} molecular-function terms "
    f"{(reports['mf']['count'] < 50).mean():.0%} have fewer than 50 proteins.\n"
    f"Test proteins with a training protein at cosine > 0.9: {near['by protein']:.0%} when split\n"
    f"by protein, {near['by sequence cluster']:.0%} when split by sequence cluster.\n"
    f"Of {rare.sum()} terms with 10 to 49 proteins, {np.sum(n_test[rare] == 0)} have no test "
    f"protein in this\nsplit by cluster and cannot be judged on it."
)
