"""``protimb predict``: terms of new proteins from a model folder."""

from pathlib import Path
from typing import Annotated

import typer

from protimb.cli._words import clean_messages, names, say
from protimb.utils._ontologies import ONTOLOGIES


def predict(
    model: Annotated[Path, typer.Argument(help="Folder that protimb train wrote.")],
    new: Annotated[
        Path,
        typer.Argument(
            help="New proteins: FASTA; or vectors: a file in any format of read_embeddings, or a "
            "CAFA folder with test_embeds or else train_embeds."
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="File: .tsv in CAFA's submission format, or .csv with names.")
    ],
    ids: Annotated[
        Path | None,
        typer.Option(help="Ids of the vectors, a .npy file, if not beside them."),
    ] = None,
    ontology: Annotated[
        str | None, typer.Option(help="mf, bp, cc, or several; all of the model by default.")
    ] = None,
    max_terms: Annotated[
        int, typer.Option(min=1, help="Highest scores written of each protein.")
    ] = 1500,
    min_score: Annotated[
        float, typer.Option(min=0, max=1, help="Lower scores are not written; 0 writes all.")
    ] = 0.001,
    encoder: Annotated[
        str | None,
        typer.Option(help="Where the model's encoder is now, such as the folder it was moved to."),
    ] = None,
    device: Annotated[str, typer.Option(help="Of the encoder: auto, cpu, cuda.")] = "auto",
    cache: Annotated[
        Path | None, typer.Option(help="Folder that keeps vectors of sequences for other runs.")
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch the encoder from the hub if need be.")
    ] = False,
    verbose: Annotated[int, typer.Option("--verbose", "-v", min=0, max=1)] = 1,
):
    """Predict GO terms of new proteins, and write them as CAFA takes them."""
    with clean_messages():
        chosen = ontology and names(ontology, ONTOLOGIES, "--ontology")
        from protimb import runs

        done = runs.predict_terms(
            model,
            new,
            out,
            protein_ids=ids,
            ontology=chosen,
            max_terms=max_terms,
            min_score=min_score,
            encoder=encoder,
            device=device,
            cache=cache,
            download=download,
            return_frame=False,
            verbose=verbose,
        )
        say(f"{done.n_proteins} proteins, {done.n_terms} terms; written to {out}")
