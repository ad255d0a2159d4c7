"""A protein's page: the terms that the model scores highest, and the proteins that say so."""

import numpy as np
import pytest

from protimb.classification import GOTermClassifier
from protimb.datasets import read_cafa
from protimb.exceptions import EmbeddingFileError
from protimb.over_sampling import RandomLabelsetOverSampler
from protimb.runs import TermModel, explain_protein, train_classifier
from protimb.under_sampling import MLRUS

COMPONENTS = ["GO:0000003", "GO:0000004", "GO:0005575"] * 20


@pytest.fixture(scope="module")
def folder(write_cafa, tmp_path_factory):
    return write_cafa(tmp_path_factory.mktemp("data") / "cafa", COMPONENTS)


@pytest.fixture(scope="module")
def train(folder, tmp_path_factory):
    def train(**options):
        path = tmp_path_factory.mktemp("models") / "model"
        small = {"hidden_layer_sizes": (8,), "device": "cpu"}
        defaults = {"min_proteins": 5, "epochs": 1, "classifier_params": small}
        train_classifier(path, folder, "mf,cc", **defaults | options)
        return path

    return train


@pytest.fixture(scope="module")
def model(train):
    return TermModel.load(train())


def test_a_training_protein_is_its_own_nearest_and_shares_its_terms(model, folder):
    bunch = read_cafa(folder, "mf", min_proteins=5)
    row = int(np.flatnonzero(bunch.y.all(axis=1))[0])  # one that has both terms
    page = explain_protein(model, bunch.X[row], bunch.protein_ids[row])
    nearest = page.neighbors[page.neighbors["namespace"] == "mf"].iloc[0]
    assert nearest["protein"] == bunch.protein_ids[row]
    assert nearest["cosine"] == pytest.approx(1, abs=1e-5)
    assert set(nearest["shared"].split()) == {"GO:0000001", "GO:0000002"}


def test_terms_are_those_of_predict_frame_the_best_first(model, folder):
    x = np.load(folder / "train_embeds.npy")[3]
    page = explain_protein(model, x, n_terms=1, n_neighbors=2)
    scores = model.predict_frame(x[None]).iloc[0]
    assert page.terms["namespace"].tolist() == ["mf", "cc"]
    for _, line in page.terms.iterrows():
        assert line["score"] == scores[line["term"]]
    assert page.terms["name"].tolist() == ["toy binding", "toy membrane"]
    assert len(page.neighbors) == 4
    assert (page.neighbors.groupby("namespace")["cosine"].diff().dropna() <= 0).all()


def test_neighbours_are_those_of_a_plain_product(model, folder):
    bunch = read_cafa(folder, "mf", min_proteins=5)
    x = np.random.default_rng(0).normal(size=8).astype(np.float32)
    page = explain_protein(model, x)
    standard = (np.vstack([bunch.X, x]) - bunch.X.mean(axis=0)) / bunch.X.std(axis=0)
    standard /= np.linalg.norm(standard, axis=1, keepdims=True)
    expected = bunch.protein_ids[np.argsort(-(standard[:-1] @ standard[-1]))[:5]]
    mine = page.neighbors[page.neighbors["namespace"] == "mf"]
    assert mine["protein"].tolist() == expected.tolist()


@pytest.mark.parametrize(
    "sampler", [RandomLabelsetOverSampler(sampling_strategy=60), MLRUS(random_state=0)]
)
def test_names_are_those_of_the_real_proteins_behind_a_sampler(train, folder, sampler):
    bunch = read_cafa(folder, "mf", min_proteins=5)
    model = TermModel.load(train(sampler=sampler))
    classifier = model.classifiers["mf"]
    _, positions, labels = classifier.nearest(bunch.X[:40], 1)
    row_of = {name: row for row, name in enumerate(bunch.protein_ids)}
    named = model.record["training_ids"]["mf"]
    for position in positions[:, 0]:
        if position < len(named):
            own = bunch.y[row_of[named[position]]]
            assert labels[[position]].toarray()[0].tolist() == own.tolist()
    page = explain_protein(model, bunch.X[row_of[named[0]]])
    assert named[0] in page.neighbors["protein"].tolist()


def test_a_page_escapes_what_a_browser_or_a_terminal_would_obey(model, tmp_path):
    name = "<script>alert(1)</script>\x1b[31m\n"
    path = tmp_path / "page.html"
    explain_protein(model, np.zeros(8), name).save(path)
    text = path.read_text(encoding="utf-8")
    assert text.count("<script") == 1  # the page's own, which sorts its tables
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[31m\\n" in text
    assert "\x1b" not in text
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]


def test_another_width_or_a_model_without_neighbours_is_refused(model, train):
    with pytest.raises(EmbeddingFileError, match="x has vectors of width 3"):
        explain_protein(model, np.zeros(3))
    with pytest.raises(ValueError, match="kept no training rows"):
        explain_protein(train(n_neighbors=None), np.zeros(8))


def test_a_classifier_without_neighbours_says_so(model, folder):
    bunch = read_cafa(folder, "mf", min_proteins=5)
    alone = GOTermClassifier(max_epochs=1, hidden_layer_sizes=(4,)).fit(bunch.X, bunch.y)
    with pytest.raises(ValueError, match="n_neighbors=None"):
        alone.nearest(bunch.X)
