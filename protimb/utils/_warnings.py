"""Point warnings at the user's own line."""

import os
import sys
from importlib.util import find_spec

# Libraries that call ours: they wrap methods, run pipelines and searches, so their frames lie
# between those of the user and ours.
_CALLERS = ("sklearn", "imblearn", "joblib", "torch")


def _folders(name):
    """List the folders of a package, without importing it."""
    spec = find_spec(name)
    return (spec and spec.submodule_search_locations) or []


_INSIDE = tuple(f"{folder}{os.sep}" for name in ("protimb", *_CALLERS) for folder in _folders(name))


def users_level():
    """Count frames, as ``stacklevel`` does, from the caller to the first that is the user's."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_INSIDE):
        level, frame = level + 1, frame.f_back
    return level
