"""One writer at a time: a lock that a killed process lets go, and that says who holds it."""

import os
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from protimb.exceptions import ArtifactWriteError

LOCK = ".lock"  # in a folder, while somebody works there
_PATIENCE = 0.2  # seconds: somebody may have let go, and not removed the file yet


@contextmanager
def hold_folder(folder):
    """Work in a folder alone; the second one is refused at once."""
    with hold(Path(folder) / LOCK, folder):
        yield


@contextmanager
def hold(lock, what, patience=_PATIENCE):
    """Hold the file ``lock`` while ``what`` is written, and leave nothing behind."""
    held = try_to_hold(lock, patience)
    if held is None:
        raise ArtifactWriteError(
            f"{what}: {_holder(lock)} is writing there. Wait for it, or name another place."
        )
    try:
        yield
    finally:
        let_go(held)


def try_to_hold(lock, patience=_PATIENCE):
    """Take a lock, None where somebody keeps it for long; a link in its place is refused."""
    if Path(lock).is_symlink():
        raise ArtifactWriteError(f"{lock} is a link, which no lock of protimb is. Remove it.")
    held = FileLock(lock)
    try:
        held.acquire(timeout=patience, poll_interval=0.02)
    except Timeout:
        return None
    return held


def let_go(held):
    """Remove a lock's file and free it; who opened that file meanwhile finds it gone."""
    with suppress(OSError):  # Windows removes nothing that is open; a file that stays does no harm
        os.unlink(held.lock_file)
    held.release()


def _holder(lock):
    """Name the process that holds a lock, as far as the system says."""
    try:
        inode = os.stat(lock).st_ino
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return "another process"
    words = [line.split() for line in lines]
    found = [one[4] for one in words if len(one) > 5 and one[5].endswith(f":{inode}")]
    return f"process {found[0]}" if found else "another process"
