"""Training in bfloat16 stays near training in single precision, the gradient penalty included."""

import numpy as np
import pytest
import torch
from backbones import small
from devices import DEVICE
from numpy.testing import assert_allclose

from protimb.classification import GOTermClassifier, LabelAttentionClassifier, TALEClassifier
from protimb.datasets import make_longtail_multilabel
from protimb.nn import BACKBONES, MultiHotCondition
from protimb.nn._losses import gradient_penalty
from protimb.training._precision import half_digits

TOY = make_longtail_multilabel(60, n_features=6, n_terms=4, random_state=0)
SEQUENCES = ["ACDEFGHIKL"[number % 10] * (3 + number % 5) for number in range(len(TOY.X))]
SETTINGS = {"max_epochs": 3, "batch_size": 20, "device": DEVICE, "random_state": 0}

# name -> classifier, and what it reads
CLASSIFIERS = {
    "network": (GOTermClassifier(hidden_layer_sizes=(8,), **SETTINGS), TOY.X),
    "isda": (GOTermClassifier(hidden_layer_sizes=(8,), loss="isda", **SETTINGS), TOY.X),
    "attention": (LabelAttentionClassifier(n_hidden=8, n_components=3, **SETTINGS), TOY.X),
    "TALE": (TALEClassifier(n_hidden=8, hierarchy_penalty=0.0, **SETTINGS), SEQUENCES),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_trains_close_to_single_precision(name):
    classifier, X = CLASSIFIERS[name]
    single, mixed = (
        classifier.set_params(mixed_precision=on).fit(X, TOY.y).history_ for on in (False, True)
    )
    assert classifier.network_.state_dict().keys()
    assert {one.dtype for one in classifier.network_.parameters()} == {torch.float32}
    for loss in ("loss", "valid_loss"):
        ours, theirs = ([record[loss] for record in history] for history in (mixed, single))
        # bfloat16 keeps 8 bits: two digits.
        assert_allclose(ours, theirs, rtol=2e-2)
        assert not np.array_equal(ours, theirs)


@pytest.mark.parametrize("name", BACKBONES)
def test_the_gradient_penalty_keeps_two_digits_in_half_precision(name):
    rng = torch.Generator().manual_seed(0)
    condition = MultiHotCondition(4).build(3, rng)
    critic = small(name).build_critic(16, condition, rng).to(DEVICE)
    real, fake = (torch.randn(64, 16, generator=rng).to(DEVICE) for _ in range(2))
    labels = (torch.rand(64, 3, generator=rng) < 0.5).to(DEVICE, torch.uint8)
    mix = torch.rand(64, 1, generator=rng).to(DEVICE)

    def penalty(enabled):
        critic.zero_grad()
        with half_digits(DEVICE, enabled):
            rows = gradient_penalty(critic, real, fake, critic.conditioner(labels), mix)
        rows.mean().backward()
        slopes = [one.grad.flatten() for one in critic.parameters() if one.grad is not None]
        return rows.detach(), torch.cat(slopes)

    for whole, half in zip(penalty(False), penalty(True), strict=True):
        assert half.dtype == torch.float32
        assert 0 < (half - whole).norm() < 0.03 * whole.norm()
