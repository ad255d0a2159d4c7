"""From a FASTA file to files that other tools read, whole or not at all."""

import sys

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from protimb.cli import app
from protimb.datasets import read_embeddings
from protimb.embeddings import (
    ConcatEncoder,
    KmerEncoder,
    UniRepEncoder,
    embed_fasta,
    make_encoder,
)
from protimb.embeddings._mlstm import MLSTM
from protimb.exceptions import ArtifactWriteError, FastaError, MissingExtraError
from protimb.utils import _new_folder

FASTA = ">sp|P12345|X_HUMAN toy\nMKVLAW\n>B2\nghpc*\n>C3\nMKVLAW\n"
EXPECTED = KmerEncoder(k=1).fit_transform(["MKVLAW", "GHPC", "MKVLAW"])
IDS = ["P12345", "B2", "C3"]


@pytest.fixture
def fasta(tmp_path):
    path = tmp_path / "toy.fasta"
    path.write_text(FASTA)
    return path


def write(path, ids):
    path.write_text("".join(f">{one}\nMKV\n" for one in ids))
    return path


def read_h5(path):
    with h5py.File(path) as file:
        return {
            name: (np.asarray(dataset), dataset.attrs["original_id"])
            for name, dataset in file.items()
        }


def test_a_matrix_and_its_ids_are_read_back_by_id(fasta, tmp_path):
    X, ids = embed_fasta(fasta, "kmer-1", tmp_path / "x.npy")
    np.testing.assert_array_equal(X, EXPECTED)
    assert ids.tolist() == IDS
    found, _ = read_embeddings(tmp_path / "x.npy", tmp_path / "x_ids.npy", select=["C3", "B2"])
    np.testing.assert_array_equal(found, EXPECTED[[2, 1]])


def test_a_matrix_named_as_in_a_cafa_folder_gets_ids_named_so(fasta, tmp_path):
    embed_fasta(fasta, "kmer-1", tmp_path / "train_embeds.npy", dtype="float16")
    assert np.load(tmp_path / "train_embeds.npy").dtype == np.float16
    assert np.load(tmp_path / "train_ids.npy").tolist() == IDS


def test_an_h5_file_holds_one_dataset_a_protein(fasta, tmp_path):
    embed_fasta(fasta, "kmer-1", tmp_path / "x.h5", dtype="float16")
    found = read_h5(tmp_path / "x.h5")
    assert sorted(found) == sorted(IDS)
    vector, original = found["B2"]
    assert (vector.dtype, original) == (np.float16, "B2")
    np.testing.assert_allclose(vector, EXPECTED[1], rtol=1e-3)


@pytest.mark.parametrize("odd", ["../../etc/passwd", "a/b", "..", ".", "/abs", "<b>alert(1)</b>"])
def test_an_id_that_would_be_a_path_is_kept_as_an_attribute(tmp_path, odd):
    ids = ["P1", odd, "1"]
    embed_fasta(write(tmp_path / "odd.fasta", ids), "kmer-1", tmp_path / "x.h5")
    found = read_h5(tmp_path / "x.h5")
    assert [original for _, original in found.values()] == ids
    assert list(found) == ["0", "1", "2"]  # no group among them


@pytest.mark.parametrize("odd", ["\x1b[31mred", "<img>", "é", "a|b;c"])
def test_other_odd_ids_are_names_like_any(tmp_path, odd):
    embed_fasta(write(tmp_path / "odd.fasta", ["P1", odd]), "kmer-1", tmp_path / "x.h5")
    embed_fasta(tmp_path / "odd.fasta", "kmer-1", tmp_path / "x.npy")
    assert sorted(read_h5(tmp_path / "x.h5")) == sorted(["P1", odd])
    assert np.load(tmp_path / "x_ids.npy").tolist() == ["P1", odd]


@pytest.mark.parametrize("name", ["x.h5", "x.npy"])
def test_a_write_that_fails_leaves_the_old_file(fasta, tmp_path, monkeypatch, name):
    """Case 68."""
    embed_fasta(fasta, "kmer-1", tmp_path / name)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_new_folder.os, "replace", full)
    with pytest.raises(ArtifactWriteError, match="No space left"):
        embed_fasta(fasta, "kmer-2", tmp_path / name)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_run_that_was_killed_goes_on_and_leaves_no_cache(fasta, models, tmp_path, monkeypatch):
    seen = []
    pool = MLSTM.pool

    def interrupted(self, pieces):
        if seen:
            raise KeyboardInterrupt
        seen.extend(piece.residues for piece in pieces)
        return pool(self, pieces)

    def encoder(name, *, cache, **options):
        return UniRepEncoder(weights=models["unirep"], cache=cache, batch_tokens=1)

    monkeypatch.setattr("protimb.embeddings._fasta.make_encoder", encoder)
    with monkeypatch.context() as patch:
        patch.setattr(MLSTM, "pool", interrupted)
        with pytest.raises(KeyboardInterrupt):
            embed_fasta(fasta, "unirep", tmp_path / "x.npy")
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [".x.npy.partial"]
    pieces = []
    monkeypatch.setattr(MLSTM, "pool", lambda self, one: pieces.extend(one) or pool(self, one))
    embed_fasta(fasta, "unirep", tmp_path / "x.npy")
    assert [piece.residues for piece in pieces] == ["GHPC"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "toy.fasta",
        "x.npy",
        "x_encoder.json",
        "x_ids.npy",
    ]


def test_what_cannot_be_written_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    missing = tmp_path / "none.fasta"
    with pytest.raises(ValueError, match=r"\.npy, \.parts or \.h5, not '\.csv'"):
        embed_fasta(missing, "kmer", tmp_path / "x.csv")
    with pytest.raises(ValueError, match="dtype must be"):
        embed_fasta(missing, "kmer", tmp_path / "x.npy", dtype="int8")
    with pytest.raises(FileNotFoundError, match="is no folder"):
        embed_fasta(missing, "kmer", tmp_path / "none" / "x.npy")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"protimb\[h5\]"):
        embed_fasta(missing, "kmer", tmp_path / "x.h5")


def test_numbers_that_half_precision_cannot_hold_are_refused(fasta, tmp_path):
    write(fasta, ["P1"])
    fasta.write_text(f">P1\n{'M' * 70_000}\n")
    with pytest.raises(ValueError, match="do not fit float16: the largest is 7e"):
        embed_fasta(fasta, KmerEncoder(k=1, norm=None), tmp_path / "x.npy", dtype="float16")
    assert not (tmp_path / "x.npy").exists()


def test_names_make_encoders_of_each_kind(tmp_path):
    assert make_encoder("kmer").k == 3
    assert make_encoder("unirep-1900", cache="c").get_params()["cache"] == "c"
    assert make_encoder("Rostlab/prot", layer=3, local_files_only=False).layer == 3
    both = make_encoder("kmer-1+kmer-2")
    assert isinstance(both, ConcatEncoder)
    assert [part.k for part in both.encoders] == [1, 2]
    folder = tmp_path / "a+b"
    folder.mkdir()
    assert make_encoder(str(folder)).model == str(folder)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("unirep-128", {}, "unirep-1900"),
        ("unirep", {}, "unirep-64"),
        ("kmer-1+", {}, "name is empty"),
        ("kmer-1", {"layer": 2}, "no layers"),
    ],
)
def test_names_that_are_not_known_are_answered_with_those_that_are(name, options, message):
    with pytest.raises(ValueError, match=message):
        make_encoder(name, **options)


def run(*words):
    return CliRunner().invoke(app, ["embed", *map(str, words), "--verbose", "0"])


def test_the_command_does_what_the_call_does(fasta, models, tmp_path):
    result = run(fasta, "--encoder", models["esm"], "--layer", "1", "--out", tmp_path / "x.h5")
    assert result.exit_code == 0, result.output
    assert result.stdout == f"3 proteins, 16 numbers each, written to {tmp_path / 'x.h5'}\n"
    X, _ = embed_fasta(fasta, str(models["esm"]), layer=1)
    found = read_h5(tmp_path / "x.h5")
    np.testing.assert_allclose([found[one][0] for one in IDS], X, atol=1e-6)


def test_the_command_keeps_a_cache_that_was_named(fasta, models, tmp_path):
    options = ["--encoder", models["t5"], "--out", tmp_path / "x.npy", "--cache", tmp_path / "c"]
    assert run(fasta, *options).exit_code == 0
    assert len(list((tmp_path / "c").rglob("shard-*"))) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--encoder", "kmer", "--out", "x.txt"], ".npy, .parts or .h5"),
        (["--encoder", "unirep-7", "--out", "x.npy"], "unirep-64"),
        (["--encoder", "none/none", "--out", "x.npy"], "local_files_only"),
        (["--encoder", "kmer", "--out", "x.npy", "--dtype", "int"], "float16"),
    ],
)
def test_what_the_command_refuses_is_one_line_and_code_two(fasta, options, message, monkeypatch):
    monkeypatch.chdir(fasta.parent)
    result = run(fasta, *options)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


def test_a_file_without_header_is_refused(tmp_path):
    """Case 52."""
    (tmp_path / "x.fasta").write_text("MKV\n")
    with pytest.raises(FastaError):
        embed_fasta(tmp_path / "x.fasta", "kmer-1")
