"""Term vectors and parts of networks, as a user of the sampler gives them."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from gans import related_terms
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid

from protimb import CGANSampler
from protimb.exceptions import UntrainedTermError
from protimb.nn import (
    AttentionBackbone,
    FiLMConditioning,
    TermVectorCondition,
)


@pytest.fixture(scope="module")
def tiny(tiny):
    return partial(tiny, max_updates=1, n_critic=1, batch_size=100)


@pytest.fixture(scope="module")
def vectors(toy):
    return np.random.default_rng(0).normal(size=(toy.y.shape[1], 5))


def test_a_term_without_any_protein_or_vector_is_refused_by_name(tiny):
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


@pytest.mark.parametrize("name", ["backbone", "condition", "conditioning"])
def test_an_unknown_name_is_refused_with_those_there_are(tiny, toy, name):
    with pytest.raises(ValueError, match=rf"'{name}' parameter .* must be one of .*'none such'"):
        tiny(**{name: "none such"}).fit(toy.X, toy.y)


def test_objects_are_reached_by_name_through_clone_and_grids(tiny, vectors):
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


def test_the_order_of_terms_does_not_matter_to_a_description_by_vectors(tiny, toy, vectors):
    frame = pd.DataFrame(toy.y, columns=[f"t{n}" for n in range(toy.y.shape[1])])
    known = dict(zip(frame.columns, vectors, strict=True))
    turned = frame.iloc[:, ::-1]
    one, other = (
        tiny(condition="term_vectors", term_vectors=known).fit(toy.X, y) for y in (frame, turned)
    )
    rows = one.sample(frame[:9], random_state=0)
    np.testing.assert_allclose(other.sample(turned[:9], random_state=0), rows, rtol=1e-3, atol=1e-3)
