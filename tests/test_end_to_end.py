"""The whole path on a slice of the real human proteins: vectors in, honest report out."""

import json
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.pipeline import Pipeline
from sklearn.utils import Bunch

from protimb import CGANSampler, CosineFilter, GOTermClassifier, compare, load_human_go
from protimb.metrics import term_average_precision
from protimb.model_selection import split_by_cluster
from protimb.nn import MLPBackbone

SMALL_GAN = {"backbone": MLPBackbone(n_layers=1, n_hidden=64), "max_updates": 5, "n_critic": 2}


@pytest.fixture(scope="module")
def proteins():
    """Every tenth human protein with a cellular component, and the terms that 20 of them have."""
    bunch = load_human_go("cc", min_proteins=100)
    rows = np.arange(0, len(bunch.X), 10)
    columns = np.flatnonzero(bunch.y[rows].sum(axis=0) >= 20)
    return Bunch(
        X=bunch.X[rows],
        y=bunch.y[np.ix_(rows, columns)],
        protein_ids=bunch.protein_ids[rows],
        terms=bunch.terms[columns],
        term_names=bunch.term_names[columns],
        groups=bunch.groups[rows],
        ontology=bunch.ontology,
    )


@pytest.fixture(scope="module")
def split(proteins):
    return split_by_cluster(proteins.groups, random_state=0)


def test_resampled_proteins_teach_more_than_chance_and_parents_never_score_below_children(
    proteins, split
):
    train, test = split
    sampler = CGANSampler(
        sampling_strategy=40, quality_filter=CosineFilter(quantile=0.0), random_state=0, **SMALL_GAN
    )
    classifier = GOTermClassifier(
        ontology=proteins.ontology,
        terms=proteins.terms,
        n_neighbors=100,
        max_steps=50,
        early_stopping=False,
        random_state=0,
    )
    model = Pipeline([("resample", sampler), ("classify", classifier)])
    model.fit(proteins.X[train], proteins.y[train])
    scores = model.predict_proba(proteins.X[test])

    precision = term_average_precision(proteins.y[test], scores)
    chance = proteins.y[test].mean(axis=0)
    assert np.nanmean(precision) > 2 * chance.mean()
    closure = proteins.ontology.closure(proteins.terms).tocoo()  # term, ancestor
    assert (scores[:, closure.row] <= scores[:, closure.col]).all()


def test_every_generated_protein_obeys_the_true_path_rule_and_brings_its_term_to_the_total(
    proteins, split
):
    train, _ = split
    sampler = CGANSampler(sampling_strategy=30, quality_filter=None, random_state=0, **SMALL_GAN)
    X_res, y_res = sampler.fit_resample(proteins.X[train], proteins.y[train])
    new = y_res[sampler.synthetic_mask_].astype(np.int64)
    closure = proteins.ontology.closure(proteins.terms).astype(np.int64)
    np.testing.assert_array_equal(new, (new @ closure > 0).astype(np.int64))
    assert (y_res.sum(axis=0) >= 30).all()
    assert sampler.n_synthetic_ > 0
    assert np.isfinite(X_res).all()


@pytest.mark.usefixtures("blank_figures")
def test_the_comparison_reports_every_arm_on_the_same_held_out_proteins(proteins, tmp_path):
    comparison = compare(
        proteins,
        arms=("none", "class_weight", "ros", "smote", "cgan", "knn"),
        sampling_strategy=25,
        max_steps=60,
        sampler_params={"cgan": SMALL_GAN | {"quality_filter": None}},
        classifier_params={"hidden_layer_sizes": (64,)},
        n_resamples=20,
        maps=(),
        out=tmp_path,
    )
    table = pd.read_csv(tmp_path / "table.csv")
    overall = table[table["metric"] == "AP all"].set_index(["arm", "classifier"])["estimate"]
    assert set(overall.index.get_level_values("arm")) == set(comparison.record["arms"])
    assert (overall > proteins.y.mean()).all()
    assert overall["knn", "alone"] > 1.5 * proteins.y.mean()
    record = json.loads((tmp_path / "comparison.json").read_text())
    fold = record["folds"][0]
    assert fold["n_train"] + fold["n_test"] == len(proteins.X)
    assert len(comparison.winners()) == comparison.evaluations["none", "mlp"].n_terms.gt(0).sum()
    assert "<img" in (tmp_path / "report.html").read_text()


LATE = """
import sys
import protimb.classification, protimb.over_sampling
assert "torch" not in sys.modules, "importing protimb.classification loaded torch"
"""
# Two rows in one: what a classifier says of proteins, and the proteins that a sampler makes.
WORK = """
import sys, torch
from protimb import CGANSampler, GOTermClassifier
from protimb.datasets import make_longtail_multilabel

torch.set_num_threads({n_threads})
data = make_longtail_multilabel(120, n_features=8, n_terms=6, random_state=0)
model = GOTermClassifier(
    hidden_layer_sizes=(16,), max_epochs=3, batch_size=32, lr=0.01, weight_decay=0.01,
    early_stopping=False, device="cpu", random_state=0,
)
print(model.fit(data.X, data.y).predict_proba(data.X).tobytes().hex())
sampler = CGANSampler(sampling_strategy=20, max_updates=2, device="cpu", random_state=0)
X, _ = sampler.fit_resample(data.X, data.y)
print(X[sampler.synthetic_mask_].tobytes().hex())
"""
ALONE = 'assert "accelerate" not in sys.modules, "one process loaded the engine of several"\n'


def test_another_process_computes_the_same_bits_and_imports_late():
    """Case 31."""
    program = WORK.format(n_threads=torch.get_num_threads())
    with redirect_stdout(StringIO()) as here:
        exec(program, {})
    run = subprocess.run(
        [sys.executable, "-c", LATE + program + ALONE], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == here.getvalue()
    assert all(len(line) > 1000 for line in run.stdout.splitlines())
