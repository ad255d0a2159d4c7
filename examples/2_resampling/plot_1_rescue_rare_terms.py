"""
Can generated proteins rescue rare terms?
=========================================

A conditional GAN learns what protein vectors look like given their molecular functions, and then
generates more proteins for the functions that have few. A cosine filter, whose thresholds were
learned from real proteins, throws away what does not look like its term. Does a classifier that
also trains on the rest predict rare terms better on real proteins of other families?
"""

# %%
# The data and its imbalance
# --------------------------
# Human proteins and their molecular functions, down to terms with 20 proteins. Whole sequence
# clusters are held out, so no test protein has a close relative among the training proteins.

import matplotlib.pyplot as plt
import pandas as pd
from imblearn.pipeline import Pipeline

from protimb import CGANSampler, GOTermClassifier, load_human_go
from protimb.benchmark import split_by_cluster
from protimb.metrics import evaluate, paired_difference
from protimb.plotting import (
    EmbeddingMapDisplay,
    FrequencyBinDisplay,
    LabelImbalanceDisplay,
    TrainingHistoryDisplay,
)

bunch = load_human_go("mf", min_proteins=20)
train, test = split_by_cluster(bunch.groups, random_state=0)
X_train, y_train = bunch.X[train], bunch.y[train]
n_train = y_train.sum(axis=0)
print(
    f"{len(train)} training and {len(test)} test proteins, {len(bunch.terms)} terms, "
    f"of which {(n_train < 50).sum()} have fewer than 50 training proteins."
)

# %%
# Two pipelines that differ in one step
# -------------------------------------
# Every term with fewer than 50 training proteins is raised to 50. Both classifiers make the same
# number of updates from the same first weights, so more rows do not mean more training.


def make_classifier():
    return GOTermClassifier(max_steps=900, early_stopping=False, random_state=0)


plain = Pipeline([("classify", make_classifier())])
rescued = Pipeline(
    [
        ("resample", CGANSampler(sampling_strategy=50, max_epochs=40, random_state=0)),
        ("classify", make_classifier()),
    ]
)
models = {"none": plain.fit(X_train, y_train), "cgan": rescued.fit(X_train, y_train)}
sampler = rescued["resample"]

# %%
# Before and after
# ----------------
# A generated protein carries all the terms of a real one, so frequent terms are raised as well:
# the tail is lifted and the rest comes along.

after = n_train + y_train[sampler.conditioning_indices_].sum(axis=0)
LabelImbalanceDisplay(n_train, after).plot(name="with generated proteins")

# %%
# How training went
# -----------------
# The Wasserstein estimate is the critic's opinion of how far generated proteins are from real
# ones. Level is what one hopes for; the two losses by themselves say little.

TrainingHistoryDisplay.from_estimator(sampler).plot(losses=["wasserstein", "penalty"])

# %%
# What the filter let through
# ---------------------------
# Rows that fell below their term's threshold were drawn again, for a bounded number of rounds.
# These are the terms for which most is still missing.

sampler.quality_report_.sort_values(sampler.quality_report_.columns[-1], ascending=False).head(8)

# %%
# Real and generated proteins on one map
# --------------------------------------
# Three of the raised terms. Good crosses lie among dots of their colour, neither on top of single
# ones nor in a cloud of their own.

raised = sampler.sampling_plan_.index[:3]
y_new = y_train[sampler.conditioning_indices_]
X_new = sampler.sample(y_new, random_state=0)
columns = {list(bunch.terms).index(term): bunch.term_names[term] for term in raised}
EmbeddingMapDisplay.from_vectors(
    X_train, y_train, X_new, y_new, terms=columns, random_state=0
).plot()

# %%
# Average precision, rare terms apart
# -----------------------------------
# Terms are grouped by their number of real training proteins. Intervals are bootstrap intervals
# over test proteins.

evaluations = {
    name: evaluate(bunch.y[test], model.predict_proba(bunch.X[test]), n_train=n_train)
    for name, model in models.items()
}


def by_bin(name, evaluation):
    interval = evaluation.interval()
    rows = [figure for figure in interval.index if figure.startswith("AP ")]
    bins = [figure.removeprefix("AP ") for figure in rows]
    return pd.DataFrame(
        {
            "arm": name,
            "bin": bins,
            "estimate": evaluation.point[rows].to_numpy(),
            "low": interval.loc[rows, "lower"].to_numpy(),
            "high": interval.loc[rows, "upper"].to_numpy(),
            "n_terms": evaluation.n_terms[bins].to_numpy(),
        }
    ).dropna(subset="estimate")


table = pd.concat([by_bin(name, evaluation) for name, evaluation in evaluations.items()])
FrequencyBinDisplay(table.reset_index(drop=True)).plot()

# %%
# What was seen
# -------------
# Both models were judged on the same proteins, so it is the interval of their *difference* that
# tells. One split and one short training run: `protimb compare` repeats this with more of both.

difference = paired_difference(evaluations["cgan"], evaluations["none"])
for figure, row in difference.dropna().iterrows():
    verdict = "better" if row["lower"] > 0 else "worse" if row["upper"] < 0 else "no clear change"
    print(
        f"{figure:12} {row['estimate']:+.3f} [{row['lower']:+.3f}, {row['upper']:+.3f}] with "
        f"generated proteins: {verdict}"
    )
plt.show()
