"""One dimension means classes, several columns terms unless the user says otherwise."""

import numpy as np

from protimb.budgets._target import read_target

LABELS = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]])


def test_classes_become_columns_in_order():
    target = read_target(["b", "a", "b"])
    assert target.terms == ["a", "b"]
    np.testing.assert_array_equal(target.indicator.toarray(), [[0, 1], [1, 0], [0, 1]])
    assert target.classes.tolist() == ["b", "a", "b"]


def test_columns_are_terms_unless_the_user_says_classes():
    one_hot = np.eye(3)[[2, 0, 2]]
    assert read_target(LABELS).classes is None
    assert read_target(one_hot).classes is None
    assert read_target(one_hot, "classes").classes.tolist() == [2, 0, 2]


def test_columns_that_may_be_either_are_known():
    one_hot = np.eye(3)[[2, 0, 2]]
    assert read_target(one_hot).may_be_classes
    assert not read_target(one_hot, "multilabel").may_be_classes
    assert not read_target(LABELS).may_be_classes


def test_columns_are_classes_where_the_strategy_means_nothing_for_terms():
    assert read_target(np.eye(2), suits_terms=False).classes.tolist() == [0, 1]
    assert read_target(LABELS, suits_terms=False).classes is None
