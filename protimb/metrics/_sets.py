"""Sets of vectors that are compared: finite, of one width, with rows enough."""

from protimb.utils._alignment import align_columns, column_names
from protimb.utils._validation import check_vectors


def check_sets(at_least=1, **sets):
    """Read sets (n_rows, n_features) by argument name as finite floats of one width, in order.

    Columns follow those of the first where both have names. ``at_least`` is how many rows each
    needs, one number or one a name; at least 1.
    """
    first = next(iter(sets))
    names = column_names(sets[first])
    read = {
        name: _read(align_columns(X, names, name, f"those of {first}"), name)
        for name, X in sets.items()
    }
    for name, X in read.items():
        _check_width(X, name, read[first], first)
    _check_rows(read, at_least)
    return list(read.values())


def _read(X, name):
    try:
        return check_vectors(X)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {error}") from error


def _check_width(X, name, first, called):
    if X.shape[1] != first.shape[1]:
        raise ValueError(
            f"{called} has {first.shape[1]} features and {name} {X.shape[1]}. Both must be "
            "vectors of one embedding."
        )


def _check_rows(read, at_least):
    needed = at_least if isinstance(at_least, dict) else dict.fromkeys(read, at_least)
    if all(len(X) >= needed.get(name, 1) for name, X in read.items()):
        return
    counts = [f"{name} {len(X)}" for name, X in read.items()]
    counts[0] = counts[0].replace(" ", " has ") + " rows"
    asked = f"each needs {at_least}"
    if isinstance(at_least, dict):
        asked = ", ".join(f"{name} needs {n}" for name, n in needed.items())
    raise ValueError(f"{' and '.join(counts)}; {asked}.")
