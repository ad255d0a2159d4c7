"""The network of TALE against what the paper's formulas say, written out in full."""

import numpy as np
import pytest
import torch
from torch import nn

from protimb.nn._tale import OUTPUTS, SimilarityReadOut, TALENetwork, labels_fixed
from protimb.nn._tale_encoder import sinusoids
from protimb.nn._tale_joint import attended, shifted_sum
from protimb.nn._tale_labels import LABEL_CODINGS, TermPaths


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def paths():
    # Term 0 is the root, 1 its child, 2 the child of 1 and of an ancestor without a column, row 3.
    return TermPaths(torch.tensor([0, 1, 3, 7]), torch.tensor([0, 0, 1, 0, 3, 1, 2]))


def make_sizes(**changes):
    from protimb.classification import TALEClassifier
    from protimb.classification._tale_step import TALESizes

    small = TALEClassifier(n_hidden=8, n_layers=1, max_length=16, dropout=0.0)
    return TALESizes.of(small.set_params(**changes))


def test_fused_similarity_equals_the_softmax_written_out(rng):
    residues, labels, values = (
        torch.randn(size, generator=rng, dtype=torch.float64, requires_grad=True)
        for size in [(7, 3), (5, 3), (5, 4)]
    )
    plain = torch.softmax(residues @ labels.T, dim=1) @ values
    torch.testing.assert_close(attended(residues, labels, values), plain)
    assert torch.autograd.gradcheck(attended, (residues, labels, values))


def test_fused_similarity_is_the_same_in_many_blocks(rng, monkeypatch):
    sizes = [(9, 3), (5, 3), (5, 4)]
    given = [torch.randn(size, generator=rng, dtype=torch.float64) for size in sizes]
    whole = attended(*given)
    monkeypatch.setattr("protimb.nn._tale_joint._CELLS", {"cpu": 10})
    torch.testing.assert_close(attended(*given), whole)


def test_weights_that_nothing_notices_are_no_denormal_numbers():
    residues, labels = torch.tensor([[200.0]]), torch.tensor([[1.0], [0.5], [-1.0]])
    values = torch.eye(3)
    weights = attended(residues, labels, values)
    assert ((weights == 0) | (weights > 1e-38)).all()
    assert weights[0, 0] == 1


@pytest.mark.parametrize("width", [1, 2, 3, 10])
def test_shifted_sum_is_a_convolution_with_same_padding(width, rng):
    x = torch.randn(2, 6, 4, generator=rng, dtype=torch.float64)
    kernel = torch.randn(3, 4, width, generator=rng, dtype=torch.float64)
    taps = torch.einsum("bpc,fck->bpfk", x, kernel).requires_grad_()
    before = (width - 1) // 2
    padded = nn.functional.pad(x.transpose(1, 2), (before, width - 1 - before))
    expected = nn.functional.conv1d(padded, kernel).transpose(1, 2)
    torch.testing.assert_close(shifted_sum(taps), expected)
    assert torch.autograd.gradcheck(shifted_sum, (taps,))


def test_read_out_equals_the_papers_formula(rng, paths):
    read_out = SimilarityReadOut(make_sizes(n_filters=2, kernel_sizes=(4,)), paths, rng)
    with torch.no_grad():
        read_out.bias += 0.1
    h = torch.randn(2, 6, 8, generator=rng)
    similarity = torch.softmax(h @ read_out.label_vectors().T, dim=2)  # (batch, length, terms)
    kernel = read_out.first.view(3, 2, 4).permute(1, 0, 2)
    padded = nn.functional.pad(similarity.transpose(1, 2), (1, 2))
    filtered = torch.relu(nn.functional.conv1d(padded, kernel, read_out.bias))
    weights = filtered.amax(dim=1).softmax(dim=1)
    expected = torch.einsum("bp,bpd->bd", weights, h)
    torch.testing.assert_close(read_out(h, None), expected)


@pytest.mark.parametrize("read_out", ["attention", "last", "mean"])
def test_masked_padding_changes_no_logit(read_out, rng, paths):
    sizes = make_sizes(read_out=read_out, kernel_sizes=(4, 3), n_filters=3)
    network = TALENetwork(sizes, paths, None, rng, None).eval()
    tokens = torch.tensor([[4, 7, 1, 9, 20]])
    padded, mask = nn.functional.pad(tokens, (0, 4)), torch.arange(9)[None] < 5
    torch.testing.assert_close(network(padded, mask), network(tokens))


def test_unmasked_padding_is_read(rng, paths):
    network = TALENetwork(make_sizes(mask_pads=False), paths, None, rng, None).eval()
    tokens = torch.tensor([[4, 7, 1, 9, 20]])
    padded, mask = nn.functional.pad(tokens, (0, 4)), torch.arange(9)[None] < 5
    assert not torch.allclose(network(padded, mask), network(tokens))


def test_index_lists_and_zeros_and_ones_make_the_same_vectors(paths):
    lists, matrix = (
        LABEL_CODINGS[name](paths, 8, torch.Generator().manual_seed(1))
        for name in ("index_lists", "multi_hot")
    )
    torch.testing.assert_close(lists(), matrix())
    expected = 8**0.5 * (lists.weight[0] + lists.weight[1] + lists.weight[2] + lists.weight[3])
    torch.testing.assert_close(lists()[2], expected)
    for labels in (lists, matrix):
        labels()[1].sum().backward()
    torch.testing.assert_close(lists.weight.grad, matrix.weight.grad)


def test_depth_first_labels_know_the_order_of_their_ancestors():
    def vector(rows):
        paths = TermPaths(torch.tensor([0, 3]), torch.tensor(rows))
        labels = LABEL_CODINGS["depth_first"](paths, 8, torch.Generator().manual_seed(1))
        return labels().detach()[0], labels.weight.detach()

    one, rows = vector([0, 1, 2])
    other, _ = vector([1, 0, 2])
    assert not torch.allclose(one, other)
    # The fastest of four waves turns the first and the fifth number by one radian a place.
    turns = torch.exp(1j * torch.arange(3))
    expected = 8**0.5 * (turns * (rows[:, 0] + 1j * rows[:, 4])).sum()
    torch.testing.assert_close(one[[0, 4]], torch.stack([expected.real, expected.imag]))


def test_positions_are_sines_before_cosines():
    table = sinusoids(3, 4)
    np.testing.assert_allclose(table[1], [np.sin(1), np.sin(1e-4), np.cos(1), np.cos(1e-4)])


def test_softmax_logits_give_shares_back():
    x = torch.tensor([[1.0, -2.0, 0.5], [90.0, 0.0, 0.0]])
    logits = OUTPUTS["softmax"](x)
    assert torch.isfinite(logits).all()
    torch.testing.assert_close(torch.sigmoid(logits), x.softmax(dim=1), atol=2e-6, rtol=1e-5)


def test_fixed_labels_change_nothing_and_are_forgotten(rng, paths):
    network = TALENetwork(make_sizes(), paths, None, rng, None).eval()
    tokens = torch.tensor([[4, 7, 1]])
    before = network(tokens)
    with labels_fixed(network):
        torch.testing.assert_close(network(tokens), before, rtol=0, atol=0)
    assert network.read_out.fixed is None
