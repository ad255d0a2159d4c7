"""protimb: rescue rare classes in multilabel protein data.

Protein vectors and GO annotations go in, rare terms get generated examples that
pass quality control, a classifier and an honest report come out. Names below are
loaded when first asked for, so ``import protimb`` stays light.
"""

from importlib import import_module

from protimb._version import __version__

_PUBLIC = {
    "CGANSampler": "protimb.over_sampling",
    "CosineFilter": "protimb.filters",
    "GOTermClassifier": "protimb.classification",
    "ResampledClassifier": "protimb.classification",
    "compare": "protimb.comparison",
    "load_human_go": "protimb.datasets",
}

__all__ = [
    "CGANSampler",
    "CosineFilter",
    "GOTermClassifier",
    "ResampledClassifier",
    "__version__",
    "compare",
    "load_human_go",
]


def __getattr__(name):
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'protimb' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_PUBLIC])
