"""The subcommands that make runs and folders: ``train-sampler`` and ``resample``."""

from pathlib import Path
from typing import Annotated

import typer

from protimb.cli._words import (
    MAX_SEED,
    clean_messages,
    explicit_options,
    literals,
    names,
    one_line,
    say,
    strategy,
)
from protimb.utils._ontologies import ONTOLOGIES


def train_sampler(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder of the run.")],
    data: Annotated[
        str, typer.Option(help="'human_go', the bundled proteins, or a CAFA training folder.")
    ] = "human_go",
    ontology: Annotated[str, typer.Option(help="mf, bp or cc.")] = "mf",
    min_proteins: Annotated[
        int, typer.Option(min=1, help="Leave out terms with fewer proteins.")
    ] = 10,
    term_range: Annotated[
        tuple[int, int] | None,
        typer.Option(help="Resample only terms with so many proteins: 20 200."),
    ] = None,
    sampling_strategy: Annotated[
        str, typer.Option(help="Raise terms to so many rows, or 'auto'.")
    ] = "50",
    updates: Annotated[
        int | None, typer.Option(min=1, help="Most updates of the generator, if not the sampler's.")
    ] = None,
    backbone: Annotated[
        str, typer.Option(help="The networks: mlp, conv, transposed_conv or attention.")
    ] = "mlp",
    condition: Annotated[
        str | None, typer.Option(help="What tells labels: multihot, term_vectors, both or none.")
    ] = None,
    conditioning: Annotated[
        str | None, typer.Option(help="How they enter: concat, channel, projection or film.")
    ] = None,
    term_vectors: Annotated[
        Path | None, typer.Option(help="File of term vectors; else they come from the ontology.")
    ] = None,
    hold_out: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share of clusters kept for the quality report.")
    ] = 0.1,
    param: Annotated[
        list[str] | None,
        typer.Option(help="Another parameter of CGANSampler, repeatable: n_latent=32."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=MAX_SEED, help="Of split, training and draws.")
    ] = 0,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with the run in --out, possibly to more updates."),
    ] = False,
    verbose: Annotated[int, typer.Option("--verbose", "-v", min=0, max=1)] = 1,
):
    """Train a CGAN sampler, and leave a folder with records and generated proteins.

    Holds config.json, checkpoints, history.csv, losses.png, generated.npz and quality tables.
    """
    given = explicit_options(context)
    if resume:
        _refuse_beside_resume(given - {"out", "resume", "verbose", "updates"})
    with clean_messages():
        from protimb import runs

        if resume:
            run = runs.resume_training(out, max_updates=updates, verbose=verbose)
        else:
            if len(names(ontology, ONTOLOGIES, "--ontology")) > 1:
                raise typer.BadParameter(
                    f"{ontology!r}; a sampler learns one namespace.", param_hint="--ontology"
                )
            params = _sampler_params(
                param or [],
                given,
                term_range=term_range,
                sampling_strategy=strategy(sampling_strategy),
                max_updates=updates,
                backbone=backbone,
                condition=condition,
                conditioning=conditioning,
            )
            _check_run(params, term_vectors)
            run = runs.train_sampler(
                out,
                data,
                ontology,
                min_proteins=min_proteins,
                hold_out=hold_out,
                sampler_params=params,
                term_vectors=term_vectors,
                random_state=seed,
                verbose=verbose,
            )
        if run.quality is None:
            return  # the first of several processes speaks
        say("\n".join(run.quality.sentences()))
        say(f"\n{len(run.generated.ids)} generated proteins written to {out}")


def resample(
    run: Annotated[Path, typer.Option(help="Folder of a run of train-sampler.")],
    out: Annotated[Path, typer.Option(help="Folder to write; must not hold anything yet.")],
    data: Annotated[
        str | None, typer.Option(help="Enlarge other data of the same embedding, generated anew.")
    ] = None,
    sampling_strategy: Annotated[
        str | None, typer.Option(help="Generate anew: raise terms to so many rows, or 'auto'.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=MAX_SEED, help="Generate anew from this seed.")
    ] = None,
):
    """Write an enlarged CAFA folder: the data of a run and its generated proteins."""
    with clean_messages():
        from protimb import runs

        wanted = sampling_strategy and strategy(sampling_strategy)
        generated = runs.resample(run, out, data=data, sampling_strategy=wanted, random_state=seed)
        say(f"{len(generated.ids)} generated proteins beside the real ones in {out}")


def _refuse_beside_resume(given):
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(given))
        raise typer.BadParameter(
            f"a run goes on as its config.json says; leave out {options}.", param_hint="--resume"
        )


def _sampler_params(words, given, **options):
    """Collect the parameters that were asked for; the sampler knows its own defaults."""
    asked = {name: value for name, value in options.items() if value is not None}
    more = literals(words)
    for name in more:
        option = name.replace("max_updates", "updates")
        if name in asked and option in given:
            raise typer.BadParameter(
                f"--{option.replace('_', '-')} sets {name!r} too; leave out one.",
                param_hint="--param",
            )
    return asked | more


def _check_run(params, term_vectors):
    """Refuse names and values that the sampler would refuse after the data were read."""
    from protimb.runs._config import Settings

    try:
        Settings(sampler=params, term_vectors=term_vectors and str(term_vectors)).build_sampler()
    except ValueError as error:
        raise typer.BadParameter(one_line(error)) from error
