"""What all subcommands share: clean messages, and words turned into values."""

import ast
import signal
import sys
import threading
import traceback
import warnings
from collections import Counter
from contextlib import contextmanager

import typer

from protimb.cli._processes import explain_interrupt, leave
from protimb.exceptions import ProtimbError
from protimb.utils._ranks import is_first, n_processes
from protimb.utils._shorten import shorten, spell_out
from protimb.utils._spelling import is_number

_MAX_MESSAGE = 2000  # letters; what is longer quotes a hostile file
MAPS = ("pca", "tsne", "umap")  # ways to lay proteins out on a plane
MAX_SEED = 2**32 - 1  # of NumPy's generators


@contextmanager
def clean_messages():
    """Print warnings as lines, each once; end with one and code 2 on errors in what was asked.

    Who stops the command gets a line too, and the code that shells use for it, once drafts are
    gone.
    """
    said = set()

    def show(message, *where, **kwargs):
        if str(message) not in said:
            _complain("warning", message)
        said.add(str(message))

    with warnings.catch_warnings(), _stopped_like_a_keyboard():
        warnings.showwarning = show
        try:
            yield
            leave()
        except (ProtimbError, OSError, ValueError) as error:
            _complain("error", _spelled(error))
            raise typer.Exit(2) from error
        except KeyboardInterrupt as error:
            if n_processes() > 1:
                explain_interrupt()
            number = error.args[0] if error.args else signal.SIGINT
            name = signal.Signals(number).name
            _complain("stopped", f"by {name}; what was half-written is removed")
            raise typer.Exit(128 + number) from error


@contextmanager
def _stopped_like_a_keyboard():
    """Let SIGTERM unwind what is running, as Ctrl-C does, in place of ending it where it is."""

    def stop(number, frame):
        signal.signal(number, signal.SIG_DFL)  # who asks twice will not wait
        raise KeyboardInterrupt(number)

    if threading.current_thread() is not threading.main_thread() or n_processes() > 1:
        yield  # where no signal arrives, or what a launcher's SIGTERM means is settled
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


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
    if not is_number(text):
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # an odd word is a word
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def say(text):
    """Print text that may hold a user's names: none steers the terminal, none ends the command."""
    print(spell_out(text), flush=True)


def _complain(kind, message):
    if not is_first():  # of several processes, one speaks
        return
    from tqdm import tqdm

    tqdm.write(f"{kind}: {one_line(message)}", file=sys.stderr)


def one_line(message):
    """Give a message as one line that a terminal shows and does not obey."""
    return shorten(spell_out(" ".join(str(message).split())), _MAX_MESSAGE)


def guard_streams():
    """Have all that is printed fit any terminal: no encoding ends a command, no traceback obeys."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.excepthook = _show_traceback


def _show_traceback(*failure):
    print(spell_out("".join(traceback.format_exception(*failure))), file=sys.stderr, end="")
