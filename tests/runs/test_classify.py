"""A model folder: trained on all namespaces, loaded to the same bits, refused where it is mixed."""

import json
import shutil

import h5py
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from typer.testing import CliRunner

from protimb.classification import GOTermClassifier
from protimb.cli import app
from protimb.datasets import read_cafa
from protimb.embeddings import EncoderRecord
from protimb.exceptions import AnnotationError, ArtifactError, EmbeddingFileError
from protimb.over_sampling import CGANSampler, RandomLabelsetOverSampler
from protimb.runs import TermModel, predict_terms, train_classifier

COMPONENTS = ["GO:0000003", "GO:0000004", "GO:0005575"] * 20
TINY = {"min_proteins": 5, "epochs": 2, "n_neighbors": 5}
ENCODER = EncoderRecord("esm2_t6_8M_UR50D, layer 5", {"class": "Own", "params": {}}, {}, 8)
SMALL = {"hidden_layer_sizes": (8,), "device": "cpu"}


@pytest.fixture(scope="module")
def folder(write_cafa, tmp_path_factory):
    return write_cafa(tmp_path_factory.mktemp("data") / "cafa", COMPONENTS)


@pytest.fixture(scope="module")
def train(folder):
    def train(out, **options):
        defaults = {"data": folder, "ontology": "mf,cc", "classifier_params": SMALL, **TINY}
        return train_classifier(out, **defaults | options)

    return train


@pytest.fixture(scope="module")
def saved(train, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "model"
    train(path, encoder=ENCODER)
    return path


@pytest.fixture
def copy(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "copy")


@pytest.fixture(scope="module")
def vectors():
    return np.random.default_rng(0).normal(size=(7, 8)).astype(np.float32)


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_one_folder_holds_all_namespaces_and_predicts_the_same_bits(train, tmp_path, vectors):
    model = train(tmp_path / "model")
    loaded = TermModel.load(tmp_path / "model", device="cpu")
    table = loaded.predict_frame(vectors, list("abcdefg"))
    assert table.columns.tolist() == ["GO:0000001", "GO:0000002", "GO:0000003", "GO:0000004"]
    assert_array_equal(table, model.predict_frame(vectors, list("abcdefg")))
    assert loaded.ontology == model.ontology
    assert {"GO:0003674", "GO:0005575"} == set(loaded.ontology.roots)


def test_the_record_says_what_the_model_belongs_to(saved, folder):
    record = TermModel.load(saved).record
    assert record["ontology_version"] == "toy/2026-01-01"
    assert (record["n_features"], record["encoder"]) == (8, ENCODER.to_dict())
    expected = {n: read_cafa(folder, n, min_proteins=5).fingerprint() for n in ("mf", "cc")}
    assert record["data"] == expected
    assert record["settings"]["epochs"] == 2


def test_without_neighbours_the_network_is_that_of_a_comparison(train, folder, tmp_path):
    bunch = read_cafa(folder, "mf", min_proteins=5)
    expected = GOTermClassifier(
        max_steps=2 * 3,  # 90 proteins in batches of 40
        batch_size=40,
        early_stopping=False,
        ontology=bunch.ontology,
        terms=bunch.terms,
        random_state=3,
        **SMALL,
    ).fit(bunch.X, bunch.y)
    model = train(
        tmp_path / "model",
        n_neighbors=None,
        random_state=3,
        classifier_params=SMALL | {"batch_size": 40},
    )
    found = model.predict_frame(bunch.X, ontology=["mf"])
    assert_array_equal(found, expected.predict_proba(bunch.X))


def test_a_sampler_changes_what_is_learned_and_not_for_how_long(train, saved, tmp_path, vectors):
    sampler = RandomLabelsetOverSampler(sampling_strategy=60)
    model = train(tmp_path / "model", sampler=sampler)
    plain = TermModel.load(saved)
    steps = [one.classifiers["mf"].history_[-1]["n_steps"] for one in (model, plain)]
    assert steps[0] == steps[1]
    assert not np.array_equal(model.predict_frame(vectors), plain.predict_frame(vectors))
    assert model.record["settings"]["sampler"]["params"]["sampling_strategy"] == 60
    assert sampler.get_params()["random_state"] is None  # a copy was seeded


@pytest.mark.filterwarnings("ignore::protimb.exceptions.ProtimbWarning")
def test_a_sampler_that_reads_term_vectors_is_given_those_of_the_ontology(train, tmp_path, vectors):
    sampler = CGANSampler(
        sampling_strategy=20, max_updates=1, condition="term_vectors", quality_filter=None
    )
    model = train(tmp_path / "model", sampler=sampler, ontology="mf")
    assert model.predict_frame(vectors).shape == (7, 2)


def test_predictions_come_back_and_are_written(saved, vectors, tmp_path):
    np.save(tmp_path / "new.npy", vectors)
    np.save(tmp_path / "ids.npy", np.array([f"Q{k}" for k in range(7)]))
    out = tmp_path / "predictions.tsv"
    table = predict_terms(saved, tmp_path / "new.npy", out, protein_ids=tmp_path / "ids.npy")
    expected = TermModel.load(saved).predict_frame(vectors, [f"Q{k}" for k in range(7)])
    pd.testing.assert_frame_equal(table, expected)
    written = pd.read_csv(out, sep="\t", names=["who", "term", "score"])
    for who, term, score in written.itertuples(index=False):
        assert score == pytest.approx(table.loc[who, term], rel=5e-3)
    assert len(written) == (table.to_numpy() >= 0.0009995).sum()


def test_a_folder_of_vectors_is_new_proteins_too(saved, folder, tmp_path, vectors):
    table = predict_terms(saved, folder)
    assert table.index.tolist() == np.load(folder / "train_ids.npy").tolist()
    np.save(tmp_path / "test_embeds.npy", vectors)
    np.save(tmp_path / "test_ids.npy", np.array(list("abcdefg")))
    assert predict_terms(saved, tmp_path, ontology="cc").shape == (7, 2)


def test_vectors_in_memory_need_names(saved, vectors):
    frame = pd.DataFrame(vectors, index=list("abcdefg"))
    by_name = predict_terms(TermModel.load(saved), vectors, protein_ids=list("abcdefg"))
    assert_array_equal(predict_terms(saved, frame), by_name)
    with pytest.raises(EmbeddingFileError, match="need protein_ids"):
        predict_terms(saved, vectors)


def test_vectors_in_memory_take_their_names_from_a_file(saved, vectors, tmp_path):
    np.save(tmp_path / "names.npy", np.array(list("abcdefg")))
    found = predict_terms(saved, vectors, protein_ids=tmp_path / "names.npy")
    assert found.index.tolist() == list("abcdefg")


@pytest.mark.parametrize(
    ("n_rows", "ids", "message"),
    [
        (7, list("abc"), "3 protein_ids for 7 rows"),
        (2, list("abc"), "3 protein_ids for 2 rows"),
        (0, [], "no protein to predict"),
        (2, ["a", None], "1 rows have no protein id, the first is row 1"),
        (2, ["a", float("nan")], "no protein id"),
        (2, [" ", "b"], "the first is row 0"),
        (2, ["a", "a"], "name more than one row"),
    ],
)
def test_each_new_protein_has_one_name_and_one_vector(
    saved, vectors, tmp_path, n_rows, ids, message
):
    with pytest.raises((EmbeddingFileError, AnnotationError), match=message):
        predict_terms(saved, vectors[:n_rows], tmp_path / "p.tsv", protein_ids=ids)
    assert not (tmp_path / "p.tsv").exists()


def test_blocks_of_proteins_do_not_change_a_score(saved, monkeypatch, vectors):
    whole = predict_terms(saved, vectors, protein_ids=list("abcdefg"))
    monkeypatch.setattr("protimb.runs._predict._BLOCK", 3)
    assert_array_equal(predict_terms(saved, vectors, protein_ids=list("abcdefg")), whole)


def test_vectors_of_another_width_are_refused_with_both_widths(saved):
    with pytest.raises(EmbeddingFileError, match=r"width 5, .* width 8, made by esm2_t6"):
        predict_terms(saved, np.zeros((1, 5)), protein_ids=["P1"])


def test_new_proteins_of_another_release_are_refused_with_both(saved, folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / "other")
    obo = other / "go-basic.obo"
    obo.write_text(obo.read_text().replace("toy/2026-01-01", "toy/2027-01-01"))
    with pytest.raises(ArtifactError, match=r"'toy/2027-01-01'.*'toy/2026-01-01'"):
        predict_terms(saved, other)


def test_a_classifier_of_other_data_in_a_model_folder_is_refused(train, copy, tmp_path):
    train(tmp_path / "other", random_state=1)
    shutil.rmtree(copy / "cc")
    shutil.copytree(tmp_path / "other" / "cc", copy / "cc")
    with pytest.raises(ArtifactError, match="cc is not the classifier that was trained with"):
        TermModel.load(copy)


def test_a_classifier_of_another_width_in_a_model_folder_is_refused(copy, folder):
    bunch = read_cafa(folder, "cc", min_proteins=5)
    narrow = GOTermClassifier(
        max_epochs=1, terms=bunch.terms, ontology=bunch.ontology, **SMALL
    ).fit(bunch.X[:, :5], bunch.y)
    narrow.save(copy / "cc")
    with pytest.raises(ArtifactError, match=r"cc .*width of vectors is 5, .* of the model 8"):
        TermModel.load(copy)


def test_a_classifier_without_an_ontology_in_a_model_folder_is_refused(copy, folder):
    bunch = read_cafa(folder, "cc", min_proteins=5)
    GOTermClassifier(max_epochs=1, **SMALL).fit(bunch.X, bunch.y).save(copy / "cc")
    with pytest.raises(ArtifactError, match=r"release of the ontology is None"):
        TermModel.load(copy)


def test_a_missing_namespace_is_an_error_that_names_it(copy, vectors):
    with pytest.raises(ValueError, match=r"has mf, cc; got \('bp',\)"):
        predict_terms(copy, vectors, protein_ids=list("abcdefg"), ontology="bp")
    shutil.rmtree(copy / "mf")
    with pytest.raises(ArtifactError, match="mf is not a folder"):
        TermModel.load(copy)


def test_a_manifest_that_leads_out_of_its_folder_is_refused(copy):
    # Case 71.
    path = copy / "manifest.json"
    record = json.loads(path.read_text())
    record["content"]["parts"] = {"../mf": "0"}
    path.write_text(json.dumps(record))
    with pytest.raises(ArtifactError, match="no namespaces"):
        TermModel.load(copy)


def test_a_classifier_alone_is_no_model(saved):
    with pytest.raises(ArtifactError, match="holds no TermModel but 'GOTermClassifier'"):
        TermModel.load(saved / "mf")


def test_data_in_memory_have_one_namespace(folder, tmp_path):
    bunch = read_cafa(folder, "cc", min_proteins=5)
    with pytest.raises(ValueError, match="one namespace"):
        train_classifier(tmp_path / "m", bunch, classifier_params=SMALL, **TINY)
    with pytest.raises(ValueError, match=r"cellular_component.*'mf' was asked for"):
        train_classifier(tmp_path / "m", bunch, "mf", classifier_params=SMALL, **TINY)
    model = train_classifier(tmp_path / "m", bunch, "cc", classifier_params=SMALL, **TINY)
    assert list(model.classifiers) == ["cc"]


@pytest.mark.parametrize("names", ["xx", "mf,mf", ()])
def test_unknown_namespaces_are_refused_before_anything_is_read(tmp_path, names):
    with pytest.raises(ValueError, match="ontology names some of mf, bp, cc"):
        train_classifier(tmp_path / "m", "missing", names)


def test_a_folder_that_holds_something_is_not_touched(train, tmp_path):
    (tmp_path / "note").write_text("mine")
    with pytest.raises(FileExistsError):
        train(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["note"]


def test_an_interrupted_save_leaves_nothing(train, tmp_path, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("protimb.runs._model.write_folder", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_ids_that_a_file_cannot_hold_are_refused_before_predicting(saved, vectors, tmp_path):
    ids = ["P\t1", *"bcdefg"]
    with pytest.raises(AnnotationError, match="control characters"):
        predict_terms(saved, vectors, tmp_path / "p.tsv", protein_ids=ids)


def test_words_train_and_predict(folder, tmp_path):
    model, out = tmp_path / "model", tmp_path / "p.csv"
    quick = ["--min-proteins", 5, "--epochs", 1, "--verbose", 0]
    resampled = ["--sampler", "ros", "--sampling-strategy", 30, "--param", "min_members=2"]
    done = invoke("train", folder, "--out", model, "--ontology", "mf,cc", *quick, *resampled)
    assert done.exit_code == 0, done.output
    assert "mf: 2 terms, 90 proteins" in done.stdout
    sampler = TermModel.load(model).record["settings"]["sampler"]
    assert sampler["class"] == "RandomLabelsetOverSampler"
    assert (sampler["params"]["sampling_strategy"], sampler["params"]["min_members"]) == (30, 2)
    done = invoke("predict", model, folder, "--out", out, "--ontology", "cc", "--verbose", 0)
    assert done.exit_code == 0, done.output
    table = pd.read_csv(out)
    assert set(table["name"]) == {"toy membrane", "inner toy membrane"}
    assert table["EntryID"].nunique() == 90


def test_training_and_predicting_show_progress(folder, tmp_path):
    quick = ["--min-proteins", 5, "--epochs", 1, "--ontology", "cc"]
    done = invoke("train", folder, "--out", tmp_path / "model", *quick)
    assert "classifier" in done.stderr
    done = invoke("predict", tmp_path / "model", folder, "--out", tmp_path / "p.tsv")
    assert "predict" in done.stderr


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (["train", "--out", "m", "--sampler", "rose"], "smote"),
        (["train", "--out", "m", "--sampler", "ros", "--param", "min_members=-1"], "min_members"),
        (["train", "--out", "m", "--sampler", "ros", "--param", "epochs=3"], "min_members"),
        (["train", "--out", "m", "--param", "x=3"], "no sampler"),
        (["train", "--out", "m", "--ontology", "xx"], "bp"),
        (["predict", "m", "new.npy", "--out", "p.tsv"], "m is not a folder"),
        (["predict", "m", "new.npy", "--out", "p.tsv", "--ontology", "xx"], "bp"),
    ],
)
def test_what_is_not_known_is_one_answer_and_code_two(words, known, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = invoke(*words)
    assert done.exit_code == 2
    assert known in done.stderr
    assert "Traceback" not in done.output


def test_vectors_without_ids_are_told_how_to_name_them(saved, vectors, tmp_path):
    np.save(tmp_path / "new.npy", vectors)
    done = invoke("predict", saved, tmp_path / "new.npy", "--out", tmp_path / "p.tsv")
    assert done.exit_code == 2
    assert "--ids" in done.stderr


def test_new_proteins_of_a_folder_come_in_any_format_and_before_its_training(
    saved, folder, tmp_path, vectors
):
    shutil.copy(folder / "train_embeds.npy", tmp_path)
    shutil.copy(folder / "train_ids.npy", tmp_path)
    with h5py.File(tmp_path / "test_embeddings.h5", "w") as file:
        file.update(zip("abcdefg", vectors, strict=True))
    expected = predict_terms(saved, vectors, protein_ids=list("abcdefg"))
    assert_frame_equal(predict_terms(saved, tmp_path), expected)
    (tmp_path / "test_embeddings.h5").unlink()
    table = pd.DataFrame(vectors, index=pd.Index(list("abcdefg"), name="EntryID"))
    table.to_csv(tmp_path / "test_embeds.csv")
    found = predict_terms(saved, tmp_path)
    assert found.index.tolist() == list("abcdefg")
    assert_allclose(found, expected, atol=1e-6)


def test_ids_are_found_beside_new_vectors_under_each_name(saved, tmp_path, vectors):
    expected = predict_terms(saved, vectors, protein_ids=list("abcdefg"))
    for name, ids in {"new": "new_ids", "train_embeddings": "train_ids"}.items():
        np.save(tmp_path / f"{name}.npy", vectors)
        np.save(tmp_path / f"{ids}.npy", np.array(list("abcdefg")))
        found = predict_terms(saved, tmp_path / f"{name}.npy")
        assert found.index.tolist() == list("abcdefg")
        assert_array_equal(found, expected)


def test_a_folder_without_new_proteins_says_what_it_may_hold(saved, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"test_embeds, .* with .*\.h5, .*behind"):
        predict_terms(saved, tmp_path)
