"""A target is read as classes where rows have one label each."""

import numpy as np

from protimb.budgets._target import read_target

LABELS = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]])


def test_classes_become_columns_in_order():
    target = read_target(["b", "a", "b"])
    assert target.terms == ["a", "b"]
    np.testing.assert_array_equal(target.indicator.toarray(), [[0, 1], [1, 0], [0, 1]])
    assert target.classes.tolist() == ["b", "a", "b"]


def test_one_label_in_every_row_is_a_class():
    assert read_target(LABELS).classes is None
    assert read_target(np.eye(3)[[2, 0, 2]]).classes.tolist() == [2, 0, 2]
