"""Each variant of the model: what it is for, seen on toy data."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from devices import DEVICE
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from protimb.exceptions import (
    FidelityWarning,
    InvalidLabelsError,
    PenaltyWarning,
    UndertrainedWarning,
)
from protimb.gan._auxiliary import AuxiliaryHead
from protimb.gan._rows import hold_out, row_weights, rows_with
from protimb.gan._scaling import fit_scaling
from protimb.gan._starts import Member
from protimb.gan._step import AdversarialStep
from protimb.gan._training_starts import MemberStarts
from protimb.gan._validation import HeldOutRows, Plateau
from protimb.training import Callback
from protimb.utils._labelsets import rarest_terms
from protimb.utils._representatives import representatives

# Counts 4, 3, 1, 0; the last row is unlabelled.
LABELS = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], np.uint8)


def labels():
    return sparse.csr_array(LABELS)


class Watch(Callback):
    """Keep the loop, and what the generator's weights were after each epoch."""

    def on_train_begin(self, loop):
        self.loop, self.weights = loop, []

    def on_epoch_end(self, loop, record):
        parameters = loop.step.generator.parameters()
        self.weights.append(torch.cat([p.detach().flatten().clone() for p in parameters]))


def weights_of(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def test_rows_are_weighed_by_their_rarest_term_inside_the_range():
    inside = np.array([False, True, False, True])
    assert_array_equal(rows_with(labels(), inside), [0, 1, 2])
    assert_allclose(row_weights(labels()[:3], 1.0, inside), np.ones(3))
    assert_array_equal(rarest_terms(labels(), LABELS.sum(0)), [1, 2, 1, 0, -1])


def test_averaged_weights_are_the_running_mean_of_the_generators(tiny, toy):
    watch = Watch()
    gan = tiny(averaging=0.75, max_updates=3, n_critic=1, validation_fraction=0, callbacks=[watch])
    gan.fit(toy.X, toy.y)
    first, second, third = watch.weights  # one update an epoch
    expected = 0.75 * (0.75 * first + 0.25 * second) + 0.25 * third
    torch.testing.assert_close(weights_of(gan.generator_), expected)


def test_gradients_are_shortened_to_the_norm_asked_for(tiny, toy):
    norms = []

    class Measure(Callback):
        def on_batch_end(self, loop, losses):
            grads = [p.grad.flatten() for p in loop.step.generator.parameters()]
            norms.append(torch.cat(grads).norm().item())

    tiny(max_grad_norm=1e-3, callbacks=[Measure()]).fit(toy.X, toy.y)
    assert norms
    assert max(norms) <= 1e-3 * (1 + 1e-4)


def test_both_learning_rates_follow_the_schedule_over_the_whole_run(tiny, toy):
    rates = []

    class Note(Callback):
        def on_batch_end(self, loop, losses):
            step = loop.step
            optimizers = (step.generator_optimizer, step.critic_optimizer)
            rates.append([group["lr"] for o in optimizers for group in o.param_groups])

    # Eight updates in all: the rate falls by an eighth each.
    tiny(lr_schedule="linear", lr=0.08, n_critic=1, max_updates=8, callbacks=[Note()]).fit(
        toy.X, toy.y
    )
    expected = 0.08 * (1 - np.arange(1, 9) / 8)
    assert_allclose(rates, np.column_stack([expected, expected]), atol=1e-12)


def test_an_unknown_schedule_is_refused_with_those_there_are(tiny, toy):
    with pytest.raises(ValueError, match=r"lr_schedule must be one of .*cosine"):
        tiny(lr_schedule="sinus").fit(toy.X, toy.y)


def test_a_penalty_that_runs_away_warns_and_then_stops_training(tiny, toy):
    # Case 23: the guard's own threshold is 100.
    class Inflate(Callback):
        def on_epoch_begin(self, loop):
            with torch.no_grad():
                for parameter in loop.step.critic.parameters():
                    parameter.mul_(30)

    gan = tiny(max_updates=9, callbacks=[Inflate()])
    with pytest.warns(PenaltyWarning, match="penalty is"):
        gan.fit(toy.X, toy.y)
    assert len(gan.history_) < 9
    assert np.isfinite(gan.sample(toy.y)).all()


def test_held_out_rows_never_train_and_their_distance_is_recorded(tiny, toy):
    watch = Watch()
    gan = tiny(validation_fraction=0.2, callbacks=[watch]).fit(toy.X, toy.y)
    step = watch.loop.step
    assert len(step.held_out.X) == round(0.2 * len(toy.X))
    assert len(step.X) + len(step.held_out.X) == len(toy.X)
    both = np.concatenate([step.X.cpu().numpy(), step.held_out.X])
    assert len(np.unique(both, axis=0)) == len(toy.X)
    assert np.isfinite(gan.history_["frechet"]).all()


def test_the_epoch_with_the_least_distance_is_kept_not_the_last(tiny, toy):
    watch = Watch()
    gan = tiny(validation_fraction=0.2, max_updates=6, lr=0.05, callbacks=[watch])
    gan.fit(toy.X, toy.y)
    best = int(gan.history_["frechet"].argmin())
    assert best < 5, "at this learning rate the last epoch should not be the best"
    assert torch.equal(weights_of(gan.generator_), watch.weights[best])


@pytest.mark.parametrize(("floor", "n_checks"), [(0, 4), (10, 10)])
def test_training_stops_after_checks_that_gain_nothing_and_not_before_a_floor(
    tiny, toy, floor, n_checks
):
    # At this learning rate no bit changes, so that the first check is the only one that gains.
    gan = tiny(validation_fraction=0.2, n_iter_no_change=3, min_updates=floor, lr=1e-30)
    gan.set_params(max_updates=50).fit(toy.X, toy.y)
    assert len(gan.history_) == n_checks


def test_a_gain_less_than_its_error_is_none():
    held_out = SimpleNamespace(distances=None)
    plateau = Plateau(held_out, patience=2, min_updates=0)
    loop = SimpleNamespace(step=AdversarialStep, snapshot=None, stop_requested=False)
    plateau.on_train_begin(loop)
    luck = np.array([-1.0, 1.0] * 10)
    # What all resamples agree on is a gain; what half of them deny is none.
    for epoch, (distance, error, stops) in enumerate(
        [(9.0, 0, False), (8.5, 0, False), (8.4, 1, False), (8.3, 1, True)], start=1
    ):
        held_out.distances = np.append(distance, distance + error * epoch * luck)
        record = {"epoch": epoch, "n_steps": epoch, "frechet": distance}
        plateau.on_epoch_end(loop, record)
        assert loop.stop_requested is stops
    assert [epoch for epoch, _ in plateau.gains_] == [1, 2]
    assert plateau.best_epoch_ == 4


def test_a_run_that_ends_while_the_distance_falls_says_so(tiny):
    # Two narrow heaps: a few updates bring noise nearer, and not near.
    rng = np.random.default_rng(0)
    y = (rng.random((1000, 2)) < 0.5).astype(np.uint8)
    X = 2.0 * y[:, :1] + 0.1 * rng.normal(size=(1000, 6))
    far = {"generate_from": "noise", "max_updates": 20, "n_iter_no_change": 8, "lr": 1e-2}
    with (
        pytest.warns(UndertrainedWarning, match="Training ended after 20 updates .* still falling"),
        pytest.warns(FidelityWarning, match=r"tells generated rows from 100 real ones"),
    ):
        tiny(**far).fit(X, y)


def test_small_tables_hold_nothing_out_unless_asked_to(tiny, toy):
    few = tiny(max_updates=3).fit(toy.X[:100], toy.y[:100])
    assert "frechet" not in few.history_
    assert len(few.held_out_) == 0
    assert len(tiny().fit(toy.X, toy.y).held_out_) == 20
    assert len(tiny(validation_fraction=0.1).fit(toy.X[:100], toy.y[:100]).held_out_) == 10


def test_rare_terms_are_held_out_in_proportion():
    rng = np.random.RandomState(0)
    terms = np.repeat(np.arange(3), [400, 80, 20])
    y = sparse.csr_array(np.eye(3, dtype=np.uint8)[terms])
    _, apart = hold_out(y, 0.1, rng)
    assert_array_equal(np.bincount(terms[apart]), [40, 8, 2])


def test_a_large_table_is_judged_by_no_more_rows():
    y = sparse.csr_array(np.ones((5000, 1), np.uint8))
    kept, apart = hold_out(y, 0.5, np.random.RandomState(0), at_most=30)
    assert (len(kept), len(apart)) == (4970, 30)


def test_wide_rows_are_compared_where_real_ones_vary_and_by_what_is_left():
    rng = np.random.RandomState(0)
    X = (rng.normal(size=(300, 3)) @ rng.normal(size=(3, 200))).astype(np.float32)
    off = rng.normal(size=(300, 200)).astype(np.float32)
    held_out = HeldOutRows(X[:40], None, 4, rng, near=X[40:])
    seen = held_out.project(X[:40])
    assert seen.shape == (40, 11)  # a direction for four rows
    assert_allclose(seen[:, -1], 0, atol=1e-3)
    assert held_out.project(X[:40] + off[:40])[:, -1].min() > 5


def test_no_term_loses_its_last_row_to_the_held_out_ones():
    kept, held_out = hold_out(labels(), 0.4, np.random.RandomState(0))
    assert len(held_out) == 2
    assert_array_equal(LABELS[kept].any(axis=0), LABELS.any(axis=0))
    with pytest.raises(InvalidLabelsError, match="can be spared"):
        hold_out(sparse.csr_array(np.eye(4, dtype=np.uint8)), 0.5, np.random.RandomState(0))


def test_the_auxiliary_classifier_learns_labels_and_its_loss_is_recorded(tiny, toy):
    gan = tiny(auxiliary_weight=1.0, max_updates=30, n_critic=1, lr=1e-2).fit(toy.X, toy.y)
    losses = gan.history_["auxiliary_loss"]
    assert losses.iloc[-1] < 0.7 * losses.iloc[0]
    assert "label_loss" in gan.history_


def test_the_auxiliary_loss_is_the_mean_over_rows_and_terms():
    head = AuxiliaryHead(3, 2, lr=1e-3, init=torch.Generator().manual_seed(0))
    x, y = torch.randn(5, 3, generator=torch.Generator().manual_seed(1)), torch.ones(5, 2)
    p = torch.sigmoid(head.network(x))
    torch.testing.assert_close(head.loss(x, y.to(torch.uint8)), -p.log().mean())


def test_generated_rows_fit_their_labels_better_with_the_auxiliary_loss(tiny, toy):
    def last_label_loss(weight):
        gan = tiny(
            auxiliary_weight=weight, max_updates=40, n_critic=1, lr=1e-2, validation_fraction=0
        )
        return gan.fit(toy.X, toy.y).history_["label_loss"].iloc[-5:].mean()

    assert last_label_loss(30.0) < last_label_loss(1e-9)


def test_training_starts_are_members_of_the_rows_rarest_term():
    vectors = torch.arange(5.0)[:, None]
    members = {-1: np.array([4]), 0: np.arange(4), 1: np.arange(3), 2: np.array([1])}
    rarest = rarest_terms(labels(), LABELS.sum(0))
    starts = MemberStarts(vectors, rarest, members, "cpu")
    rows = torch.arange(5).repeat(200)
    drawn = starts(rows, torch.Generator().manual_seed(0)).view(200, 5).numpy()
    assert [set(column) for column in drawn.T] == [{0, 1, 2}, {1}, {0, 1, 2}, {0, 1, 2, 3}, {4}]


def test_a_label_row_that_no_protein_has_starts_from_the_most_similar_one():
    known = Member(np.arange(5, dtype=np.float32)[:, None], labels())
    asked = sparse.csr_array(np.array([[1, 1, 1, 1], [1, 0, 0, 1], [0, 0, 0, 0]], np.uint8))
    starts = known.of_labels(asked, np.random.RandomState(0))
    assert starts.ravel().tolist() == [1, 3, 4]


def test_some_members_of_every_term_are_kept():
    kept = representatives(labels(), 1, np.random.RandomState(0))
    assert_array_equal(LABELS[kept].any(axis=0), LABELS.any(axis=0))
    assert (LABELS[kept].sum(axis=1) == 0).any()


def test_samples_from_members_are_the_same_for_the_same_seed(tiny, toy):
    gan = tiny(generate_from="member", validation_fraction=0.1).fit(toy.X, toy.y)
    first, second = (gan.sample(toy.y[:9], random_state=3) for _ in range(2))
    assert_array_equal(first, second)


@pytest.mark.parametrize("ends", [None, (0, 1), (-1, 1)])
def test_scaling_is_undone_and_constant_features_stay(ends):
    X = np.random.default_rng(0).normal(3, 2, size=(50, 4))
    X[:, 2] = 7.0
    scaling = fit_scaling(X, ends)
    scaled = scaling.transform(X)
    assert_allclose(scaling.inverse(scaled), X, atol=1e-5)
    if ends:
        assert_allclose([scaled[:, 0].min(), scaled[:, 0].max()], ends, atol=1e-6)
    assert (scaling.inverse(scaled + 1)[:, 2] == 7.0).all()


def test_mixed_precision_trains_close_to_single_precision(tiny, toy):
    single, mixed = (
        tiny(mixed_precision=on, auxiliary_weight=1.0, device=DEVICE).fit(toy.X, toy.y).history_
        for on in (False, True)
    )
    # bfloat16 keeps 8 bits: two digits of a loss of order one.
    assert_allclose(mixed["wasserstein"], single["wasserstein"], atol=0.1)
    assert not np.array_equal(mixed["wasserstein"], single["wasserstein"])
