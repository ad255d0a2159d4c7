"""``protimb audit``: can generated proteins be trusted, and if not, why not."""

from pathlib import Path
from typing import Annotated

import typer

from protimb.cli._words import MAPS, MAX_SEED, clean_messages, names, say
from protimb.utils._ontologies import ONTOLOGIES


def audit(
    real: Annotated[
        str, typer.Argument(help="'human_go', the bundled proteins, or a CAFA training folder.")
    ],
    generated: Annotated[
        Path,
        typer.Argument(help="A run, its generated.npz, a CAFA folder, or a table with 'terms'."),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report, tables and figures.")
    ] = None,
    ontology: Annotated[str, typer.Option(help="mf, bp or cc; a run knows its own.")] = "mf",
    min_proteins: Annotated[
        int, typer.Option(min=1, help="Leave out terms with fewer proteins; a run knows its own.")
    ] = 10,
    held_out: Annotated[
        Path | None,
        typer.Option(help="Real proteins that the generator did not see: a file of one id a line."),
    ] = None,
    maps: Annotated[str, typer.Option(help=f"Maps: {', '.join(MAPS)}, or none.")] = "pca,tsne,umap",
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Of splits, draws and maps.")] = 0,
):
    """Ask of generated proteins whether they can be trusted, and say why not.

    Exits with 0 where all properties are those of held-out real proteins, 1 where one is not or
    there are too few rows to judge, 2 where something cannot be read.
    """
    if len(names(ontology, ONTOLOGIES, "--ontology")) > 1:
        raise typer.BadParameter(f"{ontology!r}; name one.", param_hint="--ontology")
    wanted = names(maps, MAPS, "--maps", {"none": ()})
    with clean_messages():
        from protimb.runs._audit import audit_and_show

        # Printed first: the disk may be full.
        found = audit_and_show(
            _show,
            real=real,
            generated=generated,
            out=out,
            ontology=ontology,
            min_proteins=min_proteins,
            held_out=held_out,
            maps=wanted,
            random_state=seed,
        )
        if out:
            say(f"\nWritten to {out}: report.html, properties.csv, terms.csv, audit.json")
    if not found.report.passed:
        raise typer.Exit(1)


def _show(found):
    said = [*found.report.sentences(), found.record["guard"], *_say_how(found.record)]
    say("\n".join(filter(None, said)))


def _say_how(record):
    """Say by whom rows were judged, and what they claim that nobody could judge."""
    yield f"Judged by {record['n_held_out']:,} held-out real proteins: {record['held_out']}."
    if n_terms := record["n_unknown_terms"]:
        yield (
            f"Claims of terms that the real proteins do not have, left out: "
            f"{record['n_unknown_claims']:,}, of {n_terms:,} {'term' if n_terms == 1 else 'terms'}."
        )
