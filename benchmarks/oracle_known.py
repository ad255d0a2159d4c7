"""Write the figures that tests of known annotations and terms of interest are held against.

Run by hand, with CAFA-evaluator-PK or its faster form cafaeval-protea in the place of cafaeval,
which has none of the two, and whose name both bear::

    pip install --no-deps --target protea cafaeval-protea==0.1.0
    PYTHONPATH=protea:tests/shared python benchmarks/oracle_known.py

Random ontologies, truths, predictions, known annotations and options go into
``tests/evaluation/known_reference.json`` with what the evaluator says of them.
"""

import inspect
import itertools
import json
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from cafaeval.evaluation import cafa_eval
from cafaeval.parser import gt_exclude_parser, gt_parser, obo_parser, update_toi
from evaluations import BITS, NAMESPACES, name, write

OUT = Path("tests/evaluation/known_reference.json")
BEST = ("f", "f_micro", "f_w", "f_micro_w", "s_w")
COLUMNS = ("n", "pr", "rc", "f", "cov", "mi", "ru", "s", "pr_micro", "rc_micro", "f_micro")
TAUS = (4, 29, 56, 89)  # rows of the table of thresholds that are kept
SCORES = (0.01, 0.05, 0.3, 0.57, 0.9, 1.0)


def main():
    """Draw problems until each set of options has one that both count alike."""
    if "exclude" not in inspect.signature(cafa_eval).parameters:
        raise SystemExit("This cafaeval knows no known annotations.")
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    options = itertools.product(
        ("cafa", "pred", "gt"), ("max", "fill"), (False, True), (False, True)
    )
    cases = [draw_case(rng, *one) for one in options]
    made_by = f"cafaeval-protea {version('cafaeval-protea')}"
    OUT.write_text(json.dumps({"made_by": made_by, "columns": COLUMNS, "cases": cases}) + "\n")
    print(f"{len(cases)} problems written to {OUT}")


def draw_case(rng, norm, prop, no_orphans, has_toi):
    """Draw a problem and evaluate it: {problem, options, figures}."""
    options = {"norm": norm, "prop": prop, "no_orphans": no_orphans}
    while True:
        problem = draw_problem(rng)
        with tempfile.TemporaryDirectory() as folder:
            files = write(problem, folder)
            toi = Path(folder, "toi.txt") if has_toi else None
            if toi:
                toi.write_text("".join(f"{name(term)}\n" for term in problem.toi))
            figures = evaluate(files, toi, options)
        if figures:
            problem.toi = problem.toi if has_toi else None
            return {"problem": vars(problem), "options": options, "figures": figures}


def draw_problem(rng):
    """Draw terms, links, truth, known, predictions and bits as tests do, but from a generator."""
    n_terms = int(rng.integers(6, 16))
    links = [(2, 0, "is_a"), (3, 1, "is_a")]
    for child in range(4, n_terms):
        above = rng.choice(child, size=min(child, int(rng.integers(1, 4))), replace=False)
        links += [(child, int(one), str(rng.choice(["is_a", "part_of"]))) for one in above]
    bits = rng.choice(BITS, n_terms).tolist()
    bits[2] = bits[3] = 1.25
    return SimpleNamespace(
        n_terms=n_terms,
        spaces=[NAMESPACES[term % 2] for term in range(n_terms)],
        links=links,
        truth=draw_pairs(rng, n_terms, 14),
        # Someone knows something in either namespace, else the evaluator fails.
        known=sorted({*draw_pairs(rng, n_terms, 5), (0, 0), (0, 1)}),
        predictions=[(*pair, float(rng.choice(SCORES))) for pair in draw_pairs(rng, n_terms, 25)],
        bits=bits,
        toi=sorted({2, 3, *rng.choice(n_terms, n_terms // 2, replace=False).tolist()}),
    )


def draw_pairs(rng, n_terms, n):
    """Draw distinct (protein, term)."""
    pairs = zip(rng.integers(0, 6, n).tolist(), rng.integers(0, n_terms, n).tolist(), strict=True)
    return sorted(set(pairs))


def evaluate(files, toi, options):
    """Return best figures and some rows by namespace; None where the two count otherwise."""
    if is_wholly_known(files, toi, options["no_orphans"]):
        return None
    table = cafa_eval(
        str(files["obo"]),
        str(files["predictions"].parent),
        str(files["truth"]),
        ia=str(files["bits"]),
        exclude=str(files["known"]),
        toi_file=None if toi is None else str(toi),
        **options,
    )[0]
    if table is None or table.index.get_level_values("ns").nunique() < 2:
        return None
    return {space: summarise(rows) for space, rows in table.groupby("ns")}


def is_wholly_known(files, toi, no_orphans):
    """Whether all that counts of some protein was known: the evaluator counts it, protimb not."""
    spaces = obo_parser(str(files["obo"]), ("is_a", "part_of"), str(files["bits"]), not no_orphans)
    spaces = spaces if toi is None else update_toi(spaces, str(toi))
    truth = gt_parser(str(files["truth"]), spaces)
    known = gt_exclude_parser(str(files["known"]), truth, spaces)
    return any(
        (truth[space].matrix[:, terms].any(axis=1) & ~left[:, terms].any(axis=1)).any()
        for space in truth
        for left in [truth[space].matrix & ~known[space].matrix]
        for terms in (spaces[space].toi, spaces[space].toi_ia)
    )


def summarise(rows):
    """Return the best of each figure, and the rows at some thresholds."""
    rows = rows.reset_index().set_index("tau")
    best = {one: rows[one].min() if one == "s_w" else rows[one].max() for one in BEST}
    taus = [tau for tau in np.arange(0.01, 1, 0.01)[list(TAUS)] if tau in rows.index]
    columns = [*COLUMNS, *(f"{one}_w" for one in COLUMNS)]
    return {"best": best, "rows": {float(tau): rows.loc[tau, columns].tolist() for tau in taus}}


if __name__ == "__main__":
    main()
