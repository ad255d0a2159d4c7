"""
Does resampling help tables and texts?
======================================

Nothing here needs protein vectors: samplers take any table whose rows have many labels. Two small
sets come with protimb, a table of proteins in plain columns and names of Gene Ontology terms as
texts. Copies, SMOTE, a conditional GAN and bagged copies raise their rare labels, for a linear
classifier and for a forest. Is any of them better than leaving the rows alone?
"""

# %%
# Two sets and their imbalance
# ----------------------------
# Columns of the table are whole numbers, shares and one truth value. Texts are words, counted in a
# sparse matrix. Of each, a sample of rows and the labels that have between 15 and 150 of them.

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from sklearn.base import clone
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from protimb import CGANSampler
from protimb.datasets import load_protein_table, load_term_names
from protimb.ensemble import MultilabelBalancedBagging
from protimb.exceptions import ProtimbWarning
from protimb.metrics import classification_report_imbalanced, term_average_precision
from protimb.model_selection import IterativeStratifiedKFold, split_by_term
from protimb.over_sampling import LabelwiseSampler, RandomLabelsetOverSampler

warnings.simplefilter("ignore", ProtimbWarning)  # of rare terms; the tables below show them
rng = np.random.RandomState(0)


def sample(X, y, n_rows=600, n_terms=12):
    rows = rng.permutation(y.shape[0])[:n_rows]
    y = y.iloc[rows].to_numpy() if hasattr(y, "iloc") else y[rows].toarray()
    n_members = y.sum(axis=0, dtype=int)
    terms = np.flatnonzero((n_members >= 15) & (n_members <= 150))[:n_terms]
    return (X.iloc[rows] if hasattr(X, "iloc") else X[rows]), y[:, terms]


table = sample(*load_protein_table("cc", min_proteins=100, return_X_y=True))
names = load_term_names("cc")
texts = sample(names.X, names.y)
table[0].iloc[:3, :8]

# %%
# Folds in which every label has its share
# ----------------------------------------
# Random folds may leave a rare label out of a test fold, where it cannot be judged. These are the
# smallest and largest numbers of members that any label has in a fold, as a share of an even split.

for name, (X, y) in {"table": table, "texts": texts}.items():
    folds = IterativeStratifiedKFold(4, shuffle=True, random_state=0).split(X, y)
    share = np.array([4 * y[test].sum(axis=0) / y.sum(axis=0) for _, test in folds])
    print(
        f"{name}: {X.shape[0]} rows x {X.shape[1]} columns, {y.shape[1]} labels of "
        f"{y.sum(axis=0).min()} to {y.sum(axis=0).max()} rows; "
        f"shares of a fold {share.min():.2f} to {share.max():.2f}"
    )

# %%
# Words as numbers
# ----------------
# SMOTE and the GAN move rows, which means little for counts of words: here texts become fifty
# numbers each. What turns words into numbers is fitted on training rows alone.

train, test = split_by_term(texts[1], test_size=0.4, random_state=0)
vectorize = make_pipeline(TfidfTransformer(), TruncatedSVD(50, random_state=0))
words = (vectorize.fit_transform(texts[0][train]), texts[1][train])
sets = {"texts": (*words, vectorize.transform(texts[0][test]), texts[1][test])}

X, y = table
train, test = split_by_term(y, test_size=0.4, random_state=0)
sets["table"] = (X.iloc[train], y[train], X.iloc[test], y[test])

# %%
# Five arms, two classifiers
# --------------------------
# Labels with fewer than 60 training rows are raised to 60. Both classifiers learn all labels of a
# new row; `ResampledClassifier` would teach logistic regression those that it was made for.

copies = RandomLabelsetOverSampler(sampling_strategy=60, random_state=0)
samplers = {
    "none": None,
    "copies": copies,
    "SMOTE": LabelwiseSampler(SMOTE(k_neighbors=3), sampling_strategy=60, random_state=0),
    "CGAN": CGANSampler(sampling_strategy=60, device="cpu", random_state=0),
}
logistic = MultiOutputClassifier(make_pipeline(StandardScaler(), LogisticRegression()))
forest = RandomForestClassifier(n_estimators=30, random_state=0)


def by_label(model, X):
    proba = model.predict_proba(X)
    return np.column_stack([one[:, 1] for one in proba]) if isinstance(proba, list) else proba


def bagged(classifier):
    return MultilabelBalancedBagging(copies, classifier, 5, synthetic_labels="all", random_state=0)


rows, scores = [], {}
for name, (X_train, y_train, X_test, y_test) in sets.items():
    for arm, sampler in {**samplers, "bagged copies": None}.items():
        X_new, y_new = sampler.fit_resample(X_train, y_train) if sampler else (X_train, y_train)
        for head, classifier in {"logistic": logistic, "forest": forest}.items():
            model = bagged(classifier) if arm == "bagged copies" else clone(classifier)
            proba = by_label(model.fit(X_new, y_new), X_test)
            scores[name, head, arm] = proba
            rows.append([name, head, arm, term_average_precision(y_test, proba).mean()])
results = pd.DataFrame(rows, columns=["set", "head", "arm", "macro AP"])
wide = results.pivot_table(index="arm", columns=["set", "head"], values="macro AP", sort=False)
ax = wide.T.plot.bar(ylabel="macro average precision", rot=0, figsize=(8, 3.5))
ax.legend(ncols=5, fontsize="small")
wide.round(3)

# %%
# Decisions, label by label
# -------------------------
# Average precision asks for the order of rows alone. At a cut of 0.5 copies act in another way:
# they move the probabilities of rare labels up, which trades precision for recall.

y_test = sets["table"][3]
for arm in ("none", "copies"):
    decisions = scores["table", "logistic", arm] > 0.5
    report = classification_report_imbalanced(y_test, decisions, as_frame=True, zero_division=0)
    print(f"{arm}: {report.loc['macro avg', ['pre', 'rec', 'f1', 'geo']].round(3).to_dict()}")

print(
    classification_report_imbalanced(
        y_test, scores["table", "logistic", "copies"] > 0.5, zero_division=0
    )
)

# %%
# What was seen
# -------------
# One split of small sets: differences of a hundredth or two are chance. The table of
# `benchmarks/tabular_sets.py` has intervals over ten folds.

for (name, head), column in wide.items():
    difference = (column - column["none"]).drop("none")
    best, worst = difference.idxmax(), difference.idxmin()
    print(
        f"{name}, {head}: best {best} ({difference[best]:+.3f} to doing nothing), "
        f"worst {worst} ({difference[worst]:+.3f})"
    )
plt.show()
