"""Toy data and settings for tests of the GAN and of its sampler."""

import numpy as np
import pytest
import torch

from protimb.datasets import make_longtail_multilabel
from protimb.nn import MLPBackbone
from protimb.training import Callback
from protimb.utils import _memory

# Small enough for tests.
TINY = {
    "backbone": MLPBackbone(n_layers=1, n_hidden=8),
    "n_latent": 4,
    "max_updates": 2,
    "check_every": 1,
    "random_state": 0,
}


@pytest.fixture(scope="package")
def toy():
    """200 rows with 12 terms from frequent to rare."""
    return make_longtail_multilabel(random_state=0)


@pytest.fixture
def no_room(monkeypatch):
    """Take every matrix for a large one."""
    monkeypatch.setattr(_memory, "IN_MEMORY", 0)


@pytest.fixture
def memory_map(toy, tmp_path):
    np.save(tmp_path / "X.npy", toy.X.astype(np.float16))
    return np.load(tmp_path / "X.npy", mmap_mode="r")


def related_terms(rng, n=60):
    """Terms 0 and 1 lie at +2 and -2; term 2, without any protein, is described like term 1."""
    y = np.zeros((2 * n, 3), np.uint8)
    y[:n, 0] = y[n:, 1] = 1
    y[0] = 0  # an unlabelled row: the target is multilabel
    X = 2.0 * (y[:, :1].astype(float) - y[:, 1:2]) + 0.3 * rng.normal(size=(2 * n, 4))
    return X, y, np.array([[1.0, 0.0], [0.0, 1.0], [0.1, 0.9]])


class Silence(Callback):
    """Let the generator add nothing to what it starts from."""

    def on_train_end(self, loop):
        with torch.no_grad():
            for parameter in loop.step.generator.parameters():
                parameter.zero_()


class InterruptAt(Callback):
    """Press Ctrl-C after a step, once the checkpoint is written."""

    runs_last = True

    def __init__(self, n_steps):
        self.n_steps = n_steps

    def on_batch_end(self, loop, losses):
        if loop.n_steps == self.n_steps:
            raise KeyboardInterrupt
