"""``protimb imbalance``: how imbalanced a data set is."""

from pathlib import Path
from typing import Annotated

import typer

from protimb.cli._words import clean_messages, names, say
from protimb.utils._ontologies import ONTOLOGIES


def imbalance(
    data: Annotated[
        str, typer.Option(help="'human_go', the bundled proteins, or a CAFA training folder.")
    ] = "human_go",
    ontology: Annotated[str, typer.Option(help="mf, bp, cc, or several: mf,bp,cc.")] = "mf",
    min_proteins: Annotated[
        int, typer.Option(min=1, help="Leave out terms with fewer proteins.")
    ] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for report, tables and figure.")] = None,
):
    """Say how imbalanced a data set is: IRLbl, MeanIR, CVIR, SCUMBLE, labelsets."""
    with clean_messages():
        from protimb.comparison import describe_imbalance

        namespaces = names(ontology, ONTOLOGIES, "--ontology")
        for namespace in namespaces:
            found = describe_imbalance(data, ontology=namespace, min_proteins=min_proteins)
            say(f"\n{namespace}\n\n{found.render()}")
            if out:
                folder = out / namespace if len(namespaces) > 1 else out
                found.save(folder)
                files = "report.html, terms.csv, summary.csv, imbalance.png"
                say(f"\nWritten to {folder}: {files}")
