"""Results written to a folder by blocks: the rows that memory would have got, and no others."""

import shutil

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone

from protimb.exceptions import ArtifactWriteError
from protimb.over_sampling import MLSMOTE, REMEDIAL, RandomLabelsetOverSampler
from protimb.under_sampling import MLeNN
from protimb.utils import _rows_on_disk

SAMPLERS = [RandomLabelsetOverSampler(random_state=0), MLSMOTE(random_state=0), REMEDIAL(), MLeNN()]


@pytest.fixture
def few_rows(monkeypatch):
    """Make blocks of seven rows; give the list of how many rows each had that was written."""
    heights = []

    def count(values, dtype):
        heights.append(len(values))
        return cast(values, dtype)

    cast = _rows_on_disk.cast_values
    monkeypatch.setattr(_rows_on_disk, "rows_a_block", lambda X: 7)
    monkeypatch.setattr(_rows_on_disk, "cast_values", count)
    return heights


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda one: type(one).__name__)
def test_what_is_written_is_what_memory_would_have_got(
    sampler, toy, memory_map, few_rows, tmp_path
):
    X_res, y_res = clone(sampler).fit_resample(memory_map, toy.y)
    X_out, y_out = clone(sampler).fit_resample(memory_map, toy.y, out=tmp_path / "out")
    assert type(X_out) is np.memmap
    assert X_out.dtype == memory_map.dtype
    assert_array_equal(X_out, X_res)
    assert sparse.issparse(y_out)
    assert_array_equal(y_out.toarray(), y_res)
    assert sum(few_rows) == len(X_res)
    assert max(few_rows) <= 7
    assert_array_equal(np.load(tmp_path / "out" / "X.npy"), X_res)
    assert (sparse.load_npz(tmp_path / "out" / "y.npz") != y_out).nnz == 0


def test_numbers_of_integers_and_classes_come_back_as_they_went_in(toy, tmp_path):
    X, classes = np.rint(10 * toy.X).astype(np.int16), np.where(toy.y[:, 0], "yes", "no")
    sampler = MLSMOTE(random_state=0)
    X_out, y_out = sampler.fit_resample(X, classes.astype(object), out=tmp_path / "out")
    X_res, y_res = sampler.fit_resample(X, classes)
    assert X_out.dtype == np.int16
    assert_array_equal(X_out, X_res)
    assert_array_equal(y_out, y_res)
    assert_array_equal(np.load(tmp_path / "out" / "y.npy"), y_res)


def test_a_table_is_refused_before_anything_is_made(toy, tmp_path):
    sampler = RandomLabelsetOverSampler()
    for X in (pd.DataFrame(toy.X), sparse.csr_array(toy.X), toy.X.astype(object), toy.X.tolist()):
        with pytest.raises(
            TypeError, match=r"a matrix of numbers.* np\.array\(X, dtype=float\) of"
        ):
            sampler.fit_resample(X, toy.y, out=tmp_path / "out")
    assert not any(tmp_path.iterdir())


def test_what_is_there_is_never_written_over(toy, tmp_path):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(FileExistsError, match="Name another one"):
        RandomLabelsetOverSampler().fit_resample(toy.X, toy.y, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_disk_without_room_is_found_before_it_is_full(toy, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(
        ArtifactWriteError, match=r"226 rows take [\d.]+ MiB, and 0\.0 MiB of the disk are free"
    ):
        RandomLabelsetOverSampler(random_state=0).fit_resample(toy.X, toy.y, out=tmp_path / "out")
    assert not any(tmp_path.iterdir())


def test_a_disk_that_fills_up_leaves_nothing(toy, tmp_path, monkeypatch):
    def cut_short(path, blocks, shape, dtype):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_rows_on_disk, "write_npy", cut_short)
    with pytest.raises(OSError, match=r"No space left on device: '.*out'"):
        RandomLabelsetOverSampler(random_state=0).fit_resample(toy.X, toy.y, out=tmp_path / "out")
    assert not any(tmp_path.iterdir())
