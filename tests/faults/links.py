"""Links in the places of outputs: what they lead to never changes."""

import shutil

from trials import is_hidden, snapshot

LOCKS = ("out/.lock", ".out.lock", "out/cells/.lock", "out/checkpoints/.lock", "out/sampler/.lock")


def names_of_outputs(arena):
    """List what the subject writes, folders too, and the names that locks may have."""
    made = [name for name in arena.reference() if name != "out" and not is_hidden(name)]
    files = [f".{name}.lock" for name in made if "/" not in name]
    return sorted({*made, *LOCKS, *files} - {"mine.txt", ".mine"})


def put_link(arena, name):
    """Run the subject with a link at an output's name: what of the target changed."""
    arena.set_up()
    place, victim = arena.work / name, arena.root / "victim"
    _remove(victim)
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        place.rename(victim)  # so that what is read through the link is right
    elif arena.reference().get(name, b"") is None:
        victim.mkdir()
    else:
        victim.write_bytes(b"the victim's\n")
    place.symlink_to(victim)
    before = snapshot(arena.root / "victim") if victim.is_dir() else victim.read_bytes()
    done = arena.start().wait()
    after = snapshot(victim) if victim.is_dir() else _read(victim)
    found = {"status": done.status, "changed": [] if after == before else [name]}
    if "Traceback" in done.stderr:
        found["changed"].append(f"{name}: a traceback, {done.stderr.strip()[-200:]}")
    return found


def _read(path):
    return path.read_bytes() if path.exists() else None


def _remove(path):
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
