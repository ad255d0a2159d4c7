"""report.html: the comparison on one page that needs no other file."""

import base64
from html import escape
from string import Template

import numpy as np
import pandas as pd

from protimb.comparison._comparison import ABOUT_DECISIONS, show_verdicts
from protimb.comparison._splits import method_of_split
from protimb.comparison._verdict import ABOUT_VERDICTS
from protimb.comparison._winners import LEGEND

_N_EXTREMES = 10  # terms shown at each end


def write_report(comparison, figures, path):
    """Write the page to ``path``, with the pictures of ``figures``, {PNG: caption}, in it."""
    record = comparison.record
    sections = {
        "title": escape(_title(record)),
        "method": escape(_method(record)),
        "arms": _items(f"{name}: {text}" for name, text in record["arms"].items()),
        "winners": _items(comparison.winners()),
        "verdicts": _html(_verdicts(comparison.verdicts())).replace(" [", "<br>["),
        "about_verdicts": escape(ABOUT_VERDICTS),
        "decisions": _html(comparison.decisions().rename_axis(columns=None)),
        "about_decisions": escape(f"Bin {comparison.rare_bin}. {ABOUT_DECISIONS}."),
        "ranks": escape(comparison.ranks().sentence()),
        "caveat": escape(comparison.caveat),
        "table": _html(comparison.wide().rename_axis(columns=None)).replace(" [", "<br>["),
        "heads": _html(comparison.heads().rename_axis(columns=None)).replace(" [", "<br>["),
        "legend": escape(" ".join([LEGEND + ".", *comparison.about_fmax()])),
        "figures": "\n".join(_figure(*one) for one in figures.items()),
        "tally": _html(tally_terms(comparison.terms)),
        "extremes": _html(_extremes(comparison.terms)),
        "quality": _html(_quality(record)),
        "folds": _html(pd.DataFrame(record["folds"])),
        "seconds": _html(_seconds(record)),
        "versions": escape(_versions(record)),
    }
    path.write_text(_PAGE.substitute(sections), encoding="utf-8")


def tally_terms(terms):
    """Count the terms that each arm raised and lowered, against none with the same classifier."""
    rows = {name: _tally(difference) for name, difference in _differences(terms).items()}
    return pd.DataFrame.from_dict(rows, orient="index")


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


def _verdicts(verdicts):
    """Show the verdict on each arm and rare bin, by classifier; the verdict itself comes first."""
    order = list(verdicts["classifier"].unique())
    verdicts = verdicts.sort_values("classifier", key=lambda c: c.map(order.index), kind="stable")
    shown = show_verdicts(verdicts).rename(columns=str.strip)
    shown = shown[["verdict", *shown.columns.drop("verdict")]]
    return shown.set_index(verdicts["bin"].to_numpy(), append=True).rename_axis(
        ["classifier", "arm", "bin"]
    )


def _extremes(terms):
    """Show where the arms differ most from none, in both directions."""
    differences = _differences(terms)
    if not differences:
        return pd.DataFrame()
    table = pd.DataFrame(differences)
    mean = table.mean(axis=1).dropna().sort_values()
    n_rows = min(_N_EXTREMES, len(mean) // 2)
    rows = pd.concat([mean.tail(n_rows)[::-1], mean.head(n_rows)[::-1]]).index
    named = terms.loc[rows, ["term", "name", "n_train", "n_test"]]
    named = named.assign(
        **{"n_train": named["n_train"].round(1), "n_test": named["n_test"].round(1)}
    )
    return named.join(table.loc[rows].map("{:+.3f}".format)).set_index("term")


def _title(record):
    data = record["data"]
    size = f"{data['n_proteins']:,} proteins, {data['n_terms']:,} terms"
    return f"Did resampling help? {data['name']}: {size}"


def _method(record):
    fold = record["folds"][0]
    seeds = ", ".join(str(one["seed"]) for one in record["folds"])
    n_resamples = record["parameters"]["n_resamples"]
    return (
        f"Seeds: {seeds}. {method_of_split(record)}: in the first seed "
        f"{fold['n_test']:,} proteins to judge on, {fold['n_train']:,} to train on. Samplers saw "
        "training proteins only; every arm with a network trained the same one for "
        f"{fold['max_steps']:,} steps from the same random weights. "
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
    packages = [f"{name} {number}" for name, number in environment["packages"].items()]
    return ", ".join([f"python {environment['python']}", *packages, environment["platform"]])


def _seconds(record):
    table = pd.DataFrame(record["seconds"]).fillna({"arm": "all"})
    stages = table["stage"].unique()
    wide = table.pivot_table("seconds", "arm", "stage", "sum", sort=False)[stages]
    return wide.map("{:.1f}".format, na_action="ignore").fillna("").rename_axis(None, axis=1)


def _quality(record):
    table = pd.DataFrame.from_dict(record["quality_control"], orient="index")
    return table.rename(columns=lambda name: name.removeprefix("n_"))


def _items(texts):
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def _html(table):
    return table.to_html(border=0) if len(table) else "<p>None in this comparison.</p>"


def _figure(path, caption):
    picture = base64.b64encode(path.read_bytes()).decode()
    text = escape(caption)
    source = f"data:image/png;base64,{picture}"
    return f'<figure><img alt="{text}" src="{source}"><figcaption>{text}</figcaption></figure>'


_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 84rem; margin: 2rem auto; padding: 0 1rem; }
div.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.78rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.15rem 0.45rem; text-align: left; vertical-align: top; white-space: nowrap; }
tbody tr { border-top: 1px solid #ddd; }
figure { margin: 2rem 0; }
img { max-width: 100%; zoom: 0.67; }
figcaption, .note { color: #444; font-size: 0.9rem; }
</style>
</head>
<body>
<h1>$title</h1>
<h2>What won</h2>
$winners
<p class="note">$caveat</p>
<h2>What resampling changed</h2>
<div class="wide">$verdicts</div>
<p class="note">$about_verdicts</p>
<p>$ranks</p>
<h2>The numbers</h2>
<div class="wide">$table</div>
<p class="note">$legend</p>
<h2>Heads without resampling</h2>
<div class="wide">$heads</div>
<h2>Decisions and probabilities</h2>
<div class="wide">$decisions</div>
<p class="note">$about_decisions</p>
<h2>How it was measured</h2>
<p>$method</p>
$arms
<h2>Figures</h2>
$figures
<h2>Term by term</h2>
<p>Terms whose average precision is higher, equal or lower than without resampling. Single terms
have few test proteins, so one term's change means little; terms.csv lists them all.</p>
<div class="wide">$tally</div>
<p>Terms with the largest mean gain over the arms, then those with the largest mean loss, as
differences to no resampling.</p>
<div class="wide">$extremes</div>
<h2>Quality control</h2>
<p>Rows that samplers with a filter planned, drew, rejected, and could not fill, in the first
seed.</p>
<div class="wide">$quality</div>
<h2>Folds, seconds, versions</h2>
<div class="wide">$folds</div>
<div class="wide">$seconds</div>
<p class="note">$versions. All parameters are in comparison.json.</p>
</body>
</html>
""")
