"""Toy proteins for the checks of samplers, and how each check runs a sampler."""

import sys
import warnings

import numpy as np
import pandas as pd
from sklearn.base import clone

from protimb.exceptions import ProtimbWarning


def toy_proteins():
    """40 proteins in 3 dimensions; term 2 implies term 1, which implies term 0; term 3 is apart."""
    rng = np.random.RandomState(0)
    y = np.zeros((40, 4), dtype=np.uint8)
    y[:24, 0] = y[:10, 1] = y[:4, 2] = y[20:32, 3] = 1
    return rng.normal(size=(40, 3)).astype(np.float32) + y[:, :3], y


def as_frame(y):
    ids = [f"P{number:05d}" for number in range(len(y))]
    return pd.DataFrame(y, index=ids, columns=[f"term {number}" for number in range(y.shape[1])])


def resample(sampler, X, y, *, fitted=False):
    sampler = sampler if fitted else clone(sampler)
    with warnings.catch_warnings():
        # What a sampler reports about toy data is its right; any other warning is a flaw.
        warnings.simplefilter("ignore", ProtimbWarning)
        return sampler.fit_resample(X, y)


def global_states():
    state = np.random.get_state(legacy=False)["state"]  # noqa: NPY002
    states = [state["pos"], state["key"].tobytes()]
    if "torch" in sys.modules:
        states.append(sys.modules["torch"].get_rng_state().numpy().tobytes())
    return states


def require(condition, message):
    if not condition:
        raise AssertionError(message)
