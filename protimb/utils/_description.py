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


def is_unsaved(description):
    """Tell whether a parameter as a whole could not be described."""
    return isinstance(description, dict) and "unsaved" in description


def check_saved(description, place):
    """Raise TypeError where a part of the parameter called place could not be described."""
    if isinstance(description, list):
        for part in description:
            check_saved(part, place)
    elif isinstance(description, dict) and "class" in description:
        for name, part in description["params"].items():
            check_saved(part, f"{place}__{name}")
    elif isinstance(description, dict) and "unsaved" in description:
        raise TypeError(
            f"{place} is a {description['unsaved']}, which cannot be saved: a sampler's parameters "
            "hold numbers, strings and objects with get_params. Set it to None before saving."
        )
    elif isinstance(description, dict):
        check_saved(next(iter(description.values())), place)


def _find(name, known):
    if name not in known:
        raise ArtifactError(
            f"The saved sampler holds an object of class {name!r}, which is none of protimb's. "
            f"Pass the class: CGANSampler.load(folder, classes=[{name}])."
        )
    return known[name]
