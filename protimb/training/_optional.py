"""Imports of optional dependencies, with errors that say what to install."""

from importlib import import_module

from protimb.exceptions import MissingExtraError

# module -> the extra in pyproject.toml that brings it
EXTRAS = {"tensorboard": "tensorboard"}


def import_optional(module):
    """Import an optional dependency, or say which extra of protimb brings it.

    Parameters
    ----------
    module : str
        Name of the module, a key of ``EXTRAS``.

    Returns
    -------
    module : module

    Raises
    ------
    MissingExtraError
        If the module is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        extra = EXTRAS[module]
        raise MissingExtraError(
            f"This needs the package {module!r}, which is not installed. "
            f"Install it with: pip install 'protimb[{extra}]'"
        ) from error
