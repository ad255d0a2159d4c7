"""Run the experiments on CGANSampler, and write docs/experiments/cgan.md from what they gave.

    python benchmarks/cgan_experiments.py run member film --ontology mf --seeds 100,101
    python benchmarks/cgan_experiments.py page

``run`` compares each experiment's sampler with no resampling, as `protimb compare` does, and keeps
the figures in docs/experiments/cgan.csv. Defaults are chosen on the splits of seeds 100 and 101;
docs/experiments/results.md reports seeds 0 to 4, which no choice has looked at.
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parents[1] / "docs" / "experiments"
METRICS = ("AP <20", "AP 20-49", "AP <50", "AP 50-199", "AP 200-1999", "AP all", "fmax")
KEYS = ["experiment", "ontology", "seeds", "classifier", "metric"]
RELATIVE = {"generate_from": "relative", "quality_filter": None, "max_updates": 100}
# Of all experiments that do not say otherwise.
COMMON = {
    "sampling_strategy": 50,
    "generate_from": "noise",
    "max_updates": 400,
    "quality_filter": "cosine",
}


@dataclass
class Experiment:
    """What is expected, what is changed for it, and what `compare` needs beside the sampler."""

    hypothesis: str
    params: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)
    variant: str = "CGANSampler"

    def change(self):
        """Write the change as code."""
        values = ", ".join(f"{k}={v!r}" for k, v in (self.params | self.options).items())
        return values if self.variant == "CGANSampler" else f"{self.variant}: {values}"

    def sampler(self):
        """Build the sampler."""
        import cgan_variants

        build = getattr(cgan_variants, self.variant)
        return build(**{**COMMON, **self.params})


EXPERIMENTS = {
    "noise": Experiment("A plain conditional WGAN-GP fills rare terms."),
    "noise-20": Experiment(
        "Fewer rows cost frequent terms less than they bring rare ones.",
        {"sampling_strategy": 20},
    ),
    "noise-light": Experiment(
        "Rows that weigh less in the loss cost frequent terms less.",
        options={"synthetic_weight": 0.3},
    ),
    "term-vectors": Experiment(
        "Described by ancestors and names, rare terms borrow from relatives.",
        {"condition": "term_vectors", "conditioning": "film"},
    ),
    "both-projection": Experiment(
        "Multi-hot and vectors together, projected in the critic, tell terms apart.",
        {"condition": "both", "conditioning": "projection"},
    ),
    "auxiliary": Experiment(
        "A label loss makes rows match their labels.", {"auxiliary_weight": 100.0}
    ),
    "fidelity": Experiment(
        "Rows that a classifier of real proteins does not believe do harm.",
        {"quality_filter": "fidelity"},
    ),
    "averaged-best": Experiment(
        "The averaged weights of the best epoch beat the last ones.",
        {"averaging": 0.99, "validation_fraction": 0.1},
    ),
    "range": Experiment(
        "Training towards rare terms only leaves the network free for them.",
        {"term_range": (5, 200)},
    ),
    "member": Experiment(
        "Starting from a member keeps what makes it a member.", {"generate_from": "member"}
    ),
    "member-20": Experiment(
        "The same with fewer rows.", {"generate_from": "member", "sampling_strategy": 20}
    ),
    "sibling": Experiment(
        "Proteins of a sibling term, changed, make members of the rare one.",
        {"generate_from": "member", "condition": "both"},
        variant="SiblingStarts",
    ),
    "relative": Experiment(
        "How relatives differ is the same for rare and frequent terms, and can be lent.", RELATIVE
    ),
    "relative-30": Experiment("The same with fewer rows.", {**RELATIVE, "sampling_strategy": 30}),
    "relative-20": Experiment("And with fewer still.", {**RELATIVE, "sampling_strategy": 20}),
    "relative-30-targeted": Experiment(
        "Rows that teach only the terms that lacked them spare the frequent ones.",
        {**RELATIVE, "sampling_strategy": 30},
        {"synthetic_labels": "targeted"},
    ),
    "relative-20-targeted": Experiment(
        "Both: few rows, and for the terms that lacked them only.",
        {**RELATIVE, "sampling_strategy": 20},
        {"synthetic_labels": "targeted"},
    ),
    "relative-1": Experiment(
        "Moves as long as real differences are safest.", {**RELATIVE, "move_scale": 1.0}
    ),
    "relative-untrained": Experiment(
        "The trained correction of a moved protein is what helps.", {**RELATIVE, "lr": 1e-9}
    ),
    "relative-long": Experiment(
        "A longer trained correction helps more.", {**RELATIVE, "max_updates": 600}
    ),
    "relative-vectors": Experiment(
        "The correction gains from term vectors.",
        {**RELATIVE, "condition": "term_vectors", "conditioning": "film"},
    ),
    "relative-random": Experiment(
        "Any move as long as those between relatives does as well.",
        {**RELATIVE, "sampling_strategy": 30},
        variant="RandomMoves",
    ),
    "relative-cosine": Experiment(
        "Of moved proteins, those near their term help more.",
        {**RELATIVE, "quality_filter": "cosine"},
    ),
    "relative-fidelity": Experiment(
        "Of moved proteins, those that real neighbours believe help more.",
        {**RELATIVE, "quality_filter": "fidelity"},
    ),
    "relative-negatives": Experiment(
        "Neighbours that lack the term, moved alike, show where it ends.",
        {**RELATIVE, "sampling_strategy": 30},
        variant="HardNegatives",
    ),
    "relative-light": Experiment(
        "Weighing new rows less spares frequent terms.",
        RELATIVE,
        {"synthetic_weight": 0.5},
    ),
}


def run(names, ontology, seeds):
    """Compare each experiment with no resampling, one after the other, and keep the figures."""
    for name in names:
        rows = measure(name, ontology, seeds)
        store(rows)
        shown = rows[rows["metric"].isin(["AP <20", "AP 20-49", "AP <50", "AP 200-1999"])]
        print(shown.to_string(index=False), flush=True)


def measure(name, ontology, seeds):
    """Run one experiment; returns a row for each classifier and metric."""
    from protimb.comparison import compare

    experiment = EXPERIMENTS[name]
    result = compare(
        ontology=ontology,
        arms={name: experiment.sampler()},
        seeds=seeds,
        maps=(),
        verbose=1,
        **{"synthetic_labels": "all", **experiment.options},
    )
    table = result.table[(result.table["arm"] == name) & result.table["metric"].isin(METRICS)]
    minutes = sum(one["seconds"] for one in result.record["seconds"] if one.get("arm") == name) / 60
    return table.assign(
        experiment=name,
        ontology=ontology,
        seeds=" ".join(map(str, seeds)),
        n_synthetic=result.record["n_synthetic"][name],
        minutes=round(minutes, 1),
    )[[*KEYS, "estimate", "difference", "diff_low", "diff_high", "n_synthetic", "minutes"]]


def store(rows):
    """Replace the rows of the same experiment, data and seeds."""
    path = FOLDER / "cgan.csv"
    old = pd.read_csv(path, dtype={"seeds": str}) if path.exists() else rows[:0]
    table = pd.concat([old, rows]).drop_duplicates(KEYS, keep="last")
    table.to_csv(path, index=False, float_format="%.6g")


def page():
    """Write docs/experiments/cgan.md: the words of cgan_head.md, then a table an ontology."""
    table = pd.read_csv(FOLDER / "cgan.csv", dtype={"seeds": str})
    parts = [Path(__file__).with_name("cgan_head.md").read_text(encoding="utf-8").rstrip()]
    for (ontology, seeds), rows in table.groupby(["ontology", "seeds"], sort=False):
        parts.append("\n".join(section(ontology, seeds, rows)))
    (FOLDER / "cgan.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def section(ontology, seeds, rows):
    """Return the lines of one table: an experiment a row, differences to no resampling."""
    command = f"run NAME --ontology {ontology} --seeds {seeds.replace(' ', ',')}"
    shown = ["AP <20", "AP 20-49", "AP <50", "AP 200-1999"]
    head = ["experiment", "expected", "changed", "rows", "minutes"]
    head += [f"{c}, {m}" for c in ("mlp", "mlp+knn") for m in shown]
    lines = [f"## {ontology.upper()}, seeds {seeds}", "", "```console"]
    lines += [f"python benchmarks/cgan_experiments.py {command}", "```", ""]
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * 3 + "--:|" * (len(head) - 3)]
    for name, own in rows.groupby("experiment", sort=False):
        if name in EXPERIMENTS:
            cells = own.set_index(["classifier", "metric"])
            figures = [cell(cells.loc[c, m]) for c in ("mlp", "mlp+knn") for m in shown]
            what = [EXPERIMENTS[name].hypothesis, f"`{EXPERIMENTS[name].change()}`"]
            size = [f"{own['n_synthetic'].iloc[0]:,}", f"{own['minutes'].iloc[0]:.1f}"]
            lines.append("| " + " | ".join([f"`{name}`", *what, *size, *figures]) + " |")
    return lines


def cell(row):
    """Write a difference with its interval; a star where that leaves zero out."""
    star = "*" if row["diff_low"] > 0 or row["diff_high"] < 0 else ""
    low, high = row["diff_low"], row["diff_high"]
    return f"{row['difference']:+.3f} [{low:+.3f}, {high:+.3f}]{star}"


def main():
    """Parse the words and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run")
    runner.add_argument("names", nargs="+", choices=list(EXPERIMENTS))
    runner.add_argument("--ontology", default="mf", choices=["mf", "cc", "bp"])
    runner.add_argument("--seeds", default="100,101")
    commands.add_parser("page")
    words = parser.parse_args()
    if words.command == "page":
        page()
    else:
        run(words.names, words.ontology, [int(seed) for seed in words.seeds.split(",")])


if __name__ == "__main__":
    main()
