"""Trained on the training fold of a comparison, a model's predictions have that one's figures."""

import numpy as np
import pandas as pd
import pytest

from protimb.comparison import compare
from protimb.datasets import read_cafa
from protimb.evaluation import evaluate_predictions
from protimb.metrics import average_precision_by_frequency, fmax_score, smin_score
from protimb.ontology import information_accretion
from protimb.runs import predict_terms, train_classifier

SEED = 3
SMALL = {"hidden_layer_sizes": (8,), "device": "cpu"}
QUICK = {"epochs": 2, "min_proteins": 5, "classifier_params": SMALL}


@pytest.fixture(scope="module")
def way(cafa, tmp_path_factory):
    """Compare, train without the test fold, predict it: figures, frame and file."""
    out = tmp_path_factory.mktemp("way")
    options = {"arms": [], "classifiers": ["mlp"], "maps": (), "n_resamples": 5}
    found = compare(cafa, ontology="mf", seeds=[SEED], out=out, **options, **QUICK)
    test_ids = (out / f"test_ids_{SEED}.txt").read_text().splitlines()
    bunch = read_cafa(cafa, "mf", min_proteins=5)
    test = bunch.take(np.isin(bunch.protein_ids, test_ids))
    model = train_classifier(
        out / "model",
        cafa,
        "mf",
        n_neighbors=None,
        leave_out=out / f"test_ids_{SEED}.txt",
        random_state=SEED,
        **QUICK,
    )
    frame = predict_terms(model, test.X, out / "p.tsv", protein_ids=test.protein_ids)
    figures = found.table.set_index("metric")["estimate"]
    return {"figures": figures, "frame": frame, "bunch": bunch, "test": test, "out": out}


def test_the_scores_are_those_of_the_comparison_to_the_last_bit(way):
    bunch, test, frame = way["bunch"], way["test"], way["frame"]
    bits = information_accretion(bunch.y, bunch.ontology, bunch.terms)
    n_train = bunch.y.sum(axis=0) - test.y.sum(axis=0)
    scores = frame[list(bunch.terms)].to_numpy()
    precision = average_precision_by_frequency(test.y, scores, n_train=n_train)
    figures = way["figures"]
    assert figures["fmax"] == pytest.approx(fmax_score(test.y, scores), abs=1e-12)
    assert figures["smin"] == pytest.approx(smin_score(test.y, scores, bits), abs=1e-12)
    assert figures["AP all"] == pytest.approx(precision.loc["all", "average_precision"], abs=1e-6)


def test_the_file_has_the_figures_of_the_comparison(way):
    """Up to three digits of a score, which the format keeps."""
    bunch, test = way["bunch"], way["test"]
    rows, columns = np.nonzero(test.y)
    truth = pd.DataFrame({"EntryID": test.protein_ids[rows], "term": test.terms[columns]})
    found = evaluate_predictions(
        way["out"] / "p.tsv",
        truth,
        bunch.ontology,
        information_accretion=dict(
            zip(
                bunch.terms,
                information_accretion(bunch.y, bunch.ontology, bunch.terms),
                strict=True,
            )
        ),
        terms_of_interest=list(bunch.terms),
    ).summary.iloc[0]
    assert found["fmax"] == pytest.approx(way["figures"]["fmax"], abs=0.01)
    assert found["smin"] == pytest.approx(way["figures"]["smin"], abs=0.02)


def test_test_ids_are_those_of_the_split(way):
    record = set(way["test"].protein_ids)
    groups = dict(zip(way["bunch"].protein_ids, way["bunch"].groups, strict=True))
    rest = set(way["bunch"].protein_ids) - record
    assert not {groups[one] for one in record} & {groups[one] for one in rest}
    assert 0 < len(record) < len(rest)
