"""Figures of many cells are counted by blocks, and are what they are at once."""

import numpy as np
import pytest

from protimb.metrics import (
    _calibration,
    _decisions,
    _ranking,
    _thresholds,
    decisions_by_term,
    evaluate,
    fmax_score,
)


@pytest.fixture
def problem(rng):
    y = (rng.random((70, 9)) < 0.3).astype(np.uint8)
    return y, np.clip(0.4 * y + 0.6 * rng.random((70, 9)), 0, 1).astype(np.float32)


@pytest.fixture
def _small_blocks(monkeypatch):
    monkeypatch.setattr(_calibration, "CELLS_A_BLOCK", 100)
    monkeypatch.setattr(_decisions, "_CELLS_A_BLOCK", 140)
    monkeypatch.setattr(_ranking, "_CELLS_A_BLOCK", 140)
    monkeypatch.setattr(_thresholds, "CELLS_A_BLOCK", 50)


def _figures(y, score):
    found = evaluate(y, score, n_train=[5, 30, 300] * 3, n_resamples=7, cuts=np.full(9, 0.4))
    return found.point, found.resamples, decisions_by_term(y, score), fmax_score(y, score)


def test_blocks_change_no_figure(problem, request):
    at_once = _figures(*problem)
    request.getfixturevalue("_small_blocks")
    for one, other in zip(at_once, _figures(*problem), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)  # products of other heights round anew


@pytest.mark.parametrize(("value", "message"), [(2, r"row 61, column 4"), (np.nan, r"\(61, 4\)")])
def test_a_wrong_score_is_named_wherever_it_is(problem, monkeypatch, value, message):
    monkeypatch.setattr("protimb.metrics._validation.rows_a_block", lambda _: 16)
    y, score = problem
    score[61, 4] = score[65, 0] = value
    with pytest.raises(ValueError, match=f"2 .*{message}"):
        fmax_score(y, score)
