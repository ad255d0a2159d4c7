"""Kill a command at a random moment, and run it again."""

import os
import random
import signal
import sys
import threading
import time

from verdicts import half_written, left_over, mixed, one_line, wrong

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
# What Python reports before it changes something on a disk.
_STEPS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def kill_at_random(arena, number, seed=0):
    """Kill the subject in its trial of this number: {what went wrong: where}."""
    rng = random.Random(f"{seed}/{arena.name}/{number}")
    sent = SIGNALS[number % 3]
    aimed = rng.random() < 0.5
    arena.set_up()
    if aimed:
        step, delay = rng.randint(1, max(arena.n_events, 1)), rng.choice((0, rng.uniform(0, 0.003)))
        done = arena.start(prepare=lambda: _kill_at_step(arena.work, step, delay, sent)).wait()
        moment = f"step {step} + {delay:.4f} s"
    else:
        after = rng.uniform(0, arena.seconds)
        running = arena.start()
        running.kill(after, sent)
        done = running.wait()
        moment = f"{after:.3f} s"
    found = _look(arena, done)
    return {"moment": f"{sent.name} at {moment}", "status": done.status} | found


def _look(arena, done):
    tree = arena.look()
    found = {"half": half_written(arena, tree), "mixed": mixed(arena, tree)}
    if done.status in arena.subject.statuses:
        return found | {"wrong": wrong(arena, tree), "left": left_over(tree, arena.reference())}
    if done.status >= 0 and done.stderr.startswith("HUNG"):
        found["half"].append("the killed command did not end")
    again = arena.start(words=_again(arena, tree)).wait()
    tree = arena.look()
    found["wrong"] = wrong(arena, tree)
    if again.status not in arena.subject.statuses and not _is_refused_whole(arena, again, found):
        found["wrong"].append(f"run again: status {again.status}, {again.stderr.strip()[-300:]}")
    return found | {"left": left_over(tree, arena.reference())}


def _again(arena, tree):
    """Give the words of the rerun: a run that has begun is gone on with."""
    return arena.subject.again if "out/config.json" in tree else None


def _is_refused_whole(arena, again, found):
    """Say whether the killed command had done all, so that its place is refused to another."""
    refused = arena.subject.new and not found["wrong"] and again.status == 2
    return refused and one_line(again.stderr, arena.work / "out") is None


def count_events(work):
    """Write a letter a step that changes a disk to the file ``events`` in the current folder."""
    events = os.open("events", os.O_WRONLY | os.O_APPEND)
    _watch(work, lambda: os.write(events, b"."))


def _kill_at_step(work, step, delay, sent):
    left = [step]

    def count():
        left[0] -= 1
        if left[0] == 0 and not delay:
            os.kill(os.getpid(), sent)
        elif left[0] == 0:
            threading.Thread(target=kill, daemon=True).start()

    def kill():
        time.sleep(delay)
        os.kill(os.getpid(), sent)

    _watch(work, count)


def _watch(work, tell):
    inside = str(work)

    def hook(event, args):
        if event in _STEPS or (event == "open" and _writes(inside, *args)):
            tell()

    sys.addaudithook(hook)


def _writes(inside, path, mode, flags):
    return isinstance(path, str | os.PathLike) and bool(
        flags & _WRITING and str(path).startswith(inside)
    )
