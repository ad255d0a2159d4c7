"""A name stands for an object, and no object draws from the global source."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from protimb.utils._named import resolve, seeded

TABLE = {"logistic": LogisticRegression, "bayes": GaussianNB}


def test_a_name_becomes_a_new_object_each_time():
    first, second = (resolve("bayes", TABLE, "Owner", "judge") for _ in range(2))
    assert isinstance(first, GaussianNB)
    assert first is not second


def test_an_object_stays_what_it_is():
    judge = LogisticRegression(C=3)
    assert resolve(judge, TABLE, "Owner", "judge") is judge


def test_an_unknown_name_is_told_where_it_was_given_and_what_there_is():
    expected = "'judge' parameter of Owner must be one of logistic, bayes, or an object like"
    with pytest.raises(ValueError, match=expected):
        resolve("forest", TABLE, "Owner", "judge")


def test_only_an_estimator_without_a_seed_gets_one():
    rng = np.random.RandomState(0)
    given = LogisticRegression(random_state=None)
    assert seeded(given, rng).random_state == np.random.RandomState(0).randint(2**31 - 1)
    assert given.random_state is None
    state = rng.get_state()[2]
    assert seeded(LogisticRegression(random_state=7), rng).random_state == 7
    seeded(GaussianNB(), rng)
    assert rng.get_state()[2] == state, "nothing is drawn for those that need no seed"
