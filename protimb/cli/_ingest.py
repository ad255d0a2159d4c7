"""``protimb ingest``: from files as databases publish them to a clean folder."""

from pathlib import Path
from typing import Annotated

import typer

from protimb.cli._words import clean_messages, say
from protimb.utils._spelling import is_number

PRESETS = ("experimental", "curated", "all")


def ingest(
    fasta: Annotated[Path, typer.Option(help="Sequences, plain or gzipped.")],
    annotations: Annotated[
        Path, typer.Option(help="GAF, GPAD, or a table of proteins and terms; plain or gzipped.")
    ],
    obo: Annotated[Path, typer.Option(help="The ontology, such as go-basic.obo.")],
    out: Annotated[Path, typer.Option(help="Folder to write; must not hold anything yet.")],
    embeddings: Annotated[
        Path | None, typer.Option(help="Vectors; else protimb embed makes them later.")
    ] = None,
    ids: Annotated[
        Path | None, typer.Option(help="Ids of the vectors, a .npy file, if not beside them.")
    ] = None,
    taxon: Annotated[
        str | None, typer.Option(help="Keep these species of a GAF: 9606, or 9606,10090.")
    ] = None,
    evidence: Annotated[
        str, typer.Option(help=f"{', '.join(PRESETS)}, or a list of codes: EXP,IDA.")
    ] = "experimental",
    eco: Annotated[
        Path | None, typer.Option(help="ECO's gaf-eco-mapping-derived.txt, for GPAD.")
    ] = None,
    clusters: Annotated[
        str, typer.Option(help="auto, mmseqs, minhash, none, or a file of proteins and clusters.")
    ] = "auto",
    identity: Annotated[
        float, typer.Option(min=0, max=1, help="Equal residues that make two sequences relatives.")
    ] = 0.3,
    coverage: Annotated[
        float, typer.Option(min=0, max=1, help="Share of both sequences that is compared.")
    ] = 0.8,
    verbose: Annotated[int, typer.Option("--verbose", "-v", min=0, max=1)] = 1,
):
    """Join sequences, annotations, ontology and vectors into a CAFA folder; say what was lost."""
    species = None if taxon is None else _numbers(taxon)
    with clean_messages():
        from protimb.ingest import ingest

        report = ingest(
            fasta,
            annotations,
            obo,
            out,
            embeddings=embeddings,
            ids=ids,
            evidence=evidence if evidence in PRESETS else evidence.split(","),
            taxon=species,
            eco=eco,
            clusters=None if clusters == "none" else clusters,
            identity=identity,
            coverage=coverage,
            verbose=bool(verbose),
        )
        say(report.render())
        say(f"\nWritten to {out}; report.json has it all")
        if embeddings is None:
            target = f"{out}/train_embeds.npy"
            say(f"Vectors: protimb embed {out}/train_sequences.fasta --out {target}")


def _numbers(text):
    words = text.split(",")
    if not all(is_number(word) for word in words):
        raise typer.BadParameter(
            f"{text!r}; give NCBI's numbers: 9606, or 9606,10090.", param_hint="--taxon"
        )
    return [int(word) for word in words]
