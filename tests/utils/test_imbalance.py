"""Terms are split at the mean imbalance, and equal ones belong to neither side."""

import numpy as np
import pytest

from protimb.utils._imbalance import mean_ir, split_terms


def test_terms_are_split_at_the_mean_imbalance():
    # IRLbl 1, 2, 2, 8, MeanIR 3.25.
    minority, majority = split_terms(np.array([8, 4, 4, 1]))
    assert minority.tolist() == [False, False, False, True]
    assert majority.tolist() == [True, True, True, False]


@pytest.mark.parametrize("counts", [[3] * 7, [0, 5, 0], [0, 0]])
def test_equal_counts_are_neither_rare_nor_frequent(counts):
    minority, majority = split_terms(np.array(counts))
    assert not minority.any()
    assert not majority.any()


def test_terms_without_members_do_not_move_the_mean():
    assert mean_ir(np.array([8, 4, 0])) == mean_ir(np.array([8, 4])) == 1.5
    assert np.isnan(mean_ir(np.array([0, 0])))
