"""What a run is known by, so that it is gone on with by the same run or not at all."""

import hashlib

import numpy as np

from protimb.utils._declared import Each, Integer, Real, Text, check_declared

# NumPy reads its state at ``pos`` without a look at what it is told.
_N_KEYS = 624
_KEYS = Each(Integer(0, 2**32 - 1), _N_KEYS)
_RNG = (Text(("MT19937",)), _KEYS, Integer(0, _N_KEYS), Integer(0, 1), Real())


def rng_state(rng):
    """Describe the state of a source of draws as JSON."""
    kind, keys, *rest = rng.get_state()
    return [kind, keys.tolist(), *rest]


def restore_rng(rng, state):
    """Put a source of draws where ``rng_state`` found it; refuse what no source can be in."""
    if not isinstance(state, list) or len(state) != len(_RNG):
        raise ValueError(f"rng is no list of {len(_RNG)} parts")
    for number, (part, declared) in enumerate(zip(state, _RNG, strict=True)):
        check_declared(part, declared, place=f"rng.{number}")
    kind, keys, *rest = state
    if not any(keys):
        raise ValueError("rng.1 is all zeros, from which nothing can be drawn")
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
