"""A comparison's tables laid out for reading: figures, their intervals, and stars."""

import pandas as pd

HEADINGS = {"fmax": "Fmax", "fmax_all": "Fmax, all terms", "smin": "Smin (bits)"}
# What is shown of decisions and probabilities, by the name of the figure without its bin.
DECISIONS = {
    "F1@.5": "F1@.5",
    "F1@cut": "F1@cut",
    "precision@.5": "prec@.5",
    "recall@.5": "rec@.5",
    "Brier skill": "Brier",
    "ECE": "ECE",
    "prevalence ratio": "pred/true",
}


def lay_out(table, keys):
    """Give the arm's figures and below them its differences, for (arm, classifier) in order."""
    table = table.dropna(subset="estimate")
    table = table[table["metric"].isin(HEADINGS) | table["metric"].str.startswith("AP ")]
    table = table.assign(
        value=_cells(table, "estimate", "low", "high", ""),
        minus_none=_cells(table, "difference", "diff_low", "diff_high", "+") + _stars(table),
    )
    index = ["classifier", "arm"]
    wide = table.melt([*index, "metric"], ["value", "minus_none"], "row", "cell")
    wide = wide.pivot(index=[*index, "row"], columns="metric", values="cell")
    wide = wide.loc[_rows_of(keys), list(table["metric"].unique())]
    return wide.rename(columns=_heading).rename({"value": "", "minus_none": "minus none"})


def _rows_of(keys):
    rows = [(c, arm, row) for arm, c in keys for row in ("value", "minus_none")]
    # The difference of none to itself says nothing.
    return [key for key in rows if key[1:] != ("none", "minus_none")]


def lay_out_decisions(table, keys, name):
    """Give decisions and probabilities of a bin, a row for each classifier and arm."""
    headings = {f"{figure} {name}": short for figure, short in DECISIONS.items()}
    table = table[table["metric"].isin(headings)].dropna(subset="estimate")
    digits = table["metric"].map(lambda metric: 4 if metric.startswith("ECE") else 3)
    cells = (f"{e:.{d}f}" for e, d in zip(table["estimate"], digits, strict=True))
    table = table.assign(cell=_words(cells, table) + _stars(table))
    wide = table.pivot(index=["classifier", "arm"], columns="metric", values="cell")
    rows = [(classifier, arm) for arm, classifier in keys]
    columns = [metric for metric in headings if metric in wide]
    return wide.loc[rows, columns].rename(columns=headings).fillna("")


def lay_out_heads(table, pairs, names):
    """Give the heads' average precision by bin, and below it that minus the first head's."""
    table = table.dropna(subset="estimate")
    table = table[table["metric"].str.startswith("AP ")]
    pairs = pairs.rename(columns={"low": "diff_low", "high": "diff_high"})
    minus = f"minus {names[0]}"
    keys = ["classifier", "metric"]
    pairs = pairs[pairs["metric"].isin(table["metric"])]
    cells = _cells(pairs, "difference", "diff_low", "diff_high", "+") + _stars(pairs)
    own = table.assign(row="", cell=_cells(table, "estimate", "low", "high", ""))
    both = pd.concat([own[[*keys, "row", "cell"]], pairs[keys].assign(row=minus, cell=cells)])
    wide = both.pivot(index=["classifier", "row"], columns="metric", values="cell")
    order = [(name, row) for name in names for row in ("", minus)]
    del order[1]  # the difference of the first to itself says nothing
    return wide.loc[order, list(table["metric"].unique())]


def show_verdicts(verdicts):
    """Format a table of verdicts for reading, indexed by classifier and arm."""
    shown = pd.DataFrame(
        {
            "AP minus none": _cells(verdicts, "difference", "low", "high", "+"),
            "detects": verdicts["detectable"].map("{:.3f}".format),
            "p": verdicts["p_holm"].map("{:.3f}".format),
            "verdict": verdicts["verdict"].map("{:<24}".format),
        }
    ).rename(columns={"verdict": f"{'verdict':<24}"})
    return shown.set_index([verdicts["classifier"], verdicts["arm"]])


def _cells(table, estimate, low, high, sign):
    metrics = table.get("metric", pd.Series("AP", index=table.index))
    digits = metrics.map({"smin": 2}).fillna(3).astype(int)
    columns = zip(digits, table[estimate], table[low], table[high], strict=True)
    cells = (f"{e:{sign}.{d}f} [{lo:{sign}.{d}f}, {hi:{sign}.{d}f}]" for d, e, lo, hi in columns)
    return _words(cells, table)


def _stars(table):
    sure = (table["diff_low"] > 0) | (table["diff_high"] < 0)
    return _words(("*" if one else "" for one in sure), table)


def _words(words, table):
    """Make a column of words for a table; of object, as text kinds of pandas do not add to it."""
    return pd.Series(list(words), index=table.index, dtype=object)


def _heading(metric):
    return HEADINGS.get(metric, metric)
