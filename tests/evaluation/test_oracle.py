"""Every figure and every curve equals cafaeval's, on random ontologies, predictions and options."""

import tempfile
import warnings

import numpy as np
import pytest
from cafaeval.evaluation import cafa_eval
from evaluations import BEST, COLUMNS, problems, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protimb.evaluation import evaluate_predictions
from protimb.exceptions import PredictionError, ProtimbWarning


def run_cafaeval(files, **options):
    """Their table, one row a namespace and threshold; None where they evaluate nothing."""
    paths = [str(files["obo"]), str(files["predictions"].parent), str(files["truth"])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its use of pandas, not ours
        table, _ = cafa_eval(*paths, ia=str(files["bits"]), **options)
    return None if table is None else table.droplevel("filename")


def run_ours(files, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProtimbWarning)  # duplicates and namesakes are intended
        return evaluate_predictions(
            files["predictions"],
            files["truth"],
            files["obo"],
            information_accretion=files["bits"],
            **options,
        )


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    problem=problems(),
    norm=st.sampled_from(["cafa", "pred", "gt"]),
    prop=st.sampled_from(["max", "fill"]),
    no_orphans=st.booleans(),
)
def test_all_figures_equal_cafaeval(problem, norm, prop, no_orphans):
    options = {"norm": norm, "prop": prop, "no_orphans": no_orphans}
    with tempfile.TemporaryDirectory() as folder:
        files = write(problem, folder)
        theirs = run_cafaeval(files, **options)
        try:
            ours = run_ours(files, **options)
        except PredictionError:
            assert theirs is None
            return
    if theirs is None:
        assert (ours.summary["coverage"] == 0).all()
        return
    for namespace, rows in theirs.groupby("ns"):
        mine = ours.curves.loc[(namespace, "all", "all")]
        mine = mine[mine["n_predicted"] > 0]  # cafaeval leaves the other thresholds out
        assert len(mine) == len(rows)
        np.testing.assert_allclose(mine[list(COLUMNS.values())], rows[list(COLUMNS)], atol=1e-9)
        best = ours.summary.loc[(namespace, "all", "all")]
        for column, figure in BEST.items():
            extreme = rows[column].min() if figure == "smin" else rows[column].max()
            assert best[figure] == pytest.approx(extreme, abs=1e-9), figure
