"""Reports on more real rows than are held: some of each term, the nearest, and all that repeat."""

import numpy as np
import pytest

from protimb.metrics import _quality_sample, quality_report
from protimb.metrics._quality_sample import nearest_by_blocks, rows_to_hold_out, rows_to_judge_by
from protimb.utils import _memory
from protimb.utils._validation import check_indicator


@pytest.fixture
def rows(tmp_path):
    rng = np.random.default_rng(0)
    y = np.repeat(np.eye(3, dtype=np.uint8), 100, axis=0)
    X = 3 * y @ rng.normal(size=(3, 8)) + rng.normal(size=(300, 8))
    np.save(tmp_path / "X.npy", X.astype(np.float16))
    return np.load(tmp_path / "X.npy", mmap_mode="r"), y


@pytest.fixture
def little_room(monkeypatch):
    """Let 40 rows of 8 features fit, and blocks have 10."""
    monkeypatch.setattr(_memory, "IN_MEMORY", 2 * 4 * 8 * 40)
    monkeypatch.setattr(_memory, "_BLOCK_BYTES", 4 * 8 * 10)


@pytest.mark.usefixtures("little_room")
def test_the_nearest_rows_of_all_blocks_are_those_of_all_rows(rows):
    X = np.asarray(rows[0], dtype=np.float32)
    left = np.arange(300) % 7 > 0
    found = nearest_by_blocks(rows[0], left, X[:50] + np.float32(0.01), 2)
    standardized = (X - X.mean(axis=0)) / X.std(axis=0)
    asked = (X[:50] + np.float32(0.01) - X.mean(axis=0)) / X.std(axis=0)
    gaps = np.linalg.norm(asked[:, None] - standardized, axis=2)
    gaps[:, ~left] = np.inf
    np.testing.assert_array_equal(found, np.argsort(gaps, axis=1)[:, :2])


@pytest.mark.usefixtures("little_room")
def test_every_term_and_every_nearest_row_is_there_to_judge_by(rows):
    X, y = rows
    asked = np.array(X[[7, 120]], dtype=np.float32)
    left = np.arange(300) != 8
    rng = np.random.RandomState(0)
    chosen = rows_to_judge_by(X, check_indicator(y)[0], left, [asked], rng)
    assert {7, 120} <= set(chosen.tolist())
    assert (y[chosen].sum(axis=0) >= 10).all()
    assert len(chosen) < 50
    assert 8 not in chosen


@pytest.mark.usefixtures("little_room")
def test_rows_of_one_group_are_held_out_together_and_no_more_than_there_is_room_for(rows):
    groups = np.arange(300) // 3
    apart = rows_to_hold_out(rows[0], groups, 0.2, np.random.RandomState(0))
    assert (apart.reshape(100, 3) == apart[::3, None]).all()
    assert 5 <= apart.sum() <= 12


@pytest.mark.usefixtures("little_room")
def test_a_report_on_many_rows_says_that_it_looks_at_some_and_finds_copies_among_all(rows):
    X, y = rows
    new, held_out = slice(0, 270, 3), slice(2, 270, 3)
    rest = np.setdiff1d(np.arange(300), np.arange(2, 270, 3))
    judged_by = (X[held_out].astype(np.float32), y[held_out])
    report = quality_report(X[rest], y[rest], X[new].astype(np.float32), y[new], held_out=judged_by)
    assert "210 real rows are more than the memory is meant for" in report.notes[0]
    assert any("90 generated rows are equal to a training protein" in note for note in report.notes)
    assert "copies" in report.failed


@pytest.mark.usefixtures("little_room")
def test_where_not_all_generated_rows_are_judged_those_that_are_have_their_nearest(
    rows, monkeypatch
):
    monkeypatch.setattr(_quality_sample, "_FEWEST", 30)
    X, y = rows
    new, held_out = slice(0, 270, 3), slice(1, 300, 3)
    judged_by = np.float32(X[held_out]), y[held_out]
    report = quality_report(X, y, np.float32(X[new]), y[new], held_out=judged_by)
    assert "Of 90 generated rows 30 are judged, drawn at random." in report.notes
    assert any("90 generated rows are equal to a training protein" in note for note in report.notes)
    assert report.to_frame().loc["copies", "score"] == 1
