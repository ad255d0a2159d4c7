"""From sequences to predictions: the model's own encoder, block after block, whole or not."""

import shutil

import numpy as np
import pandas as pd
import pytest
from command import invoke
from encoders import save_esm
from numpy.testing import assert_allclose, assert_array_equal

from protimb.datasets import ProteinData, read_cafa
from protimb.embeddings import (
    EncoderRecord,
    KmerEncoder,
    TransformersEncoder,
    embed_fasta,
)
from protimb.exceptions import (
    AnnotationError,
    ArtifactError,
    EmbeddingFileError,
    EncoderError,
    FastaError,
)
from protimb.runs import TermModel, predict_terms, train_classifier

COMPONENTS = ["GO:0000003", "GO:0000004", "GO:0005575"] * 20
TINY = {"min_proteins": 5, "epochs": 1, "n_neighbors": 5}
SMALL = {"hidden_layer_sizes": (8,), "device": "cpu"}
NEW = {"N1": "MKVLAWGHPC", "N2": "M", "N3": "GAVLIGAVLI" * 3}


def sequence(number):
    rng = np.random.RandomState(number)
    return "".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), size=20))


def write_fasta(path, sequences):
    path.write_text("".join(f">{name}\n{residues}\n" for name, residues in sequences.items()))
    return path


@pytest.fixture(scope="module")
def folder(write_cafa, tmp_path_factory):
    """A CAFA folder whose vectors are shares of residues, with a record of that."""
    folder = write_cafa(tmp_path_factory.mktemp("data") / "cafa", COMPONENTS)
    ids = np.load(folder / "train_ids.npy")
    sequences = {str(one): sequence(number) for number, one in enumerate(ids)}
    fasta = write_fasta(folder / "train_sequences.fasta", sequences)
    embed_fasta(fasta, "kmer-1", folder / "train_embeds.npy")
    return folder


@pytest.fixture(scope="module")
def train(folder):
    def train(out, **options):
        defaults = {"data": folder, "ontology": "mf,cc", "classifier_params": SMALL, **TINY}
        return train_classifier(out, **defaults | options)

    return train


@pytest.fixture(scope="module")
def saved(train, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "model"
    train(path)
    return path


@pytest.fixture
def fasta(tmp_path):
    return write_fasta(tmp_path / "new.fasta", NEW)


def test_a_model_takes_up_the_record_beside_its_vectors_and_embeds_likewise(saved, fasta):
    model = TermModel.load(saved)
    assert model.encoder == EncoderRecord.of(KmerEncoder(1))
    found = predict_terms(saved, fasta)
    X = KmerEncoder(1).fit_transform(list(NEW.values()))
    pd.testing.assert_frame_equal(found, model.predict_frame(X, list(NEW)))


def test_an_h5_file_of_another_encoder_is_refused_by_its_record(saved, fasta, tmp_path):
    embed_fasta(fasta, KmerEncoder(1, norm="l2"), tmp_path / "other.npy")
    with pytest.raises(EmbeddingFileError, match=r"other\.npy has vectors .*norm is l2, not l1"):
        predict_terms(saved, tmp_path / "other.npy", protein_ids=tmp_path / "other_ids.npy")
    embed_fasta(fasta, "kmer-1", tmp_path / "same.npy")
    same = predict_terms(saved, tmp_path / "same.npy", protein_ids=tmp_path / "same_ids.npy")
    pd.testing.assert_frame_equal(same, predict_terms(saved, fasta))


def test_a_file_that_is_neither_fasta_nor_vectors_is_told_what_may_be_given(saved, fasta):
    renamed = fasta.rename(fasta.with_suffix(".txt"))
    with pytest.raises(
        EmbeddingFileError, match=r"come as FASTA \(\.fasta, .*\.npy.*not as '\.txt'"
    ):
        predict_terms(saved, renamed)


def test_a_folder_of_another_encoder_is_refused_by_its_record(saved, folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / "other")
    record = EncoderRecord.of(KmerEncoder(1, norm="l2"))
    record.write(other / "train_encoder.json")
    with pytest.raises(EmbeddingFileError, match="norm is l2, not l1"):
        predict_terms(saved, other)


def test_blocks_are_written_without_a_frame(saved, tmp_path, monkeypatch):
    sequences = {f"N{number}": sequence(number) for number in range(11)}
    fasta = write_fasta(tmp_path / "new.fa", sequences)
    for suffix in (".tsv", ".csv"):
        whole, blocks = tmp_path / f"whole{suffix}", tmp_path / f"blocks{suffix}"
        frame = predict_terms(saved, fasta, whole)
        with monkeypatch.context() as patch:
            patch.setattr("protimb.runs._predict._BLOCK", 3)
            counts = predict_terms(saved, fasta, blocks, return_frame=False)
        assert blocks.read_bytes() == whole.read_bytes()
        n_lines = len(whole.read_text().splitlines()) - (suffix == ".csv")
        assert counts == {"n_proteins": 11, "n_terms": frame.shape[1], "n_lines": n_lines}


def test_no_more_than_a_block_of_proteins_is_predicted_at_once(saved, tmp_path, monkeypatch):
    fasta = write_fasta(tmp_path / "new.fa", {f"N{n}": sequence(n) for n in range(11)})
    sizes, predict = [], TermModel.predict_frame

    def spy(self, X, *args, **options):
        sizes.append(len(X))
        return predict(self, X, *args, **options)

    monkeypatch.setattr(TermModel, "predict_frame", spy)
    monkeypatch.setattr("protimb.runs._predict._BLOCK", 4)
    predict_terms(saved, fasta, tmp_path / "p.tsv", return_frame=False)
    assert sizes == [4, 4, 3]


def test_a_file_appears_whole_or_not_at_all(saved, tmp_path, monkeypatch):
    """The third block fails: the file of before is there, and no draft."""
    out = tmp_path / "p.tsv"
    out.write_text("before")
    fasta = write_fasta(tmp_path / "new.fa", {f"N{n}": sequence(n) for n in range(11)})
    monkeypatch.setattr("protimb.runs._predict._BLOCK", 4)
    transform = KmerEncoder.transform

    def interrupted(self, sequences):
        if "N8" in sequences:
            raise KeyboardInterrupt
        return transform(self, sequences)

    monkeypatch.setattr(KmerEncoder, "transform", interrupted)
    with pytest.raises(KeyboardInterrupt):
        predict_terms(saved, fasta, out, return_frame=False)
    assert out.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.fa", "p.tsv"]


def test_keeping_nothing_is_refused(saved, fasta):
    with pytest.raises(ValueError, match="name the file to write"):
        predict_terms(saved, fasta, return_frame=False)


def test_ancestors_never_score_below_descendants_in_the_file(saved, tmp_path):
    fasta = write_fasta(tmp_path / "new.fa", {f"N{n}": sequence(n) for n in range(30)})
    predict_terms(saved, fasta, tmp_path / "p.tsv", return_frame=False)
    table = pd.read_csv(tmp_path / "p.tsv", sep="\t", names=["who", "term", "score"], dtype=str)
    assert (table["score"].str.replace(r"^0\.0*|\.", "", regex=True).str.len() <= 3).all()
    score = table.set_index(["who", "term"])["score"].astype(float).unstack()
    assert ((score > 0) & (score <= 1) | score.isna()).all(axis=None)
    for parent, child in (("GO:0000001", "GO:0000002"), ("GO:0000003", "GO:0000004")):
        assert (score[parent].fillna(0) >= score[child].fillna(0)).all()


def test_long_short_and_odd_proteins_are_predicted(saved, tmp_path):
    """Cases of one residue, of 40,000, and of ids that a page or a path could trip over."""
    odd = {"a/b": "MK", "..": "W", "<script>": "MKV", "'|id": "G", "LONG": "MKVLAW" * 6667}
    fasta = write_fasta(tmp_path / "new.fasta", odd)
    found = predict_terms(saved, fasta, tmp_path / "p.csv")
    assert found.index.tolist() == list(odd)
    assert found.notna().all(axis=None)
    assert pd.read_csv(tmp_path / "p.csv")["EntryID"].unique().tolist() == list(odd)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.fasta", "p.csv"]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (">N1\n>N2\nMKV\n", FastaError, "'N1'"),
        (">N1\n*\n", FastaError, "'N1'"),
        (">N1\nMK1\n", FastaError, "'N1'"),
        (">N1\x1b[31m\nMKV\n", AnnotationError, "control characters"),
        ("MKV\n", FastaError, "line 1"),
        ("", FastaError, "empty"),
    ],
)
def test_what_cannot_be_embedded_or_named_is_refused(saved, tmp_path, text, error, message):
    (tmp_path / "new.fasta").write_text(text)
    with pytest.raises(error, match=message):
        predict_terms(saved, tmp_path / "new.fasta", tmp_path / "p.tsv")
    assert not (tmp_path / "p.tsv").exists()


def test_a_tab_ends_an_id_as_a_blank_does(saved, tmp_path):
    (tmp_path / "new.fasta").write_text(">N1\tpart 2\nMKV\n>N2 part\nMKV\n")
    assert predict_terms(saved, tmp_path / "new.fasta").index.tolist() == ["N1", "N2"]


def test_a_model_that_does_not_know_its_encoder_says_what_to_do(folder, fasta, tmp_path):
    bare = shutil.copytree(folder, tmp_path / "bare")
    (bare / "train_encoder.json").unlink()
    model = train_classifier(tmp_path / "m", bare, "cc", classifier_params=SMALL, **TINY)
    assert model.encoder is None
    with pytest.raises(EncoderError, match="does not know which encoder"):
        predict_terms(model, fasta)
    named = {"encoder": "kmer-1", "classifier_params": SMALL, **TINY}
    told = train_classifier(tmp_path / "told", bare, "cc", **named)
    assert told.encoder == EncoderRecord.of(KmerEncoder(1))


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        ("kmer-2", "k is 2, not 1"),
        (KmerEncoder(1, norm=None), "norm is None, not l1"),
        (EncoderRecord.of(KmerEncoder(1, alphabet="murphy10")), "alphabet is murphy10, not full"),
    ],
)
def test_an_encoder_that_contradicts_the_record_of_the_data_is_refused(
    train, tmp_path, encoder, message
):
    with pytest.raises(EmbeddingFileError, match=message):
        train(tmp_path / "model", encoder=encoder)
    assert not (tmp_path / "model").exists()


def test_an_encoder_that_does_not_make_the_vectors_is_refused(folder, tmp_path):
    """Of data without a record, a protein's vector is made again and compared."""
    bare = shutil.copytree(folder, tmp_path / "bare")
    (bare / "train_encoder.json").unlink()
    options = {"ontology": "cc", "classifier_params": SMALL, **TINY}
    with pytest.raises(EmbeddingFileError, match=r"'P0\d+' is off by \d+% of its length"):
        train_classifier(tmp_path / "m", bare, encoder=KmerEncoder(1, norm="l2"), **options)
    with pytest.raises(EmbeddingFileError, match="have width 20, and KmerEncoder"):
        train_classifier(tmp_path / "m", bare, encoder="kmer-2", **options)
    half = np.load(bare / "train_embeds.npy").astype(np.float16)
    np.save(bare / "train_embeds.npy", half)
    assert train_classifier(tmp_path / "m", bare, encoder="kmer-1", **options).encoder


def test_a_moved_encoder_is_found_where_it_is_said_to_be(folder, tmp_path):
    data = shutil.copytree(folder, tmp_path / "data")
    weights = save_esm(tmp_path / "esm")
    encoder = TransformersEncoder(weights, layer=1, device="cpu")
    embed_fasta(data / "train_sequences.fasta", encoder, data / "train_embeds.npy")
    model = tmp_path / "model"
    train_classifier(model, data, "cc", classifier_params=SMALL, **TINY)
    fasta = write_fasta(tmp_path / "new.fasta", NEW)
    expected = predict_terms(model, fasta, device="cpu")
    moved = shutil.move(weights, tmp_path / "moved")
    with pytest.raises(EncoderError, match=r"whose weights are not found.*--encoder FOLDER"):
        predict_terms(model, fasta, device="cpu")
    with pytest.raises(EncoderError, match="esm cannot be loaded"):
        predict_terms(model, fasta)
    found = predict_terms(model, fasta, encoder=moved, device="cpu", cache=tmp_path / "cache")
    assert_allclose(found, expected, atol=1e-6)
    assert any((tmp_path / "cache").iterdir())
    other = save_esm(tmp_path / "other", seed=1)
    with pytest.raises(EmbeddingFileError, match=r"weights is \w{16}, not \w{16}"):
        predict_terms(model, fasta, encoder=str(other))
    done = invoke("predict", model, fasta, "--out", tmp_path / "p.tsv", "--encoder", other)
    assert done.exit_code == 2
    assert "weights is" in done.stderr


def test_a_damaged_record_in_a_model_is_refused(train, tmp_path):
    model = train(tmp_path / "model", ontology="cc")
    model.record["encoder"] = {"name": "x"}
    shutil.rmtree(tmp_path / "model")
    model.save(tmp_path / "model")
    with pytest.raises(ArtifactError, match="no record of an encoder"):
        TermModel.load(tmp_path / "model")


def test_proteins_that_are_left_out_teach_nothing(folder, train, tmp_path):
    bunch = read_cafa(folder, "mf", min_proteins=5)
    ids = tmp_path / "ids.txt"
    ids.write_text("\n".join(bunch.protein_ids[:30]) + "\n")
    model = train(tmp_path / "model", ontology="mf", leave_out=ids)
    rest = bunch.take(np.arange(30, 90))
    expected = train(tmp_path / "rest", data=rest, ontology="mf", encoder=KmerEncoder(1))
    assert_array_equal(model.predict_frame(bunch.X), expected.predict_frame(bunch.X))
    assert model.record["training_ids"]["mf"] == rest.protein_ids.tolist()
    assert model.record["settings"]["n_left_out"] == 30
    assert model.record["data"]["mf"]["n_proteins"] == 60


@pytest.mark.parametrize(
    ("leave_out", "message"),
    [(["Q1"], "none of the 90"), ([], "none of the 90"), ("all", "all of the 90")],
)
def test_leaving_out_none_or_all_is_refused(folder, train, tmp_path, leave_out, message):
    ids = np.load(folder / "train_ids.npy") if leave_out == "all" else leave_out
    with pytest.raises(ValueError, match=message):
        train(tmp_path / "model", ontology="mf", leave_out=ids)


def test_words_go_from_sequences_to_predictions(folder, fasta, tmp_path):
    model, out = tmp_path / "model", tmp_path / "p.tsv"
    quick = ["--min-proteins", 5, "--epochs", 1, "--verbose", 0, "--ontology", "cc"]
    done = invoke("train", folder, "--out", model, *quick, "--encoder", "kmer-1")
    assert done.exit_code == 0, done.output
    done = invoke("predict", model, fasta, "--out", out)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"3 proteins, 2 terms; written to {out}\n"
    assert "3/3" in done.stderr
    assert set(pd.read_csv(out, sep="\t", header=None)[0]) == set(NEW)


def test_data_in_memory_are_checked_against_their_sequences(folder, tmp_path):
    bunch = read_cafa(folder, "cc", min_proteins=5)
    data = ProteinData(**bunch | {"sequences": {str(bunch.protein_ids[3]): "WWWW"}})
    with pytest.raises(EmbeddingFileError, match=f"'{bunch.protein_ids[3]}' is off"):
        train_classifier(tmp_path / "m", data, "cc", encoder="kmer-1", **TINY)
