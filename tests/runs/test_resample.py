"""An enlarged folder holds the real proteins as they were, and generated ones that are marked."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from protimb.datasets import read_cafa, read_fasta
from protimb.embeddings import EncoderRecord
from protimb.exceptions import (
    AnnotationError,
    ArtifactError,
    EmbeddingFileError,
)
from protimb.runs import resample, resume_training
from protimb.runs._config import Settings

# Few epochs of tiny networks: their rows do hardly differ.
pytestmark = [
    pytest.mark.usefixtures("blank_figures"),
    pytest.mark.filterwarnings("ignore::protimb.exceptions.ModeCollapseWarning"),
]


@pytest.fixture(scope="session")
def enlarged(run, tmp_path_factory):
    out = tmp_path_factory.mktemp("enlarged") / "cafa"
    resample(run.folder, out)
    return out


def test_real_proteins_are_unchanged_and_generated_ones_follow_their_labels(cafa, enlarged, run):
    before, after = (read_cafa(folder, "mf", min_proteins=5) for folder in (cafa, enlarged))
    is_new = np.char.startswith(after.protein_ids, "synthetic_mf_")
    np.testing.assert_array_equal(after.protein_ids[~is_new], before.protein_ids)
    np.testing.assert_array_equal(after.X[~is_new], before.X)
    np.testing.assert_array_equal(after.y[~is_new], before.y)
    np.testing.assert_array_equal(after.terms, before.terms)
    np.testing.assert_array_equal(after.protein_ids[is_new], run.generated.ids)
    np.testing.assert_array_equal(after.X[is_new], run.generated.X)
    np.testing.assert_array_equal(after.y[is_new], run.generated.y.toarray())
    assert (after.y.sum(axis=0) >= 30).all()


def test_generated_annotations_are_written_in_the_vocabulary_of_the_source(cafa, train, tmp_path):
    source = tmp_path / "letters"
    shutil.copytree(cafa, source)
    path = next(source.glob("train_terms.tsv*"))
    table = pd.read_csv(path, sep="\t")
    table["aspect"] = table["aspect"].map({"MFO": "F", "BPO": "P", "CCO": "C"})
    table.to_csv(path, sep="\t", index=False)
    letters = train(tmp_path / "run", data=source)
    resample(letters.folder, tmp_path / "big")
    after = pd.read_csv(tmp_path / "big" / "train_terms.tsv", sep="\t")
    assert len(after) > len(table)
    assert set(after["aspect"]) == set(table["aspect"])
    is_new = after["EntryID"].str.startswith("synthetic_mf_")
    assert set(after["aspect"][is_new]) == {"F"}


def test_other_ontologies_are_as_they_were(cafa, enlarged):
    before, after = (read_cafa(folder, "cc", min_proteins=5) for folder in (cafa, enlarged))
    np.testing.assert_array_equal(after.protein_ids, before.protein_ids)
    np.testing.assert_array_equal(after.y, before.y)


def test_a_generated_protein_shares_the_cluster_of_its_model(enlarged, run):
    after = read_cafa(enlarged, "mf", min_proteins=5)
    group_of = dict(zip(after.protein_ids, after.groups, strict=True))
    models = run.generated.provenance().set_index("EntryID")["conditioned_on"]
    assert all(group_of[new] == group_of[model] for new, model in models.items())


def test_sequences_are_those_of_real_proteins_only(cafa, enlarged):
    sequences = read_fasta(enlarged / "train_sequences.fasta")
    assert sequences == read_fasta(cafa / "train_sequences.fasta")


def test_provenance_is_written_down(enlarged, run):
    table = pd.read_csv(enlarged / "provenance.tsv", sep="\t")
    pd.testing.assert_frame_equal(table, run.generated.provenance(), check_dtype=False)
    assert "hold out test proteins before" in (enlarged / "DESCR.md").read_text()


def test_an_enlarged_folder_can_be_trained_on_and_enlarged_again(enlarged, train, params, tmp_path):
    second = train(tmp_path / "run", data=enlarged, hold_out=0.0)
    assert not len(second.generated.ids)  # every term has its 30 rows by now
    more = params | {"sampling_strategy": 60}
    third = train(tmp_path / "other", data=enlarged, hold_out=0.0, sampler_params=more)
    ids = resample(third.folder, tmp_path / "more").ids
    assert not set(ids) & set(read_cafa(enlarged, "mf", min_proteins=5).protein_ids)


def test_names_that_are_taken_are_refused_and_nothing_is_left(run, enlarged, tmp_path):
    other = tmp_path / "run"
    shutil.copytree(run.folder, other)
    config = json.loads((other / "config.json").read_text())
    config["settings"]["data"] = str(enlarged)
    config["data"] = read_cafa(enlarged, "mf", min_proteins=5).fingerprint()
    (other / "config.json").write_text(json.dumps(config))
    with pytest.raises(AnnotationError, match="already has proteins named synthetic_mf_000001"):
        resample(other, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_existing_folder_is_not_written_into(run, cafa):
    with pytest.raises(FileExistsError, match="not an empty folder"):
        resample(run.folder, cafa)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("sampler", [], "settings.sampler is"),
        ("seed", True, "settings.seed is True"),
        ("seed", 10**400, "settings.seed is 1000"),
        ("hold_out", 2, "settings.hold_out is 2"),
        ("ontology", "xx", "settings.ontology is 'xx'"),
        ("data", None, "settings.data is None"),
        ("term_vectors", 3, "settings.term_vectors is 3"),
    ],
)
def test_a_setting_that_is_none_is_named(tmp_path, name, value, message):
    config = {"settings": {"data": "human_go", name: value}, "data": {}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ArtifactError, match=rf"config\.json is damaged \(.*{message}"):
        resample(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("sampler", [{"n_latent": "many"}, {"n_layers": 3}])
def test_parameters_of_a_sampler_are_looked_at_where_it_goes_on_to_be_trained(tmp_path, sampler):
    config = {"settings": {"data": "human_go", "sampler": sampler}, "data": {}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ArtifactError, match=rf"config\.json is damaged \(.*{min(sampler)}"):
        resume_training(tmp_path)


def test_rows_that_are_there_are_written_without_a_sampler(run, tmp_path, monkeypatch):
    monkeypatch.setattr(Settings, "build_sampler", None)  # it would load torch
    assert len(resample(run.folder, tmp_path / "out").ids) == len(run.generated.ids)


def test_a_config_that_is_a_link_is_not_followed(run, tmp_path):
    (tmp_path / "config.json").symlink_to(run.folder / "config.json")
    with pytest.raises(ArtifactError, match="symbolic link"):
        resample(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("content", [None, "{", "[]", '{"settings": {"dta": 1}}'])
def test_a_folder_without_a_whole_config_is_no_run(tmp_path, content):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(ArtifactError, match=r"config\.json"):
        resample(tmp_path, tmp_path / "out")


def test_another_strategy_generates_anew_from_the_saved_sampler(run, tmp_path):
    more = resample(run.folder, tmp_path / "out", sampling_strategy=50)
    carries_rare = more.y.toarray()[:, 1].astype(bool)
    assert carries_rare.sum() > run.generated.y.toarray()[:, 1].sum()
    bunch = read_cafa(tmp_path / "out", "mf", min_proteins=5)
    assert (bunch.y.sum(axis=0) >= 50).all()


def test_the_saved_sampler_generates_what_the_trained_one_did(run, tmp_path):
    again = resample(run.folder, tmp_path / "same", random_state=0)
    np.testing.assert_array_equal(again.X, run.generated.X)
    other = resample(run.folder, tmp_path / "other", random_state=1)
    assert not np.array_equal(other.X, run.generated.X)


def test_other_data_are_enlarged_with_the_terms_of_the_run(run, other_cafa, tmp_path):
    generated = resample(run.folder, tmp_path / "out", data=other_cafa)
    before, after = (
        read_cafa(folder, "mf", min_proteins=5) for folder in (other_cafa, tmp_path / "out")
    )
    is_new = np.isin(after.protein_ids, generated.ids)
    np.testing.assert_array_equal(after.X[~is_new], before.X)
    assert generated.terms.tolist() == run.generated.terms.tolist()
    assert (after.y.sum(axis=0) >= 30).all()


def test_data_of_another_embedding_are_refused(run, cafa, tmp_path):
    wide = tmp_path / "wide"
    shutil.copytree(cafa, wide)
    np.save(wide / "train_embeds.npy", np.ones((90, 9), dtype=np.float32))
    with pytest.raises(EmbeddingFileError, match=r"width 9, and .* was trained on width 8"):
        resample(run.folder, tmp_path / "out", data=wide)


def test_a_run_that_was_moved_finds_its_data(train, cafa, tmp_path, monkeypatch):
    """Trained by a relative path in one folder, moved, and enlarged from another."""
    (tmp_path / "here").mkdir()
    shutil.copytree(cafa, tmp_path / "here" / "data")
    monkeypatch.chdir(tmp_path / "here")
    train("run", data="data")
    (tmp_path / "there").mkdir()
    shutil.move("run", tmp_path / "there" / "moved")
    monkeypatch.chdir(tmp_path / "there")
    resample("moved", "enlarged")
    assert (tmp_path / "there" / "enlarged" / "provenance.tsv").is_file()
    config = json.loads((tmp_path / "there" / "moved" / "config.json").read_text())
    assert config["settings"]["data"] == str(tmp_path / "here" / "data")
    shutil.move(tmp_path / "here" / "data", tmp_path / "there" / "moved" / "data")
    config["settings"]["data"] = "data"  # now inside the folder, and named from there
    (tmp_path / "there" / "moved" / "config.json").write_text(json.dumps(config))
    monkeypatch.chdir(tmp_path)
    again = resample("there/moved", "enlarged", random_state=0)
    assert len(again.ids)


def test_an_enlarged_folder_keeps_the_record_of_the_encoder(run, cafa, tmp_path):
    other = shutil.copytree(cafa, tmp_path / "data")
    record = EncoderRecord("toy", {"class": "Own", "params": {}}, {"weights": "0"}, 8)
    record.write(other / "train_encoder.json")
    resample(run.folder, tmp_path / "out", data=other)
    assert EncoderRecord.read(tmp_path / "out" / "train_embeddings.npy") == record


def test_data_of_which_one_number_changed_are_refused_without_a_word_asked(cafa, train, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(cafa, source)
    run = train(tmp_path / "run", data=source)
    X = np.load(source / "train_embeds.npy")
    X[3, 2] += 1e-6
    np.save(source / "train_embeds.npy", X)
    with pytest.raises(ArtifactError, match=r"is no longer what .* was trained on"):
        resample(run.folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()
