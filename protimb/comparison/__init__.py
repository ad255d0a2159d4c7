"""The honest comparison behind ``protimb compare``: same split, same steps, paired intervals.

Names are loaded when first asked for: the command line reads the table of arms for its help text
and must not wait for the rest.
"""

from importlib import import_module

_PUBLIC = {
    "ARMS": "_arms",
    "CLASSIFIERS": "_heads",
    "MAIN_ARMS": "_arms",
    "MAIN_CLASSIFIERS": "_heads",
    "Arm": "_arms",
    "Comparison": "_comparison",
    "Head": "_heads",
    "Imbalance": "_imbalance",
    "RankTest": "_ranks",
    "compare": "_compare",
    "describe_imbalance": "_imbalance",
}

__all__ = [
    "ARMS",
    "CLASSIFIERS",
    "MAIN_ARMS",
    "MAIN_CLASSIFIERS",
    "Arm",
    "Comparison",
    "Head",
    "Imbalance",
    "RankTest",
    "compare",
    "describe_imbalance",
]


def __getattr__(name):
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_PUBLIC])
