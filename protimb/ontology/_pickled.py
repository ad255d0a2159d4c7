"""Dictionaries that NumPy has pickled, read as data: nothing in them is called or imported."""

import pickletools

import numpy as np

_HEAD = 4096  # bytes; the header of an array of one object is shorter

# What a pickled dictionary of numbers or of float32 vectors consists of. Anything else is refused.
_VALUES = {
    *("BININT", "BININT1", "BININT2", "SHORT_BINBYTES", "BINBYTES"),
    *("BINUNICODE", "SHORT_BINUNICODE", "GLOBAL"),
}
_STEPS = _VALUES | {
    *("PROTO", "FRAME", "STACK_GLOBAL", "REDUCE", "BUILD", "STOP", "MARK"),
    *("BINPUT", "LONG_BINPUT", "MEMOIZE", "BINGET", "LONG_BINGET", "NONE", "NEWTRUE", "NEWFALSE"),
    *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE3", "EMPTY_LIST", "APPEND", "EMPTY_DICT"),
    *("SETITEM", "SETITEMS"),
}
_MODULES = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray")
_NAMES = ("_reconstruct", "ndarray", "dtype")
_WORDS = {*_MODULES, *_NAMES, "O8", "|", "f4", "<", *(f"{m} {n}" for m in _MODULES for n in _NAMES)}


def read_pickled_dict(content, kind):
    """Read {term: value} of the bytes of an .npy file, values int or bytes; else ValueError."""
    found: dict = {}
    key = None
    for value in _values_of(content[_start(content) :]):
        if isinstance(value, str) and value not in _WORDS:
            key = _as_key(value, found)
        elif key is not None and _is_value(value, kind) and found[key] is None:
            found[key] = value
    if not found or any(value is None for value in found.values()):
        raise ValueError("its object is no dictionary of terms")
    return found


def _start(content):
    """Find where the pickle begins, behind the header of an array of one object."""
    head = content[:_HEAD].find(b"\n") + 1
    if not content.startswith(np.lib.format.MAGIC_PREFIX) or b"'|O'" not in content[:head]:
        raise ValueError("its object is not an array of one object")
    return head


def _values_of(pickled):
    for step, value, _ in pickletools.genops(pickled):
        if step.name not in _STEPS:
            raise ValueError(f"its object needs the step {step.name} to be read")
        if step.name in _VALUES:  # others number what they refer to
            yield value


def _as_key(name, found):
    if ":" not in name or name in found:
        raise ValueError(f"its object names {name!r}, which is no term, or named twice")
    found[name] = None
    return name


def _is_value(value, kind):
    # Each array holds b"b" as well, which is no vector.
    return isinstance(value, kind) and (kind is int or len(value) > 1)
