"""Folders and files that appear whole or not at all; a folder only where nothing was."""

import os
import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path


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


@contextmanager
def new_folder(out):
    """Give a draft folder to fill, which becomes `out` at the end of the block, or vanishes."""
    check_new(out)
    out = Path(out).resolve()  # a link may lead to what is yet to be made
    draft = out.parent / f".{out.name}-{secrets.token_hex(8)}"
    try:
        draft.mkdir(parents=True)
        yield draft
        if out.is_dir():
            out.rmdir()
        os.replace(draft, out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def whole_file(path):
    """Give a draft's path to write, which becomes `path` at the end of the block, or vanishes."""
    path = Path(path)
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        yield draft
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
