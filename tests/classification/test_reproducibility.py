"""Same seed, same bits; nobody else's random state is touched."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch


def global_numpy_state():
    name, keys, *rest = np.random.get_state()  # noqa: NPY002
    return name, keys.tobytes(), *rest


def test_one_seed_gives_one_network(small, data):
    first, second = (small().fit(data.X, data.y).predict_proba(data.X) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_other_seeds_give_other_networks(small, data):
    first, second = (
        small(random_state=seed).fit(data.X, data.y).predict_proba(data.X) for seed in (0, 1)
    )
    assert (first != second).any()


def test_global_generators_are_left_alone(small, data):
    """Case 29."""
    numpy_state, torch_state = global_numpy_state(), torch.get_rng_state()
    small(early_stopping=True).fit(data.X, data.y).predict_proba(data.X)
    assert global_numpy_state() == numpy_state
    assert torch.equal(torch.get_rng_state(), torch_state)


def test_threads_do_not_share_a_seed(small, data):
    """Case 30."""
    serial = small().fit(data.X, data.y).predict_proba(data.X)
    with ThreadPoolExecutor(2) as pool:
        fits = [pool.submit(small().fit, data.X, data.y) for _ in range(2)]
    for fit in fits:
        np.testing.assert_array_equal(fit.result().predict_proba(data.X), serial)
