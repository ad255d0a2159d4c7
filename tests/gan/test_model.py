"""ConditionalGAN alone: what it learns, what it refuses, its way to a folder and back."""

import inspect

import numpy as np
import pandas as pd
import pytest
import torch
from devices import DEVICE
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from protimb import CGANSampler
from protimb.exceptions import ArtifactError, InvalidLabelsError, UntrainedTermError
from protimb.gan import ConditionalGAN
from protimb.gan._rows import row_weights
from protimb.gan._starts import STARTS
from protimb.nn import MLPBackbone, TermVectorCondition
from protimb.training import Callback, load_state, save_state

VECTORS = np.random.default_rng(0).normal(size=(12, 3))


class Watch(Callback):
    """Keep the weights that training starts from."""

    def on_train_begin(self, loop):
        self.before = [p.detach().clone() for p in loop.step.generator.parameters()]


def test_one_generator_serves_every_term_by_its_labels(tiny):
    """Terms 0 and 1 lie around +2 and -2 in every feature."""
    y = np.repeat(np.eye(2, dtype=np.uint8), [12, 60], axis=0)
    centre = 2 * (y[:, :1].astype(float) - y[:, 1:])
    X = (centre + 0.3 * np.random.default_rng(0).normal(size=(72, 4))).astype(np.float32)
    gan = tiny(backbone=MLPBackbone(2, 32), generate_from="noise", max_updates=150).fit(X, y)
    rare, frequent = (
        gan.sample(np.tile(labels, (50, 1)), random_state=0) for labels in np.eye(2, dtype=int)
    )
    assert rare.mean() > 0.5
    assert frequent.mean() < -0.5


def test_rows_of_rare_terms_are_shown_more_often():
    # Counts 4, 2, 1: IRLbl 1, 2, 4. A row weighs as its rarest term; the unlabelled one 1.
    y = sparse.csr_array(np.array([[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 0], [0, 0, 0]], "u1"))
    assert_allclose(row_weights(y, 1.0), [1, 2, 4, 1, 1])
    assert_allclose(row_weights(y, 0.5), [1, 2**0.5, 2, 1, 1])
    assert_allclose(row_weights(y, 0.0), np.ones(5))


@pytest.mark.parametrize("n_rows", [3, 257])
def test_fewer_rows_than_a_batch_or_one_too_many_still_train(tiny, n_rows):
    # Cases 19 and 20: the batch shrinks, no batch is skipped, and none has a single row.
    rng, watch = np.random.default_rng(0), Watch()
    y = (rng.random((n_rows, 3)) < 0.5).astype(np.uint8)
    y[0] = 1
    gan = tiny(max_updates=4, batch_size=256, callbacks=[watch])
    gan.fit(rng.normal(size=(n_rows, 5)), y)
    assert gan.history_["n_steps"].tolist() == [1, 2, 3, 4]
    after = gan.generator_.parameters()
    assert any(not torch.equal(p, q) for p, q in zip(watch.before, after, strict=True))


def test_history_has_one_record_an_epoch_with_every_loss(tiny, toy):
    gan = tiny(max_updates=3).fit(toy.X, toy.y)
    losses = ["critic_loss", "penalty", "wasserstein", "generator_loss"]
    assert gan.history_.columns.tolist() == ["epoch", "n_steps", *losses, "frechet"]
    assert gan.history_["epoch"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("given", "expected"), [("f2", "f4"), ("f4", "f4"), ("f8", "f8"), ("i8", "f8")]
)
def test_vectors_are_in_the_precision_that_they_were_learned_in(tiny, toy, given, expected):
    gan = tiny().fit(toy.X.astype(given), toy.y)
    assert gan.sample(toy.y).dtype == expected
    assert gan.vary(toy.X[:5].astype(given), toy.y[:5], np.zeros(5, int)).dtype == expected


def test_only_rows_of_the_terms_to_train_towards_are_seen(tiny, toy):
    rare = np.arange(12) == toy.y.sum(axis=0).argmin()
    gan = tiny().fit(toy.X, toy.y, towards=rare)
    assert_array_equal(gan.seen_, toy.y[toy.y[:, rare].any(axis=1)].any(axis=0))
    assert not gan.seen_.all()
    with pytest.raises(UntrainedTermError, match="no training protein has"):
        gan.sample(np.eye(12, dtype=int)[~gan.seen_])


def test_names_of_terms_come_from_the_columns_or_the_caller(tiny, toy):
    frame = pd.DataFrame(toy.y, columns=toy.terms)
    assert tiny().fit(toy.X, frame).terms_ == list(toy.terms)
    assert tiny().fit(toy.X, toy.y, terms=toy.terms).terms_ == list(toy.terms)
    assert tiny().fit(toy.X, toy.y).terms_ == list(range(12))


def test_label_rows_of_another_width_are_refused(tiny, toy):
    gan = tiny().fit(toy.X, toy.y)
    with pytest.raises(InvalidLabelsError, match=r"5 columns.* fitted with 12 terms"):
        gan.sample(toy.y[:, :5])


def test_rows_to_vary_have_the_features_of_the_fit_and_a_term_each(tiny, toy):
    gan = tiny().fit(toy.X, toy.y)
    with pytest.raises(ValueError, match=r"3 features, but .* expecting 16"):
        gan.vary(toy.X[:5, :3], toy.y[:5], np.zeros(5, int))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        gan.vary(toy.X[:5], toy.y[:5], np.zeros(4, int))


def test_an_unfitted_model_gives_neither_rows_nor_state(tiny, toy):
    for use in (lambda gan: gan.sample(toy.y), lambda gan: gan.state()):
        with pytest.raises(NotFittedError):
            use(tiny())


def test_draws_go_on_from_the_source_that_is_handed_over(tiny, toy):
    rng = np.random.RandomState(5)
    handed = tiny().fit(toy.X, toy.y, random_state=rng)
    alone = tiny(random_state=5).fit(toy.X, toy.y)
    pd.testing.assert_frame_equal(handed.history_, alone.history_, check_exact=True)
    assert rng.randint(2**31 - 1) != np.random.RandomState(5).randint(2**31 - 1)


MODELS = {
    **{start: {"generate_from": start} for start in STARTS},
    "judged": {"validation_fraction": 0.1, "averaging": 0.9, "auxiliary_weight": 1.0},
    "described": {"condition": TermVectorCondition(pooling="attention", n_condition=6)},
    "bounded": {"backbone": MLPBackbone(1, 8, final_activation="tanh")},
}


@pytest.mark.parametrize("model", sorted(MODELS))
def test_a_model_comes_back_from_its_state_bit_by_bit(tiny, toy, model, tmp_path):
    gan = tiny(**MODELS[model], device=DEVICE).fit(toy.X, toy.y, term_vectors=VECTORS)
    save_state(tmp_path, *gan.state())
    for state in (gan.state(), load_state(tmp_path)):
        again = ConditionalGAN.from_state(*state, device=DEVICE)
        for draw in (
            lambda gan: gan.sample(toy.y[:20], random_state=3),
            lambda gan: gan.vary(toy.X[:9], toy.y[:9], toy.y[:9].argmax(axis=1), random_state=3),
        ):
            assert_array_equal(draw(again), draw(gan))
        pd.testing.assert_frame_equal(again.history_, gan.history_)
        assert repr(again.get_params()) == repr(gan.get_params())


@pytest.mark.parametrize("lost", ["generator", "scaling", "starts", "seen"])
def test_a_state_with_a_part_missing_is_refused(tiny, toy, lost):
    state, manifest = tiny().fit(toy.X, toy.y).state()
    del state[lost]
    with pytest.raises(ArtifactError, match=f"does not hold what a ConditionalGAN needs .*{lost}"):
        ConditionalGAN.from_state(state, manifest)


def test_parameters_are_cloned_and_reached_by_name():
    gan = clone(ConditionalGAN(n_latent=3)).set_params(backbone__n_hidden=8, lr=0.5)
    params = gan.get_params()
    assert (params["n_latent"], params["lr"], params["backbone__n_hidden"]) == (3, 0.5, 8)
    assert gan.needs_term_vectors is False
    assert gan.set_params(condition="both").needs_term_vectors is True


@pytest.mark.usefixtures("array_api")
@parametrize_with_checks(
    [ConditionalGAN(max_updates=1, n_critic=1, n_latent=4, device=DEVICE, random_state=0)]
)
def test_scikit_learn_accepts_the_model(estimator, check):
    check(estimator)


def test_classes_become_a_column_each(tiny, toy):
    classes = np.array(["b", "a"])[(np.arange(len(toy.X)) > 20).astype(int)]
    gan = tiny().fit(toy.X, classes)
    assert gan.terms_ == ["a", "b"]
    assert gan.sample(np.eye(2, dtype=int)).shape == (2, toy.X.shape[1])


def test_the_sampler_shares_every_parameter_of_its_model_with_the_same_default():
    own, sampler = (inspect.signature(c).parameters for c in (ConditionalGAN, CGANSampler))
    assert {name: sampler[name].default for name in own} == {n: p.default for n, p in own.items()}


@pytest.fixture(scope="module")
def named(toy):
    ids = pd.Index([f"P{row}" for row in range(len(toy.X))])
    X = pd.DataFrame(toy.X, index=ids).add_prefix("x")
    return X, pd.DataFrame(toy.y, index=ids, columns=toy.terms)


def test_columns_of_label_rows_are_found_by_name(tiny, named):
    X, y = named
    gan, rarest = tiny().fit(X, y), np.full(len(y), len(y.columns) - 1)
    for generate in (gan.sample, lambda labels, **seed: gan.vary(X, labels, rarest, **seed)):
        expected = generate(y.to_numpy(), random_state=0)
        assert_array_equal(generate(y.iloc[:, ::-1], random_state=0), expected)
        with pytest.raises(InvalidLabelsError, match="Columns of labels differ"):
            generate(y.rename(columns={y.columns[0]: "another"}))


def test_rows_to_vary_keep_the_order_of_their_labels_and_of_features(tiny, named):
    X, y = named
    gan, terms = tiny().fit(X, y), np.zeros(len(y), dtype=int)
    with pytest.raises(InvalidLabelsError, match="same ids in a different order"):
        gan.vary(X, y.iloc[::-1], terms)
    with pytest.raises(ValueError, match="feature names should match"):
        gan.vary(X.iloc[:, ::-1], y, terms)


@pytest.mark.parametrize("terms", [[12] * 5, [-1] * 5, ["TOY:0000001"] * 5, None])
@pytest.mark.parametrize("start", STARTS)
def test_rows_are_varied_for_columns_that_exist(tiny, toy, start, terms):
    gan = tiny(generate_from=start).fit(toy.X, toy.y)
    with pytest.raises(InvalidLabelsError, match="a column number from 0 to 11"):
        gan.vary(toy.X[:5], toy.y[:5], terms)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"terms": ["one"]}, "terms has 1 names, 1 of them distinct, and y has 12 columns"),
        ({"terms": ["one"] * 12}, "terms has 12 names, 1 of them distinct"),
        ({"towards": [True] * 3}, "for each of the 12 columns"),
        ({"towards": ["TOY:0000001"]}, "np.isin"),
        ({"towards": [False] * 12}, "marks 0 of 12 terms, and no row carries one"),
    ],
)
def test_what_is_said_of_the_columns_must_fit_them(tiny, toy, options, message):
    with pytest.raises(InvalidLabelsError, match=message):
        tiny().fit(toy.X, toy.y, **options)


def test_terms_to_train_towards_are_found_by_name(tiny, named):
    X, y = named
    towards = pd.Series(np.arange(12) == 11, index=y.columns)
    by_position = tiny().fit(X, y, towards=towards.to_numpy())
    by_name = tiny().fit(X, y, towards=towards.iloc[::-1])
    assert_array_equal(by_name.seen_, by_position.seen_)
    assert not by_name.seen_.all()


def test_names_of_features_come_back_from_the_state(tiny, named):
    X, y = named
    again = ConditionalGAN.from_state(*tiny().fit(X, y).state(), device=DEVICE)
    assert again.feature_names_in_.tolist() == X.columns.tolist()
    with pytest.raises(ValueError, match="feature names should match"):
        again.vary(X.iloc[:, ::-1], y, np.zeros(len(y), dtype=int))


def test_labels_are_needed(tiny, toy):
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        tiny().fit(toy.X, None)


def test_held_out_rows_are_named_and_never_trained_on(tiny, toy):
    gan = tiny(validation_fraction=0.2).fit(toy.X, toy.y)
    assert len(gan.held_out_) == 40
    assert (np.diff(gan.held_out_) > 0).all()
    held_out = {row.tobytes() for row in gan.scaling_.transform(toy.X)[gan.held_out_]}
    assert not held_out & {row.tobytes() for row in gan.starts_.X}
    assert len(tiny(validation_fraction=0).fit(toy.X, toy.y).held_out_) == 0
