"""``protimb embed``: from a FASTA file to a file of vectors."""

import re
from pathlib import Path
from typing import Annotated
from warnings import warn

import typer

from protimb.cli._words import clean_messages, explicit_options, names, say
from protimb.exceptions import EmbeddingWarning


def embed(
    context: typer.Context,
    fasta: Annotated[Path, typer.Argument(help="Sequences, plain or gzipped.")],
    out: Annotated[
        Path,
        typer.Option(
            help="X.npy, a matrix with X_ids.npy beside it; X.parts, an index of one in parts, for "
            "several processes; or X.h5, one dataset a protein."
        ),
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
    share: Annotated[
        str | None,
        typer.Option(
            help="2/8 makes the second of eight shares of X.parts and no other; torchrun says so "
            "by itself."
        ),
    ] = None,
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
    with clean_messages(kept="; the same words go on with the parts that are whole"):
        names(dtype, ("float32", "float16"), "--dtype")
        asked = _read_share(share)
        if out.suffix != ".parts" and asked and "share" not in explicit_options(context):
            _leave_to_the_first(asked, out)
            asked = None
        from protimb.embeddings import embed_fasta

        X, protein_ids = embed_fasta(
            fasta,
            encoder,
            out,
            dtype=dtype,
            share=asked,
            layer=layer,
            device=device,
            cache=cache,
            local_files_only=not download,
            verbose=verbose,
        )
        if X is None:
            say(f"share {share} is made; {out} is written by who finds the other shares there too")
        else:
            say(f"{len(protein_ids):,} proteins, {X.shape[1]:,} numbers each, written to {out}")


def _read_share(text):
    """Read i/n as a pair of numbers, or None."""
    if text is None:
        return None
    if not re.fullmatch(r"[1-9]\d{0,8}/[1-9]\d{0,8}", text):
        raise typer.BadParameter(
            f"{text!r}; write 2/8 for the second of eight.", param_hint="--share"
        )
    number, n_shares = map(int, text.split("/"))
    return number, n_shares


def _leave_to_the_first(share, out):
    """Let the first of a launcher's processes do it all, where the file is not one to share."""
    if share[0] > 1:
        raise typer.Exit
    warn(
        f"The first of {share[1]} processes embeds alone, because {out} is written by one. Name "
        "X.parts as --out to share the proteins out.",
        EmbeddingWarning,
        stacklevel=2,
    )
