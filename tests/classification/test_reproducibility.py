"""Same seed, same bits; nobody else's random state is touched."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

PROGRAM = """
import sys
from protimb.classification import GOTermClassifier
from protimb.datasets import make_longtail_multilabel

assert "torch" not in sys.modules, "importing protimb.classification loaded torch"
data = make_longtail_multilabel(120, n_features=8, n_terms=6, random_state=0)
model = GOTermClassifier(
    hidden_layer_sizes=(16,), max_epochs=3, batch_size=32, lr=0.01, weight_decay=0.01,
    early_stopping=False, device="cpu", random_state=0,
)
print(model.fit(data.X, data.y).predict_proba(data.X).tobytes().hex())
"""


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


def test_another_process_computes_the_same_bits_and_imports_torch_late(small, data):
    """Case 31."""
    here = small().fit(data.X, data.y).predict_proba(data.X).tobytes().hex()
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=600
    )
    assert run.stdout.strip() == here
