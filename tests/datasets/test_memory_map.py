"""Vectors that are mapped are those that would be read, and what is refused stays refused."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protimb.datasets import open_embeddings, read_embeddings
from protimb.embeddings import embed_fasta
from protimb.exceptions import EmbeddingFileError

IDS = [f"P{number}" for number in range(9)]


@pytest.fixture
def save(tmp_path):
    def save(X):
        np.save(tmp_path / "X.npy", X)
        return tmp_path / "X.npy"

    return save


@pytest.mark.parametrize("dtype", [np.float16, np.float32, ">f4", np.float64, np.int16])
def test_mapped_vectors_are_those_that_are_read(save, dtype):
    path = save(np.arange(27).reshape(9, 3).astype(dtype))
    for select in (None, ["P8", "P1"]):
        mapped, ids = read_embeddings(path, IDS, select=select, memory_map=True)
        read, same = read_embeddings(path, IDS, select=select)
        assert isinstance(mapped, np.memmap)
        assert mapped.dtype == (np.float16 if dtype is np.float16 else np.float32)
        assert_array_equal(mapped, read)
        assert_array_equal(ids, same)


@pytest.mark.parametrize(("dtype", "value"), [(np.float16, np.inf), (np.float64, 1e300)])
def test_a_vector_that_is_refused_is_refused_mapped(save, dtype, value):
    X = np.zeros((9, 3), dtype=dtype)
    X[4, 1] = value
    with pytest.raises(EmbeddingFileError, match="1 vectors hold NaN or infinity: P4"):
        read_embeddings(save(X), IDS, memory_map=True)


def test_only_what_is_large_is_mapped_by_itself(save, monkeypatch):
    path = save(np.zeros((9, 3), dtype=np.float32))
    assert not isinstance(read_embeddings(path, IDS, memory_map="auto")[0], np.memmap)
    monkeypatch.setattr("protimb.utils._memory.IN_MEMORY", 9 * 3 * 4 - 1)
    assert isinstance(read_embeddings(path, IDS, memory_map="auto")[0], np.memmap)
    few, _ = read_embeddings(path, IDS, select=IDS[:2], memory_map="auto")
    assert not isinstance(few, np.memmap)


def test_parts_become_one_map(tmp_path):
    fasta = tmp_path / "toy.fasta"
    fasta.write_text("".join(f">{name}\n{'MKVLA' * n}\n" for n, name in enumerate(IDS, 1)))
    embed_fasta(fasta, "kmer-1", tmp_path / "X.parts")
    embeddings = open_embeddings(tmp_path / "X.parts")
    X, _ = read_embeddings(tmp_path / "X.parts", memory_map=True)
    assert isinstance(X, np.memmap)
    assert_array_equal(X, embeddings[:])
