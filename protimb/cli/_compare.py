"""``protimb compare``: which treatment of imbalance helps whom."""

import shutil
import textwrap
from functools import partial
from itertools import product
from pathlib import Path
from typing import Annotated

import typer

from protimb.cli._words import (
    MAPS,
    clean_messages,
    literal,
    names,
    one_line,
    refuse_repeats,
    say,
    strategy,
)
from protimb.comparison._arms import ARMS, LOSS_ARMS, MAIN_ARMS
from protimb.comparison._heads import CLASSIFIERS, MAIN_CLASSIFIERS
from protimb.comparison._known import check_namespaces
from protimb.comparison._splits import SPLITS
from protimb.utils._ontologies import ONTOLOGIES
from protimb.utils._spelling import is_number

_WIDTH = 100  # of a table in a file or a pipe
_ARM_GROUPS = {"main": MAIN_ARMS, "losses": LOSS_ARMS, "all": ARMS}


def _list_arms(wanted: bool):
    if wanted:
        indent = max(map(len, ARMS)) + 2
        for name, arm in ARMS.items():
            line = f"{name.ljust(indent)}{arm.description}"
            say(textwrap.fill(line, _width(), subsequent_indent=" " * indent))
        raise typer.Exit


def _width():
    return shutil.get_terminal_size((_WIDTH, 0)).columns


def compare(
    data: Annotated[
        str, typer.Option(help="'human_go', the bundled proteins, or a CAFA training folder.")
    ] = "human_go",
    ontology: Annotated[str, typer.Option(help="mf, bp, cc, or several: mf,bp,cc.")] = "mf",
    min_proteins: Annotated[
        int, typer.Option(min=1, help="Leave out terms with fewer proteins.")
    ] = 10,
    known: Annotated[
        str | None,
        typer.Option(
            help="Other namespaces, whose annotations of the same proteins stand beside the "
            "vectors: bp,cc."
        ),
    ] = None,
    arms: Annotated[
        str,
        typer.Option(
            help=f"main ({', '.join(MAIN_ARMS)}), all, losses (none and each loss), or a list of "
            "the names that --list-arms gives."
        ),
    ] = "main",
    list_arms: Annotated[
        bool,
        typer.Option(
            "--list-arms", callback=_list_arms, is_eager=True, help="Say what each arm does."
        ),
    ] = False,
    heads: Annotated[
        str,
        typer.Option(
            help=f"What arms are judged with: main ({', '.join(MAIN_CLASSIFIERS)}), all, or a list "
            f"of {', '.join(CLASSIFIERS)}."
        ),
    ] = "main",
    seeds: Annotated[
        str, typer.Option(help="How many splits and trainings, or which: 5, or 100,101.")
    ] = "1",
    sampling_strategy: Annotated[
        str, typer.Option(help="Raise terms to so many rows, or 'auto'.")
    ] = "20",
    epochs: Annotated[
        int, typer.Option(min=1, help="Passes over the real rows that make the steps of all arms.")
    ] = 30,
    max_steps: Annotated[
        int | None, typer.Option(min=1, help="Training steps of every arm, in place of epochs.")
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(help="A sampler's parameter, repeatable: cgan.max_updates=500."),
    ] = None,
    head_param: Annotated[
        list[str] | None,
        typer.Option(help="A head's parameter, repeatable: tale.max_epochs=20."),
    ] = None,
    synthetic_weight: Annotated[
        float, typer.Option(min=0, help="Weight of a generated row in the network's loss.")
    ] = 1.0,
    synthetic_labels: Annotated[
        str, typer.Option(help="What generated rows teach: targeted terms only, or all.")
    ] = "targeted",
    tune_cuts: Annotated[
        bool,
        typer.Option(
            "--tune-cuts", help="Decide by cuts of terms, tuned on held-out training clusters."
        ),
    ] = False,
    split: Annotated[
        str,
        typer.Option(
            help="What is held out: whole clusters (cluster), proteins at random (random, which "
            "flatters), or what was first annotated from --date on (temporal)."
        ),
    ] = "cluster",
    date: Annotated[
        str | None,
        typer.Option(help="Of a temporal split, the first day that training does not know."),
    ] = None,
    shots: Annotated[
        str | None,
        typer.Option(help="Cut frequent terms to so many proteins, a table each: 1,2,5,10,20."),
    ] = None,
    max_train: Annotated[
        str | None,
        typer.Option(
            help="Train on at most so many proteins in whole clusters, a table each: 500,2000."
        ),
    ] = None,
    check_leaks: Annotated[
        bool,
        typer.Option(
            "--check-leaks", help="Refuse arms that know of test proteins what nobody told them."
        ),
    ] = False,
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap resamples of proteins.")] = 1000,
    maps: Annotated[
        str, typer.Option(help="Maps of generated proteins: pca, tsne, umap, several or none.")
    ] = "tsne",
    map_terms: Annotated[
        str | None, typer.Option(help="Terms on the maps: GO:0004672,GO:0003677.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report, tables and figures.")
    ] = None,
    resume: Annotated[
        bool, typer.Option(help="Go on with what an earlier run left in --out, or start over.")
    ] = True,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that share the arms, of one thread each."),
    ] = None,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose",
            "-v",
            min=0,
            max=2,
            help="0: no bars, 1: one over all stages, 2: each training too.",
        ),
    ] = 2,
):
    """Compare ways of treating imbalance, and say which one helped whom.

    One fifth of the sequence clusters is held out, unless --split says otherwise; every arm trains
    the same network for the same number of steps. Prints a table with 95 % intervals and paired
    differences to no resampling.
    """
    with clean_messages():
        from protimb.comparison._compare import compare_and_show

        options = {
            "min_proteins": min_proteins,
            "known": None if known is None else names(known, ONTOLOGIES, "--known"),
            "arms": names(arms, ARMS, "--arms", _ARM_GROUPS),
            "classifiers": names(
                heads, CLASSIFIERS, "--heads", {"main": MAIN_CLASSIFIERS, "all": CLASSIFIERS}
            ),
            "seeds": _seeds(seeds),
            "sampling_strategy": strategy(sampling_strategy),
            "epochs": epochs,
            "max_steps": max_steps,
            "sampler_params": _sampler_params(param or [], ARMS),
            "head_params": _head_params(head_param or []),
            "synthetic_weight": synthetic_weight,
            "synthetic_labels": synthetic_labels,
            "tune_cuts": tune_cuts,
            "split": _split(split),
            "date": date,
            "check_leaks": check_leaks,
            "n_resamples": resamples,
            "maps": () if maps == "none" else names(maps, MAPS, "--maps"),
            "map_terms": map_terms and map_terms.split(","),
            "resume": resume,
            "jobs": jobs,
            "verbose": verbose,
        }
        namespaces = names(ontology, ONTOLOGIES, "--ontology")
        for namespace in namespaces:  # before hours are spent on the first
            check_namespaces(options["known"] or (), namespace)
        sizes = _sizes(shots, max_train)
        for namespace, size in product(namespaces, sizes):
            folder = _folder(out, namespace if len(namespaces) > 1 else None, size)
            asked = {"data": data, "ontology": namespace, "out": folder, **options, **size}
            title = ", ".join([namespace, *_known_words(known), *_size_words(size)])
            # Printed first: the disk may be full, and the table is what hours were spent on.
            compare_and_show(partial(_show, title), **asked)
            if folder:
                say(f"\nWritten to {folder}: report.html, tables and figures")


def _show(title, comparison):
    say(f"\n{title}\n\n{comparison.render(_width())}")


def _sizes(shots, max_train):
    """Pair every number of shots with every size: [{parameter: number}], one empty without."""
    asked = {"shots": (shots, "--shots"), "max_train": (max_train, "--max-train")}
    numbers = {name: _numbers(*one) for name, one in asked.items() if one[0] is not None}
    return [dict(zip(numbers, one, strict=True)) for one in product(*numbers.values())]


def _numbers(text, option):
    words = text.split(",")
    if not all(is_number(word) and int(word) for word in words):
        raise typer.BadParameter(f"{text!r}; give numbers from 1: 1,2,5.", param_hint=option)
    refuse_repeats(map(int, words), option, "named")
    return [int(word) for word in words]


def _known_words(known):
    return [f"known {known.replace(',', ' and ')}"] if known else []


def _size_words(size):
    return [f"{name.replace('_', ' ')} {number}" for name, number in size.items()]


def _folder(out, namespace, size):
    if out is None:
        return None
    parts = [namespace] if namespace else []
    words = "-".join(f"{name}_{number}" for name, number in size.items())
    return out.joinpath(*parts, *([words] if words else []))


def _seeds(text):
    """Read how many seeds, counted from 0, or a list of them."""
    words = text.split(",")
    if not all(is_number(word) for word in words) or text == "0":
        raise typer.BadParameter(
            f"{text!r}; give how many, or which: 5, or 100,101.", param_hint="--seeds"
        )
    refuse_repeats(map(int, words), "--seeds", "named")
    return int(text) if len(words) == 1 else [int(word) for word in words]


def _sampler_params(texts, arms):
    """Parse ``arm.name=value`` into a dict of dicts; values are Python literals or words."""
    refuse_repeats(text.partition("=")[0] for text in texts)
    params: dict[str, dict] = {}
    for text in texts:
        target, equals, value = text.partition("=")
        arm, dot, name = target.partition(".")
        if not (equals and dot) or arm not in arms or not arms[arm].make_sampler:
            hint = ", ".join(name for name, one in arms.items() if one.make_sampler)
            raise typer.BadParameter(
                f"{text!r}; write arm.name=value, with an arm of {hint}.", param_hint="--param"
            )
        params.setdefault(arm, {})[name] = literal(value)
    for arm, values in params.items():
        _check_sampler(arms[arm].make_sampler(), values)
    return params


def _split(name):
    """Refuse anything but the name of one split."""
    if name not in SPLITS:
        raise typer.BadParameter(
            f"{name!r}; give one of {', '.join(SPLITS)}, and run again for another.",
            param_hint="--split",
        )
    return name


def _head_params(texts):
    """Parse ``head.name=value`` into a dict of dicts; compare knows which heads there are."""
    refuse_repeats((text.partition("=")[0] for text in texts), "--head-param")
    params: dict[str, dict] = {}
    for text in texts:
        target, equals, value = text.partition("=")
        head, dot, name = target.partition(".")
        if not (equals and dot and head and name):
            raise typer.BadParameter(
                f"{text!r}; write head.name=value: tale.max_epochs=20.", param_hint="--head-param"
            )
        params.setdefault(head, {})[name] = literal(value)
    return params


def _check_sampler(sampler, values):
    """Refuse names and values that the sampler would refuse after the data were read."""
    try:
        sampler.set_params(**values)._validate_params()
    except ValueError as error:  # scikit-learn's message lists what there is
        raise typer.BadParameter(one_line(error), param_hint="--param") from error
