"""Text is read whole or refused, and nothing that is no plain file is waited for."""

import gzip
import os

import numpy as np
import pytest

from protimb.datasets import read_annotations, read_embeddings, read_fasta, read_gaf
from protimb.exceptions import ProtimbError
from protimb.ontology import read_obo, read_term_vectors
from protimb.runs import Generated
from protimb.utils import _files
from protimb.utils._files import is_there, read_text

READERS = {
    "a.gaf": read_gaf,
    "a.tsv": read_annotations,
    "a.fasta": read_fasta,
    "a.obo": read_obo,
    "a.txt": read_term_vectors,
    "b.npz": read_term_vectors,
    "a.npy": lambda path: read_embeddings(path, ["P1"]),
    "a.npz": Generated.load,
    "c.npz": read_embeddings,
    "a.h5": read_embeddings,
    "a.parquet": read_embeddings,
    "a.csv": read_embeddings,
}


@pytest.mark.parametrize("name", READERS)
def test_a_pipe_is_refused_and_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(ProtimbError, match=f"{name}: this is a pipe"):
        READERS[name](tmp_path / name)


@pytest.mark.parametrize("name", READERS)
def test_a_folder_in_place_of_a_file_is_refused(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(ProtimbError, match=f"{name}: this is a folder. Name a file"):
        READERS[name](tmp_path / name)


def test_a_pipe_in_place_of_ids_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((1, 2)))
    os.mkfifo(tmp_path / "ids.npy")
    with pytest.raises(ProtimbError, match="this is a pipe"):
        read_embeddings(tmp_path / "a.npy", tmp_path / "ids.npy")


def test_a_nul_is_refused_with_its_line_however_late_it_comes(tmp_path):
    path = tmp_path / "late"
    path.write_bytes(b"P1\n" * 5000 + b"P\x001\n")
    with pytest.raises(ProtimbError, match="line 5001: a NUL"):
        read_text(path, ProtimbError)


def test_utf_16_is_read_if_asked_for_and_named_if_not(tmp_path):
    path = tmp_path / "wide"
    path.write_bytes("P1\r\nP\u00e9\n".encode("utf-16"))
    assert read_text(path, ProtimbError, "utf-16") == "P1\nP\u00e9\n"
    with pytest.raises(ProtimbError, match="encoding='utf-16'"):
        read_text(path, ProtimbError)


def test_a_zip_archive_is_called_binary(tmp_path):
    path = tmp_path / "zip"
    path.write_bytes(b"PK\x03\x04\x00\xff\xfe")
    with pytest.raises(ProtimbError, match="a binary file, not text"):
        read_text(path, ProtimbError)


@pytest.mark.parametrize("encoding", ["no-such", "hex"])
def test_an_encoding_that_is_none_is_refused(tmp_path, encoding):
    (tmp_path / "a").write_text("x")
    with pytest.raises(ValueError, match="none that Python knows"):
        read_text(tmp_path / "a", ProtimbError, encoding)


def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(_files, "_MOST_BYTES", 10_000)
    path = tmp_path / "toy.gz"
    path.write_bytes(gzip.compress(b"a" * 1_000_000))
    with pytest.raises(ValueError, match=r"unfolds from [\d,]+ to more than [\d,]+ bytes"):
        _files.read_text(path, ValueError)
    path.write_bytes(gzip.compress(b"a" * 10_000))
    assert len(_files.read_text(path, ValueError)) == 10_000


def test_all_but_folders_is_there_to_be_read_or_refused(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    there = [one for one in ("file", "folder", "link", "none", "pipe") if is_there(tmp_path / one)]
    assert there == ["file", "link", "pipe"]
