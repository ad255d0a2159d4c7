"""Vectors on disk: nothing is embedded twice, whatever kills the run."""

import multiprocessing
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import save_esm, save_unirep

from protimb.embeddings import TransformersEncoder, UniRepEncoder, _cache
from protimb.embeddings._mlstm import MLSTM
from protimb.exceptions import ArtifactWriteError, EmbeddingWarning

SEQUENCES = ["MKVLAW", "GHPC", "MSTNPK", "MKVLAW"]


@pytest.fixture
def embedded(monkeypatch):
    """Sequences that reach a network, in order."""
    seen = []
    pool = MLSTM.pool

    def watched(self, pieces):
        seen.extend(piece.residues for piece in pieces)
        return pool(self, pieces)

    monkeypatch.setattr(MLSTM, "pool", watched)
    return seen


@pytest.fixture
def encoder(models, tmp_path):
    options = {"device": "cpu", "cache": tmp_path / "cache", "batch_tokens": 1}
    return UniRepEncoder(weights=models["unirep"], **options)


def test_repeats_are_embedded_once_and_known_ones_never_again(encoder, embedded):
    X = encoder.fit_transform(SEQUENCES)
    assert sorted(embedded) == ["GHPC", "MKVLAW", "MSTNPK"]
    np.testing.assert_array_equal(X[0], X[3])
    again = encoder.transform(["GHPC", "AAA", "MKVLAW"])
    assert embedded[3:] == ["AAA"]
    np.testing.assert_array_equal(again[[0, 2]], X[[1, 0]])


def test_vectors_are_those_without_a_cache(encoder):
    first = encoder.fit_transform(SEQUENCES)
    np.testing.assert_array_equal(encoder.transform(SEQUENCES), first)
    np.testing.assert_array_equal(encoder.set_params(cache=None).transform(SEQUENCES), first)


def test_an_interrupted_run_goes_on_where_it_was(encoder, embedded, monkeypatch):
    pool = MLSTM.pool

    def interrupted(self, pieces):
        if len(embedded) == 2:
            raise KeyboardInterrupt
        return pool(self, pieces)

    encoder.fit()
    with monkeypatch.context() as patch:
        patch.setattr(MLSTM, "pool", interrupted)
        with pytest.raises(KeyboardInterrupt):
            encoder.transform(SEQUENCES)
    encoder.transform(SEQUENCES)
    assert sorted(embedded) == ["GHPC", "MKVLAW", "MSTNPK"]


def test_other_weights_have_a_cache_of_their_own(encoder, embedded, tmp_path):
    first = encoder.fit_transform(SEQUENCES)
    other = save_unirep(tmp_path / "other.npz", seed=1)
    second = encoder.set_params(weights=other).fit_transform(SEQUENCES)
    assert len(embedded) == 6
    assert np.abs(first - second).max() > 1e-3


def test_every_choice_that_changes_vectors_changes_the_key(models, tmp_path):
    def identity(folder=models["esm"], **params):
        return TransformersEncoder(folder, device="cpu", **params).fit()._network().identity()

    found = [
        identity(),
        identity(layer=1),
        identity(window=50),
        identity(overlap=10),
        identity(precision="bfloat16"),
        identity(save_esm(tmp_path / "other", seed=1)),
        identity(models["t5"]),
    ]
    assert len(set(found)) == len(found)
    moved = save_esm(tmp_path / "moved")  # the same weights in another folder
    assert identity(moved, layer=-1) == identity(layer=2) == found[0]


@pytest.mark.parametrize("fault", ["truncated", "flipped", "empty"])
def test_a_damaged_shard_is_made_anew(encoder, embedded, tmp_path, fault):
    """Case 69."""
    X = encoder.fit_transform(SEQUENCES)
    (shard,) = (tmp_path / "cache").rglob("shard-*")
    content = bytearray(shard.read_bytes())
    content[-3] ^= 255
    shard.write_bytes({"truncated": content[:-5], "flipped": content, "empty": b""}[fault])
    with pytest.warns(EmbeddingWarning, match="is damaged"):
        np.testing.assert_array_equal(encoder.transform(SEQUENCES), X)
    assert len(embedded) == 6
    encoder.transform(SEQUENCES)
    assert len(embedded) == 6


def test_two_writers_share_a_folder(encoder, embedded, tmp_path):
    """Case 76."""
    keeps = [_cache.Cache(tmp_path / "cache" / "model", 2) for _ in range(2)]
    for number, keep in enumerate(keeps):
        keep.add(f"M{'K' * number}", np.full(2, number, np.float32))
        keep.add("GHPC", np.ones(2, np.float32))
    for keep in keeps:
        keep.flush()
    X = np.zeros((4, 2), np.float32)
    found = _cache.Cache(tmp_path / "cache" / "model", 2).fill(["M", "MK", "GHPC", "A"], X)
    assert found.tolist() == [True, True, True, False]
    assert X.tolist() == [[0, 0], [1, 1], [1, 1], [0, 0]]


def test_what_waits_is_written_every_few_seconds(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(_cache.time, "monotonic", lambda: now[0])
    cache = _cache.Cache(tmp_path, 2)
    cache.add("M", np.zeros(2, np.float32))
    assert not list(tmp_path.iterdir())
    now[0] = 11
    cache.add("K", np.zeros(2, np.float32))
    assert len(list(tmp_path.glob("shard-*"))) == 1


def test_a_cache_that_cannot_be_written_says_so(encoder, tmp_path):
    """Case 68."""
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(ArtifactWriteError, match="could not be written"):
        encoder.fit_transform(SEQUENCES)


def test_a_draft_of_a_killed_writer_is_not_read(encoder, tmp_path, embedded):
    encoder.fit_transform(SEQUENCES)
    (shard,) = (tmp_path / "cache").rglob("shard-*")
    shard.with_name(f".{shard.name}-{'0' * 16}").write_bytes(b"half")
    shard.with_name("shard-notes.safetensors").write_bytes(b"of somebody else")
    encoder.transform(SEQUENCES)
    assert len(embedded) == 3


def embed_slowly(weights, cache):
    torch.set_num_threads(1)  # what torch keeps of more does not survive a fork
    _cache._PATIENCE = 0
    pool = MLSTM.pool

    def slow(self, pieces):
        time.sleep(0.1)
        return pool(self, pieces)

    MLSTM.pool = slow
    options = {"device": "cpu", "cache": cache, "batch_tokens": 1}
    UniRepEncoder(weights=weights, **options).fit().transform(["M" * n for n in range(1, 60)])


def test_a_killed_process_leaves_what_it_had_made(models, encoder, tmp_path, embedded):
    """Case 67, for a cache."""
    process = multiprocessing.get_context("fork").Process(
        target=embed_slowly, args=(models["unirep"], tmp_path / "cache")
    )
    process.start()
    deadline = time.monotonic() + 60
    while len(list(Path(tmp_path).rglob("shard-*"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.join()
    n_kept = len(list(Path(tmp_path).rglob("shard-*")))
    encoder.fit_transform(["M" * n for n in range(1, 60)])
    assert 3 <= n_kept < 59
    assert len(embedded) == 59 - n_kept
