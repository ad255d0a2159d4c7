"""A sampler that works on some terms only: those neither too rare nor too frequent."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from protimb.exceptions import InvalidLabelsError
from protimb.training import Callback


class Watch(Callback):
    def on_train_begin(self, loop):
        self.step = loop.step


def test_only_terms_inside_the_range_are_targeted(tiny, toy):
    counts = toy.y.sum(axis=0)
    sampler = tiny(sampling_strategy=30, term_range=(10, 20))
    sampler.fit_resample(toy.X, toy.y)
    inside = (counts >= 10) & (counts <= 20)
    assert list(sampler.sampling_strategy_) == np.flatnonzero(inside).tolist()
    plan = sampler.sampling_plan_
    assert (plan["n_drawn"] > 0).to_numpy()[~inside].sum() == 0
    too_few = (counts < 10) & (counts > 0)
    assert (plan["note"][too_few] == "outside term_range").all()


def test_only_rows_with_a_term_inside_the_range_train(tiny, toy):
    watch = Watch()
    tiny(term_range=(10, 20), callbacks=[watch]).fit(toy.X, toy.y)
    counts = toy.y.sum(axis=0)
    inside = (counts >= 10) & (counts <= 20)
    expected = toy.y[toy.y[:, inside].any(axis=1)]
    assert_array_equal(watch.step.labels.cpu().numpy(), expected)
    assert 0 < len(expected) < len(toy.y)


@pytest.mark.parametrize("term_range", [(5,), (0, 3), (9, 4), (2.5, 9), (1, 2, 3)])
def test_a_range_that_is_none_is_refused(tiny, toy, term_range):
    with pytest.raises(ValueError, match="fewest and the most members"):
        tiny(term_range=term_range).fit(toy.X, toy.y)


def test_a_range_without_terms_and_a_named_term_outside_are_errors(tiny, toy):
    with pytest.raises(InvalidLabelsError, match="No term of y"):
        tiny(term_range=(10**6, 10**7)).fit(toy.X, toy.y)
    rare = int(toy.y.sum(axis=0).argmin())
    with pytest.raises(InvalidLabelsError, match="outside term_range"):
        tiny(sampling_strategy={rare: 30}, term_range=(30, 200)).fit(toy.X, toy.y)
