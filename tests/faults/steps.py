"""Count the steps in which a command changes the disk, and kill it at one."""

import os
import sys
import threading
import time

# What Python reports before it changes something on a disk.
_STEPS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def count_events(work):
    """Write a letter a step that changes a disk to the file ``events`` in the current folder."""
    events = os.open("events", os.O_WRONLY | os.O_APPEND)
    _watch(work, lambda: os.write(events, b"."))


def kill_at_step(work, step, delay, sent):
    """Have this process send itself a signal before such a step, or so many seconds after."""
    left = [step]

    def count():
        left[0] -= 1
        if left[0] == 0 and not delay:
            os.kill(os.getpid(), sent)
        elif left[0] == 0:
            threading.Thread(target=wait_and_kill, daemon=True).start()

    def wait_and_kill():
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
