"""What a run is known by, so that it is gone on with by the same run or not at all."""

import hashlib

import numpy as np


def rng_state(rng):
    """Describe the state of a source of draws as JSON."""
    kind, keys, *rest = rng.get_state()
    return [kind, keys.tolist(), *rest]


def restore_rng(rng, state):
    """Put a source of draws where ``rng_state`` found it."""
    kind, keys, *rest = state
    rng.set_state((kind, np.array(keys, dtype=np.uint32), *rest))


def differences(saved, given):
    """List what differs between two descriptions, {name: JSON}, with both values."""
    names = sorted(set(saved) | set(given))
    return [
        f"{name} (saved {saved.get(name)!r}, given {given.get(name)!r})"
        for name in names
        if saved.get(name) != given.get(name)
    ]


def hash_arrays(parts):
    """Hash arrays by dtype, shape and content."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{part.dtype}{part.shape}".encode())
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
