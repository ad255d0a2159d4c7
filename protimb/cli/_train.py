"""``protimb train``: a classifier of each namespace, saved as one model folder."""

from pathlib import Path
from typing import Annotated

import typer

from protimb.cli._words import MAX_SEED, clean_messages, literals, names, one_line, say, strategy
from protimb.comparison._arms import ARMS
from protimb.utils._ontologies import ONTOLOGIES
from protimb.utils._ranks import is_first

_SAMPLERS = {name: arm for name, arm in ARMS.items() if arm.make_sampler}


def train(
    out: Annotated[Path, typer.Option(help="Folder of the model; must not hold anything yet.")],
    data: Annotated[
        str, typer.Argument(help="'human_go', the bundled proteins, or a CAFA training folder.")
    ] = "human_go",
    ontology: Annotated[str, typer.Option(help="mf, bp, cc, or several: mf,bp,cc.")] = "mf,bp,cc",
    min_proteins: Annotated[
        int, typer.Option(min=1, help="Leave out terms with fewer proteins.")
    ] = 10,
    sampler: Annotated[
        str, typer.Option(help=f"Resample first: none, {', '.join(_SAMPLERS)}.")
    ] = "none",
    sampling_strategy: Annotated[
        str, typer.Option(help="Raise terms to so many rows, or 'auto'.")
    ] = "20",
    param: Annotated[
        list[str] | None,
        typer.Option(help="A parameter of the sampler, repeatable: max_updates=500."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the real proteins.")] = 30,
    neighbors: Annotated[
        int, typer.Option(min=0, help="Cosine neighbours to average with; 0 for none.")
    ] = 100,
    encoder: Annotated[
        str | None,
        typer.Option(help="What made the vectors, as protimb embed names it, if no record says."),
    ] = None,
    layer: Annotated[
        int | None, typer.Option(help="Of a transformer, as of protimb embed.")
    ] = None,
    leave_out: Annotated[
        Path | None, typer.Option(help="Proteins to keep out, one id a line: test_ids_0.txt.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Of resampling and training.")] = 0,
    verbose: Annotated[int, typer.Option("--verbose", "-v", min=0, max=1)] = 1,
):
    """Train a classifier of each namespace on all proteins, for protimb predict."""
    with clean_messages():
        namespaces = names(ontology, ONTOLOGIES, "--ontology")
        made = _make_sampler(sampler, sampling_strategy, param or [], seed)
        from protimb import runs

        model = runs.train_classifier(
            out,
            data,
            namespaces,
            min_proteins=min_proteins,
            sampler=made,
            epochs=epochs,
            n_neighbors=neighbors or None,
            encoder=_make_encoder(encoder, layer),
            leave_out=leave_out,
            random_state=seed,
            verbose=verbose,
        )
        if not is_first():
            return  # the first of several processes speaks
        for name, facts in model.record["data"].items():
            say(f"{name}: {facts['n_terms']} terms, {facts['n_proteins']} proteins")
        say(f"\nWritten to {out}; protimb predict {out} NEW --out predictions.tsv uses it")


def _make_encoder(name, layer):
    if name is None:
        if layer is not None:
            raise typer.BadParameter("there is no --encoder that has it.", param_hint="--layer")
        return None
    from protimb.embeddings import make_encoder

    return make_encoder(name, layer=layer)


def _make_sampler(name, sampling_strategy, words, seed):
    """Make the sampler that a word stands for, with the parameters asked for, or None."""
    (name,) = names(name, ("none", *_SAMPLERS), "--sampler")[:1]
    if name == "none":
        if words:
            raise typer.BadParameter("there is no sampler to give it to.", param_hint="--param")
        return None
    params = literals(words)
    try:
        sampler = _SAMPLERS[name].build_sampler(
            params, sampling_strategy=strategy(sampling_strategy), random_state=seed, verbose=0
        )
        sampler._validate_params()
    except ValueError as error:  # scikit-learn's message lists what there is
        raise typer.BadParameter(one_line(error), param_hint="--param") from error
    return sampler
