"""Parameters as JSON and back: objects by the name of a registered class, never by import."""

import numpy as np
from numpy.random import RandomState

from protimb.exceptions import ArtifactError


def describe(value):
    """Describe a parameter by what JSON can hold; anything else by {"unsaved": its class name}."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return describe(value.item())
    if isinstance(value, list):
        return [describe(part) for part in value]
    if isinstance(value, tuple):
        return {"tuple": [describe(part) for part in value]}
    if isinstance(value, dict):
        return {"dict": [[describe(key), describe(part)] for key, part in value.items()]}
    if hasattr(value, "get_params") and not isinstance(value, type):
        params = value.get_params(deep=False)
        # A state of a random source is left out, here as at the top: the next draw needs none.
        params = {k: describe(v) for k, v in params.items() if not isinstance(v, RandomState)}
        return {"class": type(value).__name__, "params": params}
    return {"unsaved": type(value).__name__}


def rebuild(description, known):
    """Undo describe; builds objects of the known classes, {name: class}, and no others."""
    if isinstance(description, list):
        return [rebuild(part, known) for part in description]
    if not isinstance(description, dict):
        return description
    if "tuple" in description:
        return tuple(rebuild(part, known) for part in description["tuple"])
    if "dict" in description:
        return {rebuild(k, known): rebuild(v, known) for k, v in description["dict"]}
    if "class" in description:
        params = {name: rebuild(part, known) for name, part in description["params"].items()}
        return _find(description["class"], known)(**params)
    raise ArtifactError(
        f"A parameter of class {description.get('unsaved')!r} was not saved: saving keeps "
        "numbers, strings and objects with get_params."
    )


def describe_parameters(estimator, left_out=()):
    """Describe an estimator's parameters by name; refuse a part that cannot be described.

    What is left out as a whole has a default to go back to.
    """
    params = estimator.get_params(deep=False)
    described = {name: describe(value) for name, value in params.items() if name not in left_out}
    for name, description in described.items():
        if not _is_unsaved(description):
            _check_saved(description, name)
    return described


def rebuild_parameters(descriptions, known):
    """Undo ``describe_parameters``, without those that could not be described."""
    kept = {name: part for name, part in descriptions.items() if not _is_unsaved(part)}
    return {name: rebuild(description, known) for name, description in kept.items()}


def _is_unsaved(description):
    return isinstance(description, dict) and "unsaved" in description


def _check_saved(description, place):
    if isinstance(description, list):
        for part in description:
            _check_saved(part, place)
    elif isinstance(description, dict) and "class" in description:
        for name, part in description["params"].items():
            _check_saved(part, f"{place}__{name}")
    elif _is_unsaved(description):
        raise TypeError(
            f"{place} is a {description['unsaved']}, which cannot be saved: parameters that can "
            "hold numbers, strings and objects with get_params. Set it to None before saving."
        )
    elif isinstance(description, dict):
        _check_saved(next(iter(description.values())), place)


def _find(name, known):
    if name not in known:
        raise ArtifactError(
            f"What was saved holds an object of class {name!r}, which is not known here. Pass "
            f"the class: load(folder, classes=[{name}])."
        )
    return known[name]
