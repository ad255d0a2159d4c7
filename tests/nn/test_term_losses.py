"""Losses of terms: identities, values by hand, slopes, and nothing that is not finite."""

import numpy as np
import pytest
import torch

from protimb.nn import LOSSES, CrossEntropyLoss, FocalLoss, make_loss
from protimb.nn._label_losses import mean_label_loss

N_POSITIVE, N_ROWS = np.array([0, 1, 7, 40, 100]), 100
EDGES = np.array([[1, 2], [2, 4], [0, 4]])


@pytest.fixture
def cells():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 5, generator=generator, dtype=torch.float64) * 3
    return logits, (torch.rand(6, 5, generator=generator) < 0.4).to(torch.uint8)


def built(loss, edges=EDGES):
    return make_loss(loss, N_POSITIVE, N_ROWS, edges=edges)


@pytest.mark.parametrize("loss", [CrossEntropyLoss(), FocalLoss(gamma=0)], ids=str)
def test_a_loss_whose_idea_is_off_is_cross_entropy(loss, cells):
    torch.testing.assert_close(built(loss)(*cells), mean_label_loss(*cells))


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_the_slope_of_the_loss(name, cells):
    criterion, labels = built(name), cells[1]
    assert torch.autograd.gradcheck(lambda z: criterion(z, labels), (cells[0].requires_grad_(),))
