"""Data too large to be copied: read where it lies, with the same result."""

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_array_equal
from scipy import sparse

from protimb import CGANSampler
from protimb.filters import CosineFilter
from protimb.gan._training_rows import CutLabels, CutVectors
from protimb.nn import MLPBackbone
from protimb.training import Callback
from protimb.utils import _memory
from protimb.utils._validation import check_vectors


def tiny(**kwargs):
    defaults = {
        "sampling_strategy": 20,
        "backbone": MLPBackbone(n_layers=1, n_hidden=8),
        "n_latent": 4,
        "max_epochs": 2,
        "n_critic": 2,
        "batch_size": 50,
        "quality_filter": None,
        "device": "cpu",
        "random_state": 0,
    }
    return CGANSampler(**(defaults | kwargs))


@pytest.fixture
def no_room(monkeypatch):
    """Take every matrix for a large one."""
    monkeypatch.setattr(_memory, "IN_MEMORY", 0)


@pytest.fixture
def memory_map(toy, tmp_path):
    np.save(tmp_path / "X.npy", toy.X.astype(np.float16))
    return np.load(tmp_path / "X.npy", mmap_mode="r")


class Watch(Callback):
    def on_train_begin(self, loop):
        self.step = loop.step


VARIANTS = [{}, {"generate_from": "member", "validation_fraction": 0.1}, {"term_range": (5, 30)}]


@pytest.mark.parametrize("variant", VARIANTS)
def test_rows_cut_from_a_memory_map_give_what_tensors_give(toy, memory_map, variant, monkeypatch):
    small = tiny(**variant).fit(memory_map, toy.y)
    monkeypatch.setattr(_memory, "IN_MEMORY", 0)
    watch = Watch()
    large = tiny(**variant, callbacks=[watch]).fit(memory_map, sparse.csr_array(toy.y))
    assert isinstance(watch.step.X, CutVectors)
    assert isinstance(watch.step.labels, CutLabels)
    assert np.shares_memory(watch.step.X.X, memory_map)
    # Fewer members are kept to start from, and to judge epochs by; training is the same.
    losses = [name for name in small.history_ if name != "frechet"]
    pd.testing.assert_frame_equal(large.history_[losses], small.history_[losses])
    assert np.isfinite(large.sample(toy.y, random_state=0)).all()


@pytest.mark.usefixtures("no_room")
@pytest.mark.parametrize("generate_from", ["member", "relative"])
def test_few_members_of_each_term_are_kept_where_all_would_not_fit(toy, memory_map, generate_from):
    sampler = tiny(generate_from=generate_from).fit(memory_map, toy.y)
    bank = sampler._bank
    assert len(bank.X) <= toy.y.shape[1] + 1
    assert (bank.y.sum(axis=0) > 0).all()


@pytest.mark.usefixtures("no_room")
def test_the_bytes_of_a_read_only_memory_map_stay_as_they_were(toy, memory_map):
    # Case 17.
    before = memory_map.tobytes()
    X_res, _ = tiny().fit_resample(memory_map, toy.y)
    assert memory_map.tobytes() == before
    assert X_res.dtype == np.float16
    assert_array_equal(X_res[: len(memory_map)], memory_map)


@pytest.mark.usefixtures("no_room")
def test_a_filter_gets_some_members_of_every_term_where_all_would_not_fit(toy, memory_map):
    sampler = tiny(quality_filter=CosineFilter()).fit(memory_map, toy.y)
    counts = sampler.quality_filter_.n_members_
    assert (counts > 0).all()
    assert counts.sum() < toy.y.sum()


def test_statistics_in_blocks_are_those_of_the_whole(toy, monkeypatch):
    whole = tiny().fit(toy.X, toy.y)._scaling
    monkeypatch.setattr(_memory, "_BLOCK_BYTES", 4 * toy.X.shape[1] * 7)  # 7 rows
    parts = tiny().fit(toy.X, toy.y)._scaling
    np.testing.assert_allclose(parts.shift, whole.shift, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(parts.spread, whole.spread, rtol=1e-6)


def test_values_that_are_not_finite_are_found_in_any_block(toy, monkeypatch):
    monkeypatch.setattr(_memory, "_BLOCK_BYTES", 4 * toy.X.shape[1] * 7)
    X = toy.X.copy()
    X[150, 3] = np.inf
    with pytest.raises(ValueError, match=r"inf .* first in row 150"):
        check_vectors(X)


def test_half_precision_is_kept_only_where_asked_for():
    X = np.ones((3, 2), np.float16)
    assert check_vectors(X, keep_half=True) is X or np.shares_memory(
        check_vectors(X, keep_half=True), X
    )
    assert check_vectors(X).dtype == np.float32


def test_cut_labels_are_the_rows_asked_for(toy):
    rows = np.arange(0, len(toy.y), 3)
    labels = CutLabels(sparse.csr_array(toy.y), rows, torch.device("cpu"))
    assert len(labels) == len(rows)
    assert_array_equal(labels[torch.tensor([5, 0])].numpy(), toy.y[rows[[5, 0]]])
