"""What all subcommands share: clean messages, and words turned into values."""

import ast
import sys
import warnings
from collections import Counter
from contextlib import contextmanager

import typer

from protimb.cli._processes import explain_interrupt, leave
from protimb.exceptions import ProtimbError
from protimb.utils._ranks import is_first, n_processes
from protimb.utils._shorten import shorten

_MAX_MESSAGE = 2000  # letters; what is longer quotes a hostile file
MAPS = ("pca", "tsne", "umap")  # ways to lay proteins out on a plane
MAX_SEED = 2**32 - 1  # of NumPy's generators


@contextmanager
def clean_messages():
    """Print warnings as lines, each once; end with one and code 2 on errors in what was asked."""
    said = set()

    def show(message, *where, **kwargs):
        if str(message) not in said:
            _complain("warning", message)
        said.add(str(message))

    with warnings.catch_warnings():
        warnings.showwarning = show
        try:
            yield
            leave()
        except KeyboardInterrupt:
            if n_processes() == 1:
                raise
            explain_interrupt()
        except (ProtimbError, OSError, ValueError) as error:
            _complain("error", _spelled(error))
            raise typer.Exit(2) from error


def _spelled(error):
    """Say what the system refused in words, without its number and with the file first."""
    if not isinstance(error, OSError) or error.filename is None or error.strerror is None:
        return error
    if isinstance(error, FileNotFoundError):
        return f"{error.filename}: there is no such file or folder. Check the path."
    return f"{error.filename}: {error.strerror}."


def names(text, known, option, groups=None):
    """Split a list of known names at commas; a word of groups, alone, stands for several."""
    groups = groups or {}
    found = tuple(groups.get(text, text.split(",")))
    unknown = [name for name in found if name not in known]
    if unknown:
        words = [*known, *groups]
        raise typer.BadParameter(
            f"{', '.join(unknown)!r}; choose from {', '.join(words)}.", param_hint=option
        )
    refuse_repeats(found, option, "named")
    return found


def strategy(text):
    """Read a number of rows, or the word auto."""
    if text == "auto":
        return text
    if not text.isdecimal():
        raise typer.BadParameter(
            f"{text!r}; give a number of rows or 'auto'.", param_hint="--sampling-strategy"
        )
    return int(text)


def explicit_options(context):
    """Name the options that were given, and not left at their defaults."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {name for name, source in sources.items() if source and source.name == "COMMANDLINE"}


def literals(texts):
    """Parse words name=value into {name: value}."""
    for text in texts:
        if "=" not in text:
            raise typer.BadParameter(f"{text!r}; write name=value.", param_hint="--param")
    pairs = [text.partition("=") for text in texts]
    refuse_repeats(name for name, _, _ in pairs)
    return {name: literal(value) for name, _, value in pairs}


def refuse_repeats(names, option="--param", done="set"):
    """Refuse what is set or named twice: one of both would be passed over, or be done again."""
    repeated = [name for name, n in Counter(names).items() if n > 1]
    if repeated:
        raise typer.BadParameter(f"{repeated[0]!r} is {done} twice.", param_hint=option)


def literal(text):
    """Read a Python literal; any other text is a word and stays what it is."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def printable(text):
    """Spell out what would steer a terminal: names in a user's files may hold anything."""
    return "".join(one if one.isprintable() or one == "\n" else ascii(one)[1:-1] for one in text)


def _complain(kind, message):
    if not is_first():  # of several processes, one speaks
        return
    from tqdm import tqdm

    words = printable(" ".join(str(message).split()))
    tqdm.write(f"{kind}: {shorten(words, _MAX_MESSAGE)}", file=sys.stderr)
