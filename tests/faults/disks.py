"""A disk that is full when the command has written so much of what it writes."""

import contextlib
import os
import re
import resource
import subprocess
import threading

from verdicts import half_written, is_intact, left_over, one_line, wrong

SIZE = 64 * 2**20  # bytes of the disk
_BALLAST = "ballast"


@contextlib.contextmanager
def small_disk(folder):
    """Mount a disk at a folder; where that cannot be done, files are limited in size instead."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "protimb-attack", str(folder)]
    mounted = subprocess.run(words, capture_output=True, check=False).returncode == 0
    try:
        yield FullDisk(folder) if mounted else FileLimit()
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


class FullDisk:
    """A small disk, of which a ballast file leaves so much free."""

    words = "free bytes of a disk"

    def __init__(self, folder):
        self.folder = folder

    def need(self, arena):
        """Measure the most that the command holds on the disk at a time, beyond what was there."""
        arena.set_up()
        before, most, running = self._used(), [0], arena.start()
        ended = threading.Event()

        def watch():
            while not ended.is_set():
                most[0] = max(most[0], self._used() - before)
                ended.wait(0.0005)

        watcher = threading.Thread(target=watch)
        watcher.start()
        running.wait()
        ended.set()
        watcher.join()
        # Files written over their earlier selves need no more than these have.
        return max(most[0], sum(len(arena.reference()[name] or b"") for name in arena.changed()))

    def limit(self, free):
        """Leave so many bytes; returns what the child has to do, nothing."""
        status = os.statvfs(self.folder)
        available = status.f_bavail * status.f_frsize
        with open(self.folder / _BALLAST, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(available - free, 1))

    def lift(self):
        """Give the space back."""
        (self.folder / _BALLAST).unlink()

    def _used(self):
        status = os.statvfs(self.folder)
        return (status.f_blocks - status.f_bfree) * status.f_frsize


class FileLimit:
    """No disk of its own: the system refuses files beyond a size (EFBIG)."""

    words = "bytes of a file"

    def need(self, arena):
        """Return the size of the largest file that the command writes."""
        return max(len(content) for content in arena.reference().values() if content)

    def limit(self, free):
        """Return what the child has to do before it begins."""
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (free, resource.RLIM_INFINITY))

    def lift(self):
        """Nothing: the limit was the child's."""


def fill_disk(arena, disk, free):
    """Run the subject with so many bytes free, then with space: {what went wrong: where}."""
    arena.set_up()
    done = arena.start(prepare=disk.limit(free)).wait()
    disk.lift()
    tree = arena.look()
    found = {"status": done.status, "half": half_written(arena, tree), "unnamed": []}
    if done.status in arena.subject.statuses:
        return found | {"wrong": wrong(arena, tree), "left": left_over(tree, arena.reference())}
    if said := one_line(done.stderr, arena.work):
        found["unnamed"].append(said)
    # What is kept while the command computes has no table yet.
    if arena.subject.shows and "/cells" not in done.stderr and _shown(arena) not in done.stdout:
        found["unnamed"].append("no table was printed")
    if not arena.subject.folders and not is_intact(arena, tree):
        found["half"].append("the earlier result was changed")
    left = left_over(tree, arena.earlier | arena.reference())
    found["left"] = [name for name in left if not re.fullmatch(arena.subject.keeps, name)]
    again = arena.subject.again if "out/config.json" in tree else None
    done = arena.start(words=again).wait()
    tree = arena.look()
    found["wrong"] = wrong(arena, tree)
    if done.status not in arena.subject.statuses:
        found["wrong"].append(f"with space: status {done.status}, {done.stderr.strip()[-300:]}")
    found["left"] += left_over(tree, arena.reference())
    return found


def _shown(arena):
    """Give what the command prints before it says where it was written."""
    return arena.stdout.split("\nWritten to")[0].strip()
