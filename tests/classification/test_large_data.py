"""Training on a memory map that is never copied, and on labels that never become dense."""

import tracemalloc
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from protimb import GOTermClassifier
from protimb.classification import LabelAttentionClassifier, TALEClassifier
from protimb.utils import _memory

N_ROWS, N_FEATURES, N_TERMS = 6000, 256, 500


@pytest.fixture
def rows(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "X.npy", rng.normal(size=(N_ROWS, N_FEATURES)).astype(np.float16))
    y = sparse.random_array((N_ROWS, N_TERMS), density=0.01, rng=rng, dtype=np.float32)
    y.data[:] = 1
    return np.load(tmp_path / "X.npy", mmap_mode="r"), y.tocsr().astype(np.uint8)


@pytest.fixture
def no_room(monkeypatch):
    monkeypatch.setattr(_memory, "IN_MEMORY", 0)
    monkeypatch.setattr(_memory, "_BLOCK_BYTES", 2**16)


def network(**params):
    sizes = {"hidden_layer_sizes": (8,), "max_steps": 3, "batch_size": 32}
    return GOTermClassifier(**sizes, device="cpu", random_state=0, **params)


@pytest.mark.usefixtures("no_room")
def test_a_memory_map_teaches_what_the_same_rows_in_memory_do(rows):
    X, y = rows
    asked = np.array(X[:50], dtype=np.float32)
    of_map = network(early_stopping=False).fit(X[:300], y[:300]).predict_proba(asked)
    rows_in_memory = np.array(X[:300], dtype=np.float32), y[:300].toarray()
    of_memory = network(early_stopping=False).fit(*rows_in_memory).predict_proba(asked)
    assert_array_equal(of_map, of_memory)
    assert_array_equal(
        network(early_stopping=False).fit(X[:300], y[:300]).predict_proba(X[:50]), of_map
    )


def test_rows_that_are_cut_by_batches_teach_what_all_of_them_do(rows, monkeypatch):
    X, y = rows[0][:300], rows[1][:300]
    whole = network().fit(X, y).predict_proba(X)
    monkeypatch.setattr(_memory, "IN_MEMORY", 0)
    assert_array_equal(network().fit(X, y).predict_proba(X), whole)


@pytest.mark.usefixtures("no_room")
def test_neither_vectors_nor_labels_are_ever_held_whole(rows):
    X, y = rows
    network().fit(X[:100], y[:100])  # what is imported and compiled once
    tracemalloc.start()
    network(early_stopping=False).fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * min(X.nbytes, N_ROWS * N_TERMS)


@pytest.mark.parametrize(
    "kind",
    [
        partial(LabelAttentionClassifier, n_components=3),
        partial(TALEClassifier, inputs="vectors", n_layers=1),
    ],
)
def test_networks_that_know_labels_hold_a_batch_of_them_alone(rows, kind, monkeypatch):
    X, y = np.array(rows[0][:200, :8], dtype=np.float32), rows[1][:200]
    sizes = {"n_hidden": 4, "max_steps": 3, "batch_size": 32, "device": "cpu", "random_state": 0}
    whole = kind(**sizes).fit(X, y).predict_proba(X)
    monkeypatch.setattr(_memory, "IN_MEMORY", 0)
    assert_array_equal(kind(**sizes).fit(X, y).predict_proba(X), whole)
    tracemalloc.start()
    kind(**sizes, early_stopping=False).fit(np.zeros((N_ROWS, 2), dtype=np.float32), rows[1])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * N_ROWS * N_TERMS
