"""What a saved state has to look like, declared part by part, and the one check of all parts.

A declaration is a dict of kinds by name, nested as the state is::

    {"shift": Array("f8", "n_features", nan=False), "low": Real()}

Sizes are numbers, or words: all that go by one word must agree, with what is known before
(``sizes``) and with each other. What does not fit is a ValueError that names the place.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

_LARGEST = 2**53  # no count of anything is larger
_SHOWN = 60


def check_declared(value, declared, sizes=None, place=""):
    """Refuse a value that is not as declared; returns the sizes, {word: number}, found in it."""
    sizes = dict(sizes or {})
    _kind(declared).check(value, place, sizes)
    return sizes


def _kind(declared):
    return Record(declared) if isinstance(declared, dict) else declared


def _refuse(place, value, wanted):
    text = repr(value) if not isinstance(value, np.ndarray) else "an array"
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    raise ValueError(f"{_named(place)} is {text}, where {wanted} belongs")


def _named(place):
    """Name a place in a message."""
    return place.lstrip(".") or "it"


@dataclass(frozen=True)
class Anything:
    """What is checked elsewhere."""

    def check(self, value, place, sizes):
        """Let everything pass."""


@dataclass(frozen=True)
class Record:
    """A dict with these names and no others."""

    parts: dict[str, Any]
    more: bool = False  # whether other names are let pass

    def check(self, value, place, sizes):
        """Refuse missing and unknown names, then each part."""
        if not isinstance(value, dict):
            _refuse(place, value, f"a dict of {', '.join(self.parts) or 'nothing'}")
        found = set(value)
        missing = sorted(set(self.parts) - found)
        extra = sorted(map(repr, found - set(self.parts)))
        if missing:
            raise ValueError(f"{_named(place)} lacks {', '.join(missing)}")
        if extra and not self.more:
            raise ValueError(f"{_named(place)} has {', '.join(extra)[:_SHOWN]} too")
        for name, part in self.parts.items():
            _kind(part).check(value[name], f"{place}.{name}", sizes)


@dataclass(frozen=True)
class Table:
    """A dict of values of one kind, by any text."""

    kind: Any

    def check(self, value, place, sizes):
        """Check keys, and each value."""
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            _refuse(place, value, "a dict by names")
        for name, part in value.items():
            _kind(self.kind).check(part, f"{place}.{name}", sizes)


@dataclass(frozen=True)
class Maybe:
    """None, or the kind."""

    kind: Any

    def check(self, value, place, sizes):
        """Check what there is."""
        if value is not None:
            _kind(self.kind).check(value, place, sizes)


@dataclass(frozen=True)
class Either:
    """One of several kinds; of dicts, the one with the same names."""

    kinds: tuple[Any, ...]

    def check(self, value, place, sizes):
        """Take the first kind that fits; say what is wrong with the last."""
        *others, last = [kind for kind in self.kinds if _may_be(value, kind)] or self.kinds
        for kind in others:
            try:
                tried = check_declared(value, kind, sizes, place)
            except ValueError:
                continue
            sizes.update(tried)
            return
        _kind(last).check(value, place, sizes)


def _may_be(value, kind):
    return isinstance(value, dict) == isinstance(kind, dict) and (
        not isinstance(kind, dict) or set(kind) == set(value)
    )


@dataclass(frozen=True)
class Integer:
    """A whole number from ``low`` to ``high``, a number or a word."""

    low: int = 0
    high: int | str = _LARGEST

    def check(self, value, place, sizes):
        """Booleans are no numbers."""
        high = sizes[self.high] if isinstance(self.high, str) else self.high
        if type(value) is not int or not self.low <= value <= high:
            _refuse(place, value, f"a whole number from {self.low} to {high}")


@dataclass(frozen=True)
class Size:
    """A whole number that is the size of something."""

    word: str | int

    def check(self, value, place, sizes):
        """Compare with what is known of the size."""
        Integer().check(value, place, sizes)
        _check_size(value, self.word, place, sizes)


@dataclass(frozen=True)
class Real:
    """A number from ``low`` to ``high``."""

    low: float = -math.inf
    high: float = math.inf
    nan: bool = False  # whether NaN and infinite ones are numbers here

    def check(self, value, place, sizes):
        """Booleans are no numbers."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        # Integers of any length are compared as such: they overflow floats.
        if is_number and (self.nan or (-_HUGE < value < _HUGE and self.low <= value <= self.high)):
            return
        _refuse(place, value, f"a number from {self.low:g} to {self.high:g}")


_HUGE = 1e308


@dataclass(frozen=True)
class Flag:
    """True or False."""

    def check(self, value, place, sizes):
        """Nothing else is a flag."""
        if not isinstance(value, bool):
            _refuse(place, value, "true or false")


@dataclass(frozen=True)
class Text:
    """Text, any or one of some."""

    choices: tuple[str, ...] = ()

    def check(self, value, place, sizes):
        """Compare with the choices."""
        if not isinstance(value, str):
            _refuse(place, value, "text")
        if self.choices and value not in self.choices:
            _refuse(place, value, f"one of {', '.join(self.choices)}")


@dataclass(frozen=True)
class Each:
    """A list of one kind; its length is a number or a word, or any."""

    kind: Any
    length: str | int | None = None

    def check(self, value, place, sizes):
        """Check the length, then each part."""
        if not isinstance(value, list):
            _refuse(place, value, "a list")
        if self.length is not None:
            _check_size(len(value), self.length, f"the length of {_named(place)}", sizes)
        kind = _kind(self.kind)
        for number, part in enumerate(value):
            kind.check(part, f"{place}.{number}", sizes)


@dataclass(frozen=True)
class Names:
    """A list of names, text or numbers, each once; its length is a number or a word."""

    length: str | int | None = None
    text: bool = False  # whether they are all text

    def check(self, value, place, sizes):
        """Names that are equal are one, as 1 and True are."""
        kinds = str if self.text else str | int | float | bool
        if not isinstance(value, list) or not all(isinstance(name, kinds) for name in value):
            _refuse(place, value, "a list of names")
        if len(set(value)) < len(value):
            raise ValueError(f"{_named(place)} names something twice")
        if self.length is not None:
            _check_size(len(value), self.length, f"the length of {_named(place)}", sizes)


@dataclass(frozen=True)
class Columns:
    """Columns of numbers by name, as many in each."""

    def check(self, value, place, sizes):
        """NaN and infinity are what a figure may be."""
        Table(Each(Real(nan=True))).check(value, place, sizes)
        lengths = {len(column) for column in value.values()}
        if len(lengths) > 1:
            raise ValueError(f"{_named(place)} has columns of {sorted(lengths)} rows")


@dataclass(frozen=True)
class Rows:
    """A list of dicts of numbers, all with the names of the first."""

    def check(self, value, place, sizes):
        """NaN and infinity are what a figure may be."""
        Each(Table(Real(nan=True))).check(value, place, sizes)
        if any(set(row) != set(value[0]) for row in value):
            raise ValueError(f"{_named(place)} has rows of different figures")


@dataclass(frozen=True, init=False)
class Array:
    """An array of numbers of a dtype, such as ``f4``, or a kind, such as ``f``, and a shape."""

    dtype: str
    shape: tuple
    low: float = -math.inf
    high: float | str = math.inf
    nan: bool = field(default=False)

    def __init__(self, dtype, *shape, low=-math.inf, high=math.inf, nan=False):
        for name, value in [("dtype", dtype), ("shape", shape), ("low", low)]:
            object.__setattr__(self, name, value)
        object.__setattr__(self, "high", high)
        object.__setattr__(self, "nan", nan)

    def check(self, value, place, sizes):
        """Check dtype, dimensions, sizes and range, in this order."""
        wanted = f"an array of {self.dtype}, ({', '.join(map(str, self.shape))})"
        if not isinstance(value, np.ndarray):
            _refuse(place, value, wanted)
        if not value.dtype.str[1:].startswith(self.dtype) or value.ndim != len(self.shape):
            found = f"an array of {value.dtype.str[1:]}, {value.shape}"
            raise ValueError(f"{_named(place)} is {found}, where {wanted} belongs")
        for number, (size, word) in enumerate(zip(value.shape, self.shape, strict=True)):
            _check_size(size, word, f"size {number} of {_named(place)}", sizes)
        self._check_range(value, place, sizes)

    def _check_range(self, value, place, sizes):
        if value.dtype.kind == "f" and not self.nan and not np.isfinite(value).all():
            raise ValueError(f"{_named(place)} holds NaN or infinite values")
        known = value[~np.isnan(value)] if value.dtype.kind == "f" and self.nan else value
        if not known.size or value.dtype.kind == "b":
            return
        low, high = known.min(), known.max()
        most = sizes[self.high] - 1 if isinstance(self.high, str) else self.high
        if low < self.low or high > most:
            raise ValueError(
                f"{_named(place)} holds numbers from {low} to {high}, where those from "
                f"{self.low} to {most} belong"
            )


def _check_size(found, word, place, sizes):
    expected = sizes.setdefault(word, found) if isinstance(word, str) else word
    if found != expected:
        name = f"{word} ({expected})" if isinstance(word, str) else expected
        raise ValueError(f"{place} is {found}, where {name} belongs")


# How an indicator matrix is kept, without its ones: see read_indicators.
INDICATORS = {"indices": Array("i", "n_ones", low=0), "indptr": Array("i", "n_ends", low=0)}


def read_indicators(state, shape, dtype):
    """Build csr (n_rows, n_columns) of ones from ``indices`` and ``indptr`` of any origin."""
    indices, indptr = (state[name] for name in INDICATORS)
    check_declared({"indices": indices, "indptr": indptr}, INDICATORS)
    if len(indptr) != shape[0] + 1 or indptr[0] != 0 or indptr[-1] != len(indices):
        raise ValueError(f"indptr does not end {shape[0]} rows of {len(indices)} indices")
    if (np.diff(indptr) < 0).any():
        raise ValueError("indptr decreases")
    if len(indices) and indices.max() >= shape[1]:
        raise ValueError(f"indices name column {indices.max()} of {shape[1]}")
    found = sparse.csr_array((np.ones(len(indices), dtype=dtype), indices, indptr), shape=shape)
    found.check_format(full_check=True)
    alone = found.copy()
    alone.sum_duplicates()
    if alone.nnz < found.nnz:
        raise ValueError("indices name a column twice in one row")
    return found
