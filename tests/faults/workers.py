"""Attack trainings of two processes: killed workers, full disks, other data, ports, two writers.

``python tests/faults/workers.py --kills 20`` starts ``torchrun`` for each trial, prints a table and
ends with status 1 if a run ends without a named error or with status 0, if anything is
half-written, if a checkpoint does not load, or if what was killed cannot be gone on with. A trial
takes some ten seconds on two idle cores. Kills are known by their number: ``--attack kills --number
17`` makes that one again.
"""

import argparse
import contextlib
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from subjects import QUICK, TINY, is_whole, write_inputs
from trials import Running, is_hidden, snapshot

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
TRAIN = ["train-sampler", "--hold-out", "0.3", "--sampling-strategy", "20", *QUICK, *TINY]
ENDLESS = ["--param", "min_updates=1000000", "--updates", "1000000"]
DISK = 2**20  # bytes of a small one
_LIMIT = "ATTACK_FILE_BYTES"  # the largest file that a process may write
PATIENCE = 600.0  # seconds until a run counts as hung, on a machine with much else to do
HUNG = 15.0  # seconds that processes wait for one that stands still


class Ended(NamedTuple):
    """What a launcher ended with, and what it and its processes said."""

    status: int
    stderr: str

    @property
    def errors(self):
        """The lines that name an error."""
        return [line for line in self.stderr.splitlines() if line.startswith("error: ")]


class Field:
    """Folders of a trial, and the data that all share."""

    def __init__(self, root):
        self.root, self.number = root, 0
        write_inputs(root / "in", None, [])
        self.data = root / "in" / "cafa"

    def fresh(self):
        """Give the path of a new run."""
        self.number += 1
        (self.root / f"work{self.number}").mkdir()
        return self.root / f"work{self.number}" / "run"

    def words(self, out, *more, data=None):
        """Spell a training into a folder."""
        return [*TRAIN, "--data", str(data or self.data), "--out", str(out), *more]


def main():
    """Run the attacks that are asked for and print what came of them."""
    if sys.argv[1:2] == ["--as-rank"]:
        be_a_rank(json.loads(sys.argv[2]))
    asked = _parser().parse_args()
    found = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="workers-", dir="/dev/shm") as root:
        field = Field(Path(root))
        for name in asked.attack or ATTACKS:
            for trial in ATTACKS[name](field, asked):
                found[name].append(trial)
                print(f"{name}: {trial}", file=sys.stderr, flush=True)
    print(table(found))
    raise SystemExit(any(one for trials in found.values() for one in findings(trials)))


def be_a_rank(words):
    """Be one of several processes, each with words of its own."""
    from protimb.cli import app

    if _LIMIT in os.environ:
        limit = int(os.environ[_LIMIT]), resource.RLIM_INFINITY
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    app(words[int(os.environ["RANK"])], prog_name="protimb")


def launch(words, *, patience=60.0, **told):
    """Start two processes; words are those of both, or a list for each."""
    each = isinstance(words[0], list)
    script = [__file__, "--as-rank", json.dumps(words)] if each else ["-m", "protimb", *words]
    told |= {"OMP_NUM_THREADS": "1", "PROTIMB_TIMEOUT": patience}
    return subprocess.Popen(
        [*TORCHRUN, "--master-port", str(free_port()), *script],
        env=os.environ | {name: str(value) for name, value in told.items()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def end_of(launcher):
    """Wait for the end of a launcher; one that hangs is killed, with what it started."""
    try:
        stderr = launcher.communicate(timeout=PATIENCE)[1]
    except subprocess.TimeoutExpired:
        for pid in (*workers(launcher), launcher.pid):
            os.kill(pid, signal.SIGKILL)
        return Ended(launcher.wait(), "HUNG\n" + launcher.communicate()[1])
    return Ended(launcher.returncode, stderr)


def free_port():
    """Find a port that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def workers(launcher):
    """List the processes that a launcher started, by rank."""
    ranks = {}
    with contextlib.suppress(OSError):  # some may end while we look
        for path in Path(f"/proc/{launcher.pid}/task").glob("*/children"):
            for pid in path.read_text().split():
                told = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                ranks |= {int(one[5:]): int(pid) for one in told if one.startswith(b"RANK=")}
    return [ranks[number] for number in sorted(ranks)]


def wait_for(launcher, condition):
    """Wait until something holds, or the launcher has ended, or patience has."""
    began = time.monotonic()
    while not condition() and launcher.poll() is None and time.monotonic() - began < PATIENCE:
        time.sleep(0.02)


def kills(field, asked):
    """Kill a worker at a random moment; a quarter of them before the first checkpoint."""
    for number in range(asked.kills) if asked.number is None else [asked.number]:
        rng = random.Random(f"{asked.seed}/{number}")
        out, victim, early = field.fresh(), rng.randrange(2), rng.random() < 0.25
        launcher = launch(field.words(out, *ENDLESS))
        wait_for(launcher, lambda: len(workers(launcher)) == 2)  # noqa: B023
        if not early:
            wait_for(launcher, (out / "checkpoints" / "manifest.json").exists)
        after = rng.uniform(0, 10 if early else 3)
        time.sleep(after)
        os.kill(workers(launcher)[victim], signal.SIGKILL)
        moment = f"rank {victim}, {after:.2f} s after {'its start' if early else 'a checkpoint'}"
        yield judge(field, end_of(launcher), out, moment, says="SIGKILL")


def small_files(field, asked):
    """Refuse the processes files beyond a size."""
    for size in (0, 2000, 20_000):
        out = field.fresh()
        words = field.words(out, "--updates", "3")
        ended = end_of(launch([words, words], **{_LIMIT: size}))
        yield judge(field, ended, out, f"files of at most {size} bytes")


def small_disks(field, asked):
    """Fill a small disk."""
    for free in (4096, 65_536):
        out = field.fresh()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "protimb-attack", str(out.parent)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            return
        try:
            with open(out.parent / "ballast", "wb") as file:
                os.posix_fallocate(file.fileno(), 0, DISK - free)
            ended = end_of(launch(field.words(out, "--updates", "3")))
            (out.parent / "ballast").unlink()
            yield judge(field, ended, out, f"{free} bytes free")
        finally:
            subprocess.run(["umount", "-l", str(out.parent)], check=True)


def two_runs(field, asked):
    """Start two runs into one folder: one is refused, the other is as if it had been alone."""
    out = field.fresh()
    started = [launch(field.words(out, "--updates", "3")) for _ in range(2)]
    yield of_two(field, [end_of(one) for one in started], out, "at once")


def two_resumes(field, asked):
    """Go on with one run twice at once."""
    out = field.fresh()
    done = Running(field.words(out, "--updates", "2"), field.root / "scratch").wait()
    if done.status:
        raise RuntimeError(done.stderr)
    words = ["train-sampler", "--resume", "--out", str(out), "--verbose", "0", "--updates", "20"]
    started = [launch(words) for _ in range(2)]
    yield of_two(field, [end_of(one) for one in started], out, "at once")


def other_data(field, asked):
    """Give the second process other vectors."""
    import shutil

    import numpy as np

    other = field.root / "other"
    shutil.copytree(field.data, other)
    np.save(other / "train_embeds.npy", 1 + np.load(field.data / "train_embeds.npy"))
    out = field.fresh()
    words = [field.words(out, "--updates", "3", data=data) for data in (field.data, other)]
    yield judge(field, end_of(launch(words)), out, "vectors", "Process 1 of 2", again=False)


def missing_file(field, asked):
    """Let the second process have no data."""
    out = field.fresh()
    words = [
        field.words(out, "--updates", "3", data=data) for data in (field.data, field.root / "no")
    ]
    yield judge(field, end_of(launch(words)), out, "all of it", "process 1 of 2", again=False)


def port_in_use(field, asked):
    """Start processes, as a launcher would, that shall meet at a port that is taken."""
    out = field.fresh()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(taken.getsockname()[1])}
        told |= {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0", "PROTIMB_TIMEOUT": "20"}
        first = subprocess.Popen(
            [sys.executable, "-m", "protimb", *field.words(out, "--updates", "3")],
            env=os.environ | told | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        ended = Ended(first.wait(PATIENCE), first.communicate()[1])
    yield judge(field, ended, out, told["MASTER_PORT"], "could not join", again=False)


def standing_still(field, asked):
    """Stop one process for longer than the other is to wait."""
    out = field.fresh()
    launcher = launch(field.words(out, *ENDLESS), patience=HUNG)
    wait_for(launcher, (out / "checkpoints" / "manifest.json").exists)
    second = workers(launcher)[1]
    os.kill(second, signal.SIGSTOP)
    wait_for(launcher, lambda: not workers(launcher) or _has_ended(workers(launcher)[0]))
    os.kill(second, signal.SIGCONT)
    yield judge(field, end_of(launcher), out, "rank 1", "lost touch")


def _has_ended(pid):
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


ATTACKS = {
    "kills": kills,
    "files of a limited size": small_files,
    "a full disk": small_disks,
    "two runs into one folder": two_runs,
    "two --resume together": two_resumes,
    "other data in one process": other_data,
    "a file that one process lacks": missing_file,
    "a port in use": port_in_use,
    "a process that stands still": standing_still,
}


def judge(field, ended, out, what, says="error: ", again=True):
    """Look at what a run left: {what went wrong: where}; empty where all is right."""
    trial = {"trial": what, "status": ended.status, "said": (ended.errors or ["nothing"])[0][:160]}
    is_named = len(ended.errors) == 1 and (says in ended.errors[0] or says == "SIGKILL")
    if not is_named and not (says == "SIGKILL" and not ended.errors and says in ended.stderr):
        trial["unnamed"] = ended.stderr[-600:]
    if not ended.status or ended.stderr.startswith("HUNG"):
        trial["no status"] = ended.stderr[-300:]
    trial |= look(out)
    if again and (said := go_on(field, out)):
        trial["not gone on with"] = said
    return trial


def of_two(field, both, out, what):
    """Judge two runs of which one may end well, and the other has to be refused by name."""
    refused = [one for one in both if one.status]
    trial = {"trial": what, "status": [one.status for one in both]}
    trial["said"] = [line[:160] for one in refused for line in one.errors[:1]]
    if len(refused) != 1:
        trial["no status"] = [one.stderr[-300:] for one in both]
    if any(len(one.errors) != 1 or str(out) not in one.errors[0] for one in refused):
        trial["unnamed"] = [one.stderr[-400:] for one in refused]
    return trial | look(out)


def look(out):
    """Name files that are half-written, and a checkpoint that does not load."""
    from protimb.training import load_state

    tree = snapshot(out) if out.exists() else {}
    half = [
        name
        for name, content in tree.items()
        if content is not None and not is_hidden(name) and not is_whole(name, content)
    ]
    found = {"half": half} if half else {}
    if "checkpoints/manifest.json" not in tree:
        return found
    try:
        load_state(out / "checkpoints")
    except Exception as error:  # any: it is what we ask
        found["no checkpoint"] = f"{type(error).__name__}: {error}"
    return found


def go_on(field, out):
    """Go on with a run in one process, or start it where it had not begun: what is wrong."""
    from protimb.training import load_state

    words, n_done = field.words(out), 0
    if (out / "checkpoints").is_dir() and (out / "config.json").is_file():
        words = ["train-sampler", "--resume", "--out", str(out), "--verbose", "0"]
    if (out / "checkpoints" / "manifest.json").exists():
        n_done = load_state(out / "checkpoints")[0]["n_steps"]
    done = Running([*words, "--updates", str(n_done + 2)], field.root / "scratch").wait()
    return done.stderr[-300:] if done.status else None


# What may be wrong with a trial, and how a table says so.
WRONG = {
    "no status": "ended well or hung",
    "unnamed": "not one named error",
    "half": "half-written",
    "no checkpoint": "checkpoint unreadable",
    "not gone on with": "cannot go on",
}


def findings(trials):
    """List what is wrong with trials."""
    return [name for trial in trials for name in WRONG if name in trial]


def table(found):
    """Write a table in Markdown, a line a fault."""
    lines = [["fault", "trials", *WRONG.values()]]
    for name, trials in found.items():
        counts = [sum(wrong in trial for trial in trials) for wrong in WRONG]
        lines.append([name, str(len(trials)), *map(str, counts)])
    lines.insert(1, ["---", *["--:"] * (len(lines[0]) - 1)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--number", type=int, help="of one kill to try alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--attack", action="append", choices=list(ATTACKS))
    return parser


if __name__ == "__main__":
    main()
