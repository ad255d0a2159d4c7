"""Files of a folder, found under the names that they go by."""

from protimb.utils._files import is_there


def find_file(folder, names):
    """Return the first file that exists, in the folder or in Train inside it, or None."""
    candidates = (folder / sub / name for name in names for sub in ("", "Train"))
    return next((path for path in candidates if is_there(path)), None)
