"""RandomLabelsetOverSampler copies real rows, each about equally often."""

import numpy as np

from protimb.over_sampling import RandomLabelsetOverSampler


def labels():
    """12 rows: 8 with term 0, the first 3 of them with term 1 too, 4 without labels."""
    y = np.zeros((12, 2), dtype=int)
    y[:8, 0] = y[:3, 1] = 1
    return y


def test_added_rows_are_copies_of_the_rows_they_name():
    X, y = np.random.RandomState(0).normal(size=(12, 2)), labels()
    sampler = RandomLabelsetOverSampler(sampling_strategy={1: 7}, random_state=0)
    X_res, y_res = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X_res, X[sampler.sample_indices_])
    np.testing.assert_array_equal(y_res, y[sampler.sample_indices_])
    assert sampler.sample_indices_[:12].tolist() == list(range(12))


def test_members_are_drawn_about_equally_often():
    sampler = RandomLabelsetOverSampler(sampling_strategy={1: 11}, random_state=0)
    sampler.fit_resample(np.eye(12), labels())
    # Eight rows from three members: each twice, two of them a third time.
    assert sorted(np.bincount(sampler.conditioning_indices_)) == [2, 3, 3]


def test_integers_beyond_single_precision_are_copied_exactly():
    X = np.arange(24).reshape(12, 2) + 2**40
    X_res, _ = RandomLabelsetOverSampler(random_state=0).fit_resample(X, labels())
    assert X_res.dtype == X.dtype
    assert set(map(tuple, X_res)) == set(map(tuple, X))
    assert len(X_res) > 12


def test_narrow_integers_are_not_wrapped_around():
    X = np.full((12, 2), 255, dtype=np.uint8)
    X[::2] = np.arange(12).reshape(6, 2)
    X_res, _ = RandomLabelsetOverSampler(random_state=0).fit_resample(X, labels())
    assert set(map(tuple, X_res)) == set(map(tuple, X))


def test_different_seeds_draw_different_rows():
    draws = set()
    for seed in range(5):
        sampler = RandomLabelsetOverSampler(sampling_strategy={0: 11}, random_state=seed)
        sampler.fit_resample(np.eye(12), labels())
        draws.add(tuple(sampler.conditioning_indices_))
    assert len(draws) > 1
