"""Folders and files that appear whole or not at all, and whole reports in place of earlier ones.

Everything is written into a draft first, under a name of its own beside the place that it is for,
and synced to the disk. While it is written, its place is locked, so that a second writer is refused
at once, and a draft that nobody holds is that of a killed process: the next writer removes it.
"""

import errno
import os
import re
import secrets
import shutil
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from protimb.exceptions import ArtifactWriteError, ProtimbError
from protimb.utils._locks import LOCK, hold, hold_folder, let_go, try_to_hold

_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)  # the system does not say where
_SHORT = re.compile("requested and .* written")  # NumPy's words for it
_CURE = "Remove it, or name another folder."
_LAST = "report.html"  # takes its place after all others
_GONE = ".gone"  # in a draft: a folder of the names that an earlier report has and it has not
_RANDOM = "[0-9a-f]{16}"
# In a folder that is renewed: what is written, what only has to take its place, what was there.
_OWN = rf"(draft-{_RANDOM}|whole|earlier-{_RANDOM})"
# What a process that was killed may leave of any file or folder.
_LEFT = rf"\.(.+\.)?(lock|whole)|\..+-{_RANDOM}"


def check_vacant(out, unless=()):
    """Refuse a path that holds something; leftovers of a killed process and ``unless`` do not."""
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(_names(out) - set(unless))):
        raise FileExistsError(f"{out} exists and is not an empty folder. Name another one.")


def _names(folder):
    return {path.name for path in folder.iterdir() if not re.fullmatch(_LEFT, path.name)}


def check_new(out):
    """Refuse a path at which no new folder can appear; drafts of killed processes vanish."""
    place = _resolved(out)
    drop_stale(place.parent, re.escape(place.name))
    check_vacant(out)
    if place == Path.cwd():  # replaced, it would be gone below the user's feet
        raise FileExistsError(f"{str(out)!r} is the folder you are in. Name one inside it.")
    above = next(one for one in place.parents if one.exists())
    if not above.is_dir():
        raise NotADirectoryError(f"{out} would lie in {above}, which is a file. Name another one.")
    if not os.access(above, os.W_OK | os.X_OK):
        raise PermissionError(f"{out}: nothing may be written to {above}. Name a folder elsewhere.")


def _resolved(path):
    """Follow the links of a path; those that lead in a circle are refused as the system does."""
    try:
        return Path(path).resolve()
    except RuntimeError as error:  # of Python before 3.13
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from error


@contextmanager
def new_folder(out):
    """Give a draft folder to fill, which becomes `out` at the end of the block, or vanishes."""
    check_new(out)
    out = _resolved(out)  # a link may lead to what is yet to be made
    out.parent.mkdir(parents=True, exist_ok=True)
    with _draft_of(out) as draft:
        check_vacant(out)  # another one may have been faster
        draft.mkdir()
        yield draft
        _sync_all(draft)
        if out.is_dir():
            _remove_vacant(out)
        os.replace(draft, out)
        sync(out.parent)


@contextmanager
def whole_file(path):
    """Give a draft's path to write, which becomes `path` at the end of the block, or vanishes."""
    path = Path(path)
    with _draft_of(path) as draft:
        yield draft
        sync(draft)
        os.replace(draft, path)


@contextmanager
def renewed_folder(folder, *, held=False, stem="", listed=None):
    """Give a draft folder to fill, whose files at the end replace those of their names in `folder`.

    All of them do or none; other files stay. A link in the place of a file is replaced; one in the
    place of `folder` itself is followed, as the user named it. The report comes last. A process
    that is killed while files take their places leaves the rest to the next one. ``held`` says that
    the caller holds the folder; a ``stem`` that some files of it alone are renewed, by its name.
    ``listed(folder)`` names the files of an earlier report, of which those that the new one lacks
    are removed.
    """
    folder = _resolved(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with nullcontext() if held else hold(folder / f".{stem}lock", folder / stem.rstrip(".")):
        _settle(folder, stem)
        draft = _new_name(folder, f".{stem}draft")
        try:
            with _located(draft, folder):
                draft.mkdir()
                yield draft
                _require_places(draft, folder)
                _note_former(draft, folder, listed(folder) if listed else ())
                _sync_all(draft)
                os.replace(draft, folder / f".{stem}whole")
                _take_places(folder, stem)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def drop_stale(folder, pattern):
    """Remove drafts that killed processes left in a folder, told by the names of their places."""
    draft = re.compile(rf"\.(?P<name>{pattern})(-{_RANDOM}|\.lock)")
    with suppress(OSError):  # perhaps no folder, perhaps another process removes them
        found = [draft.fullmatch(path.name) for path in folder.iterdir()]
        for name in {one["name"] for one in found if one}:
            _drop_drafts(folder / name)


def refuse_link(folder, error_type=ArtifactWriteError, cure=_CURE):
    """Refuse a link in the place of a folder that protimb makes, and not the user."""
    if folder.is_symlink():
        raise error_type(
            f"{folder} is a link in the place of a folder, and links are not followed. {cure}"
        )


def sync(path):
    """Have the disk hold what was written, so that a power cut cannot reorder our steps."""
    if path.is_dir() and not hasattr(os, "O_DIRECTORY"):
        return  # Windows has no handle to sync for a directory
    # Windows syncs only what is open for writing.
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _draft_of(path):
    """Lock a place, and give the path of a draft beside it."""
    draft = _new_name(path.parent, f".{path.name}")
    with _located(draft, path), hold(_lock_of(path), path):
        _remove_drafts(path)
        try:
            yield draft
        finally:
            remove(draft)


def _new_name(folder, kind):
    return folder / f"{kind}-{secrets.token_hex(8)}"


def _lock_of(path):
    return path.with_name(f".{path.name}{LOCK}")


def _drop_drafts(path):
    """Remove the drafts of a place, and its lock, unless somebody writes there."""
    if (held := try_to_hold(_lock_of(path))) is not None:
        try:
            _remove_drafts(path)
        finally:
            let_go(held)


def _remove_drafts(path):
    _remove_matching(path.parent, rf"\.{re.escape(path.name)}-{_RANDOM}")


def _matching(folder, pattern):
    return [path.name for path in folder.iterdir() if re.fullmatch(pattern, path.name)]


def remove(path):
    """Remove a file, a link or a folder with all that is in it; a missing one does not matter."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _remove_vacant(folder):
    """Remove a folder that holds nothing but leftovers, once nobody works there."""
    if any(folder.iterdir()):
        with hold_folder(folder):
            _remove_matching(folder, rf"(?!\.lock$)({_LEFT})")
    folder.rmdir()


def _remove_matching(folder, pattern):
    for name in _matching(folder, pattern):
        remove(folder / name)


@contextmanager
def _located(draft, place):
    """Say of what the system refused in which place it was, not in which draft, nor nowhere."""
    try:
        yield
    except ProtimbError:
        raise
    except OSError as error:
        named = error.filename2 or error.filename  # of a copy, what is written and not its source
        named = os.fsdecode(named) if isinstance(named, str | bytes) else ""
        if error.errno in _FULL or _SHORT.search(str(error)):
            error.strerror = error.strerror or str(error)
            named = named if str(draft) in named else str(place)
        if named:
            for own in (draft, _lock_of(place)):
                named = named.replace(str(own), str(place))
            error.filename = named
            del error.filename2  # None would be quoted too
        raise


def _sync_all(folder):
    for path in folder.rglob("*"):
        if not path.is_symlink():
            sync(path)
    sync(folder)


def _require_places(draft, folder):
    """Refuse to begin where a folder is in the place of a file, or no plain one in a folder's."""
    for path in draft.rglob("*"):
        place = folder / path.relative_to(draft)
        if path.is_dir():
            refuse_link(place)
        if os.path.lexists(place) and path.is_dir() != (place.is_dir() and not place.is_symlink()):
            raise ArtifactWriteError(
                f"{place} is in the way of a {'folder' if path.is_dir() else 'file'} of that name. "
                "Remove it, or name another folder."
            )


def _note_former(draft, folder, names):
    """Note in a draft which files of an earlier report go when it takes its place."""
    for name in map(Path, names):
        if _leads_inside(folder, name) and not (draft / name).exists():
            (draft / _GONE / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / _GONE / name).touch()


def _leads_inside(folder, name):
    """Tell whether a path names what may be a file of a folder, by no link and no way out."""
    is_plain = not name.is_absolute() and ".." not in name.parts and not _is_folder(folder / name)
    return is_plain and not any((folder / one).is_symlink() for one in [*name.parents][:-1])


def _files_below(folder):
    return [path.relative_to(folder) for path in folder.rglob("*") if not _is_folder(path)]


def _settle(folder, stem):
    """Finish what a killed process had whole, and remove what it had not."""
    if _is_folder(folder / f".{stem}whole"):
        _take_places(folder, stem)
    _remove_matching(folder, rf"\.{re.escape(stem)}{_OWN}")


def _take_places(folder, stem):
    """Move what is whole to its places; where one cannot be, all are as they were."""
    whole, earlier = folder / f".{stem}whole", _new_name(folder, f".{stem}earlier")
    names = [name for name in _files_below(whole) if name.parts[0] != _GONE]
    names.sort(key=lambda name: (name.name == _LAST, name))
    former = [name for name in _files_below(whole / _GONE) if _leads_inside(folder, name)]
    moved = []
    try:
        _keep_earlier(folder, [*names, *former], earlier)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            moved.append(name)
            os.replace(whole / name, folder / name)
        for name in former:
            moved.append(name)
            (folder / name).unlink(missing_ok=True)
        sync(folder)
    except BaseException:
        _move_back(folder, moved, whole, earlier)
        raise
    finally:
        remove(earlier)
    remove(whole)


def _move_back(folder, names, whole, earlier):
    """Undo moves; killed or failing in it, what is whole lies there for the next one to finish."""
    for name in names:
        if os.path.lexists(folder / name) and not os.path.lexists(whole / name):
            os.replace(folder / name, whole / name)
        if os.path.lexists(earlier / name):
            os.replace(earlier / name, folder / name)
    draft = _new_name(folder, f"{whole.name.removesuffix('whole')}draft")
    os.replace(whole, draft)
    remove(draft)


def _is_folder(path):
    return path.is_dir() and not path.is_symlink()


def _keep_earlier(folder, names, earlier):
    """Keep a second name, or a copy, of each file that is to be replaced."""
    for name in names:
        if os.path.lexists(folder / name):
            (earlier / name).parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(folder / name, earlier / name, follow_symlinks=False)
            except (OSError, NotImplementedError):  # a file system without
                shutil.copy2(folder / name, earlier / name, follow_symlinks=False)
