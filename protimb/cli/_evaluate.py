"""``protimb evaluate``: how good predictions are."""

from pathlib import Path
from typing import Annotated

import typer

from protimb.cli._words import clean_messages, names, say

NORMS = ("cafa", "pred", "gt")
PROPAGATIONS = ("max", "fill")


def evaluate(
    predictions: Annotated[
        list[Path], typer.Argument(help="Files of a protein, a term and a score a line.")
    ],
    truth: Annotated[
        Path,
        typer.Argument(help="What the proteins have: a GAF or a table; or a folder of CAFA-3."),
    ],
    obo: Annotated[Path, typer.Option(help="The ontology.")],
    ia: Annotated[
        Path | None, typer.Option(help="Bits of each term (IA.txt), for weighted figures and Smin.")
    ] = None,
    known: Annotated[
        Path | None, typer.Option(help="What was known before: counts neither way.")
    ] = None,
    training: Annotated[
        Path | None, typer.Option(help="Training annotations: figures by how rare terms are.")
    ] = None,
    min_proteins: Annotated[
        int | None,
        typer.Option(min=1, help="Also without terms of fewer training proteins, which are named."),
    ] = None,
    norm: Annotated[str, typer.Option(help=f"What is averaged over: {', '.join(NORMS)}.")] = "cafa",
    prop: Annotated[
        str, typer.Option(help=f"How scores reach ancestors: {', '.join(PROPAGATIONS)}.")
    ] = "max",
    no_orphans: Annotated[
        bool, typer.Option("--no-orphans", help="Leave the roots out of unweighted figures.")
    ] = False,
    toi: Annotated[
        Path | None, typer.Option(help="Count these terms only: a file of one a line.")
    ] = None,
    targets: Annotated[
        Path | None, typer.Option(help="Count these proteins only: a file of one a line.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for report, tables and figure.")] = None,
):
    """Say how good predictions are, as CAFA does: Fmax, weighted Fmax, Smin, micro F, coverage."""
    (norm,) = names(norm, NORMS, "--norm")
    (prop,) = names(prop, PROPAGATIONS, "--prop")
    with clean_messages():
        from protimb.evaluation import evaluate_predictions

        found = evaluate_predictions(
            predictions,
            truth,
            obo,
            information_accretion=ia,
            known=known,
            training=training,
            min_proteins=min_proteins,
            norm=norm,
            prop=prop,
            no_orphans=no_orphans,
            terms_of_interest=toi,
            targets=targets,
        )
        say(found.render())
        if out:
            found.save(out)
            files = "report.html, summary.csv, curves.csv, left_out.csv, precision_recall.png"
            say(f"\nWritten to {out}: {files}")
