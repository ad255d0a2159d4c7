"""Every backbone with every condition and every way in, and what term vectors make possible."""

from functools import partial
from itertools import cycle, product

import numpy as np
import pytest
import torch
from backbones import small
from gans import related_terms
from numpy.testing import assert_array_equal
from scipy import sparse

from protimb.exceptions import TermVectorError
from protimb.gan._starts import name_known_relatives
from protimb.nn import (
    BACKBONES,
    CONDITIONINGS,
    CONDITIONS,
    MLPBackbone,
)
from protimb.training import Callback

SMALL = {"n_layers": 1, "n_hidden": 8}


@pytest.fixture(scope="module")
def tiny(tiny):
    return partial(tiny, max_updates=1, n_critic=1, batch_size=100)


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


# Every network once, and every start with each of its parts.
STARTS = ("noise", "member", "relative")
NETWORKS = product(sorted(BACKBONES), sorted(CONDITIONS), sorted(CONDITIONINGS))


@pytest.mark.parametrize(
    ("backbone", "condition", "conditioning", "generate_from"),
    [(*network, start) for network, start in zip(NETWORKS, cycle(STARTS))],
)
def test_every_combination_trains_two_steps_and_moves_every_weight(
    tiny, toy, vectors, backbone, condition, conditioning, generate_from
):
    still = Still()
    gan = tiny(
        backbone=small(backbone, n_layers=1),
        condition=condition,
        conditioning=conditioning,
        generate_from=generate_from,
        callbacks=[still],
        max_updates=2,
        batch_size=200,
        validation_fraction=0,  # which would keep the better of two
    )
    X = toy.X[:, :7]
    gan.fit(X, toy.y, term_vectors=vectors)
    # A bias behind which the score is only compared with other scores has gradient 0.
    assert [name for name in still.names if not name.endswith("bias")] == []
    assert gan.history_["n_steps"].iloc[-1] == 2
    assert np.isfinite(gan.sample(toy.y[:3], random_state=0)).all()


@pytest.mark.parametrize("final_activation", ["sigmoid", "tanh"])
@pytest.mark.parametrize("generate_from", ["noise", "member", "relative"])
def test_a_bounded_generator_gives_rows_inside_the_range_of_the_real_ones(
    tiny, toy, final_activation, generate_from
):
    backbone = MLPBackbone(**SMALL, final_activation=final_activation)
    gan = tiny(backbone=backbone, generate_from=generate_from).fit(toy.X, toy.y)
    rows = gan.sample(toy.y, random_state=0)
    assert (rows >= toy.X.min(axis=0) - 1e-4).all()
    assert (rows <= toy.X.max(axis=0) + 1e-4).all()


def test_a_term_without_any_protein_borrows_from_the_one_with_a_similar_vector(tiny):
    X, y, vectors = related_terms(np.random.default_rng(0))
    gan = tiny(
        backbone=MLPBackbone(n_layers=2, n_hidden=32),
        condition="term_vectors",
        generate_from="noise",
        max_updates=60,
        batch_size=24,
        n_critic=5,
    ).fit(X, y, term_vectors=vectors)
    other, like, unseen = (
        gan.sample(np.tile(labels, (40, 1)), random_state=0).mean()
        for labels in np.eye(3, dtype=int)
    )
    # Where a training ends is chance, by a shift of 1 or 2 that all terms share; that the terms at
    # 2 and -2 are told apart, and on which side the unseen one lies, is not.
    assert other - like > 1
    assert abs(unseen - like) < (other - like) / 4


@pytest.mark.parametrize("generate_from", ["member", "relative"])
def test_for_a_term_without_any_protein_a_member_of_its_relative_is_changed(tiny, generate_from):
    X, y, vectors = related_terms(np.random.default_rng(0))
    gan = tiny(condition="term_vectors", generate_from=generate_from)
    gan.fit(X, y, term_vectors=vectors)
    rows = gan.sample(np.tile([[0, 0, 1]], (40, 1)), random_state=0)
    assert (rows.mean(axis=1) < 0).all(), "each starts from a member of term 1, described alike"


def test_terms_without_members_are_named_by_those_described_alike():
    rows = sparse.csr_array(np.array([[1, 0, 1], [0, 1, 1], [1, 0, 0]], np.uint8))
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [0.1, 0.9]])
    seen = np.array([True, True, False])
    named = name_known_relatives(rows, seen, vectors)
    assert_array_equal(named.toarray(), [[1, 1, 0], [0, 1, 0], [1, 0, 0]])
    assert name_known_relatives(rows, seen, None) is rows


def test_vectors_are_asked_for_where_the_condition_reads_them(tiny, toy):
    with pytest.raises(TermVectorError, match=r"term_vectors is\s+None"):
        tiny(condition="term_vectors").fit(toy.X, toy.y)


@pytest.mark.parametrize("name", ["backbone", "condition", "conditioning"])
def test_an_unknown_name_is_refused_with_those_there_are(tiny, toy, name):
    with pytest.raises(ValueError, match=rf"'{name}' parameter .* must be one of .*'none such'"):
        tiny(**{name: "none such"}).fit(toy.X, toy.y)
