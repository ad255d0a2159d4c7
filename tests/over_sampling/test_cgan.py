"""CGANSampler: what it learns, what it promises, and what it does when things go wrong."""

import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.pipeline import Pipeline
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from protimb import GOTermClassifier
from protimb.exceptions import (
    DeviceUnavailableError,
    InvalidLabelsError,
    RareTermWarning,
    ShortfallWarning,
    TrainingDiverged,
    UnknownTermError,
)
from protimb.filters import BaseFilter, CosineFilter
from protimb.gan import _sampling
from protimb.nn import BaseBackbone, ConditionalNetwork, MLPBackbone, seeded_linear
from protimb.over_sampling import _quality_control
from protimb.training import Callback


class PassEvery(BaseFilter):
    """Let every nth row pass, counted over calls: a filter whose outcome is known."""

    def __init__(self, n):
        self.n = n

    def _fit(self, X, indicator):
        self.n_seen_, self.threshold_ = 0, 0

    def _score(self, X_new, claims):
        numbers = self.n_seen_ + np.arange(1, len(X_new) + 1)
        self.n_seen_ += len(X_new)
        return -(numbers % self.n)


def two_groups(n_rare=12, n_frequent=60, seed=0):
    """Term 0 lies around +2 in every feature, term 1 around -2."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.eye(2, dtype=np.uint8), [n_rare, n_frequent], axis=0)
    y = np.vstack([y, [[0, 0]]])  # an unlabelled row: the target is multilabel
    centre = 2 * (y[:, :1].astype(float) - y[:, 1:])
    return (centre + 0.3 * rng.normal(size=(len(y), 4))).astype(np.float32), y


def test_generated_rows_lie_where_the_real_members_of_their_term_lie(tiny):
    X, y = two_groups()
    sampler = tiny(
        sampling_strategy={0: 60},
        backbone=MLPBackbone(n_layers=2, n_hidden=32),
        generate_from="noise",
        max_updates=150,
        lr=1e-3,
    )
    X_res, _ = sampler.fit_resample(X, y)
    generated = X_res[sampler.synthetic_mask_]
    assert len(generated) == 48
    assert np.mean(generated.mean(axis=1) > 0) > 0.95
    # Other seeds lie at 2 to 3, and so may other processors; the other term lies at -2.
    assert 1 < generated.mean() < 4


def test_real_rows_come_first_and_every_new_row_carries_a_real_labelset(tiny, toy):
    sampler = tiny()
    X_res, y_res = sampler.fit_resample(toy.X, toy.y)
    assert_array_equal(X_res[: len(toy.X)], toy.X)
    assert_array_equal(y_res[sampler.synthetic_mask_], toy.y[sampler.conditioning_indices_])
    assert (y_res.sum(axis=0) >= 20).all()


def test_constant_features_stay_constant(tiny):
    # Case 14.
    X, y = two_groups()
    X[:, 2] = 7.0
    X_res, _ = tiny(sampling_strategy={0: 30}).fit_resample(X, y)
    assert (X_res[:, 2] == 7.0).all()


def test_half_precision_is_computed_in_single_and_returned_in_half(tiny):
    # Case 2: the sum of squares of such rows overflows float16.
    X, y = two_groups()
    X = (X * 100).astype(np.float16)
    X_res, _ = tiny(sampling_strategy={0: 30}).fit_resample(X, y)
    assert X_res.dtype == np.float16
    assert np.isfinite(X_res).all()


def test_a_loss_that_is_not_finite_stops_training_and_names_the_step(tiny, toy):
    # Case 24.
    sampler = tiny(lr=1e30, max_updates=5)
    with pytest.raises(TrainingDiverged, match=r"at step \d") as caught:
        sampler.fit(toy.X, toy.y)
    assert caught.value.step >= 1
    assert not hasattr(sampler, "generator_")


def test_weights_that_go_wrong_after_the_last_loss_give_no_rows(tiny, toy):
    # Case 24: the last update is seen by no loss.
    class Poison(Callback):
        def on_train_end(self, loop):
            with torch.no_grad():
                next(loop.step.generator.parameters()).fill_(torch.nan)

    sampler = tiny(callbacks=[Poison()])
    with pytest.raises(TrainingDiverged, match="after step 2, the last") as caught:
        sampler.fit_resample(toy.X, toy.y)
    assert caught.value.step == 2


class Interrupt(Callback):
    """Press Ctrl-C in the second epoch."""

    def on_epoch_end(self, loop, record):
        if record["epoch"] == 2:
            raise KeyboardInterrupt


def test_an_interrupted_refit_leaves_the_sampler_unfitted(tiny, toy):
    # Case 32: the old generator must not go on with the new scale and terms.
    sampler = tiny().fit(toy.X, toy.y)
    with pytest.raises(KeyboardInterrupt):
        sampler.set_params(callbacks=[Interrupt()]).fit(toy.X[:, :3], toy.y[:, :5])
    with pytest.raises(NotFittedError):
        sampler.sample(toy.y)


def test_fit_resample_trains_anew_whatever_was_fitted_before(tiny, toy):
    fitted = tiny().fit(2 * toy.X[:90], toy.y[:90])
    assert_array_equal(fitted.fit_resample(toy.X, toy.y)[0], tiny().fit_resample(toy.X, toy.y)[0])


def test_a_pickled_sampler_samples_the_same_rows(tiny, toy):
    sampler = tiny(quality_filter="cosine").fit(toy.X, toy.y)
    twin = pickle.loads(pickle.dumps(sampler))
    assert_array_equal(twin.sample(toy.y, random_state=0), sampler.sample(toy.y, random_state=0))


def test_sampling_twice_with_one_seed_gives_the_same_rows_whatever_the_batch(
    tiny, toy, monkeypatch
):
    # Case 28.
    sampler = tiny().fit(toy.X, toy.y)
    rows = [sampler.sample(toy.y, random_state=7)]
    for chunk in (1, 64):
        monkeypatch.setattr(_sampling, "_CHUNK", chunk)
        rows.append(sampler.sample(toy.y, random_state=7))
    # Products of other shapes may be summed in another order; values are near 1.
    assert_allclose(rows[1], rows[0], rtol=1e-5, atol=1e-5)
    assert_allclose(rows[2], rows[0], rtol=1e-5, atol=1e-5)
    assert not np.allclose(sampler.sample(toy.y, random_state=8), rows[0])


def test_the_global_random_state_is_left_alone(tiny, toy):
    # Case 29.
    numpy_before, torch_before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShortfallWarning)  # two epochs do not satisfy the filter
        tiny(quality_filter="cosine").fit_resample(toy.X, toy.y)
    assert_array_equal(np.random.get_state()[1], numpy_before)  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_before)


def test_two_threads_with_one_seed_give_what_one_gives(tiny, toy):
    # Case 30.
    def resample(_):
        return tiny().fit_resample(toy.X, toy.y)[0]

    alone = resample(0)
    with ThreadPoolExecutor(2) as pool:
        for X_res in pool.map(resample, range(2)):
            assert_array_equal(X_res, alone)


def test_rejected_rows_are_replaced_until_the_plan_is_met(tiny, toy):
    sampler = tiny(quality_filter=PassEvery(2))
    plain = tiny()
    _, y_res = sampler.fit_resample(toy.X, toy.y)
    _, y_plain = plain.fit_resample(toy.X, toy.y)
    assert_array_equal(y_res, y_plain)
    report = sampler.quality_report_.sum()
    assert report["n_missing"] == 0
    assert report["n_drawn"] - report["n_rejected"] == report["n_planned"] == plain.n_synthetic_
    assert report["n_rejected"] > 0


def test_a_filter_that_rejects_all_ends_after_its_rounds_and_is_reported_by_term(tiny, toy):
    # Case 26.
    sampler = tiny(quality_filter=PassEvery(10**9), max_rounds=3)
    with pytest.warns(ShortfallWarning, match="fewer members than planned"):
        X_res, _ = sampler.fit_resample(toy.X, toy.y)
    assert len(X_res) == len(toy.X)
    report = sampler.quality_report_
    assert_array_equal(report["n_drawn"], 3 * report["n_planned"])
    assert_array_equal(report["n_missing"], report["n_planned"])
    assert report["n_missing"].sum() > 0


@pytest.mark.parametrize("block", [1, 7])
def test_rows_are_drawn_and_judged_in_blocks(tiny, toy, monkeypatch, block):
    monkeypatch.setattr(_quality_control, "rows_a_block", lambda X: block)
    sizes = []

    class Spy(PassEvery):
        def select(self, X_new, y_new):
            sizes.append(len(X_new))
            return super().select(X_new, y_new)

    sampler = tiny(quality_filter=Spy(2))
    sampler.fit_resample(toy.X, toy.y)
    report = sampler.quality_report_.sum()
    assert max(sizes) == block
    assert sum(sizes) == report["n_drawn"] == report["n_planned"] + report["n_rejected"]
    assert report["n_missing"] == 0


def test_a_filter_without_a_seed_gets_one_from_the_sampler(tiny, toy):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    quality = CosineFilter(max_members=5)
    first, second = (
        tiny(quality_filter=quality).fit(toy.X, toy.y).quality_filter_ for _ in range(2)
    )
    assert_array_equal(first.thresholds_, second.thresholds_)
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    seeded = tiny(quality_filter=clone(quality).set_params(random_state=3)).fit(toy.X, toy.y)
    assert seeded.quality_filter_.random_state == 3
    assert quality.random_state is None


def test_the_filter_sees_real_rows_only(tiny, toy):
    seen = {}

    class Spy(PassEvery):
        def fit(self, X, y):
            seen["X"], seen["y"] = X, y
            return super().fit(X, y)

    tiny(quality_filter=Spy(1)).fit_resample(toy.X, toy.y)
    assert_array_equal(seen["X"], toy.X)
    assert_array_equal(seen["y"].toarray(), toy.y)


def test_the_default_filter_is_the_cosine_filter_fitted_on_the_real_rows(tiny, toy):
    sampler = tiny(quality_filter="cosine").fit(toy.X, toy.y)
    assert type(sampler.quality_filter_).__name__ == "CosineFilter"
    assert_array_equal(sampler.quality_filter_.n_members_, toy.y.sum(axis=0))


def test_verbose_shows_a_bar_with_losses(tiny, toy, capsys):
    tiny(verbose=1).fit(toy.X, toy.y)
    shown = capsys.readouterr().err
    assert "CGAN" in shown
    assert "wasserstein" in shown


def test_a_backbone_of_the_users_own_needs_no_registration(tiny, toy):
    class Linear(BaseBackbone):
        def build_generator(self, n_latent, n_features, conditioner, rng):
            return self._network(n_latent, n_features, conditioner, rng)

        def build_critic(self, n_features, conditioner, rng):
            return self._network(n_features, 1, conditioner, rng)

        def _network(self, n_in, n_out, conditioner, rng):
            layer = seeded_linear(n_in + conditioner.n_condition, n_out, rng)

            class Body(torch.nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layer = layer

                def forward(self, x, condition):
                    return self.layer(torch.cat([x, condition], dim=1))

            return ConditionalNetwork(conditioner, Body())

    X_res, _ = tiny(backbone=Linear()).fit_resample(toy.X, toy.y)
    assert len(X_res) > len(toy.X)


def test_an_unknown_backbone_is_refused_with_those_there_are(tiny, toy):
    with pytest.raises(
        ValueError, match=r"'backbone' parameter of CGANSampler must be one of mlp, .*'mlpp'"
    ):
        tiny(backbone="mlpp").fit(toy.X, toy.y)


def test_parameters_of_the_backbone_and_the_filter_are_reached_by_name(tiny):
    sampler = clone(tiny(quality_filter=PassEvery(2)))
    sampler.set_params(backbone__n_layers=3, quality_filter__n=5)
    assert (sampler.backbone.n_layers, sampler.quality_filter.n) == (3, 5)


def test_a_device_that_is_not_there_is_an_error_not_a_fallback(tiny, toy, monkeypatch):
    # Case 33.
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceUnavailableError, match="device='auto'"):
        tiny(device="cuda").fit(toy.X, toy.y)


def test_sample_takes_classes_where_fit_took_classes(tiny):
    X, y = two_groups()
    names = np.array(["rare", "frequent"])[y[:-1].argmax(axis=1)]
    sampler = tiny(sampling_strategy="auto").fit(X[:-1], names)
    assert sampler.sample(["rare", "frequent", "rare"], random_state=0).shape == (3, 4)
    with pytest.raises(UnknownTermError, match="none such"):
        sampler.sample(["none such"])


def test_sample_takes_a_column_of_classes_where_fit_took_one(tiny):
    X, y = two_groups()
    column = pd.DataFrame({"rare": y[:-1, 0]})
    sampler = tiny(sampling_strategy="auto").fit(X[:-1], column)
    assert_array_equal(
        sampler.sample(column, random_state=0), sampler.sample(column["rare"], random_state=0)
    )


def test_sample_does_not_take_one_label_row_for_classes(tiny, toy):
    sampler = tiny().fit(toy.X, toy.y)
    with pytest.raises(InvalidLabelsError, match=r"y_rows must hold binary indicators .* \(12,\)"):
        sampler.sample(toy.y[0])


@pytest.mark.parametrize(
    ("given", "expected"), [("f2", "f4"), ("f4", "f4"), ("f8", "f8"), ("i8", "f8")]
)
def test_samples_are_in_the_precision_that_they_were_learned_in(tiny, toy, given, expected):
    sampler = tiny().fit(toy.X.astype(given), toy.y)
    assert sampler.sample(toy.y).dtype == expected


def test_sample_finds_the_columns_of_label_rows_by_name(tiny):
    X, y = np.random.RandomState(0).normal(size=(30, 2)), np.repeat([[1, 0], [1, 1]], 15, axis=0)
    sampler = tiny(sampling_strategy={"b": 20}).fit(X, pd.DataFrame(y, columns=["a", "b"]))
    rows = pd.DataFrame(y[:2], columns=["a", "b"])
    assert_array_equal(
        sampler.sample(rows[["b", "a"]], random_state=0), sampler.sample(rows, random_state=0)
    )


def test_sample_refuses_label_rows_with_other_columns(tiny):
    X, y = two_groups()
    sampler = tiny(sampling_strategy={"a": 30}).fit(X, pd.DataFrame(y, columns=["a", "b"]))
    with pytest.raises(InvalidLabelsError, match=r"1 missing \(b\) and 1 unknown \(c\)"):
        sampler.sample(pd.DataFrame(y[:2], columns=["a", "c"]))
    with pytest.raises(InvalidLabelsError, match="3 columns"):
        sampler.sample(np.eye(3))


def test_sample_takes_sparse_label_rows(tiny, toy):
    sampler = tiny().fit(toy.X, toy.y)
    dense = sampler.sample(toy.y[:9], random_state=0)
    assert_array_equal(sampler.sample(sparse.csr_matrix(toy.y[:9]), random_state=0), dense)


def test_a_term_with_one_member_is_generated_with_a_warning(tiny):
    # Case 8.
    X, y = two_groups(n_rare=1)
    with pytest.warns(RareTermWarning):
        _, y_res = tiny(sampling_strategy={0: 10}).fit_resample(X, y)
    assert y_res[:, 0].sum() == 10


def test_the_sampler_works_in_a_pipeline_that_resamples_only_while_fitting(tiny, toy):
    classifier = GOTermClassifier(hidden_layer_sizes=(8,), max_epochs=2, random_state=0)
    pipeline = Pipeline([("resample", tiny()), ("classify", classifier)]).fit(toy.X, toy.y)
    assert pipeline.predict_proba(toy.X).shape == toy.y.shape


def test_rows_drawn_again_carry_labels_of_the_rows_at_hand(tiny, toy):
    sampler = tiny().fit(toy.X[:150], toy.y[:150])
    weights = [p.detach().clone() for p in sampler.generator_.parameters()]
    new = sampler.generate(toy.X[50:], toy.y[50:], random_state=0)
    own = toy.y[50:][new.rows]
    assert own[np.arange(len(own)), new.terms].all()
    assert (
        (toy.y[50:].sum(axis=0) + own.sum(axis=0))[list(sampler.sampling_strategy_)] >= 20
    ).all()
    assert sampler.n_synthetic_ == len(new.X) > 0
    after = sampler.generator_.parameters()
    assert all(torch.equal(p, q) for p, q in zip(weights, after, strict=True))


def test_what_is_drawn_again_needs_the_terms_and_features_of_the_fit(tiny, toy):
    sampler = tiny().fit(toy.X, toy.y)
    with pytest.raises(InvalidLabelsError, match=r"y has 5 columns.* fitted with 12"):
        sampler.generate(toy.X, toy.y[:, :5])
    with pytest.raises(ValueError, match=r"X has 3 features, but .* expecting 16"):
        sampler.generate(toy.X[:, :3], toy.y)
    assert len(sampler.sample(toy.y[:2])) == 2, "the sampler is as it was"


def test_what_is_drawn_again_is_paired_by_name(tiny, toy):
    ids = pd.Index([f"P{row}" for row in range(len(toy.X))])
    X = pd.DataFrame(toy.X, index=ids).add_prefix("x")
    y = pd.DataFrame(toy.y, index=ids, columns=toy.terms)
    sampler = tiny().fit(X, y)
    expected = sampler.generate(X, y, random_state=1)
    turned = sampler.generate(X, y.iloc[:, ::-1], random_state=1)
    assert_array_equal(turned.X, expected.X)
    assert_array_equal(turned.terms, expected.terms)
    assert_array_equal(sampler.generate(X, toy.y, random_state=1).X, expected.X)
    with pytest.raises(ValueError, match="feature names should match"):
        sampler.generate(X.iloc[:, ::-1], y)
    assert sampler.feature_names_in_.tolist() == X.columns.tolist()
