"""Point warnings at the user's own line."""

import os
import sys
from pathlib import Path

import sklearn

# scikit-learn wraps methods, so its frames lie between ours.
_INSIDE = (f"{Path(__file__).parents[1]}{os.sep}", f"{Path(sklearn.__file__).parent}{os.sep}")


def users_level():
    """Count frames from the caller up to the first outside protimb, as ``stacklevel`` does."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_INSIDE):
        level, frame = level + 1, frame.f_back
    return level
