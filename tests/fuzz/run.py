"""Damage valid inputs by the thousand, and see that nothing but named errors comes of it.

``python tests/fuzz/run.py --seconds 600`` (or ``make fuzz SECONDS=600``) prints a table of targets,
inputs and findings, and ends with status 1 if there is a finding. Every input is known by its
target and its number: ``--target obo --first 1234 --inputs 1`` makes it again.
"""

import argparse
import contextlib
import importlib
import json
import mmap
import os
import random
import resource
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from mutations import mutate
from targets import collect, write

ROOM = 2**30  # bytes of address space beyond what the process had before its first input
PATIENCE = 20  # seconds for one input


class Finding(NamedTuple):
    """What came of an input that should have been read or refused by name."""

    target: str
    number: int
    kind: str
    where: str


class HangError(BaseException):
    """Reading took too long."""


def make_input(name, target, number):
    """Make the damaged files of one input, {path: content}: the same ones each time."""
    rng = random.Random(f"{name}/{number}")
    if target.vary is not None:
        return target.vary(rng)
    damaged = rng.choice(sorted(target.files))
    other = target.files[rng.choice(sorted(target.files))]
    return {damaged: mutate(rng, target.files[damaged], other)}


def try_input(target, folder, files):
    """Read one input in a folder of the valid files: None, or a finding's kind and place."""
    files = files | _vouched(target, files)
    for path, content in files.items():
        (folder / path).write_bytes(content)
    try:
        return read(target, folder)
    finally:
        for path in files:
            (folder / path).write_bytes(target.files[path])


def _vouched(target, files):
    """Have a manifest vouch for damaged files, so that what lies behind the hashes is reached."""
    from protimb.utils._folder import _fingerprint

    if "manifest.json" not in target.files or "manifest.json" in files:
        return {}
    manifest = json.loads(target.files["manifest.json"])
    for path, content in files.items():
        name = Path(path).name
        if name in manifest["files"]:
            manifest["files"][name] = _fingerprint(content)
    return {"manifest.json": json.dumps(manifest).encode()}


def read(target, folder):
    """Read the files of a folder: None, or kind and place of a finding."""
    from protimb.exceptions import ProtimbError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = target.read(folder)
    except (ProtimbError, FileNotFoundError):  # the latter: a name that was damaged away
        return None
    except (Exception, HangError) as error:
        return type(error).__name__, _innermost(error)
    try:
        target.check(found)
    except Exception as error:
        return "accepted in silence", _innermost(error, anywhere=True)
    return None


def _innermost(error, anywhere=False):
    """Name the innermost place in protimb that an error went through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if "/protimb/" in one.filename] if not anywhere else frames
    last = (ours or frames)[-1]
    return f"{Path(last.filename).name}:{last.name}:{last.lineno}"


def _alarm(*_):
    raise HangError


@contextlib.contextmanager
def _limits():
    """Bound address space and time; what goes beyond is a finding."""
    with open("/proc/self/statm") as file:
        taken = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, resource.RLIM_INFINITY))
    signal.signal(signal.SIGALRM, _alarm)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def fuzz(name, target, first, n_inputs, seconds=None):
    """Try inputs of one target in processes of their own: (number tried, list of Finding)."""
    shared = mmap.mmap(-1, 16)
    findings, at, ends_at = [], first, seconds and time.monotonic() + seconds
    scratch = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        while at < first + n_inputs and not (ends_at and time.monotonic() > ends_at):
            log = scratch / "findings.txt"
            log.write_text("")
            child = os.fork()
            if not child:
                try:
                    _work(name, target, (at, first + n_inputs), ends_at, scratch, shared)
                finally:
                    os._exit(1)  # an error of ours: nothing of the parent's may be cleaned up
            status = _watch(child, shared)
            number, is_done = struct.unpack("<qq", shared[:16])
            findings += [Finding(name, *_line(one)) for one in log.read_text().splitlines()]
            at = number + 1
            if not is_done:
                what = f"died of {_cause(status)}"
                findings.append(Finding(name, number, what, ""))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return at - first, findings


def _watch(child, shared):
    """Wait for a child's end, and end it where it is held within a library's own code."""
    seen, since = None, time.monotonic()
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        if shared[:8] != seen:
            seen, since = shared[:8], time.monotonic()
        elif time.monotonic() - since > PATIENCE + 5:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.05)


def _line(text):
    number, kind, where = text.split("\t")
    return int(number), kind, where


def _cause(status):
    return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"exit {status}"


def _work(name, target, numbers, ends_at, scratch, shared):
    """Try inputs until the numbers or the time are over, and leave without cleaning up."""
    folder = scratch / "input"
    shutil.rmtree(folder, ignore_errors=True)
    write(folder, target.files)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1), os.dup2(null, 2)
    with _limits(), (scratch / "findings.txt").open("a") as log:
        for number in range(*numbers):
            shared[:16] = struct.pack("<qq", number, 0)
            signal.alarm(PATIENCE)
            found = try_input(target, folder, make_input(name, target, number))
            signal.alarm(0)
            if found:
                log.write(f"{number}\t{found[0]}\t{found[1]}\n")
                log.flush()
            if ends_at and time.monotonic() > ends_at:
                break
        shared[:16] = struct.pack("<qq", number, 1)
    os._exit(0)


def main():
    """Fuzz, print the table, and say by the status whether anything was found."""
    options = _options()
    warnings.simplefilter("ignore")
    with contextlib.suppress(ImportError):  # within a limit half of it might be imported
        importlib.import_module("transformers")
    chosen = collect(options.target)
    if not chosen:
        raise SystemExit(f"No target is called {options.target!r}.")
    share = options.seconds and options.seconds / len(chosen)
    rows, findings = [], []
    for name, target in chosen.items():
        tried, found = fuzz(name, target, options.first, options.inputs, share)
        rows.append((name, tried, len(found)))
        findings += found
        print(f"| {name} | {tried:,} | {len(found):,} |", flush=True)
    print(f"| all | {sum(row[1] for row in rows):,} | {len(findings):,} |\n")
    kinds = Counter((one.target, one.kind, one.where) for one in findings)
    firsts = {(one.target, one.kind, one.where): one.number for one in reversed(findings)}
    for (name, kind, where), n in kinds.most_common():
        print(
            f"{n:6} {name}: {kind} at {where}; the first is --target '{name}' --first "
            f"{firsts[name, kind, where]} --inputs 1"
        )
    raise SystemExit(bool(findings))


def _options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, help="in all, shared by the targets")
    parser.add_argument("--target", default="", help="part of a target's name; all by default")
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--inputs", type=int, default=10**9, help="most inputs a target")
    options = parser.parse_args()
    if options.seconds is None and options.inputs == 10**9:
        options.seconds = 60.0
    return options


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch's threads do not survive a fork
    tests = Path(__file__).parents[1]
    sys.path[:0] = [str(tests.parent), str(tests / "shared"), str(tests / "faults")]
    main()
