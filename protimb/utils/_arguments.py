"""Arguments of public functions, for what runs the same with something more."""

from inspect import signature


def with_defaults(function, given):
    """Add to arguments of a function, {name: value}, what its other parameters are by default.

    >>> with_defaults(lambda rows, seed=0: None, {"rows": 3})
    {'rows': 3, 'seed': 0}
    """
    asked = signature(function).bind(**given)
    asked.apply_defaults()
    return asked.arguments
