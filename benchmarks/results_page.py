"""Write docs/experiments/results.md from what `protimb compare` left in docs/experiments/compare.

Run by hand after a comparison:
``python benchmarks/results_page.py > docs/experiments/results.md``. Each folder
docs/experiments/compare/<ontology> holds ``table.csv``, ``pairs.csv``, ``comparison.json`` and
``seeds.csv``, as ``protimb compare --out`` wrote them. With such a folder as argument, wherever it
lies, the tables of that comparison alone are printed, to go into a page by hand; so are with
``brief mf none,ros,smote,cgan`` those arms' precision by frequency, as README and guide have it,
with ``few 1`` the tables of terms cut to one protein, from docs/experiments/few_shots/1, with
``weak 500`` those of 500 training proteins, from docs/experiments/weak_heads/500, and with
``losses`` those of the losses, from docs/experiments/losses.
"""

import inspect
import json
import sys
from pathlib import Path

import pandas as pd

from protimb.comparison import ARMS, MAIN_ARMS, compare
from protimb.comparison._layouts import HEADINGS

EXPERIMENTS = Path(__file__).parents[1] / "docs" / "experiments"
FOLDER = EXPERIMENTS / "compare"
# Some of the arms once more, with the CGAN as it is now: stopped by validation, and guarded.
TODAY = EXPERIMENTS / "compare_cgan"
FEW_SHOTS = EXPERIMENTS / "few_shots"
WEAK_HEADS = EXPERIMENTS / "weak_heads"
LOSSES = EXPERIMENTS / "losses"
# The same comparisons on the vectors that were bundled before: UniRep-1900 reduced to 512.
OLD = EXPERIMENTS / "compare_unirep"
CLASSIFIERS = {
    "mlp": "network",
    "mlp+knn": "network + cosine neighbours",
    "alone": "neighbours alone",
    "term_forest": "forest, term by term",
    "forest": "forest, all terms at once",
    "logistic": "logistic regression",
    "prototype": "whitened prototypes",
}
SIDE_BY_SIDE = ("fmax", "AP all", "AP <50", "AP <20")
ONTOLOGIES = {"mf": "Molecular function", "cc": "Cellular component", "bp": "Biological process"}
METRICS = HEADINGS | {
    "AP all": "AP all",
    "AP <50": "<50",
    "AP <20": "<20",
    "AP 20-49": "20-49",
    "AP 50-199": "50-199",
    "AP 200-1999": "200-1999",
    "AP >=2000": ">=2000",
}

HEAD = """\
# Results

What `protimb compare` measured on the packaged human proteins; see
[how the comparison is kept honest](../user_guide/honest_comparison.md). `AP` is macro average
precision, over all terms and by number of real training proteins. The first table of each
ontology gives the figures, the second the paired differences to `none` with the same classifier
and their 95 % intervals over test proteins, the third those of the CGAN to every other arm; `*`
marks an interval that leaves zero out. [](cgan.md) says how the CGAN came to its settings.
The command below each heading repeats the run; `benchmarks/results_page.py` wrote this page from
the tables in `docs/experiments/compare_cgan` and `docs/experiments/compare`.
"""

TODAY_HEAD = """\
## The CGAN and its neighbours

Its training is stopped by validation, its moves keep the spread of real members, and `cgan` has a
guard, which puts copies or interpolated rows where generated ones are not surely better;
`cgan_unguarded` has none. Functions and components were run on two cores, processes on a GPU
(NVIDIA H200).
"""

FOLDER_HEAD = """\
## All arms

Measured earlier: the arm `cgan` of these tables is the CGAN as it was before, ten epochs, longer
moves and no guard. Nothing else in them has changed since.
"""


def main():
    """Print the page, the tables of one comparison, or a table for README and guide."""
    if sys.argv[1:2] == ["brief"]:
        print("\n".join(brief(sys.argv[2], sys.argv[3].split(","))))
        return
    if sys.argv[1:2] == ["few"]:  # only terms that were cut are judged
        print("\n".join(by_head(FEW_SHOTS / sys.argv[2], "AP all")))
        return
    if sys.argv[1:2] == ["weak"]:
        print("\n".join(by_head(WEAK_HEADS / sys.argv[2], "AP <50")))
        return
    if sys.argv[1:2] == ["losses"]:
        print("\n".join(by_head(LOSSES, "AP <50")))
        return
    if len(sys.argv) > 1:
        print("\n".join(section(Path(sys.argv[1]), sys.argv[1])[2:]))
        return
    print(HEAD)
    for folder, text in ((TODAY, TODAY_HEAD), (FOLDER, FOLDER_HEAD)):
        print(text)
        for ontology, title in ONTOLOGIES.items():
            if (folder / ontology).is_dir():
                print("\n".join(section(folder / ontology, title)))
    print("\n".join(old_and_new()))


def section(folder, title):
    """Return the lines of one ontology."""
    record = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    table = pd.read_csv(folder / "table.csv").dropna(subset="estimate")
    table = table[table["metric"].isin(METRICS)]
    others = table[table["arm"] != "none"]
    lines = [f"### {title}", "", "```console", command(record), "```", "", made_in(record), ""]
    lines += markdown(table, table.apply(estimate, axis=1))
    lines += ["", "Difference to `none`:", ""]
    lines += markdown(others, others.apply(difference, axis=1))
    if (folder / "pairs.csv").exists() and "cgan" in set(table["arm"]):
        lines += ["", "The CGAN minus every other arm:", "", *versus(folder)]
    return [*lines, "", *(f"- {sentence}" for sentence in record["winners"]), ""]


def brief(ontology, arms):
    """Lay out average precision by frequency of some arms, as README and guide have it."""
    table = pd.read_csv(TODAY / ontology / "table.csv").dropna(subset="estimate")
    table = table[table["metric"].str.startswith("AP ") & table["arm"].isin(arms)]
    table = table.assign(
        classifier=table["classifier"].map(CLASSIFIERS), arm="`" + table["arm"] + "`"
    )
    sure = (table["diff_low"] > 0) | (table["diff_high"] < 0)
    cells = table["estimate"].map("{:.3f}".format).str.removeprefix("0") + sure.map(
        {True: "*", False: ""}
    )
    return markdown(table, cells)


def by_head(folder, metric):
    """Lay out one figure of all arms by head and ontology, and the lead of the CGAN."""
    tables = {o: pd.read_csv(folder / o / "table.csv") for o in ONTOLOGIES if (folder / o).is_dir()}
    head = ["classifier", "arm", *(f"{o}: AP, minus none" for o in tables)]
    rows = [head, ["---", "---", *["--:"] * len(tables)]]
    cells = {o: _arm_cells(table, metric) for o, table in tables.items()}
    alike: dict = {}  # arms that no figure tells apart share a row
    for classifier, arm in sorted(next(iter(cells.values())), key=lambda key: key[0]):
        figures = tuple(cells[o].get((classifier, arm), "") for o in cells)
        alike.setdefault((CLASSIFIERS[classifier], figures), []).append(f"`{arm}`")
    rows += [[name, ", ".join(arms), *figures] for (name, figures), arms in alike.items()]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    if not any("cgan_unguarded" in set(table["arm"]) for table in tables.values()):
        return lines
    pairs = {o: pd.read_csv(folder / o / "pairs.csv") for o in tables}
    lead = [["classifier", *tables], ["---", *["--:"] * len(tables)]]
    for classifier in next(iter(tables.values()))["classifier"].unique():
        leads = (_lead(pairs[o], classifier, metric) for o in pairs)
        lead.append([CLASSIFIERS[classifier], *leads])
    return [*lines, "", *("| " + " | ".join(row) + " |" for row in lead)]


def _arm_cells(table, metric):
    table = table[table["metric"] == metric].dropna(subset="estimate")
    return {
        (row["classifier"], row["arm"]): f"{row['estimate']:.3f}"
        + ("" if row["arm"] == "none" else f", {difference(row)}")
        for _, row in table.iterrows()
    }


def _lead(pairs, classifier, metric):
    """Say by how much the CGAN without a guard leads the arm that comes nearest to it."""
    pairs = pairs[(pairs["metric"] == metric) & (pairs["classifier"] == classifier)]
    # Behind its guard it is the same sampler, and no rival.
    pairs = pairs[(pairs["arm"] == "cgan_unguarded") & ~pairs["other"].str.startswith("cgan")]
    if pairs.empty:
        return ""
    nearest = pairs.loc[pairs["low"].idxmin()]
    low, high = f"{nearest['low']:+.3f}", f"{nearest['high']:+.3f}"
    return f"{nearest['difference']:+.3f} [{low}, {high}] to `{nearest['other']}`"


def old_and_new():
    """Return the lines that put the figures of both vectors side by side."""
    lines = [
        "## UniRep and ESM-2 side by side",
        "",
        "The same arms, splits and seeds on the vectors that the package held before (UniRep-1900,",
        "reduced to 512 numbers) and on those that it holds now (ESM-2 8M, layer 5, 320 numbers):",
        "old, new. The old tables are in `docs/experiments/compare_unirep`.",
        "",
    ]
    for ontology, title in ONTOLOGIES.items():
        tables = [read_table(folder / ontology) for folder in (OLD, FOLDER)]
        if all(table is not None for table in tables):
            lines += [f"### {title}", "", *side_by_side(*tables), ""]
    return lines


def read_table(folder):
    """Return the figures of a comparison by classifier, arm and metric, or None."""
    if not (folder / "table.csv").is_file():
        return None
    table = pd.read_csv(folder / "table.csv").dropna(subset="estimate")
    table = table[table["metric"].isin(SIDE_BY_SIDE)]
    return table.assign(cell=table.apply(estimate, axis=1))


def side_by_side(old, new):
    """Lay both figures of each cell out, of arms that both comparisons have."""
    keys = ["classifier", "arm", "metric"]
    both = new.merge(old, on=keys, suffixes=("", "_old"))
    return markdown(both, both["cell_old"] + ", " + both["cell"])


def versus(folder):
    """Lay out the paired differences of the CGAN to each other arm."""
    pairs = pd.read_csv(folder / "pairs.csv").dropna(subset="difference")
    pairs = pairs[(pairs["arm"] == "cgan") & pairs["metric"].isin(METRICS)]
    pairs = pairs.assign(arm=pairs["other"], diff_low=pairs["low"], diff_high=pairs["high"])
    return markdown(pairs, pairs.apply(difference, axis=1))


def command(record):
    """Return the command that makes the same comparison."""
    parameters = record["parameters"]
    words = [f"--ontology {parameters['ontology']}", f"--seeds {len(parameters['seeds'])}"]
    if set(record["arms"]) != set(MAIN_ARMS):
        is_all = set(record["arms"]) == set(ARMS)
        words.append("--arms " + ("all" if is_all else ",".join(record["arms"])))
    defaults = inspect.signature(compare).parameters
    for name in ("sampling_strategy", "synthetic_labels", "synthetic_weight"):
        if parameters[name] != defaults[name].default:
            words.append(f"--{name.replace('_', '-')} {parameters[name]}")
    return " ".join(["protimb compare", *words, "--out report"])


def made_in(record):
    """Say how much was compared, and how long that took."""
    minutes = sum(stage["seconds"] for stage in record["seconds"]) / 60
    fold = record["folds"][0]
    return (
        f"{record['data']['n_terms']:,} terms; {fold['n_train']:,} training and "
        f"{fold['n_test']:,} test proteins in the first seed; {minutes:.1f} minutes in all, with "
        f"OMP_NUM_THREADS={record['environment']['threads']}."
    )


def markdown(table, cells):
    """Lay cells out as a Markdown table: a row an arm and classifier, a column a metric."""
    keys = [table["classifier"], table["arm"]]
    classifiers = list(table["classifier"].unique())
    order = dict.fromkeys(zip(*keys, strict=True))
    order = sorted(order, key=lambda key: classifiers.index(key[0]))  # stable: arms stay in order
    wide = cells.groupby([*keys, table["metric"]]).first().unstack()
    wide = wide.loc[order, [metric for metric in METRICS if metric in wide]]
    head = ["classifier", "arm", *(METRICS[metric] for metric in wide)]
    rows = [[*index, *row] for index, row in zip(wide.index, wide.to_numpy(), strict=True)]
    ruler = ["---", "---", *["--:"] * wide.shape[1]]
    return ["| " + " | ".join(row) + " |" for row in [head, ruler, *rows]]


def estimate(row):
    """Write a figure."""
    return f"{row['estimate']:.2f}" if row["metric"] == "smin" else f"{row['estimate']:.3f}"


def difference(row):
    """Write a paired difference with its interval."""
    digits = 2 if row["metric"] == "smin" else 3
    values = [f"{row[name]:+.{digits}f}" for name in ("difference", "diff_low", "diff_high")]
    sure = "*" if row["diff_low"] > 0 or row["diff_high"] < 0 else ""
    return f"{values[0]} [{values[1]}, {values[2]}]{sure}"


if __name__ == "__main__":
    main()
