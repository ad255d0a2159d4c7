"""Known annotations and terms of interest against CAFA-evaluator-PK's figures.

The evaluator is not installed beside cafaeval, whose name it bears; ``benchmarks/oracle_known.py``
wrote its answers.
"""

import json
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from evaluations import BEST, COLUMNS, name, write

from protimb.evaluation import evaluate_predictions
from protimb.exceptions import ProtimbWarning

REFERENCE = json.loads(Path(__file__).with_name("known_reference.json").read_text())


def evaluate(case, folder):
    problem = SimpleNamespace(**case["problem"])
    files = write(problem, folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)  # terms without bits are intended
        return evaluate_predictions(
            files["predictions"],
            files["truth"],
            files["obo"],
            information_accretion=files["bits"],
            known=files["known"],
            terms_of_interest=None if problem.toi is None else map(name, problem.toi),
            **case["options"],
        )


@pytest.mark.parametrize(
    "case", REFERENCE["cases"], ids=lambda case: "-".join(map(str, case["options"].values()))
)
def test_all_figures_equal_those_of_the_evaluator_that_knows_known(case, tmp_path):
    found = evaluate(case, tmp_path)
    plain = [COLUMNS[column] for column in REFERENCE["columns"]]
    columns = [*plain, *(f"weighted_{column}" for column in plain)]
    for namespace, theirs in case["figures"].items():
        best = found.summary.loc[(namespace, "all", "all")]
        for column, figure in BEST.items():
            assert best[figure] == pytest.approx(theirs["best"][column], abs=1e-9), figure
        curve = found.curves.loc[(namespace, "all", "all")]
        for tau, row in theirs["rows"].items():
            mine = curve.iloc[np.abs(curve.index - float(tau)).argmin()]
            np.testing.assert_allclose(mine[columns].to_numpy(float), row, atol=1e-9)


def test_every_set_of_options_has_a_case():
    options = [tuple(case["options"].values()) for case in REFERENCE["cases"]]
    assert len(set(options)) == 12
    assert {case["problem"]["toi"] is None for case in REFERENCE["cases"]} == {True, False}
