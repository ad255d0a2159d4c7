"""
How far does one get with a FASTA file and annotations?
=======================================================

Sequences, who has which term, and an ontology: that is what a user has. What is wanted are terms
of proteins that nobody has annotated. Between both lie seven steps, each one call here and one
command in a shell: ``protimb ingest``, ``embed``, ``imbalance``, ``compare``, ``train``,
``predict`` and ``evaluate``.
"""

# %%
# Three files
# -----------
# A few hundred human proteins of the bundled data are written as one gets them: a FASTA file, a
# table of annotations, and the ontology. Whole sequence clusters of them are set aside as the
# proteins that nobody knows.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from protimb.comparison import compare, describe_imbalance
from protimb.datasets import load_human_go, read_cafa
from protimb.embeddings import embed_fasta
from protimb.evaluation import evaluate_predictions
from protimb.ingest import ingest
from protimb.ontology import information_accretion
from protimb.runs import predict_terms, train_classifier

work = tempfile.TemporaryDirectory()
folder = Path(work.name)

human = load_human_go("mf", min_proteins=10)
rng = np.random.RandomState(0)
chosen = human.take(np.sort(rng.choice(len(human.X), 900, replace=False)))
known, new = chosen.split_by_cluster(random_state=0)


def write_fasta(path, proteins):
    """Write the sequences of some proteins."""
    residues = proteins.sequences
    path.write_text("".join(f">{one}\n{residues[one]}\n" for one in proteins.protein_ids.tolist()))


known.write_cafa(folder / "download")  # of it only ontology and annotations
write_fasta(folder / "known.fasta", known)
write_fasta(folder / "new.fasta", new)
print(f"{len(known.X)} known proteins and {len(new.X)} new ones")

# %%
# One folder
# ----------
# What fits together goes into one folder, and what does not is counted. Relatives are grouped by
# the words that their sequences share; with MMseqs2 on the machine, ``clusters="auto"`` calls it.

report = ingest(
    folder / "known.fasta",
    folder / "download" / "train_terms.tsv",
    folder / "download" / "go-basic.obo",
    folder / "proteins",
    clusters="minhash",
)
print(report.render())

# %%
# Vectors
# -------
# The oldest encoder counts words of residues and needs no network and no download. Any other
# takes its place by name, such as ``"facebook/esm2_t6_8M_UR50D"``. The vectors carry a record of
# what made them.

proteins = folder / "proteins"
embed_fasta(proteins / "train_sequences.fasta", "kmer-2", proteins / "train_embeds.npy")
print((proteins / "train_encoder.json").read_text())

# %%
# How imbalanced are the terms?
# -----------------------------
# Terms with fewer than ten of these proteins are left out.

data = read_cafa(proteins, "mf", min_proteins=10)
print(describe_imbalance(data).render())

# %%
# Does a treatment of imbalance help?
# -----------------------------------
# That is asked of the known proteins alone, a fifth of whose clusters is held out.

quick = {"classifier_params": {"hidden_layer_sizes": (128,)}, "epochs": 20}
comparison = compare(data, arms=["ros", "knn"], maps=(), n_resamples=200, **quick)
figures = comparison.table.pivot_table("estimate", ["arm", "classifier"], "metric")
figures[["fmax", "fmax_all", "AP all"]].round(3)

# %%
# Fmax of the compared terms is the larger one; "all terms" also counts those with fewer than ten
# proteins, which no arm has learned.
#
# A model, and its predictions
# ----------------------------
# The model remembers the encoder of its vectors, so that predictions start from sequences.

model = train_classifier(folder / "model", proteins, "mf", **quick)
scores = predict_terms(model, folder / "new.fasta", folder / "predictions.tsv")
print("".join((folder / "predictions.tsv").open().readlines()[:5]))

# %%
# How good are they?
# ------------------
# Of the new proteins the annotations are known after all. A guess that gives every protein the
# shares of the training data is what any model has to beat.

rows, columns = np.nonzero(new.y)
truth = pd.DataFrame({"EntryID": new.protein_ids[rows], "term": new.terms[columns]})
bits = information_accretion(data.y, data.ontology, data.terms)
judged = {
    "information_accretion": dict(zip(data.terms, bits, strict=True)),
    "terms_of_interest": list(data.terms),
}
guess = pd.DataFrame(
    np.tile(data.y.mean(axis=0), (len(new.X), 1)), index=new.protein_ids, columns=data.terms
)
guessed = guess.rename_axis("EntryID").reset_index().melt("EntryID", None, "term", "score")
found = {
    "model": evaluate_predictions(folder / "predictions.tsv", truth, data.ontology, **judged),
    "shares of terms": evaluate_predictions(guessed, truth, data.ontology, **judged),
}
print(pd.concat({name: one.summary.iloc[0] for name, one in found.items()}, axis=1).round(3))

fig, ax = plt.subplots(figsize=(5.4, 4), layout="constrained")
for (name, one), style in zip(found.items(), ["-", "--"], strict=True):
    curve = one.curves.droplevel(["namespace", "knowledge", "terms"])
    curve = curve[curve["n_predicted"] > 0]
    fmax = one.summary["fmax"].iloc[0]
    ax.plot(curve["recall"], curve["precision"], style, label=f"{name}, Fmax {fmax:.2f}")
ax.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1))
ax.set_title(f"{len(data.terms)} functions of {len(new.X)} new proteins")
ax.legend(frameon=False)
work.cleanup()

# %%
# What was seen
# -------------
# Nothing but sequences went into the predictions. How much more they say than the shares of terms
# do, in bits, is what counts of two-residue words know; a language model's vectors go the same way
# by the same calls.

smin, fmax = (
    {name: one.summary[figure].iloc[0] for name, one in found.items()}
    for figure in ("smin", "fmax")
)
better = "fewer" if smin["model"] < smin["shares of terms"] else "no fewer"
print(
    f"The model is wrong by {smin['model']:.2f} bits a protein, the shares of terms by "
    f"{smin['shares of terms']:.2f}: {better}. Fmax is {fmax['model']:.3f} "
    f"against {fmax['shares of terms']:.3f}."
)
