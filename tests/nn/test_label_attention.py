"""Label attention: the sums written out, padding that says nothing, terms that come alone."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from protimb.nn import LabelAttention


def build(n_terms=3, **sizes):
    torch_rng = torch.Generator().manual_seed(0)
    settings = {"n_tokens": 2, "n_hidden": 6, "n_heads": 2, "head_size": 3}
    network = LabelAttention(
        5, 4, n_terms, **(settings | sizes), generator=torch_rng, noise_generator=None
    )
    return network.eval()


def draw(*shape, seed=1):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def test_logits_are_the_attention_of_each_term_written_out():
    network, x, vectors = build(), draw(2, 5), draw(3, 4, seed=2)
    with torch.no_grad():
        hidden = network.trunk(x)
        found = network(x, vectors)
        for row in range(2):
            parts = [layer(hidden[row]).view(2, 2, 3) for layer in (network.keys, network.values)]
            for term in range(3):
                query = network.queries(vectors[term]).view(2, 3)
                direction = network.directions(vectors[term]).view(2, 3)
                logit = network.own(hidden[row])[term]
                for head in range(2):
                    keys, values = (part[:, head] for part in parts)
                    attention = torch.softmax(keys @ query[head] / 3**0.5, dim=0)
                    logit = logit + attention @ values @ direction[head] / 3**0.5
                assert_allclose(found[row, term], logit, rtol=1e-4)


def test_padding_says_nothing():
    network, residues, vectors = build(n_tokens=1), draw(1, 3, 5), draw(3, 4, seed=2)
    padded = torch.cat([residues, 100 * draw(1, 2, 5, seed=3)], dim=1)
    padding = torch.tensor([[False, False, False, True, True]])
    with torch.no_grad():
        expected = network(residues, vectors)
        assert_allclose(network(padded, vectors, padding), expected, rtol=1e-5)


def test_the_order_of_residues_is_not_read():
    network, residues, vectors = build(n_tokens=1), draw(2, 4, 5), draw(3, 4, seed=2)
    with torch.no_grad():
        expected = network(residues, vectors)
        assert_allclose(network(residues.flip(1), vectors), expected, rtol=1e-4, atol=1e-6)


def test_terms_are_asked_independently_of_each_other():
    network, x, vectors = build(), draw(2, 5), draw(3, 4, seed=2)
    with torch.no_grad():
        together = network.score_unseen(x, vectors)
        alone = torch.cat([network.score_unseen(x, one[None]) for one in vectors], dim=1)
    assert_allclose(together, alone, rtol=1e-4, atol=1e-6)


def test_a_dropped_term_answers_by_its_vector_and_its_bias():
    network, x, vectors = build(), draw(2, 5), draw(3, 4, seed=2)
    with torch.no_grad():
        network.own.bias.copy_(torch.tensor([1.0, 2.0, 3.0]))
        dropped = network(x, vectors, keep=torch.tensor([0.0, 1.0, 0.0]))
        shared = network.score_unseen(x, vectors) + network.own.bias
        full = network(x, vectors)
    assert_allclose(dropped[:, [0, 2]], shared[:, [0, 2]], rtol=1e-5)
    assert_allclose(dropped[:, 1], full[:, 1], rtol=1e-5)


@pytest.mark.parametrize("shape", [(2, 5), (2, 4, 5)])
def test_gradients_are_those_of_finite_differences(shape):
    network = build(n_tokens=1 if len(shape) == 3 else 2).double()
    x = draw(*shape).double().requires_grad_()
    vectors = draw(3, 4, seed=2).double().requires_grad_()
    assert torch.autograd.gradcheck(network, (x, vectors))
