"""The ``protimb`` command: each subcommand parses words, calls one function, prints its answer."""

import os
from typing import Annotated

import typer

from protimb._version import __version__
from protimb.cli._audit import audit
from protimb.cli._compare import compare
from protimb.cli._embed import embed
from protimb.cli._evaluate import evaluate
from protimb.cli._imbalance import imbalance
from protimb.cli._ingest import ingest
from protimb.cli._predict import predict
from protimb.cli._processes import take_part
from protimb.cli._runs import resample, train_sampler
from protimb.cli._train import train
from protimb.cli._words import guard_streams

# Subcommands import what they need: --help must not wait for torch.
app = typer.Typer(
    name="protimb",
    help="Rescue rare classes in multilabel protein data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # its boxes cut long names where a terminal is narrow
)


def _print_version(wanted: bool):
    if wanted:
        typer.echo(f"protimb {__version__}")
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
):
    """Rescue rare classes in multilabel protein data."""
    # Read when torch is loaded. Threads that spin while they wait hold the cores that the others
    # wait for: with something else running, training took twice as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ["MPLBACKEND"] = "agg"  # figures go into files; no window is opened
    guard_streams()
    take_part(context)


app.command()(ingest)
app.command()(compare)
app.command()(embed)
app.command()(imbalance)
app.command()(evaluate)
app.command("train-sampler")(train_sampler)
app.command()(resample)
app.command()(audit)
app.command()(train)
app.command()(predict)
