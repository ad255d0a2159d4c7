"""Files and folders appear whole or not at all; drafts of killed processes vanish at once."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from protimb.embeddings import KmerEncoder
from protimb.embeddings._cache import open_cache
from protimb.exceptions import ArtifactWriteError
from protimb.utils._locks import hold, hold_folder
from protimb.utils._new_folder import (
    check_new,
    check_vacant,
    new_folder,
    renewed_folder,
    whole_file,
)

FORMER = {"figures/e.png": "of an arm that is no more"}
EARLIER = {"a.csv": "one", "figures/b.png": "two", "report.html": "three", "mine.txt": "mine"}
EARLIER |= FORMER
LATER = {"a.csv": "1", "c.csv": "4", "figures/b.png": "2", "figures/d.png": "5", "report.html": "3"}
AFTER = {name: text for name, text in EARLIER.items() if name not in FORMER} | LATER


def put(folder, texts):
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def read(folder):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def fill_the_disk(folder):
    put(folder, LATER)
    raise OSError(errno.ENOSPC, "No space left on device", str(folder / "a.csv"))


def names(folder):
    return {path.name for path in folder.iterdir()}


def renew(folder, texts=LATER):
    listed = [*FORMER, *LATER, "gone.csv"] if texts is LATER else []
    with renewed_folder(folder, listed=lambda _: listed) as draft:
        put(draft, texts)


def test_drafts_of_a_file_vanish_when_it_is_written_again(tmp_path):
    stays = {"x.npy", ".x.npy-0123456789abcdeg", ".x.npy-01234567", ".xxnpy-0123456789abcdef"}
    put(tmp_path, dict.fromkeys([*stays, ".x.npy-0123456789abcdef", ".x.npy.lock"], "half"))
    with whole_file(tmp_path / "x.npy") as draft:
        draft.write_text("whole")
    assert names(tmp_path) == stays
    assert (tmp_path / "x.npy").read_text() == "whole"


def test_drafts_of_a_folder_vanish_when_it_is_written_again(tmp_path):
    put(tmp_path / ".model-0123456789abcdef", {"weights": "half"})
    with new_folder(tmp_path / "model") as folder:
        put(folder, {"weights": "whole"})
    assert names(tmp_path) == {"model"}


def test_a_link_among_drafts_is_removed_and_not_followed(tmp_path):
    put(tmp_path / "elsewhere", {"mine": "mine"})
    (tmp_path / ".x-0123456789abcdef").symlink_to(tmp_path / "elsewhere")
    with whole_file(tmp_path / "x") as path:
        path.write_text("whole")
    assert names(tmp_path) == {"x", "elsewhere"}
    assert (tmp_path / "elsewhere" / "mine").exists()


def test_drafts_of_a_cache_vanish_but_for_one_that_is_being_written(tmp_path):
    encoder = KmerEncoder(k=1).fit()
    cache = open_cache(tmp_path, "model", "0" * 64, encoder.n_features_out_)
    cache.folder.mkdir()
    dead, alive = (f"shard-{digit * 32}.safetensors" for digit in "01")
    put(cache.folder, {f".{dead}-{'0' * 16}": "half", f".{dead}.lock": ""})
    with whole_file(cache.folder / alive) as draft:
        draft.write_text("half")
        cache.fill([], None)
        assert names(cache.folder) == {draft.name, f".{alive}.lock"}


@pytest.mark.parametrize("way", [new_folder, whole_file, renewed_folder])
def test_a_second_writer_is_refused_at_once_and_told_who_writes(tmp_path, way):
    out = tmp_path / "out"
    with way(out) as draft:
        refused = pytest.raises(ArtifactWriteError, match=f"out: process {os.getpid()} is writing")
        with refused, way(out):
            pass
        assert os.path.lexists(draft) or way is whole_file
        put(tmp_path, {str(draft): "whole"}) if way is whole_file else put(draft, {"x": "whole"})
    assert names(tmp_path) == {"out"}
    assert (out if out.is_file() else out / "x").read_text() == "whole"


def test_a_link_in_the_place_of_a_lock_is_refused_and_its_target_kept(tmp_path):
    put(tmp_path, {"mine": "mine"})
    (tmp_path / ".x.lock").symlink_to(tmp_path / "mine")
    with pytest.raises(ArtifactWriteError, match="is a link"), whole_file(tmp_path / "x"):
        pass
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_lock_leaves_nothing_and_can_be_held_again(tmp_path):
    for _ in range(2):
        with hold_folder(tmp_path), pytest.raises(ArtifactWriteError), hold(tmp_path / ".lock", ""):
            pass
        assert names(tmp_path) == set()


def test_leftovers_of_a_killed_process_do_not_fill_a_folder(tmp_path):
    out = tmp_path / "out"
    put(out, {".lock": "", ".draft-0123456789abcdef/x": "half", ".whole/x": "half"})
    check_vacant(out)
    with new_folder(out) as draft:
        put(draft, {"x": "whole"})
    assert read(out) == {"x": "whole"}
    with pytest.raises(FileExistsError):
        check_vacant(out)


def test_a_full_disk_is_told_with_the_folder_and_leaves_nothing(tmp_path):
    with pytest.raises(OSError, match="No space left") as caught, new_folder(tmp_path / "out"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.filename == str(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_inside_a_file_is_refused_by_name(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="file, which is a file"):
        check_new(tmp_path / "file" / "below" / "out")


def test_a_report_replaces_an_earlier_one_and_leaves_other_files(tmp_path):
    put(tmp_path, EARLIER)
    renew(tmp_path)
    assert read(tmp_path) == AFTER


@pytest.mark.parametrize("name", ["../mine.txt", "{there}/mine.txt", "link/mine.txt", "folder"])
def test_a_list_of_earlier_files_removes_nothing_elsewhere(tmp_path, name):
    out, there = tmp_path / "out", tmp_path
    put(tmp_path, {"mine.txt": "mine", "out/folder/mine.txt": "mine"})
    (out / "link").symlink_to(there)
    before = read(tmp_path)
    with renewed_folder(out, listed=lambda _: [name.format(there=there)]) as draft:
        put(draft, {"report.html": "new"})
    assert read(tmp_path) == before | {"out/report.html": "new"}


def test_nothing_changes_while_a_report_is_written_nor_when_that_fails(tmp_path):
    put(tmp_path, EARLIER)
    with pytest.raises(OSError, match="No space") as caught, renewed_folder(tmp_path) as draft:
        fill_the_disk(draft)
    assert caught.value.filename == str(tmp_path / "a.csv")
    assert read(tmp_path) == EARLIER


def test_links_in_the_places_of_files_are_replaced_and_that_of_the_folder_is_followed(tmp_path):
    put(tmp_path / "elsewhere", {"mine": "mine"})
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.csv").symlink_to(tmp_path / "elsewhere" / "mine")
    (tmp_path / "real" / "report.html").symlink_to(tmp_path / "nowhere")
    (tmp_path / "out").symlink_to(tmp_path / "real")
    renew(tmp_path / "out")
    assert read(tmp_path / "real") == LATER
    assert not any(path.is_symlink() for path in (tmp_path / "real").iterdir())
    assert read(tmp_path / "elsewhere") == {"mine": "mine"}
    assert names(tmp_path) == {"real", "out", "elsewhere"}


@pytest.mark.parametrize(
    ("put_there", "words"),
    [
        (lambda out: (out / "figures").symlink_to(out.parent), "figures is a link"),
        (lambda out: (out / "figures").write_text(""), "figures is in the way of a folder"),
        (lambda out: (out / "a.csv").mkdir(), "a.csv is in the way of a file"),
    ],
)
def test_what_is_in_the_way_is_named_before_anything_is_replaced(tmp_path, put_there, words):
    out = tmp_path / "out"
    put(out, {"report.html": "three"})
    put_there(out)
    with pytest.raises(ArtifactWriteError, match=words):
        renew(out)
    assert read(out) == {"report.html": "three"} | dict.fromkeys(
        ["figures"] if (out / "figures").is_file() else [], ""
    )
    assert not (tmp_path / "b.png").exists()


STEPS = ("replace", "link", "mkdir", "unlink", "rmdir", "fsync")


def fail_at(monkeypatch, k, error, also_after):
    """Let the k-th step on the disk fail, and all after it; give the number of steps so far."""
    count = [0]

    def watch(name):
        real = getattr(os, name)

        def step(*args, **kwargs):
            count[0] += 1
            if count[0] == k or (also_after and count[0] > k):
                raise error
            return real(*args, **kwargs) if name != "fsync" else None

        monkeypatch.setattr(os, name, step)

    for name in STEPS:
        watch(name)
    return count


def count_steps(folder, monkeypatch):
    put(folder, EARLIER)
    with monkeypatch.context() as patch:
        count = fail_at(patch, -1, None, also_after=False)
        renew(folder)
    return count[0]


@pytest.mark.parametrize("also_after", [False, True])
def test_whichever_step_fails_a_report_is_the_earlier_or_the_later_one(
    tmp_path, monkeypatch, also_after
):
    n_steps = count_steps(tmp_path / "count", monkeypatch)
    assert n_steps > 15
    for k in range(1, n_steps + 1):
        folder = tmp_path / str(k)
        put(folder, EARLIER)
        failed = False
        with monkeypatch.context() as patch:
            fail_at(patch, k, OSError(errno.ENOSPC, "No space left on device"), also_after)
            try:
                renew(folder)
            except OSError:
                failed = True
        found = {name: text for name, text in read(folder).items() if not name.startswith(".")}
        if not also_after:  # otherwise the disk cannot go back either
            assert found == (EARLIER if failed else AFTER), k
        renew(folder, {"report.html": "next"})
        # What was whole is finished by the next one, and what was not is gone.
        assert read(folder) in (
            EARLIER | {"report.html": "next"},
            AFTER | {"report.html": "next"},
        ), k


KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from protimb.utils._new_folder import new_folder, renewed_folder, whole_file

way, out = globals()[sys.argv[1]], Path(sys.argv[2])
left = [-1]  # steps until the kill

def watch(name):
    real = getattr(os, name)
    def step(*args, **kwargs):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs) if name != "fsync" else None
    setattr(os, name, step)

for name in ("replace", "link", "mkdir", "unlink", "rmdir", "fsync"):
    watch(name)

def write():
    with way(out) as draft:
        if way is whole_file:
            draft.write_text("later")
        else:
            for name in ("a.csv", "figures/b.png", "report.html"):
                (draft / name).parent.mkdir(exist_ok=True)
                (draft / name).write_text("later")

def in_a_child(kill_at):
    child = os.fork()
    if not child:
        left[0] = kill_at
        try:
            write()
        except FileExistsError:  # it was whole
            pass
        os._exit(0)
    return os.waitpid(child, 0)[1]

for k in range(1, 100):
    status, again = in_a_child(k), in_a_child(-1)
    print(status, again, [path.name for path in out.parent.rglob(".*")])
    if way is new_folder:
        shutil.rmtree(out)
    if status == 0:
        break
"""


@pytest.mark.parametrize("way", ["whole_file", "new_folder", "renewed_folder"])
def test_after_a_kill_at_any_step_the_next_run_leaves_nothing_over(tmp_path, way):
    (tmp_path / "in").mkdir()
    run = [sys.executable, "-c", KILLED, way, str(tmp_path / "in" / "out")]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    *killed, last = done.stdout.splitlines()
    assert len(killed) > 3
    assert last == "0 0 []"
    assert set(killed) == {f"{int(signal.SIGKILL)} 0 []"}


def copy_onto_full_disk(path, error):
    error.filename2 = str(path)
    raise error


def test_a_full_disk_amid_a_copy_names_what_was_written(tmp_path):
    full = OSError(errno.ENOSPC, "No space left on device", "in/a.fasta", None)
    with pytest.raises(OSError, match="No space") as caught, new_folder(tmp_path / "out") as draft:
        copy_onto_full_disk(draft / "a.fasta", full)
    assert caught.value.filename == str(tmp_path / "out" / "a.fasta")
    assert caught.value.filename2 is None


def test_files_of_one_stem_are_renewed_together_beside_others(tmp_path):
    put(tmp_path, {"X.npy": "1", "X_ids.npy": "a", ".X.npy.whole/X.npy": "2"})
    with renewed_folder(tmp_path, stem="X.npy.") as draft:
        assert (tmp_path / "X.npy").read_text() == "2"  # what a killed writer had whole
        with renewed_folder(tmp_path, stem="Y.npy.") as other:
            put(other, {"Y.npy": "4"})
        put(draft, {"X.npy": "3", "X_ids.npy": "b"})
    assert read(tmp_path) == {"X.npy": "3", "X_ids.npy": "b", "Y.npy": "4"}


@pytest.mark.parametrize("write", [new_folder, renewed_folder])
def test_links_that_lead_in_a_circle_are_refused_by_name(tmp_path, write):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"), write(tmp_path / "a"):
        pass
