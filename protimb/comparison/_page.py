"""report.html: the comparison on one page that needs no other file."""

import re

import numpy as np
import pandas as pd

from protimb.comparison._known import about_known
from protimb.comparison._layouts import show_verdicts
from protimb.comparison._rendering import ABOUT_DECISIONS
from protimb.comparison._splits import method_of_split
from protimb.comparison._text import short_zeros
from protimb.comparison._verdict import ABOUT_VERDICTS
from protimb.comparison._winners import LEGEND
from protimb.plotting._map import METHODS
from protimb.utils._page import (
    Columns,
    Details,
    Items,
    Map,
    Note,
    Page,
    Picture,
    Section,
    Table,
    Words,
)
from protimb.utils._provenance import spell_packages

FEWEST_TEST = 3  # test proteins below which a term's change says next to nothing
_N_SHOWN = 20  # terms shown at first
_WORDS = {
    "AP": "average precision: how high a term's own proteins rank among all test proteins, 1 at "
    "best; of a bin, the mean over its terms",
    "AP <50": "the same, over terms with fewer than 50 training proteins",
    "Fmax": "best mean of precision and recall over all cuts of the score, protein by protein",
    "Smin": "smallest distance to a perfect prediction, in bits; lower is better",
    "minus none": "difference to the same classifier taught the training proteins as they are",
    "[.1, .2]": "95 % interval: where the figure might lie with other test proteins",
    "network": "a small neural network that reads a protein's vector and gives every term a "
    "probability",
    "cosine neighbours": "the training proteins whose vectors point in the most similar "
    "direction; they vote for their terms",
}
_FIGURES_OF_MAPS = "map_"


def write_report(comparison, figures, path):
    """Write the page to ``path``, with the pictures of ``figures``, {PNG: caption}, in it."""
    record = comparison.record
    sections = [
        Section("In short", _short(comparison)),
        Section("What the words mean", _words(record)),
        Section("What resampling changed", _changes(comparison)),
        Section("The numbers", _numbers(comparison)),
        Section("Term by term", _terms(comparison.terms)),
        Section("Maps of real and generated proteins", _maps(comparison)),
        Section("Figures", _pictures(figures)),
        Section("How it was measured", _measured(record)),
    ]
    Page(_title(record), comparison.advice(), sections).save(path)


_GUIDE = Note(
    'The chapters "Reading the report" and "An honest comparison" of protimb\'s user guide '
    "(docs/user_guide) say more."
)


def _words(record):
    return [
        Words(_WORDS),
        "Classifiers, each of which is taught what every arm made of the training proteins:",
        Words(record.get("heads", {})),
        "Arms, each a way to treat the training proteins:",
        Words(record["arms"]),
        _GUIDE,
    ]


def tally_terms(terms):
    """Count the terms that each arm raised and lowered, against none with the same classifier."""
    rows = {name: _tally(difference) for name, difference in _differences(terms).items()}
    return pd.DataFrame.from_dict(rows, orient="index")


def list_gains(terms):
    """List terms that tests can say something of, each signal once, and what arms changed."""
    table = pd.DataFrame(_differences(terms)).reindex(terms.index)
    if table.empty or not len(table.columns):
        return pd.DataFrame()
    repeats = _count_repeats(terms)
    kept = terms[_is_telling(terms) & (_repeats(terms) == "")]
    names = [
        f"{name}\n{term}{_also(repeats.get(term, 0))}"
        for name, term in zip(kept["name"], kept["term"], strict=True)
    ]
    shown = pd.DataFrame(
        {
            "term": names,
            "training proteins": kept["n_train"].round().astype(int),
            "test proteins": kept["n_test"].round().astype(int),
            "mean gain": table.loc[kept.index].mean(axis=1),
        },
        index=kept.index,
    )
    shown = shown.join(table.loc[kept.index].rename(columns=_two_lines))
    return shown.sort_values("mean gain", ascending=False, kind="stable").set_index("term")


def _is_telling(terms):
    return terms["n_test"] >= FEWEST_TEST


def _repeats(terms):
    """Ids of the terms that others repeat, "" for most, as terms.csv has them in same_as."""
    return terms["same_as"] if "same_as" in terms else pd.Series("", index=terms.index)


def _count_repeats(terms):
    return _repeats(terms).value_counts()


def _also(n_repeats):
    words = {0: "", 1: " and 1 term with the same proteins"}
    return words.get(n_repeats, f" and {n_repeats} terms with the same proteins")


def _two_lines(name):
    arm, _, classifier = name.rpartition(" ")
    return f"{arm}\n{classifier}" if classifier != "alone" else arm


def _differences(terms):
    """Average precision minus that of none, for each column that has a counterpart."""
    columns = [name for name in terms if name.startswith("AP ")]
    pairs = {name: f"AP none {name.rpartition(' ')[2]}" for name in columns}
    return {
        name.removeprefix("AP "): (terms[name] - terms[base]).dropna()
        for name, base in pairs.items()
        if base in terms and name != base
    }


def _tally(difference):
    signs = np.sign(difference)
    return {
        "higher": int((signs > 0).sum()),
        "equal": int((signs == 0).sum()),
        "lower": int((signs < 0).sum()),
        "median difference": f"{difference.median():+.4f}",
    }


def _short(comparison):
    """Say below the first sentence what was asked, what won in each bin, and what to doubt."""
    record = comparison.record
    fold = record["folds"][0]
    asked = (
        f"{method_of_split(record)}: {fold['n_test']:,} proteins to judge on, "
        f"{fold['n_train']:,} to train on{_of_seeds(record)}."
    )
    known = about_known(record)
    winners = Details("What won for rarer and more frequent terms", [Items(comparison.winners())])
    return [asked, *([known] if known else []), winners, Note(comparison.caveat)]


def _of_seeds(record):
    n_seeds = len(record["folds"])
    return "" if n_seeds == 1 else f" in the first of {n_seeds} seeds"


def _changes(comparison):
    verdicts = comparison.verdicts()
    if verdicts.empty:
        return []
    is_main = verdicts["bin"] == comparison.rare_bin
    main = Table(_verdicts(verdicts[is_main]), f"Verdict on each arm, bin {comparison.rare_bin}")
    others = Table(_verdicts(verdicts[~is_main]), "Verdicts on the bins of rare terms")
    more = [Details("The same for each bin of rare terms", [others])] if not is_main.all() else []
    return [main, *more, Note(ABOUT_VERDICTS), comparison.ranks().sentence()]


def _verdicts(verdicts):
    """Show the verdict on each arm and rare bin, by classifier; the verdict itself comes first."""
    order = list(verdicts["classifier"].unique())
    verdicts = verdicts.sort_values("classifier", key=lambda c: c.map(order.index), kind="stable")
    shown = show_verdicts(verdicts).rename(columns=str.strip).reset_index()
    shown["verdict"] = shown["verdict"].str.strip()
    shown["bin"] = verdicts["bin"].to_numpy()
    rest = [name for name in shown if name not in _VERDICT_KEYS]
    return shown.set_index("arm")[[*_VERDICT_KEYS[1:], *rest]]


_VERDICT_KEYS = ("arm", "classifier", "bin", "verdict")


def _numbers(comparison):
    wide = comparison.wide()
    legend = Note(" ".join([f"{LEGEND}.", *comparison.about_fmax()]))
    decisions = f"Decisions and probabilities, bin {comparison.rare_bin}"
    return [
        *[Table(_figures(rows), _of_classifier(name)) for name, rows in _by_classifier(wide)],
        legend,
        *_heads(comparison),
        Table(_decisions(comparison), decisions),
        Note(f"{ABOUT_DECISIONS}."),
    ]


def _heads(comparison):
    """Show what the classifiers reach without resampling, where there are several."""
    if sum(arm == "none" for arm, _ in comparison.evaluations) < 2:
        return []
    heads = comparison.heads().rename_axis(index=["classifier", "row"])
    return [Table(_figures(heads), "Classifiers without resampling, and minus the first")]


def _by_classifier(wide):
    return wide.groupby(level="classifier", sort=False)


def _of_classifier(name):
    return "Arms judged by themselves" if name == "alone" else f"Each arm with {name}"


def _figures(wide):
    """Put the second row of each arm, its difference, below the first: a row an arm."""
    name = "arm" if "arm" in wide.index.names else "classifier"
    cells = wide.rename_axis(columns=None).map(_below)
    return cells.groupby(level=name, sort=False).agg("\n".join)


def _decisions(comparison):
    return comparison.decisions().rename_axis(columns=None).reset_index().set_index("arm")


def _below(text):
    """Put the interval of a figure below it, and leave out zeros before the point."""
    return short_zeros(text).replace(" [", "\n[")


def _terms(terms):
    gains = list_gains(terms)
    if gains.empty:
        return []
    n_few, n_repeats = (~_is_telling(terms)).sum(), (_repeats(terms) != "").sum()
    size = {"training proteins", "test proteins"}
    table = Table(
        gains,
        "Gain in average precision over no resampling, term by term",
        formats=dict.fromkeys(set(gains) - size, "{:+.3f}"),
        search=True,
        ranges=("training proteins", "mean gain"),
        n_shown=_N_SHOWN,
    )
    tally = Table(tally_terms(terms).rename_axis("arm and classifier"), "Terms above and below")
    return [
        "Single terms have few test proteins, so one term's change means little. "
        f"{n_few:,} terms with fewer than {FEWEST_TEST} test proteins are left out here, and "
        f"{n_repeats:,} that have nearly the same proteins as another one; terms.csv has all.",
        table,
        tally,
    ]


def _maps(comparison):
    maps = [
        Map(_points(display), f"{arm}, {METHODS[display.method][0]}: a few rare terms")
        for arm, traces in comparison.traces.items()
        for display in traces.get("maps", {}).values()
    ]
    note = (
        "Good generated proteins lie among the real ones of their term, neither on top of single "
        "ones nor in a cloud of their own. A map keeps no distances: take it as a question."
    )
    return [note, Columns(maps)] if maps else []


def _points(display):
    points = display.points.rename(columns={"term": "group"})
    return points if "text" in points else points.assign(text=points["group"])


def _pictures(figures):
    shown = {path: caption for path, caption in figures.items() if not _is_map(path)}
    return [Picture(path, caption) for path, caption in shown.items()]


def _is_map(path):
    return path.name.startswith(_FIGURES_OF_MAPS)


def _title(record):
    data = record["data"]
    size = f"{data['n_proteins']:,} proteins, {data['n_terms']:,} terms"
    return f"Did resampling help? {data['name']}: {size}"


def _measured(record):
    quality = _quality(record)
    controlled = (
        [Table(quality, "Quality control: rows of samplers with a filter, first seed")]
        if len(quality)
        else []
    )
    return [
        _method(record),
        *controlled,
        Details(
            "Sizes, seconds, versions",
            [
                Table(_folds(record), "Size of each seed"),
                Table(_seconds(record), "Seconds"),
                Note(f"{_versions(record)}. All parameters are in comparison.json."),
            ],
        ),
    ]


def _method(record):
    fold = record["folds"][0]
    seeds = ", ".join(str(one["seed"]) for one in record["folds"])
    n_resamples = record["parameters"]["n_resamples"]
    return (
        f"Seeds: {seeds}. Samplers saw training proteins only; every arm with a network trained "
        f"the same one for {fold['max_steps']:,} steps from the same random weights. "
        f"{fold['n_terms_without_test_protein']} terms without a test protein could not be "
        f"judged; {fold['n_terms_without_training_protein']} have no training protein, and stay "
        "in the rarest bin. Square "
        f"brackets hold 95 % intervals from {n_resamples:,} bootstrap resamples of the test "
        "proteins, moved so that their mean is the estimate; differences to no resampling are "
        "paired, protein by protein. Bins count real "
        "training proteins. Smin is better when lower, everything else when higher."
    )


def _versions(record):
    environment = record["environment"]
    packages = spell_packages(environment)
    return ", ".join([f"python {environment['python']}", *packages, environment["platform"]])


def _folds(record):
    table = pd.DataFrame(record["folds"]).set_index("seed")
    return table.rename(columns=lambda name: re.sub("^n_", "", name).replace("_", " "))


def _seconds(record):
    table = pd.DataFrame(record["seconds"]).fillna({"arm": "all"})
    stages = table["stage"].unique()
    wide = table.pivot_table("seconds", "arm", "stage", "sum", sort=False)[stages]
    return wide.map("{:.1f}".format, na_action="ignore").fillna("").rename_axis(None, axis=1)


def _quality(record):
    table = pd.DataFrame.from_dict(record["quality_control"], orient="index")
    return table.rename(columns=lambda name: name.removeprefix("n_")).rename_axis("arm")
