"""Data too large to be copied: read where it lies, with the same result."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from devices import DEVICE
from numpy.testing import assert_array_equal
from scipy import sparse

from protimb.training import Callback
from protimb.training._cut_rows import CutLabels, CutVectors
from protimb.utils import _memory


@pytest.fixture(scope="module")
def tiny(tiny):
    return partial(tiny, n_critic=2, batch_size=50, device=DEVICE)


class Watch(Callback):
    def on_train_begin(self, loop):
        self.step = loop.step


VARIANTS = [{}, {"generate_from": "member", "validation_fraction": 0.1}]


@pytest.mark.parametrize("most", [30, 200])  # members of the terms to train towards
@pytest.mark.parametrize("variant", VARIANTS)
def test_rows_cut_from_a_memory_map_give_what_tensors_give(
    tiny, toy, memory_map, variant, most, monkeypatch
):
    towards = toy.y.sum(axis=0) <= most
    small = tiny(**variant).fit(memory_map, toy.y, towards=towards)
    monkeypatch.setattr(_memory, "IN_MEMORY", 0)
    watch = Watch()
    large = tiny(**variant, callbacks=[watch])
    large.fit(memory_map, sparse.csr_array(toy.y), towards=towards)
    assert isinstance(watch.step.X, CutVectors)
    assert isinstance(watch.step.labels, CutLabels)
    assert np.shares_memory(watch.step.X.X, memory_map)
    # Fewer members are kept to start from, and to judge epochs by; training is the same.
    losses = [name for name in small.history_ if name != "frechet"]
    pd.testing.assert_frame_equal(large.history_[losses], small.history_[losses])
    rows = toy.y[:, towards].any(axis=1)
    assert np.isfinite(large.sample(toy.y[rows], random_state=0)).all()


@pytest.mark.usefixtures("no_room")
@pytest.mark.parametrize("generate_from", ["member", "relative"])
def test_few_members_of_each_term_are_kept_where_all_would_not_fit(
    tiny, toy, memory_map, generate_from
):
    gan = tiny(generate_from=generate_from).fit(memory_map, toy.y)
    starts = gan.starts_
    assert len(starts.X) <= toy.y.shape[1] + 1
    assert (starts.y.sum(axis=0) > 0).all()


def test_statistics_in_blocks_are_those_of_the_whole(tiny, toy, monkeypatch):
    whole = tiny().fit(toy.X, toy.y).scaling_
    monkeypatch.setattr(_memory, "_BLOCK_BYTES", 4 * toy.X.shape[1] * 7)  # 7 rows
    parts = tiny().fit(toy.X, toy.y).scaling_
    np.testing.assert_allclose(parts.shift, whole.shift, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(parts.spread, whole.spread, rtol=1e-6)


def test_cut_labels_are_the_rows_asked_for(toy):
    rows = np.arange(0, len(toy.y), 3)
    labels = CutLabels(sparse.csr_array(toy.y), rows, torch.device(DEVICE))
    assert len(labels) == len(rows)
    assert_array_equal(labels[torch.tensor([5, 0])].cpu().numpy(), toy.y[rows[[5, 0]]])
