"""Every backbone with every condition and every way in, and what term vectors make possible."""

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid

from protimb import CGANSampler
from protimb.exceptions import TermVectorError, UntrainedTermError
from protimb.gan._starts import name_known_relatives
from protimb.nn import (
    BACKBONES,
    CONDITIONINGS,
    CONDITIONS,
    AttentionBackbone,
    FiLMConditioning,
    MLPBackbone,
    TermVectorCondition,
)
from protimb.training import Callback

SMALL = {"n_layers": 1, "n_hidden": 8}


def tiny(**kwargs):
    defaults = {
        "sampling_strategy": 20,
        "backbone": MLPBackbone(**SMALL),
        "n_latent": 4,
        "max_epochs": 1,
        "n_critic": 1,
        "batch_size": 100,
        "quality_filter": None,
        "random_state": 0,
    }
    return CGANSampler(**(defaults | kwargs))


@pytest.fixture(scope="module")
def vectors(toy):
    return np.random.default_rng(0).normal(size=(toy.y.shape[1], 5))


class Still(Callback):
    """Remember which parameters no update has moved."""

    def on_train_begin(self, loop):
        self.before = self._weights(loop)

    def on_train_end(self, loop):
        after = self._weights(loop)
        self.names = [n for n, w in after.items() if torch.equal(w, self.before[n])]

    def _weights(self, loop):
        networks = {"generator": loop.step.generator, "critic": loop.step.critic}
        return {
            f"{role}.{name}": parameter.detach().clone()
            for role, network in networks.items()
            for name, parameter in network.named_parameters()
        }


@pytest.mark.parametrize("generate_from", ["noise", "member", "relative"])
@pytest.mark.parametrize("conditioning", sorted(CONDITIONINGS))
@pytest.mark.parametrize("condition", sorted(CONDITIONS))
@pytest.mark.parametrize("backbone", sorted(BACKBONES))
def test_every_combination_trains_two_steps_and_moves_every_weight(
    toy, vectors, backbone, condition, conditioning, generate_from
):
    still = Still()
    sampler = tiny(
        backbone=BACKBONES[backbone]().set_params(n_layers=1, n_hidden=8),
        condition=condition,
        conditioning=conditioning,
        generate_from=generate_from,
        term_vectors=vectors,
        callbacks=[still],
        max_epochs=2,
        batch_size=200,
    )
    X = toy.X[:, :7]
    sampler.fit(X, toy.y)
    # A bias behind which the score is only compared with other scores has gradient 0.
    assert [name for name in still.names if not name.endswith("bias")] == []
    assert sampler.history_["n_steps"].iloc[-1] == 2
    assert np.isfinite(sampler.sample(toy.y[:3], random_state=0)).all()


@pytest.mark.parametrize("final_activation", ["sigmoid", "tanh"])
@pytest.mark.parametrize("generate_from", ["noise", "member", "relative"])
def test_a_bounded_generator_gives_rows_inside_the_range_of_the_real_ones(
    toy, final_activation, generate_from
):
    backbone = MLPBackbone(**SMALL, final_activation=final_activation)
    sampler = tiny(backbone=backbone, generate_from=generate_from).fit(toy.X, toy.y)
    rows = sampler.sample(toy.y, random_state=0)
    assert (rows >= toy.X.min(axis=0) - 1e-4).all()
    assert (rows <= toy.X.max(axis=0) + 1e-4).all()


def related_terms(rng, n=60):
    """Terms 0 and 1 lie at +2 and -2; term 2, without any protein, is described like term 1."""
    y = np.zeros((2 * n, 3), np.uint8)
    y[:n, 0] = y[n:, 1] = 1
    y[0] = 0  # an unlabelled row: the target is multilabel
    X = 2.0 * (y[:, :1].astype(float) - y[:, 1:2]) + 0.3 * rng.normal(size=(2 * n, 4))
    return X, y, np.array([[1.0, 0.0], [0.0, 1.0], [0.1, 0.9]])


def test_a_term_without_any_protein_borrows_from_the_one_with_a_similar_vector():
    X, y, vectors = related_terms(np.random.default_rng(0))
    sampler = tiny(
        sampling_strategy={0: 70},
        backbone=MLPBackbone(n_layers=2, n_hidden=32),
        condition="term_vectors",
        term_vectors=vectors,
        generate_from="noise",
        max_epochs=150,
        batch_size=120,
        n_critic=3,
    ).fit(X, y)
    asked = np.tile([[0, 0, 1]], (40, 1))
    rows = sampler.sample(asked, random_state=0)
    assert rows.mean() < 0, "term 1, described alike, lies at -2, the other at 2"


def test_a_term_without_any_protein_or_vector_is_refused_by_name():
    X, y, vectors = related_terms(np.random.default_rng(0))
    frame = pd.DataFrame(y, columns=["GO:A", "GO:B", "GO:C"])
    asked = frame.iloc[:1].assign(**{"GO:C": 1})
    sampler = tiny(sampling_strategy={"GO:A": 70}).fit(X, frame)
    with pytest.raises(UntrainedTermError, match=r"no training protein has .GO:C"):
        sampler.sample(asked)
    known = dict(zip(frame.columns, vectors, strict=True))
    described = tiny(
        sampling_strategy={"GO:A": 70}, condition="term_vectors", term_vectors=known
    ).fit(X, frame)
    assert described.sample(asked).shape == (1, 4)


@pytest.mark.parametrize("generate_from", ["member", "relative"])
def test_for_a_term_without_any_protein_a_member_of_its_relative_is_changed(generate_from):
    X, y, vectors = related_terms(np.random.default_rng(0))
    sampler = tiny(
        sampling_strategy={0: 70},
        condition="term_vectors",
        term_vectors=vectors,
        generate_from=generate_from,
    ).fit(X, y)
    rows = sampler.sample(np.tile([[0, 0, 1]], (40, 1)), random_state=0)
    assert (rows.mean(axis=1) < 0).all(), "each starts from a member of term 1, described alike"


def test_terms_without_members_are_named_by_those_described_alike():
    rows = sparse.csr_array(np.array([[1, 0, 1], [0, 1, 1], [1, 0, 0]], np.uint8))
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [0.1, 0.9]])
    seen = np.array([True, True, False])
    named = name_known_relatives(rows, seen, vectors)
    assert_array_equal(named.toarray(), [[1, 1, 0], [0, 1, 0], [1, 0, 0]])
    assert name_known_relatives(rows, seen, None) is rows


def test_vectors_are_asked_for_where_the_condition_reads_them(toy):
    with pytest.raises(TermVectorError, match=r"term_vectors is\s+None"):
        tiny(condition="term_vectors").fit(toy.X, toy.y)


@pytest.mark.parametrize("name", ["backbone", "condition", "conditioning"])
def test_an_unknown_name_is_refused_with_those_there_are(toy, name):
    with pytest.raises(ValueError, match=rf"'{name}' parameter .* must be one of .*'none such'"):
        tiny(**{name: "none such"}).fit(toy.X, toy.y)


def test_objects_are_reached_by_name_through_clone_and_grids(vectors):
    sampler = clone(
        tiny(
            backbone=AttentionBackbone(),
            condition=TermVectorCondition(),
            conditioning=FiLMConditioning(),
            term_vectors=vectors,
        )
    )
    grid = ParameterGrid({"condition__pooling": ["sum", "max"], "backbone__n_layers": [3]})
    for params in grid:
        changed = clone(sampler).set_params(**params)
        assert changed.condition.pooling == params["condition__pooling"]
        assert changed.backbone.n_layers == 3
    assert_array_equal(sampler.term_vectors, vectors)


def test_parts_of_what_is_given_by_name_are_reached_too():
    sampler = CGANSampler().set_params(backbone__n_hidden=8, quality_filter__quantile=0.2)
    assert sampler.backbone.n_hidden == 8
    assert sampler.quality_filter.quantile == 0.2
    with pytest.raises(ValueError, match="Invalid parameter 'n_wide'"):
        CGANSampler().set_params(backbone__n_wide=8)


def test_the_order_of_terms_does_not_matter_to_a_description_by_vectors(toy, vectors):
    frame = pd.DataFrame(toy.y, columns=[f"t{n}" for n in range(toy.y.shape[1])])
    known = dict(zip(frame.columns, vectors, strict=True))
    turned = frame.iloc[:, ::-1]
    one, other = (
        tiny(condition="term_vectors", term_vectors=known).fit(toy.X, y) for y in (frame, turned)
    )
    rows = one.sample(frame[:9], random_state=0)
    np.testing.assert_allclose(other.sample(turned[:9], random_state=0), rows, rtol=1e-3, atol=1e-3)
