"""The parts of a GAN that are given by name or as an object: which name stands for what."""

from protimb.utils import _named
from protimb.utils._named import reached_into, resolve

# Parameters, and the tables of protimb.nn that hold their names.
PARTS = {"backbone": "BACKBONES", "condition": "CONDITIONS", "conditioning": "CONDITIONINGS"}


def find_parts(estimator):
    """Give an estimator's parts as {parameter: object}; what names stand for is made anew."""
    owner = type(estimator).__name__
    return {
        part: resolve(getattr(estimator, part), table, owner, part)
        for part, table in _tables().items()
    }


def with_objects(params, estimator):
    """Put objects beside parameters like ``backbone__n_hidden`` that reach into a part's name."""
    reaches = reached_into(params) & {*PARTS}  # else torch is not asked for
    return _named.with_objects(params, estimator, _tables()) if reaches else params


def known_parts():
    """Gather the classes of all parts that a name stands for."""
    return [entry for table in _tables().values() for entry in table.values()]


def _tables():
    from protimb import nn

    return {part: getattr(nn, table) for part, table in PARTS.items()}
