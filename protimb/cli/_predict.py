"""``protimb predict``: terms of new proteins from a model folder."""

from pathlib import Path
from typing import Annotated

import typer

from protimb.cli._words import clean_messages, names


def predict(
    model: Annotated[Path, typer.Argument(help="Folder that protimb train wrote.")],
    new: Annotated[
        Path,
        typer.Argument(help="Vectors of new proteins: a .npy file with --ids, or a CAFA folder."),
    ],
    out: Annotated[
        Path, typer.Option(help="File: .tsv in CAFA's submission format, or .csv with names.")
    ],
    ids: Annotated[
        Path | None, typer.Option(help="A .npy file of text, one id a row of the vectors.")
    ] = None,
    ontology: Annotated[
        str | None, typer.Option(help="mf, bp, cc, or several; all of the model by default.")
    ] = None,
    max_terms: Annotated[
        int, typer.Option(min=1, help="Highest scores written of each protein.")
    ] = 1500,
    verbose: Annotated[int, typer.Option("--verbose", "-v", min=0, max=1)] = 1,
):
    """Predict GO terms of new proteins, and write them as CAFA takes them."""
    with clean_messages():
        chosen = ontology and names(ontology, ("mf", "bp", "cc"), "--ontology")
        from protimb import runs

        predictions = runs.predict_terms(
            model,
            new,
            out,
            protein_ids=ids,
            ontology=chosen,
            max_terms=max_terms,
            verbose=verbose,
        )
        n_proteins, n_terms = predictions.shape
        typer.echo(f"{n_proteins} proteins, {n_terms} terms; written to {out}")
