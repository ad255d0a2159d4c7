"""Memory is asked for before it is taken."""

import sys

import numpy as np
import pytest

from protimb.exceptions import MemoryEstimateError
from protimb.utils import _memory
from protimb.utils._memory import available_memory, check_memory


def test_a_request_that_does_not_fit_carries_its_estimate():
    with pytest.raises(MemoryEstimateError, match=r"3 rows would take at least 8\.0 GiB; 2\.0 GiB"):
        check_memory(8 * 2**30, 2 * 2**30, "3 rows")


@pytest.mark.parametrize("available", [2**30, None])
def test_nothing_is_refused_that_fits_or_that_nobody_can_tell(available):
    check_memory(2**30, available, "rows")


def test_this_machine_has_some_memory():
    assert available_memory() > 2**20


def test_a_system_that_does_not_tell_gives_none(monkeypatch, tmp_path):
    monkeypatch.setattr(_memory, "Path", lambda _: tmp_path / "meminfo")
    monkeypatch.setattr(_memory.os, "sysconf", lambda _: int("unknown name"), raising=False)
    assert available_memory() is None


def test_blocks_of_a_matrix_make_up_the_matrix(monkeypatch):
    monkeypatch.setattr(_memory, "_BLOCK_BYTES", 4 * 3 * 2)  # 2 rows of 3
    X = np.arange(15.0).reshape(5, 3)
    blocks = list(_memory.read_blocks(X))
    assert [len(block) for block in blocks] == [2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(blocks), X)


@pytest.mark.parametrize("mode", ["r", "c", "r+"])
def test_letting_go_of_pages_loses_nothing(tmp_path, mode):
    # Pages of a map opened as "c" hold changes that are nowhere else.
    np.save(tmp_path / "X.npy", np.arange(6000.0).reshape(2000, 3))
    X = np.load(tmp_path / "X.npy", mmap_mode=mode)
    if mode != "r":
        X[0] = -1
    before = np.array(X)
    _memory.release_pages(np.asarray(X))
    np.testing.assert_array_equal(X, before)


def test_gathered_rows_are_those_asked_for_in_their_order(monkeypatch):
    monkeypatch.setattr(_memory, "_SCATTERED_ROWS", 2)
    X = np.arange(15.0).reshape(5, 3)
    rows = np.array([4, 0, 4, 2, 1])
    np.testing.assert_array_equal(_memory.gather_rows(X, rows), X[rows])
    assert _memory.gather_rows(X, rows[:0]).shape == (0, 3)


@pytest.mark.parametrize("n_rows", [3, 20_000])
def test_rows_let_go_of_are_lost_and_no_others(n_rows):
    X = _memory.room_for(n_rows, 100, np.float32)
    X[:] = 1
    _memory.free_rows(X[: n_rows - 2], n_rows // 2)
    assert (X[: n_rows // 2] == 1).all()
    assert (X[n_rows - 2 :] == 1).all()
    if sys.platform == "linux":  # others may keep what nobody needs
        assert len(np.unique(X)) == (2 if n_rows > 3 else 1)


@pytest.mark.parametrize("view", [np.s_[::-1], np.s_[::2], np.s_[:, :50]])
def test_rows_between_those_let_go_of_are_not_lost(view):
    X = _memory.room_for(20_000, 100, np.float32)
    X[:] = 1
    _memory.free_rows(X[view], 10)
    assert (X == 1).all()


def test_rows_of_other_arrays_are_not_let_go_of():
    X = np.ones((20_000, 100))
    _memory.free_rows(X, 0)
    assert (X == 1).all()


def test_small_arrays_are_put_into_large_ones(monkeypatch):
    monkeypatch.setattr(_memory, "_BLOCK_BYTES", 8 * 2 * 5)  # 5 rows of 2
    parts = [np.full((n, 2), n, dtype=float) for n in (3, 0, 4, 8)]
    blocks = _memory.packed(iter(parts), 2, float)
    assert [len(block) for block in blocks] == [5, 5, 5]
    np.testing.assert_array_equal(np.concatenate(blocks), np.concatenate(parts))
    assert [block.shape for block in _memory.packed([], 2, float)] == [(0, 2)]
