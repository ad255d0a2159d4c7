"""What must hold of a tree of outputs: whole files, nothing over, the right bytes."""

import re

from subjects import is_whole
from trials import BYSTANDERS, in_child, is_hidden


def half_written(arena, tree, seeds=(0,)):
    """Name what is visible and is neither the earlier result nor that of one of the variants."""
    known = [arena.earlier, *map(arena.reference, seeds)]
    found = [name for name, content in tree.items() if not _is_known(arena, name, content, known)]
    found += [f"{name} is gone" for name in BYSTANDERS if name not in tree]
    for folder, load in arena.subject.folders.items():
        if f"{folder}/manifest.json" in tree and (said := in_child(load, arena.work / folder)):
            found.append(f"{folder} ({said})")
    return found + _torn(arena, tree, known)


def mixed(arena, tree, seed=0):
    """Name files that are new while others are still those of the earlier result, or missing."""
    if not arena.subject.earlier or arena.subject.folders:
        return []
    grows = arena.subject.grows
    changed = [n for n in arena.changed(seed) if n in arena.steady and not re.fullmatch(grows, n)]
    new, old = (
        [name for name in changed if tree.get(name, b"") == one.get(name, b"")]
        for one in (arena.reference(seed), arena.earlier)
    )
    return new + old if len(new) != len(changed) != len(old) else []


def left_over(tree, reference):
    """Name what an undisturbed command would not have left."""
    return sorted(tree.keys() - reference.keys())


def wrong(arena, tree, seed=0):
    """Name what is missing or differs from what the undisturbed command leaves."""
    reference = arena.reference(seed)
    return [
        name
        for name, content in reference.items()
        if name not in tree
        or (name in arena.steady and tree[name] != content)
        or (content is not None and not _is_right(arena, name, tree[name]))
    ]


def is_intact(arena, tree):
    """Say whether all of the earlier result is there, byte for byte."""
    return all(tree.get(name, b"") == content for name, content in arena.earlier.items())


def one_line(stderr, place):
    """Say what is not right with the errors of a refused command: one line that names the place."""
    lines = [one for one in stderr.splitlines() if one and not one.startswith("warning: ")]
    if "Traceback" in stderr or len(lines) != 1 or not lines[0].startswith("error: "):
        return f"not one named line: {(lines or ['nothing'])[-1][:160]}"
    if place is not None and str(place) not in lines[0]:
        return f"no path: {lines[0][:200]}"
    return None


def _has(tree, name, result):
    return name in tree and name in result and tree[name] == result[name]


def _is_known(arena, name, content, known):
    if content is None or is_hidden(name) or any(one.get(name) == content for one in known):
        return True
    if not any(name in one for one in known):
        return bool(re.fullmatch(arena.subject.grows, name)) and is_whole(name, content)
    return _is_right(arena, name, content)


def _is_right(arena, name, content):
    """Say whether bytes that differ between runs may be these: steady files never may."""
    grows = re.fullmatch(arena.subject.grows, name)
    if name in arena.steady and not grows:
        return arena.reference().get(name) == content or any(
            one.get(name) == content for one in arena.references.values()
        )
    return is_whole(name, content)


def _torn(arena, tree, known):
    """Name files that mean nothing without each other, where all are there, of several results."""
    names = [name for name in arena.subject.together if name in tree]
    if len(names) < 2 or any(all(_has(one, name, tree) for name in names) for one in known):
        return []
    return [f"{' and '.join(names)} are not of one result"]
