"""A little of the attack at each run, and that it would see what it looks for."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from attack import _TRIALS, END, START, _drop_cut_line, _key, _read, put_tables, render
from subjects import SUBJECTS, is_whole, spell
from trials import is_hidden, restore, settle, snapshot
from verdicts import half_written, left_over, mixed, one_line, wrong

DATA = "data-" + "0" * 32
EARLIER = {"out": None, "out/a.csv": b"1\n", "out/b.csv": b"1\n", "mine.txt": b"", ".mine": b""}
LATER = EARLIER | {"out/a.csv": b"2\n", "out/b.csv": b"2\n"}


@pytest.fixture
def arena():
    """A command that makes LATER of EARLIER, without a command."""
    return SimpleNamespace(
        name="imbalance",
        subject=SUBJECTS["imbalance"],
        earlier=EARLIER,
        reference=lambda seed=0: LATER,
        references={0: LATER},
        changed=lambda seed=0: ["out/a.csv", "out/b.csv"],
        steady=set(LATER),
    )


def test_kills_disks_writers_and_links_leave_vectors_whole():
    """In a process of its own: torch's threads do not survive the forks of a trial."""
    words = ["--command", "embed, h5", "--kills", "3", "--disks", "1", "--writers", "1"]
    run = [sys.executable, Path(__file__).with_name("attack.py"), *words]
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| `embed, h5` | 3 | 0 | 0 | 0 | 0 |" in done.stdout


def test_a_whole_result_earlier_or_later_is_right(arena):
    for tree in (EARLIER, LATER):
        assert not half_written(arena, tree)
        assert not mixed(arena, tree)
        assert not left_over(tree, LATER)
    assert not wrong(arena, LATER)


def test_a_file_that_only_the_later_result_has_is_no_mixture(arena):
    arena.earlier = {name: EARLIER[name] for name in EARLIER if name != "out/b.csv"}
    assert not mixed(arena, arena.earlier)
    assert mixed(arena, arena.earlier | {"out/b.csv": b"2\n"})


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"out/a.csv": b"2"}, half_written),
        ({"out/a.csv": b""}, half_written),
        ({"out/c.csv": b"what nobody writes\n"}, half_written),
        ({"out/a.csv": b"2\n"}, mixed),
        ({"out/b.csv": b"1\n"}, wrong),
    ],
)
def test_what_is_cut_mixed_or_wrong_is_found(arena, change, check):
    assert check(arena, (LATER if check is wrong else EARLIER) | change)


def test_bystanders_and_missing_files_are_missed(arena):
    assert half_written(arena, {name: EARLIER[name] for name in EARLIER if name != "mine.txt"})
    assert wrong(arena, {name: LATER[name] for name in LATER if name != "out/a.csv"})


def test_files_that_belong_together_are_of_one_result(arena):
    arena.subject = SUBJECTS["embed"]
    names = arena.subject.together
    bystanders = {"mine.txt": b"", ".mine": b""}
    arena.earlier, later = (dict.fromkeys(names, one) | bystanders for one in (b"1", b"2"))
    arena.reference = lambda seed=0: later
    arena.changed = lambda seed=0: list(names)
    arena.steady = set(later)
    assert half_written(arena, arena.earlier | {names[0]: b"2"})
    assert not half_written(arena, later)
    between = bystanders | {names[0]: b"2"}
    assert not half_written(arena, between)
    assert mixed(arena, between)


def test_drafts_locks_and_data_that_no_manifest_names_are_left_over():
    tree = {f"out/{DATA}": None, "out/manifest.json": f'{{"data": "{DATA}"}}'.encode()}
    draft = {".out-0123456789abcdef": None, "out/.lock": b"", f"out/{DATA[:-1]}1": None}
    found = settle(tree | draft)
    assert set(found) == {"out/data", "out/manifest.json", *draft}
    assert found["out/manifest.json"] == b'{"data": "data"}'
    assert left_over(found, settle(tree)) == sorted(draft)
    assert [name for name in found if is_hidden(name)] == list(draft)


@pytest.mark.parametrize(
    ("stderr", "is_right"),
    [
        ("error: /x/out: No space left on device.\n", True),
        ("warning: slow\nerror: /x/out: No space left on device.\n", True),
        ("error: No space left on device.\n", False),
        ("error: /x/out: No space\nerror: /x/out: again\n", False),
        ("Traceback (most recent call last):\nOSError: /x/out\n", False),
        ("", False),
    ],
)
def test_an_error_is_one_line_that_names_the_place(stderr, is_right):
    assert (one_line(stderr, Path("/x/out")) is None) == is_right


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.json", b'{"a": 1}'), ("a.csv", b"a\n1\n"), ("a.html", b"<html></html>")],
)
def test_a_cut_file_is_not_whole(name, content):
    assert is_whole(name, content)
    assert not is_whole(name, content[:-1])


def test_a_tree_comes_back_as_it_was(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / ".c").write_bytes(b"\0")
    (tmp_path / "again").mkdir()
    tree = {name: one for name, one in snapshot(tmp_path).items() if name != "again"}
    restore(tmp_path / "again", tree)
    assert snapshot(tmp_path / "again") == tree


def test_each_writer_asks_for_something_else():
    for subject in SUBJECTS.values():
        asked = {tuple(spell(subject.words, "in", "work", seed)) for seed in (0, 1)}
        assert len(asked) == 2
        if subject.earlier:
            assert spell(subject.words, "in", "work", 4) != spell(subject.words, "in", "work", 0)


def test_the_table_counts_trials_that_went_wrong():
    trials = [{"command": "embed", "attack": "links", "changed": one} for one in ([], ["x"])]
    assert render(trials).splitlines()[-1] == "| `embed` | 2 | 1 |"


def test_an_attack_goes_on_after_the_trials_it_has(tmp_path, arena):
    path = tmp_path / "results"
    path.write_text('{"command": "embed", "attack": "kills", "number": 7}\n{"command": "emb')
    _drop_cut_line(path)
    assert [_key(one) for one in _read(path)] == [("embed", "kills", 7, 0)]
    asked = SimpleNamespace(kills=2, disks=2, writers=2, number=None, seed=0)
    for attack in _TRIALS.values():
        assert not list(attack(arena, asked, lambda *key: False))


def test_a_page_keeps_its_words_around_the_tables():
    page = f"before\n{START}\nold\n{END}\nafter\n"
    assert put_tables(page, "| new |") == f"before\n{START}\n\n| new |\n\n{END}\nafter\n"
