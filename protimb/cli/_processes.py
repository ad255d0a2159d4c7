"""What a launcher's processes do with a subcommand: train together, share, or leave it to one."""

import atexit
import signal
import sys
import time

import typer

from protimb.exceptions import ProcessError
from protimb.utils._ranks import go_alone, is_first, local_rank, n_processes, take_share

TOGETHER = ("train-sampler", "train")
SHARED = "embed"  # each makes a share, and none waits for another

_GRACE = 3.0  # seconds in which the first process says why all failed


def take_part(context):
    """Join in what several do together, or take a share; of anything else the first does it all."""
    if n_processes() == 1:
        return
    if context.invoked_subcommand in TOGETHER:
        signal.signal(signal.SIGTERM, _end)
        if not is_first():
            atexit.register(_let_the_first_speak)
        return
    if context.invoked_subcommand == SHARED:
        number, n_shares = take_share()
        context.default_map = {SHARED: {"share": f"{number}/{n_shares}"}}
        return
    if not is_first():
        raise typer.Exit
    # Trainings are shared among as many processes as would have trained each together.
    context.default_map = {"compare": {"jobs": local_rank()[1]}}
    go_alone()


def leave():
    """End a process's part well."""
    atexit.unregister(_let_the_first_speak)


def explain_interrupt():
    """Say once that somebody pressed Ctrl-C."""
    if is_first():
        typer.echo(
            "error: interrupted. The latest checkpoint is whole; go on with --resume.", err=True
        )
    sys.exit(130)


def _let_the_first_speak():
    # A launcher ends all processes as soon as one has failed.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    time.sleep(_GRACE)


def _end(number, frame):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
    raise ProcessError(
        "The launcher ended this process: it was interrupted, or another process failed or was "
        "killed. The latest checkpoint is whole; go on with --resume."
    )
