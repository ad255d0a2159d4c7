"""Run a command in a fork of this process, which has imported all that it needs, and look at it.

A fork starts in milliseconds where ``protimb`` itself takes seconds to import torch. This process
must never have trained anything: torch's threads do not survive a fork.
"""

import contextlib
import gc
import importlib
import json
import os
import re
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import NamedTuple

from steps import count_events
from subjects import SUBJECTS, spell, write_inputs

PATIENCE = 120  # seconds for a command of a second
_DRAFT = re.compile(r"\.|data-[0-9a-f]{32}$")  # also data that no manifest names
BYSTANDERS = {"mine.txt": b"mine\n", ".mine": b"mine too\n"}


class Ended(NamedTuple):
    """What came of a command: its status (below 0: killed by that signal) and its words."""

    status: int
    stdout: str
    stderr: str
    seconds: float
    n_events: int


class Running:
    """A command in a child of its own."""

    def __init__(self, words, scratch, prepare=None):
        scratch.mkdir(parents=True, exist_ok=True)
        self.scratch = scratch
        for name in ("stdout", "stderr", "events"):
            (scratch / name).write_bytes(b"")
        sys.stdout.flush()
        sys.stderr.flush()
        self.began = time.monotonic()
        self.pid = os.fork()
        if not self.pid:
            _be_the_command(words, scratch, prepare)

    def wait(self):
        """Wait for its end; one that hangs is killed, with status -9 and a word about it."""
        while not (done := os.waitpid(self.pid, os.WNOHANG))[0]:
            if time.monotonic() - self.began > PATIENCE:
                os.kill(self.pid, signal.SIGKILL)
                done = os.waitpid(self.pid, 0)
                (self.scratch / "stderr").write_text("HUNG\nHUNG\n")
                break
            time.sleep(0.001)
        seconds = time.monotonic() - self.began
        with contextlib.suppress(ProcessLookupError):  # none is right: nobody outlives it
            os.killpg(self.pid, signal.SIGKILL)
        said = [(self.scratch / name).read_text(errors="replace") for name in ("stdout", "stderr")]
        n_events = len((self.scratch / "events").read_bytes())
        return Ended(os.waitstatus_to_exitcode(done[1]), *said, seconds, n_events)

    def kill(self, after, number):
        """Send a signal at a time after its start, unless it has ended."""
        pause = self.began + after - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def _be_the_command(words, scratch, prepare):
    status = 1
    try:
        os.setsid()
        os.chdir(scratch)
        for name, number in (("stdout", 1), ("stderr", 2)):
            os.dup2(os.open(scratch / name, os.O_WRONLY | os.O_APPEND), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if prepare:
            prepare()
        from protimb.cli import app

        app(words, prog_name="protimb")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


class Arena:
    """The folders of one subject: inputs that all share, and outputs that each trial sets anew."""

    def __init__(self, root, inputs, name, work=None):
        self.name = name
        self.subject = SUBJECTS[name]
        self.inputs = inputs
        self.root = root
        self.work = work or root / "work"
        self.scratch = root / "scratch"
        self.before = self._make_before()  # as it is on the disk
        self.earlier = settle(self.before)
        self.references = {}
        self.steady, self.seconds, self.n_events, self.stdout = self._look_twice()

    def start(self, seed=0, prepare=None, words=None, place="0"):
        """Start the subject's command, or other words."""
        words = spell(words or self.subject.words, self.inputs, self.work, seed)
        return Running(words, self.scratch / place, prepare)

    def set_up(self):
        """Bring the folder of outputs to what it was before the command."""
        for path in self.work.iterdir() if self.work.exists() else ():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        self.work.mkdir(parents=True, exist_ok=True)
        restore(self.work, self.before)

    def reference(self, seed=0):
        """Give the tree that the command leaves where nothing disturbs it."""
        if seed not in self.references:
            self.set_up()
            self._finish(self.start(seed).wait())
            self.references[seed] = self.look()
        return self.references[seed]

    def changed(self, seed=0):
        """Name the files of which the command makes others than the earlier result has."""
        reference = self.reference(seed)
        return [one for one in reference if reference[one] != self.earlier.get(one)]

    def look(self):
        """Read the folder of outputs, with what a manifest names under a name of its own."""
        return settle(snapshot(self.work))

    def _make_before(self):
        self.before = dict(BYSTANDERS)
        self.set_up()
        for words in self.subject.earlier:
            self._finish(self.start(4, words=words).wait())
        return snapshot(self.work)

    def _look_twice(self):
        first = self.reference()
        self.set_up()
        seconds = [self._finish(self.start().wait()).seconds]
        steady = {
            name
            for name, content in self.look().items()
            if first.get(name) == content and not re.fullmatch(self.subject.timed, name)
        }
        self.set_up()
        done = self._finish(self.start(prepare=lambda: count_events(self.work)).wait())
        return steady, max(*seconds, done.seconds), done.n_events, done.stdout

    def _finish(self, done):
        if done.status not in self.subject.statuses:
            raise RuntimeError(f"{self.name} ended with {done.status}:\n{done.stdout}{done.stderr}")
        return done


def snapshot(folder):
    """Read a tree, hidden files too: {path: bytes; None of a folder; -> of a link}."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}".encode()
        elif path.is_dir():
            found[name] = None
        else:
            found[name] = path.read_bytes()
    return found


def settle(tree):
    """Rename the data folders that manifests name, which are random, and leave all others."""
    names = {}
    for path, content in tree.items():
        if path.endswith("manifest.json") and content and (data := _data_folder(content)):
            above = path.removesuffix("manifest.json")
            names[above + data] = above + "data", data.encode()
    found = {}
    for path, content in tree.items():
        for old, (new, word) in names.items():
            if path == old or path.startswith(f"{old}/"):
                path = path.replace(old, new, 1)
            if content and path == f"{new.removesuffix('data')}manifest.json":
                content = content.replace(word, b"data")
        found[path] = content
    return found


def _data_folder(content):
    try:
        return json.loads(content)["data"]
    except (ValueError, LookupError, TypeError):
        return None


def restore(folder, tree):
    """Write a tree that `snapshot` read."""
    for name, content in tree.items():
        if content is None:
            (folder / name).mkdir(exist_ok=True)
        else:
            (folder / name).write_bytes(content)


def is_hidden(name):
    """Say whether a path of a tree is a draft, a lock or below one; bystanders are ours."""
    return name not in BYSTANDERS and any(_DRAFT.match(part) for part in Path(name).parts)


def in_child(function, *args):
    """Call a function in a fork: None where it returns, else what it raised, as text."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            function(*args)
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}"[:500].encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        said = pipe.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return said or (f"died of signal {-status}" if status else None)


def warm_up(root, names):
    """Import what the commands import, and write the inputs that they share."""
    importlib.import_module("protimb.cli")

    def run(words):
        done = Running(words, root / "scratch").wait()
        if done.status:
            raise RuntimeError(f"{words} ended with {done.status}:\n{done.stdout}{done.stderr}")

    inputs = root / "in"
    write_inputs(inputs, run, names)
    for name in names:
        _learn_modules(root, inputs, name)
    _settle_modules()
    gc.freeze()
    return inputs


def _settle_modules():
    """Do what a module does at its first use, where a command brought it."""
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    if plt := sys.modules.get("matplotlib.pyplot"):
        plt.close(plt.figure())


def _learn_modules(root, inputs, name):
    """Run a command once in a child, and import here what it imported there."""
    work, listing = root / "warm", root / "modules"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)

    def note():
        real = os._exit

        def leave(status):
            listing.write_text("\n".join(sys.modules))
            real(status)

        os._exit = leave

    for words in (*SUBJECTS[name].earlier, SUBJECTS[name].words):
        Running(spell(words, inputs, work), root / "scratch", note).wait()
        for module in listing.read_text().split("\n"):
            if module not in sys.modules:
                with contextlib.suppress(Exception):
                    importlib.import_module(module)
    shutil.rmtree(work)
