"""Windows cover each residue with a total weight of 1 / n; batches hold every piece once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protimb.embeddings._batches import cut, padding_share, plan_batches


@given(n_residues=st.integers(1, 300), window=st.integers(2, 40), data=st.data())
def test_weights_of_all_windows_make_a_mean_over_residues(n_residues, window, data):
    overlap = data.draw(st.integers(0, window // 2))
    # A letter of its own for each residue, so that a window says where it was cut.
    sequence = "".join(chr(0x4E00 + place) for place in range(n_residues))
    total = np.zeros(n_residues)
    for piece in cut(0, sequence, window, overlap):
        total[[ord(letter) - 0x4E00 for letter in piece.residues]] += piece.weights
    np.testing.assert_allclose(total, 1 / n_residues, rtol=1e-5)


def test_the_last_window_ends_with_the_sequence():
    pieces = cut(3, "ABCDEFGHIJ", window=4, overlap=1)
    assert [piece.residues for piece in pieces] == ["ABCD", "DEFG", "GHIJ"]
    np.testing.assert_allclose(pieces[0].weights, [0.1, 0.1, 0.1, 0.05])
    assert [piece.residues for piece in cut(0, "ABCDEFGHIJK", 4, 1)][-2:] == ["GHIJ", "HIJK"]
    assert [piece.residues for piece in cut(0, "ABCD", 4, 1)] == ["ABCD"]


@given(
    lengths=st.lists(st.integers(1, 900), min_size=1, max_size=80),
    batch_tokens=st.integers(1, 4000),
)
def test_each_piece_is_in_one_batch_that_keeps_to_the_budget(lengths, batch_tokens):
    batches = plan_batches(lengths, batch_tokens, min_fill=0.9)
    assert sorted(item for batch in batches for item in batch) == list(range(len(lengths)))
    for batch in batches:
        sizes = [lengths[item] for item in batch]
        assert sizes == sorted(sizes, reverse=True)
        assert len(batch) == 1 or len(batch) * sizes[0] <= batch_tokens
        assert min(sizes) >= 0.9 * max(sizes)


def test_padding_of_proteins_of_all_lengths_is_a_few_percent():
    lengths = np.random.default_rng(0).lognormal(6, 0.7, 2000).astype(int) + 20
    batches = plan_batches(lengths.tolist(), 8192, min_fill=0.92)
    assert padding_share(lengths.tolist(), batches) < 0.05


def test_padding_is_counted_by_hand():
    assert padding_share([4, 2, 3], [[0, 1], [2]]) == pytest.approx(2 / 11)
