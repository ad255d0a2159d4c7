"""Programs that are called: found on the path, run without a shell, heard where they fail."""

import shutil
import signal
import subprocess

_N_SHOWN = 800  # characters of what the program printed


def is_installed(program):
    """Tell whether a program is on the user's path."""
    return shutil.which(program) is not None


def run_program(words, error_type, advice=""):
    """Run a program by its list of words; a failure says what it printed, and what to do."""
    try:
        done = subprocess.run(  # noqa: S603 - a list of words, none of them a user's
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except OSError as error:
        raise error_type(f"{words[0]} could not be started: {error}.{advice}") from error
    if done.returncode:
        said = done.stdout.decode("utf-8", errors="replace").strip()[-_N_SHOWN:]
        ended = f"{words[0]} {words[1]} {_ending(done.returncode)}"
        raise error_type(f"{ended}: {said or 'it said nothing'}.{advice}")


def _ending(code):
    """Say how a program ended: by an exit code, or by a signal that killed it."""
    if code >= 0:
        return f"failed with code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:  # a signal without a name
        return f"was killed by signal {-code}"
