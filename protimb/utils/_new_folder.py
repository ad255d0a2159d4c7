"""Folders and files that appear whole or not at all; a folder only where nothing was."""

import errno
import os
import re
import secrets
import shutil
import time
from contextlib import contextmanager, suppress
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)  # the system does not say where
_STALE = 24 * 3600  # seconds without a change after which a draft is that of a killed process


def check_vacant(out):
    """Refuse a path that holds something; a missing or empty folder is vacant."""
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(f"{out} exists and is not an empty folder. Name another one.")


def check_new(out):
    """Refuse a path at which no new folder can appear."""
    check_vacant(out)
    if Path(out).resolve() == Path.cwd():  # replaced, it would be gone below the user's feet
        raise FileExistsError(f"{str(out)!r} is the folder you are in. Name one inside it.")
    above = next(one for one in Path(out).resolve().parents if one.exists())
    if not above.is_dir():
        raise NotADirectoryError(f"{out} would lie in {above}, which is a file. Name another one.")
    if not os.access(above, os.W_OK | os.X_OK):
        raise PermissionError(f"{out}: nothing may be written to {above}. Name a folder elsewhere.")


@contextmanager
def new_folder(out):
    """Give a draft folder to fill, which becomes `out` at the end of the block, or vanishes."""
    check_new(out)
    out = Path(out).resolve()  # a link may lead to what is yet to be made
    drop_stale(out.parent, _drafts_of(out))
    draft = out.parent / f".{out.name}-{secrets.token_hex(8)}"
    try:
        draft.mkdir(parents=True)
        yield draft
        if out.is_dir():
            out.rmdir()
        os.replace(draft, out)
    except OSError as error:
        if error.errno in _FULL and error.filename is None:
            error.filename = str(out)
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def whole_file(path):
    """Give a draft's path to write, which becomes `path` at the end of the block, or vanishes."""
    path = Path(path)
    drop_stale(path.parent, _drafts_of(path))
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        yield draft
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _drafts_of(path):
    return rf"\.{re.escape(path.name)}-[0-9a-f]{{16}}"


def drop_stale(folder, pattern):
    """Remove drafts, told by their names, that a killed process left in a folder."""
    with suppress(OSError):  # perhaps no folder, perhaps another process removes them
        for path in list(folder.iterdir()):
            if re.fullmatch(pattern, path.name) and time.time() - _changed_at(path) > _STALE:
                _remove(path)


def _changed_at(path):
    inside = path.rglob("*") if path.is_dir() and not path.is_symlink() else ()
    return max(one.lstat().st_mtime for one in (path, *inside))


def _remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
