"""A little of the fuzzing at each run, and every input that ever failed."""

import os
import random
import signal

import numpy as np
import pytest
from commands import COMMAND
from found import FOUND
from mutations import mutate
from run import fuzz, make_input, read
from targets import SAVED, collect, write

# Inputs a target: a few seconds in all. `make fuzz` tries them by the million.
N_INPUTS, N_SAVED, N_COMMANDS = 6, 3, 25


@pytest.fixture(scope="module")
def targets():
    return collect()


def test_valid_inputs_are_read_and_sane(targets, tmp_path):
    for name, target in _but_commands(targets):  # what these start from was made by two of them
        folder = tmp_path / name.replace(" ", "_")
        write(folder, target.files)
        target.check(target.read(folder))


def test_damaged_inputs_are_read_or_refused_by_name(targets):
    findings = []
    for name, target in _but_commands(targets):
        n_inputs = N_SAVED if name.startswith(SAVED) else N_INPUTS
        tried, found = fuzz(name, target, 0, n_inputs)
        assert tried == n_inputs
        findings += found
    assert not findings


def test_hostile_words_end_in_a_result_or_one_named_error(targets):
    commands = [one for name, one in targets.items() if name.startswith(COMMAND)]
    any_of_them = commands[0]._replace(vary=lambda rng: rng.choice(commands).vary(rng))
    assert fuzz("commands", any_of_them, 0, N_COMMANDS) == (N_COMMANDS, [])


def _but_commands(targets):
    return [one for one in targets.items() if not one[0].startswith(COMMAND)]


def test_an_input_is_known_by_its_number(targets):
    target = targets["gaf"]
    inputs = [make_input("gaf", target, number) for number in (7, 7, 8)]
    assert inputs[0] == inputs[1] != inputs[2]


def test_nothing_escapes_the_watch(targets):
    """Readers that crash, hang, allocate or raise anything are findings, each of its kind."""

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    def read(path):
        number = int((path / "x").read_bytes()[:1] or b"0", 16) % 4
        faults = [lambda: 1 // 0, lambda: np.ones(2**31), die, lambda: None]
        return faults[number]()

    target = targets["gaf"]._replace(files={"x": b"0123456789abcdef"}, read=read)
    _, findings = fuzz("faulty", target, 0, 60)
    assert {one.kind for one in findings} >= {"ZeroDivisionError", "died of SIGKILL"}
    assert any("MemoryError" in one.kind for one in findings)


@pytest.mark.parametrize("case", FOUND, ids=lambda case: f"{case[0]}, {case[1]}")
def test_what_once_failed_is_read_or_refused(targets, tmp_path, case):
    name, _, files = case
    target = targets[name]
    write(tmp_path, target.files | files)
    assert read(target, tmp_path) is None


def test_mutations_change_what_they_are_given(targets):
    rng = random.Random(0)
    for _, target in _but_commands(targets):
        for content in target.files.values():
            changed = [mutate(rng, content, content) != content for _ in range(20)]
            assert sum(changed) > 10
