"""Every arm gets the same steps, and a fold says what it cannot teach or judge."""

from types import SimpleNamespace

import numpy as np

from protimb.comparison._folds import make_fold


def protocol(**settings):
    names = ("epochs", "max_steps", "shots", "max_train")
    return SimpleNamespace(**dict.fromkeys(names) | {"split": "cluster", "date": None} | settings)


def test_steps_are_epochs_of_the_real_training_rows():
    # 700 clusters of one: 560 training rows are 3 batches of 256, the last one shorter.
    bunch, draws = SimpleNamespace(groups=np.arange(700)), np.ones((700, 1))
    epochs = make_fold(bunch, 0, None, draws, protocol(epochs=30))
    steps = make_fold(bunch, 0, None, draws, protocol(max_steps=7))
    assert (epochs.max_steps, steps.max_steps) == (90, 7)


def test_terms_that_a_split_cannot_teach_or_judge_are_counted():
    y, draws = np.zeros((10, 3), dtype=np.uint8), np.ones((10, 1))
    bunch = SimpleNamespace(groups=np.arange(10), y=y)
    fold = make_fold(bunch, 0, None, draws, protocol(max_steps=1))
    y[fold.train[0], 0] = y[fold.test[0], 1] = 1
    described = fold.describe()
    assert described["n_terms_without_training_protein"] == 2
    assert described["n_terms_without_test_protein"] == 2
