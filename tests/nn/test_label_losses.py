"""The loss of many labels a row against torch's own, and by hand."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from protimb.nn._label_losses import mean_label_loss


@pytest.fixture
def cells():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(7, 11, generator=generator) * 6
    return logits, (torch.rand(7, 11, generator=generator) < 0.2).to(torch.uint8)


def gradient(loss, logits, *args):
    logits = logits.clone().requires_grad_()
    (loss(logits, *args) * torch.arange(7.0)).mean().backward()
    return logits.grad


def by_torch(logits, labels):
    cells = binary_cross_entropy_with_logits(logits, labels.to(logits.dtype), reduction="none")
    return cells.mean(dim=1)


def test_the_loss_is_that_of_torch_and_the_gradient_has_its_bits(cells):
    torch.testing.assert_close(mean_label_loss(*cells), by_torch(*cells), rtol=1e-5, atol=1e-7)
    expected = gradient(by_torch, *cells)
    np.testing.assert_array_equal(gradient(mean_label_loss, *cells), expected)


def test_a_logit_of_zero_costs_log_two_and_sure_answers_nothing():
    labels = torch.tensor([[1, 0], [1, 0]], dtype=torch.uint8)
    loss = mean_label_loss(torch.tensor([[0.0, 0.0], [80.0, -80.0]]), labels)
    np.testing.assert_allclose(loss, [math.log(2), 0], atol=1e-7)


def test_the_gradient_is_the_slope_of_the_loss(cells):
    logits, labels = cells[0].double().requires_grad_(), cells[1]
    assert torch.autograd.gradcheck(lambda z: mean_label_loss(z, labels), (logits,))
