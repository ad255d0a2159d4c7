"""What vectors start from: nothing, a member, or a protein moved as two others differ."""

import tracemalloc

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from protimb.gan import _starts
from protimb.gan._starts import STARTS, find_moves, move
from protimb.gan._training_rows import MovedStarts
from protimb.training import Callback


class Silence(Callback):
    """Let the generator add nothing to what it starts from."""

    def on_train_end(self, loop):
        with torch.no_grad():
            for parameter in loop.step.generator.parameters():
                parameter.zero_()


def test_moves_lead_to_the_nearest_rows_by_angle(monkeypatch):
    monkeypatch.setattr(_starts, "N_RELATIVES", 1)
    X = np.array([[1, 0], [5, 0.1], [0, 2], [0.1, 3]], np.float32)  # two pairs by direction
    unlabelled = np.full(4, -1)
    found = find_moves(X, unlabelled, 2.0, np.random.RandomState(0))
    pairs = [(0, 1), (1, 0), (2, 3), (3, 2)]
    assert_allclose(found, [2 * (X[b] - X[a]) for a, b in pairs], atol=1e-6)


def test_relatives_share_their_rarest_term():
    X = np.array([[1, 0], [1, 0.1], [0, 2], [0.1, 3]], np.float32)
    found = find_moves(X, np.array([7, 3, 5, 7]), 1.0, np.random.RandomState(0))
    assert_allclose(found, [X[3] - X[0], X[0] - X[3]], atol=1e-6)  # near or not, nobody else does


def test_no_more_moves_are_kept_than_a_saved_model_should_hold(monkeypatch):
    monkeypatch.setattr(_starts, "N_MOVES", 5)
    X = np.random.RandomState(0).normal(size=(20, 3)).astype(np.float32)
    assert len(find_moves(X, np.zeros(20, int), 1.0, np.random.RandomState(0))) == 5


def test_fewer_rows_than_relatives_are_enough():
    rng, same = np.random.RandomState(0), np.zeros(2, int)
    one = find_moves(np.ones((1, 3), np.float32), same[:1], 1.0, rng)
    assert_array_equal(one, np.zeros((1, 3)))
    two = find_moves(np.array([[1, 0], [0, 1]], np.float32), same, 1.0, rng)
    assert {tuple(move) for move in two} == {(1, -1), (-1, 1)}


def test_moves_go_forwards_and_backwards():
    starts, moves = np.zeros((200, 2), np.float32), np.array([[1, 2]], np.float32)
    there = move(starts, moves, np.random.RandomState(0))
    rows = torch.arange(200)
    trained = MovedStarts(torch.from_numpy(starts), moves, "cpu")(rows, torch.Generator())
    for drawn in (there, trained.numpy()):
        assert {tuple(row) for row in drawn} == {(1, 2), (-1, -2)}


@pytest.mark.parametrize("start", sorted(STARTS))
def test_only_a_generator_that_starts_from_a_vector_reads_one(tiny, toy, start):
    gan = tiny(generate_from=start).fit(toy.X, toy.y)
    n_inputs = 0 if start == "noise" else toy.X.shape[1]
    assert gan.starts_.width(toy.X.shape[1]) == n_inputs
    drawn = gan.starts_.of_rows(toy.X, np.zeros(200, int), gan.scaling_, np.random.RandomState(0))
    assert (0 if drawn is None else drawn.shape[1]) == n_inputs


def test_a_generator_that_adds_nothing_gives_members_of_the_term(tiny, toy):
    X = toy.X.astype(np.float64)
    gan = tiny(generate_from="member", callbacks=[Silence()]).fit(X, toy.y)
    terms = np.repeat(np.arange(toy.y.shape[1]), 5)
    rows = np.zeros(len(terms), int)  # which row lends its labels does not matter
    for row, term in zip(gan.vary(X[rows], toy.y[rows], terms, random_state=0), terms, strict=True):
        members = X[toy.y[:, term] == 1]
        assert np.abs(members - row).max(axis=1).min() < 1e-5


def test_a_generator_that_adds_nothing_gives_moved_proteins(tiny, toy):
    X = toy.X.astype(np.float64)
    gan = tiny(generate_from="relative", callbacks=[Silence()]).fit(X, toy.y)
    new = gan.vary(X[:20], toy.y[:20], np.zeros(20, int), random_state=0)
    moves = gan.starts_.moves * gan.scaling_.spread
    for step in new - X[:20]:
        away = np.minimum(np.abs(moves - step).max(axis=1), np.abs(moves + step).max(axis=1))
        assert_allclose(away.min(), 0, atol=1e-4)
        assert np.abs(step).max() > 0


def test_relatives_are_found_without_a_matrix_of_all_pairs():
    X = np.random.default_rng(0).normal(size=(3000, 4)).astype(np.float32)
    tracemalloc.start()
    find_moves(X, np.zeros(3000, np.int64), 1.0, np.random.RandomState(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3000 * 3000 * 4
