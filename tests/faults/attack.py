"""Attack every command: kills, full disks, several writers at once, links at their outputs.

``python tests/faults/attack.py --kills 200`` (or ``make attack KILLS=200``) prints tables, and
ends with status 1 if anything is half-written, left over or wrong. Every trial is known by its
command and its number: ``--attack kills --command embed --number 17`` makes it again.
``--results FILE`` keeps each trial as a line of JSON; ``--show FILE`` prints the tables of such a
file again.
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
    parser.add_argument("--attack", action="append", choices=["kills", "disks", "writers", "links"])
    parser.add_argument("--command", action="append", choices=list(SUBJECTS))
    parser.add_argument("--number", type=int, help="of one kill to try alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="commands attacked at a time")
    parser.add_argument("--results", type=Path, help="file of a line of JSON a trial")
    parser.add_argument("--show", type=Path, help="print the tables of such a file")
    parser.add_argument("--docs", type=Path, help="a page to put the tables into, between marks")
    return parser


def _fast_disk():
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _attack_all(root, asked):
    names = asked.command or list(SUBJECTS)
    inputs = warm_up(root, names)
    path = asked.results or root / "results"
    path.write_text("")
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
    while number := os.read(queue, 1):
        name = names[number[0]]
        with path.open("a") as file:
            for result in attack(root / name.replace(" ", "_"), inputs, name, asked):
                file.write(json.dumps(result) + "\n")
                file.flush()
        shutil.rmtree(root)


def attack(root, inputs, name, asked):
    """Yield the results of all trials of one command."""
    began = time.monotonic()
    kinds = asked.attack or ["links", "writers", "disks", "kills"]
    arena = Arena(root, inputs, name)
    print(f"{name}: {arena.seconds:.2f} s, {arena.n_events} steps on the disk", flush=True)
    for kind in kinds:
        for result in _TRIALS[kind](arena, asked):
            result = {"command": name, "attack": kind} | result
            if _is_finding(result):
                print(json.dumps(result)[:600], flush=True)
            yield result
        print(f"{name}, {kind}: {time.monotonic() - began:.0f} s", flush=True)


def _kills(arena, asked):
    numbers = range(asked.kills) if asked.number is None else [asked.number]
    for number in numbers:
        yield {"number": number} | kill_at_random(arena, number, asked.seed)


def _disks(arena, asked):
    with small_disk(arena.root / "disk") as disk:
        work = arena.root / "disk" / "work"
        arena = Arena(arena.root / "on_disk", arena.inputs, arena.name, work)
        need = disk.need(arena)
        for number in range(asked.disks):
            free = int(need * number / asked.disks)
            yield {"number": number, "free": free, "need": need} | fill_disk(arena, disk, free)


def _writers(arena, asked):
    for n_writers in (2, 4):
        for number in range(asked.writers):
            found = write_at_once(arena, number, n_writers)
            yield {"number": number, "attack": f"{n_writers} writers"} | found


def _links(arena, asked):
    for name in names_of_outputs(arena):
        yield {"number": name} | put_link(arena, name)


_TRIALS = {"kills": _kills, "disks": _disks, "writers": _writers, "links": _links}


def _is_finding(result):
    return any(result.get(column) for column in TABLES[result["attack"]])


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
