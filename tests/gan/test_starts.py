"""What vectors start from: nothing, a member, or a protein moved as two others differ."""

import tracemalloc

import numpy as np
import pytest
import torch
from gans import Silence
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from protimb.gan import _starts
from protimb.gan._starts import STARTS, Relative, find_centres, find_moves, move
from protimb.gan._training_starts import MovedStarts


def test_moves_of_rows_that_share_no_term_lead_to_the_nearest_by_angle(monkeypatch):
    monkeypatch.setattr(_starts, "N_RELATIVES", 1)
    X = np.array([[1, 0], [5, 0.1], [0, 2], [0.1, 3]], np.float32)  # two pairs by direction
    unlabelled = np.full(4, -1)
    found = find_moves(X, unlabelled, 1.0, np.random.RandomState(0))
    pairs = [(0, 1), (1, 0), (2, 3), (3, 2)]
    # No term tells how far its members spread: two rows differ by twice the variance.
    assert_allclose(found, [(X[b] - X[a]) / 2**0.5 for a, b in pairs], atol=1e-6)


def test_relatives_share_their_rarest_term():
    X = np.array([[1, 0], [1, 0.1], [0, 2], [0.1, 3]], np.float32)
    found = find_moves(X, np.array([7, 3, 5, 7]), 1.0, np.random.RandomState(0))
    there = X[3] - X[0]  # near or not, nobody else does
    assert {tuple(row) for row in found.round(4)} == {
        tuple(row.round(4)) for row in (there / 2**0.5, -there / 2**0.5)
    }


def test_no_more_moves_are_kept_than_a_saved_model_should_hold(monkeypatch):
    monkeypatch.setattr(_starts, "N_MOVES", 5)
    X = np.random.RandomState(0).normal(size=(20, 3)).astype(np.float32)
    assert len(find_moves(X, np.zeros(20, int), 1.0, np.random.RandomState(0))) == 5


def test_fewer_rows_than_relatives_are_enough():
    rng, same = np.random.RandomState(0), np.zeros(2, int)
    one = find_moves(np.ones((1, 3), np.float32), same[:1], 1.0, rng)
    assert_array_equal(one, np.zeros((1, 3)))
    two = find_moves(np.array([[1, 0], [0, 1]], np.float32), same, 1.0, rng)
    assert_allclose(np.unique(two[:, 0]), [-(0.5**0.5), 0.5**0.5], atol=1e-6)
    assert_allclose(two.sum(axis=1), 0)


def test_moves_go_forwards_and_backwards():
    starts, moves = np.zeros((200, 2), np.float32), np.array([[1, 2]], np.float32)
    there = move(starts.copy(), moves, np.random.RandomState(0))
    rows = torch.arange(200)
    around_nothing = Relative(None, None, moves, starts[:1], starts[:1], keeps=1.0, borrowing=0.0)
    trained = MovedStarts(torch.from_numpy(starts), around_nothing, np.full(200, -1), "cpu")
    trained = trained(rows, torch.Generator())
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
    gan = tiny(generate_from="relative", borrowing=0, callbacks=[Silence()]).fit(X, toy.y)
    term = int(np.argmax(toy.y.sum(axis=0)))
    new = gan.vary(X[:20], toy.y[:20], np.full(20, term), random_state=0)
    moves = gan.starts_.moves * gan.scaling_.spread
    trained_on = np.delete(np.arange(200), gan.held_out_)
    centre = X[trained_on][toy.y[trained_on, term] == 1].mean(axis=0)
    for step in new - (centre + np.sqrt(1 - 0.4**2) * (X[:20] - centre)):
        away = np.minimum(np.abs(moves - step).max(axis=1), np.abs(moves + step).max(axis=1))
        assert_allclose(away.min(), 0, atol=1e-4)
        assert np.abs(step).max() > 0


def test_relatives_are_found_without_a_matrix_of_all_pairs():
    X = np.random.default_rng(0).normal(size=(3000, 4)).astype(np.float32)
    tracemalloc.start()
    find_moves(X, np.full(3000, -1), 1.0, np.random.RandomState(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3000 * 3000 * 4


@pytest.mark.parametrize("scale", [0.2, 0.6, 1.0])
def test_moved_members_spread_as_members_do_and_keep_their_mean(tiny, scale):
    rng = np.random.RandomState(0)
    y = np.repeat(np.eye(3, dtype=np.uint8), [300, 400, 500], axis=0)
    widths = np.array([3.0, 1.0, 0.5, 0.2])
    X = 4 * rng.normal(size=(3, 4))[y.argmax(axis=1)] + widths * rng.normal(size=(1200, 4))
    gan = tiny(move_scale=scale, validation_fraction=0, callbacks=[Silence()]).fit(X, y)
    for term in range(3):
        members = X[y[:, term] == 1]
        rows = members[rng.randint(len(members), size=4000)]
        labels = np.tile(y[y[:, term] == 1][:1], (4000, 1))
        new = gan.vary(rows, labels, np.full(4000, term), random_state=0)
        assert_allclose(new.mean(axis=0), members.mean(axis=0), atol=0.25)
        ratio = np.sqrt(new.var(axis=0).sum() / members.var(axis=0).sum())
        assert 0.9 < ratio < 1.1
        drawn = gan.sample(labels, random_state=0)
        assert 0.9 < np.sqrt(drawn.var(axis=0).sum() / members.var(axis=0).sum()) < 1.1


def test_the_only_member_of_a_term_is_moved_from_where_it_lies(tiny, toy):
    y = np.zeros((200, 2), np.uint8)
    y[:, 0] = y[7, 1] = 1
    gan = tiny(callbacks=[Silence()]).fit(toy.X, y)
    drawn = gan.vary(toy.X[[7] * 500], y[[7] * 500], np.ones(500, int), random_state=0)
    assert_allclose(drawn.mean(axis=0), toy.X[7], atol=0.3)


def test_an_untrained_network_leaves_its_starts_as_they_are(tiny, toy):
    # What it made would be a shift of all rows: a logistic regression told them apart (AUC 0.9).
    gan = tiny(max_updates=1, lr=1e-12).fit(toy.X, toy.y)
    starts = gan.starts_.of_rows(toy.X, np.zeros(200, int), gan.scaling_, np.random.RandomState(0))
    made = gan.generator_.cpu()(
        torch.cat([torch.zeros(200, gan.n_latent), torch.from_numpy(starts)], dim=1),
        torch.from_numpy(toy.y),
    )
    assert_allclose(made.detach().numpy(), starts, atol=1e-6)


def test_a_term_among_no_rows_is_centred_on_its_members_and_no_term_on_all_rows(tiny, toy):
    X = np.array([[1.0], [5.0], [9.0]], np.float32)
    y = sparse.csr_array(np.array([[1, 0], [1, 0], [0, 0]], np.uint8))
    member = np.array([[40.0]], np.float32), sparse.csr_array(np.array([[0, 1]], np.uint8))
    assert find_centres((X, y), member).ravel().tolist() == [3, 40, 5]
    gan = tiny().fit(toy.X, toy.y)
    assert np.isfinite(gan.sample(np.zeros((1, 12), np.uint8), random_state=0)).all()
