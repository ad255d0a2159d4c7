"""What one of several processes does for all, without torch where there is but one."""

from protimb.utils._ranks import n_processes


def from_first(function, *args):
    """Call a function in the first process alone and give its result to all."""
    return function(*args) if n_processes() == 1 else _training().from_first(function, *args)


def in_each(function, *args):
    """Call a function in every process, and fail in all of them if it fails in one."""
    return function(*args) if n_processes() == 1 else _training().in_each(function, *args)


def _training():
    from protimb import training

    return training
