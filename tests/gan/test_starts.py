"""Starting from relatives: a protein moved by how two others differ."""

import tracemalloc

import numpy as np
import torch
from numpy.testing import assert_allclose, assert_array_equal
from protimb.gan._moves import moved, relative_moves

from protimb import CGANSampler
from protimb.datasets import make_longtail_multilabel
from protimb.gan import _moves
from protimb.gan._training_rows import MovedSeeds
from protimb.nn import MLPBackbone
from protimb.training import Callback


class Silence(Callback):
    """Let the generator add nothing to what it starts from."""

    def on_train_end(self, loop):
        with torch.no_grad():
            for parameter in loop.step.generator.parameters():
                parameter.zero_()


def test_moves_lead_to_the_nearest_rows_by_angle(monkeypatch):
    monkeypatch.setattr(_moves, "N_RELATIVES", 1)
    X = np.array([[1, 0], [5, 0.1], [0, 2], [0.1, 3]], np.float32)  # two pairs by direction
    unlabelled = np.full(4, -1)
    found = relative_moves(X, unlabelled, 2.0, np.random.RandomState(0))
    pairs = [(0, 1), (1, 0), (2, 3), (3, 2)]
    assert_allclose(found, [2 * (X[b] - X[a]) for a, b in pairs], atol=1e-6)


def test_relatives_share_their_rarest_term():
    X = np.array([[1, 0], [1, 0.1], [0, 2], [0.1, 3]], np.float32)
    found = relative_moves(X, np.array([7, 3, 5, 7]), 1.0, np.random.RandomState(0))
    assert_allclose(found, [X[3] - X[0], X[0] - X[3]], atol=1e-6)  # near or not, nobody else does


def test_no_more_moves_are_kept_than_a_saved_sampler_should_hold(monkeypatch):
    monkeypatch.setattr(_moves, "N_MOVES", 5)
    X = np.random.RandomState(0).normal(size=(20, 3)).astype(np.float32)
    assert len(relative_moves(X, np.zeros(20, int), 1.0, np.random.RandomState(0))) == 5


def test_fewer_rows_than_relatives_are_enough():
    rng, same = np.random.RandomState(0), np.zeros(2, int)
    one = relative_moves(np.ones((1, 3), np.float32), same[:1], 1.0, rng)
    assert_array_equal(one, np.zeros((1, 3)))
    two = relative_moves(np.array([[1, 0], [0, 1]], np.float32), same, 1.0, rng)
    assert {tuple(move) for move in two} == {(1, -1), (-1, 1)}


def test_moves_go_forwards_and_backwards():
    seeds, moves = np.zeros((200, 2), np.float32), np.array([[1, 2]], np.float32)
    there = moved(seeds, moves, np.random.RandomState(0))
    rows = torch.arange(200)
    trained = MovedSeeds(torch.from_numpy(seeds), moves, "cpu")(rows, torch.Generator())
    for drawn in (there, trained.numpy()):
        assert {tuple(row) for row in drawn} == {(1, 2), (-1, -2)}


def test_a_generator_that_adds_nothing_gives_moved_proteins_under_their_own_labels():
    toy = make_longtail_multilabel(random_state=0)
    sampler = CGANSampler(
        sampling_strategy=20,
        max_epochs=1,
        backbone=MLPBackbone(1, 8),
        generate_from="relative",
        quality_filter=None,
        callbacks=[Silence()],
        random_state=0,
    )
    X_res, y_res = sampler.fit_resample(toy.X.astype(np.float64), toy.y)
    new, own = X_res[sampler.synthetic_mask_], toy.X[sampler.conditioning_indices_]
    assert_array_equal(y_res[sampler.synthetic_mask_], toy.y[sampler.conditioning_indices_])
    moves = sampler._bank.moves * sampler._scaling.spread
    for step in (new - own)[:20]:
        away = np.minimum(np.abs(moves - step).max(axis=1), np.abs(moves + step).max(axis=1))
        assert_allclose(away.min(), 0, atol=1e-4)
        assert np.abs(step).max() > 0


def test_relatives_are_found_without_a_matrix_of_all_pairs():
    X = np.random.default_rng(0).normal(size=(3000, 4)).astype(np.float32)
    tracemalloc.start()
    relative_moves(X, np.zeros(3000, np.int64), 1.0, np.random.RandomState(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3000 * 3000 * 4
