"""What every loader of a saved object does: look whose it is, and say what does not fit."""

from contextlib import contextmanager

import numpy as np

from protimb.exceptions import ArtifactError, DeviceUnavailableError
from protimb.utils._folder import written_by

# What goes wrong where a state is not what was saved.
DAMAGE = (
    *(TypeError, ValueError, LookupError, RuntimeError, AttributeError),
    *(ArithmeticError, MemoryError, AssertionError),
)


@contextmanager
def rebuilding(owner, source):
    """Turn what goes wrong while an `owner` is rebuilt from `source` into an ArtifactError."""
    try:
        yield
    except DeviceUnavailableError:
        raise
    except ArtifactError as error:
        if str(source) in str(error):
            raise
        raise ArtifactError(f"{source}: {error}{written_by(source)}") from error
    except DAMAGE as error:
        raise ArtifactError(
            f"{source} does not hold what a {owner} needs ({say_damage(error)}). It was changed, "
            f"or saved by another version of a class it uses.{written_by(source)}"
        ) from error


def say_damage(error):
    """Say what one of DAMAGE found, of which a KeyError gives but the name."""
    return f"no {error}" if isinstance(error, KeyError) else str(error)


def check_kind(manifest, kind, source, advice=""):
    """Refuse a folder that something else than a `kind` was saved to."""
    found = manifest.get("kind", "something else")
    if found != kind:
        raise ArtifactError(f"{source} holds no {kind} but {found!r}.{advice}")


def plain_name(term):
    """Return a term's name as JSON can hold it: text, a number or a boolean."""
    value = term.item() if isinstance(term, np.generic) else term
    if not isinstance(value, str | int | float | bool):
        raise TypeError(
            f"Term {term!r} is a {type(term).__name__}: only terms named by text or numbers can "
            "be saved. Rename the columns of y."
        )
    return value


def by_name(*classes):
    """Index classes by their names, as saved descriptions name them."""
    return {entry.__name__: entry for entry in classes}
