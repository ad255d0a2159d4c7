"""``protimb embed``: from a FASTA file to a file of vectors."""

from pathlib import Path
from typing import Annotated

import typer

from protimb.cli._words import clean_messages, names, say


def embed(
    fasta: Annotated[Path, typer.Argument(help="Sequences, plain or gzipped.")],
    out: Annotated[
        Path, typer.Option(help="X.h5, one dataset a protein, or X.npy with X_ids.npy beside it.")
    ],
    encoder: Annotated[
        str,
        typer.Option(
            help="kmer, kmer-2, unirep-64, unirep-256, unirep-1900 (weights CC BY-NC 4.0), or a "
            "folder or hub name of a transformer; several joined by + are put side by side."
        ),
    ] = "facebook/esm2_t6_8M_UR50D",
    layer: Annotated[
        int | None, typer.Option(help="Of a transformer: 0, the tokens, to -1, the last.")
    ] = None,
    dtype: Annotated[str, typer.Option(help="Of the file: float32 or float16.")] = "float32",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or a numbered one.")] = "auto",
    cache: Annotated[
        Path | None,
        typer.Option(help="Folder that keeps vectors for other runs; else a killed run's alone."),
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch the model from the hub if need be.")
    ] = False,
    verbose: Annotated[int, typer.Option("--verbose", "-v", min=0, max=1)] = 1,
):
    """Embed the proteins of a FASTA file. A run that was killed goes on where it was."""
    with clean_messages():
        names(dtype, ("float32", "float16"), "--dtype")
        from protimb.embeddings import embed_fasta

        X, protein_ids = embed_fasta(
            fasta,
            encoder,
            out,
            dtype=dtype,
            layer=layer,
            device=device,
            cache=cache,
            local_files_only=not download,
            verbose=verbose,
        )
        say(f"{len(protein_ids):,} proteins, {X.shape[1]:,} numbers each, written to {out}")
