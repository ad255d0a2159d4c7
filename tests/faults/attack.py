"""Attack every command: kills, full disks, several writers at once, links at their outputs.

``python tests/faults/attack.py --kills 200`` (or ``make attack KILLS=200``) prints tables, and
ends with status 1 if anything is half-written, left over or wrong. Every trial is known by its
command and its number: ``--attack kills --command embed --number 17`` makes it again.
``--results FILE`` keeps each trial as a line of JSON, and goes on with a file that is there: what
it has is not tried again, so that an attack may be stopped and started, or come in parts
(``--command resample``, ``--attack kills``). ``--show FILE`` prints the tables of such a file.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from itertools import product
from pathlib import Path

from disks import fill_disk, small_disk
from kills import kill_at_random
from links import names_of_outputs, put_link
from subjects import SUBJECTS
from trials import Arena, warm_up
from writers import write_at_once

START, END = "<!-- attack: tables of the last full run -->", "<!-- attack: end -->"
TABLES = {  # attack: its columns beside the command and the number of trials
    "kills": {"half": "half-written", "mixed": "between two renames", "wrong": "wrong after rerun"},
    "disks": {"half": "half-written", "unnamed": "not one named line", "wrong": "wrong with space"},
    "2 writers": {"half": "half-written", "mixed": "not one whole result", "unnamed": "unnamed"},
    "4 writers": {"half": "half-written", "mixed": "not one whole result", "unnamed": "unnamed"},
    "links": {"changed": "target changed"},
}
for _attack in ("kills", "disks", "2 writers", "4 writers"):
    TABLES[_attack]["left"] = "left over"


def main(words=None):
    """Run the attacks that the words ask for, and print their tables."""
    asked = _parser().parse_args(words)
    if asked.show:
        results = _read(asked.show)
    else:
        with tempfile.TemporaryDirectory(prefix="attack-", dir=_fast_disk()) as root:
            results = _attack_all(Path(root), asked)
    print(render(results))
    if asked.docs:
        asked.docs.write_text(put_tables(asked.docs.read_text(), render(results)))
    return int(any(_is_finding(one) for one in results))


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200, help="of each command")
    parser.add_argument("--disks", type=int, default=20, help="sizes of a disk")
    parser.add_argument("--writers", type=int, default=20, help="trials of two and of four")
    parser.add_argument("--attack", action="append", choices=list(_TRIALS))
    parser.add_argument("--command", action="append", choices=list(SUBJECTS))
    parser.add_argument("--number", type=int, help="of one kill to try alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="commands attacked at a time")
    parser.add_argument("--results", type=Path, help="file of a line of JSON a trial, to go on")
    parser.add_argument("--show", type=Path, help="print the tables of such a file")
    parser.add_argument("--docs", type=Path, help="a page to put the tables into, between marks")
    return parser


def _fast_disk():
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _attack_all(root, asked):
    names = asked.command or list(SUBJECTS)
    inputs = warm_up(root, names)
    path = asked.results or root / "results"
    _drop_cut_line(path)
    queue, writing = os.pipe()  # each worker takes the next command's number
    os.write(writing, bytes(range(len(names))))
    os.close(writing)
    workers = [
        _fork(_attack_some, root / f"job{job}", inputs, names, queue, asked, path)
        for job in range(asked.jobs)
    ]
    statuses = [os.waitpid(one, 0)[1] for one in workers]
    if any(statuses):
        raise SystemExit("The attack itself failed; see above.")
    return _read(path)


def _drop_cut_line(path):
    """Make a file of results, or go on with one, whose last line may be that of a killed attack."""
    path.touch()
    whole, _, _ = path.read_text().rpartition("\n")
    path.write_text(f"{whole}\n" if whole else "")


def _read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def _fork(function, *args):
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    try:
        function(*args)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _attack_some(root, inputs, names, queue, asked, path):
    done = {_key(one) for one in _read(path)}
    while number := os.read(queue, 1):
        name = names[number[0]]
        with path.open("a") as file:
            for result in attack(root / name.replace(" ", "_"), inputs, name, asked, done):
                file.write(json.dumps(result) + "\n")
                file.flush()
        shutil.rmtree(root, ignore_errors=True)


def _key(result):
    """Tell a trial from all others: its command, its attack, its number and its seed."""
    return tuple(result.get(name, 0) for name in ("command", "attack", "number", "seed"))


def attack(root, inputs, name, asked, done=frozenset()):
    """Yield the results of all trials of one command, but for those whose keys are done."""
    began = time.monotonic()
    arena = Arena(root, inputs, name)
    print(f"{name}: {arena.seconds:.2f} s, {arena.n_events} steps on the disk", flush=True)
    for kind in asked.attack or _TRIALS:
        for result in _TRIALS[kind](arena, asked, lambda *key: (name, *key) not in done):
            result = {"command": name} | result
            if _is_finding(result):
                print(json.dumps(result)[:600], flush=True)
            yield result
        print(f"{name}, {kind}: {time.monotonic() - began:.0f} s", flush=True)


def _links(arena, asked, is_new):
    for name in names_of_outputs(arena):
        if is_new("links", name, 0):
            yield {"attack": "links", "number": name} | put_link(arena, name)


def _writers(arena, asked, is_new):
    for n_writers, number in product((2, 4), range(asked.writers)):
        attack = f"{n_writers} writers"
        if is_new(attack, number, 0):
            yield {"attack": attack, "number": number} | write_at_once(arena, number, n_writers)


def _disks(arena, asked, is_new):
    numbers = [number for number in range(asked.disks) if is_new("disks", number, 0)]
    if not numbers:
        return
    with small_disk(arena.root / "disk") as disk:
        work = arena.root / "disk" / "work"
        arena = Arena(arena.root / "on_disk", arena.inputs, arena.name, work)
        need = disk.need(arena)
        for number in numbers:
            free = int(need * number / asked.disks)
            found = {"attack": "disks", "number": number, "free": free, "need": need}
            yield found | fill_disk(arena, disk, free)


def _kills(arena, asked, is_new):
    for number in range(asked.kills) if asked.number is None else [asked.number]:
        if is_new("kills", number, asked.seed):
            found = {"attack": "kills", "number": number, "seed": asked.seed}
            yield found | kill_at_random(arena, number, asked.seed)


_TRIALS = {"links": _links, "writers": _writers, "disks": _disks, "kills": _kills}


def _is_finding(result):
    columns = set(TABLES[result["attack"]]) - ({"mixed"} if result["attack"] == "kills" else set())
    return any(result.get(column) for column in columns)  # the next run finishes what is mixed


def render(results):
    """Write a Markdown table of each attack: a row a command, the trials that went wrong."""
    tables = [_render_one(kind, results) for kind in TABLES]
    return "\n\n".join(table for table in tables if table)


def put_tables(page, tables):
    """Put tables between the marks of a page, in place of what is there."""
    head, _, rest = page.partition(START)
    _, _, tail = rest.partition(END)
    return f"{head}{START}\n\n{tables}\n\n{END}{tail}"


def _render_one(kind, results):
    columns = TABLES[kind]
    found: dict = defaultdict(list)
    for one in results:
        if one["attack"] == kind:
            found[one["command"]].append(one)
    lines = [["command", kind, *columns.values()], ["---"] * (2 + len(columns))]
    for name in SUBJECTS:
        if trials := found[name]:
            wrong = [sum(bool(one.get(column)) for one in trials) for column in columns]
            lines.append([f"`{name}`", *map(str, (len(trials), *wrong))])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) if found else ""


if __name__ == "__main__":
    sys.exit(main())
