"""
Can generated proteins rescue rare terms?
=========================================

A conditional GAN learns what protein vectors look like given their molecular functions, and then
generates more proteins for the functions that have few: real ones, moved as far as relatives differ
and changed by its generator. A cosine filter, whose thresholds were
learned from real proteins, throws away what does not look like its term. Does a classifier that
also trains on the rest predict rare terms better on real proteins of other families?
"""

# %%
# The data and its imbalance
# --------------------------
# Human proteins and their molecular functions, down to terms with 20 proteins. Whole sequence
# clusters are held out, so no test protein has a close relative among the training proteins.

import warnings

import matplotlib.pyplot as plt
import pandas as pd
from imblearn.pipeline import Pipeline

from protimb import CGANSampler, GOTermClassifier, load_human_go
from protimb.exceptions import ShortfallWarning
from protimb.metrics import evaluate, paired_difference
from protimb.nn import MLPBackbone
from protimb.plotting import (
    EmbeddingMapDisplay,
    FrequencyBinDisplay,
    LabelImbalanceDisplay,
    TrainingHistoryDisplay,
)

bunch = load_human_go("mf", min_proteins=20)
train, test = bunch.split_by_cluster(random_state=0)
X_train, y_train = train.X, train.y
n_train = y_train.sum(axis=0)
print(
    f"{len(train.X):,} training and {len(test.X):,} test proteins\n"
    f"{len(bunch.terms)} terms, {(n_train < 50).sum()} with fewer than 50 training proteins"
)

# %%
# Two pipelines that differ in one step
# -------------------------------------
# Every term with fewer than 50 training proteins is raised to 50. Both classifiers make the same
# number of updates from the same random weights, so more rows do not mean more training. The
# networks of the GAN are small and briefly trained, to keep this page under a minute.


def make_classifier():
    return GOTermClassifier(max_steps=700, early_stopping=False, random_state=0)


sampler = CGANSampler(
    sampling_strategy=50,
    backbone=MLPBackbone(n_hidden=256),
    max_updates=100,
    guard=None,  # which would put copies where generated rows are not surely better
    random_state=0,
)
plain = Pipeline([("classify", make_classifier())])
rescued = Pipeline([("resample", sampler), ("classify", make_classifier())])
warnings.simplefilter("ignore", ShortfallWarning)  # what it warns of is tabulated below
models = {"none": plain.fit(X_train, y_train), "cgan": rescued.fit(X_train, y_train)}
sampler = rescued["resample"]  # the pipeline fitted a clone

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
# ones. While it rises the critic still finds new differences; once it falls the generator is
# catching up. The penalty should stay small throughout.

TrainingHistoryDisplay.from_estimator(sampler).plot(losses=["wasserstein", "penalty"])

# %%
# What the filter let through
# ---------------------------
# Rows that fell below their term's threshold were drawn again, for a bounded number of rounds.
# These are the terms for which most draws were rejected.

report = sampler.quality_report_
print(
    f"{report['n_rejected'].sum():,} of {report['n_drawn'].sum():,} draws were rejected\n"
    f"{report['n_missing'].sum():,} of {report['n_planned'].sum():,} planned rows are missing"
)
report.assign(name=bunch.term_names).sort_values("n_rejected", ascending=False).head(8)

# %%
# Real and generated proteins on one map
# --------------------------------------
# The three terms with most planned rows, before quality control. Good crosses lie among dots of
# their colour; a cloud of their own means that generated proteins can be told from real ones.

y_new = y_train[sampler.conditioning_indices_]
X_new = sampler.sample(y_new, random_state=0)
columns = report["n_planned"].to_numpy().argsort()[-3:]
names = {column: bunch.term_names[column] for column in columns}
EmbeddingMapDisplay.from_vectors(X_train, y_train, X_new, y_new, terms=names, random_state=0).plot()

# %%
# Average precision, rare terms apart
# -----------------------------------
# Terms are grouped by their number of real training proteins. Intervals are bootstrap intervals
# over test proteins.

evaluations = {
    name: evaluate(test.y, model.predict_proba(test.X), n_train=n_train)
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
    interval = f"[{row['lower']:+.3f}, {row['upper']:+.3f}]"
    print(f"{figure:12} {row['estimate']:+.3f} {interval} with generated proteins: {verdict}")
plt.show()
