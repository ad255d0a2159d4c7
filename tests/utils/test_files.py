"""Text is read whole or refused, and nothing that is no plain file is waited for."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from protimb.datasets import (
    read_annotations,
    read_embeddings,
    read_fasta,
    read_gaf,
    read_gpad,
    read_mulan,
    read_predictions,
)
from protimb.exceptions import ProtimbError
from protimb.ontology import read_information_accretion, read_obo, read_term_vectors
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


@pytest.mark.parametrize("name", READERS)
def test_what_can_be_no_path_is_refused_by_name(tmp_path, name):
    for odd, said in {"nul\0": "can be no path", "x" * 5000: "no path is as long"}.items():
        with pytest.raises(ProtimbError, match=said):
            READERS[name](tmp_path / f"{odd}{name}")


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no /proc here")
def test_a_file_without_size_is_not_read_on_and_on():
    # Of /proc, for example: /proc/kmsg waits for the next message of the system.
    assert read_text("/proc/self/maps", ProtimbError) == ""


def test_a_file_larger_than_the_memory_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "a.fasta").open("wb") as file:
        file.truncate(2**43)  # 8 TiB of nothing
    with pytest.raises(ProtimbError, match="more than the memory at hand holds"):
        read_fasta(tmp_path / "a.fasta")


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


OBO = "[Term]\nid: GO:1\nname: a\nnamespace: b\n"
GAF = "UniProtKB\tP1\tX\tenables\tGO:1\tPMID:1\tIDA\t\tF\t\t\tprotein\ttaxon:1\t2024\tU\t\t\n"
GPAD = "UniProtKB:P1\t\tRO:0002327\tGO:1\tPMID:1\tECO:0000314\t\t\t2024-01-01\tU\t\t\n"
ARFF = "@relation 'a: -C 1'\n@attribute b {0,1}\n@attribute c numeric\n@data\n1,2.5\n"

# A reader of text -> the end of its file's name, and what the file holds.
TEXTS = {
    read_fasta: ("fasta", ">P1\nMKV\n"),
    read_annotations: ("tsv", "P1\tGO:1\n"),
    read_gaf: ("gaf", GAF),
    read_gpad: ("gpad", GPAD),
    read_predictions: ("txt", "P1\tGO:1\t0.5\n"),
    read_mulan: ("arff", ARFF),
    read_embeddings: ("tsv", "P1\t0.25\t1.5\n"),
    read_obo: ("obo", OBO),
    read_information_accretion: ("txt", "GO:1\t0.5\n"),
    read_term_vectors: ("vec", "GO:1 0.25 1.5\n"),
}


@pytest.mark.parametrize("reader", TEXTS)
def test_a_parameter_raises_and_lowers_what_text_may_unfold_to(tmp_path, monkeypatch, reader):
    ending, text = TEXTS[reader]
    path = tmp_path / f"a.{ending}.gz"
    path.write_bytes(gzip.compress(text.encode()))
    assert len(reader(path, max_bytes=len(text)))
    with pytest.raises(ProtimbError, match=rf"a\.{ending}\.gz: unfolds .* {len(text) - 1} bytes"):
        reader(path, max_bytes=len(text) - 1)
    monkeypatch.setattr(_files, "_MOST_BYTES", 1)
    monkeypatch.setattr(_files, "_MOST_TIMES", 0)
    with pytest.raises(ProtimbError, match="raise max_bytes="):
        reader(path)
    assert len(reader(path, max_bytes=1000))


def test_text_that_unfolds_oddly_is_read_whole_once_it_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(_files, "_MOST_BYTES", 1000)
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"P1\n" * 700))
    n_times = 2100 / path.stat().st_size
    assert 20 < n_times < 100, "text that is unusual, and no bomb"
    assert read_text(path, ProtimbError) == "P1\n" * 700


BOMB = """
import resource, sys
from protimb.exceptions import ProtimbError
{imports}
size = int(open("/proc/self/status").read().split("VmSize:")[1].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (size + 3 * 2**25, size + 3 * 2**25))
for reader, path in zip([{readers}], sys.argv[1:], strict=True):
    try:
        reader(path)
    except ProtimbError as error:
        print(str(error)[len(path) :][:13])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="an address space is limited on Linux only")
def test_no_reader_of_text_takes_the_memory_that_a_bomb_unfolds_to(tmp_path):
    """Case 63, of text: a quarter of a megabyte that stands for 256 MiB, where 96 can be had."""
    bomb = gzip.compress(b"A" * 2**22) * 64
    paths = [tmp_path / f"{n}.{ending}.gz" for n, (ending, _) in enumerate(TEXTS.values())]
    for path in paths:
        path.write_bytes(bomb)
    names = [reader.__name__ for reader in TEXTS]
    imports = "\n".join(f"from {one.__module__} import {one.__name__}" for one in TEXTS)
    script = BOMB.format(imports=imports, readers=", ".join(names))
    done = subprocess.run(
        [sys.executable, "-c", script, *paths], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n") == [": unfolds from"[:13]] * len(names) + [""]


def test_all_but_folders_is_there_to_be_read_or_refused(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    there = [one for one in ("file", "folder", "link", "none", "pipe") if is_there(tmp_path / one)]
    assert there == ["file", "link", "pipe"]
