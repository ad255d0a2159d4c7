"""Saved folders under kills, full disks, two writers and people who tamper with them."""

import errno
import hashlib
import json
import os
import subprocess
import sys
import threading

import pytest

from protimb.exceptions import ArtifactError, ArtifactWriteError, ProtimbWarning
from protimb.utils import _folder as folder_module
from protimb.utils._folder import SCHEMA, read_folder, write_folder, written_by
from protimb.utils._rebuilding import rebuilding


def text(content):
    return lambda path: path.write_text(content, encoding="utf-8")


def save(folder, version, size=1000):
    """Two files and a manifest that all tell the version."""
    files = {"a.txt": text(version * size), "b.txt": text(version)}
    write_folder(folder, files, {"version": version})


def version_of(folder):
    """The one version that manifest and both files agree on."""
    saved = read_folder(folder)
    parts = {saved.manifest["version"], *(content.decode()[0] for content in saved.files.values())}
    assert len(parts) == 1, f"a mixture of {parts}"
    return parts.pop()


def data_of(folder):
    (data,) = folder.glob("data-*")
    return data


def edit_manifest(folder, change):
    path = folder / "manifest.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    change(record)
    path.write_text(json.dumps(record), encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    save(tmp_path / "saved", "1")
    return tmp_path / "saved"


def test_what_was_saved_is_read_back(tmp_path):
    write_folder(tmp_path / "new" / "deep", {"a.txt": text("å")}, {"terms": ["GO:1"]})
    saved = read_folder(tmp_path / "new" / "deep")
    assert saved.files == {"a.txt": "å".encode()}
    assert saved.manifest == {"terms": ["GO:1"]}
    assert {"protimb", "python", "numpy", "torch"} <= set(saved.versions)


def test_a_second_save_replaces_the_first_and_leaves_no_trace_of_it(folder):
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    save(folder, "2")
    assert version_of(folder) == "2"
    visible = sorted(path.name for path in folder.iterdir() if path.name != ".lock")
    assert visible == sorted([data_of(folder).name, "manifest.json", "notes.txt"])


# Runs in a process of its own, which loads little and may therefore fork: each child saves two
# versions in turn until it is killed at a random moment, and the parent looks at what is left. The
# first one that it saves is the one that is not there, so that any save that it ends is seen.
KILLS = """
import os, random, signal, sys, time
from protimb.utils._folder import read_folder, write_folder

folder, n_kills = sys.argv[1], int(sys.argv[2])
random.seed(0)

def save(version):
    files = {n: (lambda p: p.write_bytes(version * 50_000)) for n in ("a.bin", "b.bin")}
    write_folder(folder, files, {"version": version.decode()})

save(b"x")
started = time.perf_counter()
save(b"y")
# A child takes a while to start, and this test must not take minutes.
duration = min(max(time.perf_counter() - started, 0.01), 0.5)

seen = []
while len(seen) < n_kills or len(set(seen)) < 2:
    versions = (b"y", b"x") if seen[-1:] == ["x"] else (b"x", b"y")
    child = os.fork()
    if child == 0:
        while True:
            for version in versions:
                save(version)
    time.sleep(random.uniform(0, 3 * duration))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    saved = read_folder(folder)
    parts = {saved.manifest["version"].encode() * 50_000, *saved.files.values()}
    assert len(parts) == 1 and len(saved.files) == 2, "a mixture"
    seen.append(saved.manifest["version"])
    duration *= 1.01  # the one that was measured may have been an uncommonly quick one

save(b"z")
print("".join(seen), *sorted(os.listdir(folder)))
"""


def test_a_kill_at_any_moment_leaves_the_previous_save_or_the_new_one(tmp_path):
    """Case 67."""
    n_kills = 25
    run = subprocess.run(
        [sys.executable, "-c", KILLS, str(tmp_path), str(n_kills)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr
    seen, *names = run.stdout.split()
    assert len(seen) >= n_kills
    assert set(seen) == {"x", "y"}  # else the kills came too early to mean anything
    # The save after the last kill has cleared what the killed ones left.
    assert [name.split("-")[0] for name in names if name != ".lock"] == ["data", "manifest.json"]
    assert read_folder(tmp_path).manifest["version"] == "z"


def test_leftovers_of_a_killed_writer_are_ignored_and_removed_by_the_next(folder):
    """Case 67."""
    stale = folder / f"data-{'0' * 32}"
    stale.mkdir()
    (stale / "a.txt").write_text("half", encoding="utf-8")
    (folder / f".manifest.json-{'0' * 16}").write_text("{", encoding="utf-8")
    assert version_of(folder) == "1"
    save(folder, "2")
    assert data_of(folder) != stale
    assert not list(folder.glob(".manifest*"))


def test_a_first_save_that_was_interrupted_is_no_save(tmp_path):
    (tmp_path / f"data-{'0' * 32}").mkdir()
    with pytest.raises(ArtifactError, match=r"no manifest\.json.*interrupted"):
        read_folder(tmp_path)
    with pytest.raises(ArtifactError, match="not a folder"):
        read_folder(tmp_path / "nowhere")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_full_disk_is_named_and_the_old_save_stays(folder, number):
    """Case 68."""

    def fail(path):
        path.write_text("ha", encoding="utf-8")
        raise OSError(number, os.strerror(number))

    with pytest.raises(ArtifactWriteError, match=f"{os.strerror(number)}.*intact"):
        write_folder(folder, {"a.txt": text("2"), "b.txt": fail}, {"version": "2"})
    assert version_of(folder) == "1"
    assert len(list(folder.glob("data-*"))) == 1


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_fails_at_the_last_step_leaves_the_old_save(folder, call, monkeypatch):
    """Case 68."""

    def fail(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(f"protimb.utils._folder.os.{call}", fail)
    with pytest.raises(ArtifactWriteError, match="No space left"):
        save(folder, "2")
    monkeypatch.undo()
    assert version_of(folder) == "1"
    assert len(list(folder.glob("data-*"))) == 1


def test_a_file_in_the_folders_place_is_named(tmp_path):
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    with pytest.raises(ArtifactWriteError, match="taken could not be written"):
        save(tmp_path / "taken", "1")


def test_an_interrupt_in_a_save_passes_through_and_leaves_the_old_save(folder):
    """Case 32."""

    def interrupt(path):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_folder(folder, {"a.txt": interrupt}, {})
    assert version_of(folder) == "1"
    assert len(list(folder.glob("data-*"))) == 1


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda content: content[:-1], "999 bytes, and 1000 were saved"),
        (lambda content: b"", "0 bytes, and 1000 were saved"),
        (lambda content: bytes([content[0] ^ 1]) + content[1:], "SHA-256 differs"),
    ],
    ids=["truncated", "zero-byte", "bit-flipped"],
)
def test_a_damaged_file_is_refused(folder, damage, told):
    """Case 69."""
    path = data_of(folder) / "a.txt"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ArtifactError, match=rf"a\.txt.*{told}"):
        read_folder(folder)


def test_a_missing_file_is_named(folder):
    (data_of(folder) / "b.txt").unlink()
    with pytest.raises(ArtifactError, match=r"b\.txt cannot be read"):
        read_folder(folder)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"schema": "1"}', "[" * 100_000],
    ids=["empty", "cut", "list", "null", "no number", "nested"],
)
def test_a_damaged_manifest_is_refused(folder, content):
    """Case 69."""
    (folder / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        read_folder(folder)
    save(folder, "2")  # and can be replaced
    assert version_of(folder) == "2"


@pytest.mark.parametrize("key", ["content", "data", "files"])
def test_a_manifest_without_its_parts_is_refused(folder, key):
    edit_manifest(folder, lambda record: record.pop(key))
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        read_folder(folder)


@pytest.mark.parametrize(
    "facts", [None, {}, {"size": "1", "sha256": "0" * 64}, {"size": 1, "sha256": "0"}]
)
def test_a_manifest_without_size_and_hash_is_refused(folder, facts):
    edit_manifest(folder, lambda record: record["files"].update({"a.txt": facts}))
    with pytest.raises(ArtifactError, match=r"no size and SHA-256 of 'a\.txt'"):
        read_folder(folder)


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "..", "a/b", "C:\\x", "", ".lock"])
def test_a_manifest_whose_files_leave_the_folder_is_refused(folder, name):
    """Case 71."""
    outside = b"secret"
    (folder.parent.parent / "x").write_bytes(outside)
    facts = {"size": len(outside), "sha256": hashlib.sha256(outside).hexdigest()}
    edit_manifest(folder, lambda record: record["files"].update({name: facts}))
    with pytest.raises(ArtifactError, match="is refused"):
        read_folder(folder)


@pytest.mark.parametrize("data", ["..", "../saved", "/tmp", ".", "data-", None, ["data"]])
def test_a_manifest_whose_data_lie_elsewhere_is_refused(folder, data):
    """Case 71."""
    edit_manifest(folder, lambda record: record.update(data=data))
    with pytest.raises(ArtifactError, match="no name that protimb gives"):
        read_folder(folder)


def test_symbolic_links_are_refused(folder):
    """Case 71."""
    path = data_of(folder) / "a.txt"
    path.rename(folder.parent / "elsewhere.txt")
    path.symlink_to(folder.parent / "elsewhere.txt")
    with pytest.raises(ArtifactError, match=r"a\.txt.*symbolic link"):
        read_folder(folder)


def test_a_linked_data_folder_is_refused(folder):
    """Case 71."""
    data = data_of(folder)
    data.rename(folder.parent / "elsewhere")
    data.symlink_to(folder.parent / "elsewhere")
    with pytest.raises(ArtifactError, match="symbolic link"):
        read_folder(folder)


def test_a_linked_manifest_is_refused(folder):
    """Case 71."""
    (folder / "manifest.json").rename(folder.parent / "m.json")
    (folder / "manifest.json").symlink_to(folder.parent / "m.json")
    with pytest.raises(ArtifactError, match="symbolic link"):
        read_folder(folder)


def test_a_pipe_in_a_files_place_is_refused_and_does_not_block(folder):
    path = data_of(folder) / "a.txt"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ArtifactError, match="not a plain file"):
        read_folder(folder)


def test_a_writer_cannot_be_asked_to_leave_the_folder(folder):
    """Case 71."""
    with pytest.raises(ArtifactError, match="is refused"):
        write_folder(folder, {"../x": text("x")}, {})
    assert version_of(folder) == "1"


def test_cleaning_follows_no_link(folder):
    """Case 71."""
    precious = folder.parent / "precious"
    precious.mkdir()
    (precious / "file").touch()
    (folder / f"data-{'0' * 32}").symlink_to(precious)
    save(folder, "2")
    assert (precious / "file").exists()
    assert len(list(folder.glob("data-*"))) == 1


def test_a_newer_schema_asks_for_an_update(folder):
    """Case 72."""
    edit_manifest(folder, lambda record: record.update(schema=SCHEMA + 1))
    with pytest.raises(ArtifactError, match=f"schema {SCHEMA + 1}.*Update protimb"):
        read_folder(folder)


def test_of_many_writers_one_wins_whole_while_readers_always_find_a_save(folder):
    """Case 76."""
    problems = []

    def work(job, *args):
        try:
            for _ in range(5):
                job(folder, *args)
        except Exception as error:
            problems.append(error)

    jobs = [(save, "2"), (save, "3"), (version_of,), (version_of,)]
    threads = [threading.Thread(target=work, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert version_of(folder) in {"2", "3"}
    assert len(list(folder.glob("data-*"))) == 1


def test_a_save_between_reading_manifest_and_files_is_read_instead(folder, monkeypatch):
    """Case 76."""
    real = folder_module._read_files

    def overtaken(*args):
        monkeypatch.undo()
        save(folder, "2")
        return real(*args)

    monkeypatch.setattr(folder_module, "_read_files", overtaken)
    assert version_of(folder) == "2"


def test_a_second_writer_waits_for_the_first(folder):
    """Case 76: else its clearing up would take the first one's files away."""
    second = threading.Thread(target=save, args=(folder, "3"))

    def slow(path):
        path.write_text("2", encoding="utf-8")
        second.start()
        second.join(timeout=0.2)
        assert second.is_alive()

    write_folder(folder, {"a.txt": slow}, {"version": "2"})
    second.join()
    assert version_of(folder) == "3"


def test_the_module_loads_without_torch():
    script = "import sys, protimb.utils._folder; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def rewrite_manifest(folder, **changes):
    path = folder / "manifest.json"
    record = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(record))


@pytest.mark.parametrize(
    "versions", [None, [], "1.0", {"numpy": 1}, {"numpy": "x"}, {"a": "1" * 99}]
)
def test_odd_versions_are_refused(tmp_path, versions):
    save(tmp_path, "1")
    rewrite_manifest(tmp_path, versions=versions)
    with pytest.raises(ArtifactError, match=r"manifest\.json is damaged: 'versions'"):
        read_folder(tmp_path)


def test_a_folder_of_a_newer_major_version_warns_and_errors_name_what_wrote_it(tmp_path):
    save(tmp_path, "1")
    assert written_by(tmp_path) == ""
    rewrite_manifest(tmp_path, versions={"protimb": "99.1", "torch": "1.0", "other": "3"})
    with pytest.warns(ProtimbWarning, match=r"saved by protimb 99\.1, and this is"):
        read_folder(tmp_path)
    with (
        pytest.raises(ArtifactError, match=r"written with protimb 99\.1 \(here .*, torch 1\.0 "),
        rebuilding("model", tmp_path),
    ):
        raise KeyError("weights")
    assert written_by(tmp_path / "missing") == ""


def test_a_file_that_is_a_hole_in_the_disk_is_not_read(tmp_path):
    save(tmp_path, "1")
    (data,) = tmp_path.glob("data-*")
    os.truncate(data / "a.txt", 2**34)
    record = json.loads((tmp_path / "manifest.json").read_text())
    record["files"]["a.txt"]["size"] = 2**34
    rewrite_manifest(tmp_path, files=record["files"])
    with pytest.raises(ArtifactError, match=r"a\.txt has 16\.0 GiB"):
        read_folder(tmp_path)
