"""Drafts that a killed process left vanish in time; those of others, and other files, stay."""

import errno
import os
import time

import pytest

from protimb.embeddings import KmerEncoder
from protimb.embeddings._cache import open_cache
from protimb.utils._new_folder import check_new, new_folder, whole_file

OLD = time.time() - 2 * 24 * 3600


def leave(path, changed_at):
    path.write_text("half")
    os.utime(path, (changed_at, changed_at))


def test_old_drafts_of_a_file_vanish_when_it_is_written_again(tmp_path):
    stays = ["x.npy", ".x.npy-0123456789abcdeg", ".x.npy-01234567", ".xxnpy-0123456789abcdef"]
    for name in (*stays, ".x.npy-0123456789abcdef"):
        leave(tmp_path / name, OLD)
    leave(tmp_path / ".x.npy-fedcba9876543210", time.time())  # another writer's
    with whole_file(tmp_path / "x.npy") as draft:
        draft.write_text("whole")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*stays, ".x.npy-fedcba9876543210"}
    assert (tmp_path / "x.npy").read_text() == "whole"


@pytest.mark.parametrize(("age", "stays"), [(2 * 24 * 3600, False), (0, True)])
def test_a_draft_of_a_folder_is_as_old_as_what_changed_last_in_it(tmp_path, age, stays):
    changed_at = time.time() - age
    draft = tmp_path / ".model-0123456789abcdef"
    draft.mkdir()
    leave(draft / "weights", changed_at)
    os.utime(draft, (OLD, OLD))
    with new_folder(tmp_path / "model") as folder:
        (folder / "weights").write_text("whole")
    assert draft.exists() == stays


def test_a_link_among_old_drafts_is_removed_and_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    leave(elsewhere / "mine", OLD)
    draft = tmp_path / ".x-0123456789abcdef"
    draft.symlink_to(elsewhere)
    os.utime(draft, (OLD, OLD), follow_symlinks=False)
    with whole_file(tmp_path / "x") as path:
        path.write_text("whole")
    assert not os.path.lexists(draft)
    assert (elsewhere / "mine").exists()


def test_old_drafts_of_a_cache_vanish(tmp_path):
    encoder = KmerEncoder(k=1).fit()
    cache = open_cache(tmp_path, "model", "0" * 64, encoder.n_features_out_)
    cache.folder.mkdir()
    leave(cache.folder / f".shard-{'0' * 32}.safetensors-{'0' * 16}", OLD)
    cache.fill([], None)
    assert not list(cache.folder.iterdir())


def test_a_full_disk_is_told_with_the_folder_and_leaves_nothing(tmp_path):
    with pytest.raises(OSError, match="No space left") as caught, new_folder(tmp_path / "out"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.filename == str(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_inside_a_file_is_refused_by_name(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="file, which is a file"):
        check_new(tmp_path / "file" / "below" / "out")
