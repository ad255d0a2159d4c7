"""Folders that are whole at any moment: one save's files, and a manifest that vouches for them.

A saved folder looks like this::

    folder/
      manifest.json          schema, versions, which files are meant, their sizes and SHA-256
      data-5e0c.../          the files of the latest save
      .lock                  there and held while somebody writes

Every save makes a ``data-`` folder under a name of its own, and then replaces ``manifest.json``,
which is one indivisible step of the file system. A process that is killed before that step leaves
the previous save in force, one that is killed after it the new one. What nobody refers to any more
is removed by the next writer.
"""

import contextlib
import functools
import hashlib
import json
import os
import platform
import re
import secrets
import stat
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from protimb._version import __version__
from protimb.exceptions import ArtifactError, ArtifactWriteError, ProtimbWarning
from protimb.utils._json_text import read_json
from protimb.utils._locks import LOCK, hold, let_go, try_to_hold
from protimb.utils._memory import available_memory
from protimb.utils._new_folder import remove, sync, whole_file
from protimb.utils._warnings import users_level

SCHEMA = 1

_MANIFEST = "manifest.json"
_MAX_MANIFEST = 2**28  # bytes: far above the ids of any label set, far below what hurts
_MAX_FILES = 1000
_LARGE = 2**28  # bytes
_DATA = re.compile(r"data-[0-9a-f]{32}")
_STALE = re.compile(r"data-[0-9a-f]{32}|\.manifest\.json(-[0-9a-f]{16}|\.lock)")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAJOR = re.compile(r"[0-9]{1,6}")
_VERSION = re.compile(r"[0-9]{1,6}[A-Za-z0-9.+_!-]{0,60}")
_VERSIONED = ("numpy", "scikit-learn", "torch", "safetensors")
_PATIENCE = 600  # seconds to wait for another writer


class SavedFolder(NamedTuple):
    """What a verified folder holds: the caller's manifest, and each file's bytes by name."""

    manifest: dict[str, Any]
    files: dict[str, bytes]
    versions: dict[str, str]


def write_folder(folder, writers, manifest):
    """Save files so that a reader finds all of them or all of the previous save's."""
    folder = Path(folder)
    for name in writers:  # file name -> function that gets a path and writes the file there
        _check_name(name, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with hold(folder / LOCK, folder, _PATIENCE):
            _write_version(folder, writers, manifest)
    except OSError as error:
        raise ArtifactWriteError(
            f"{folder} could not be written ({error}). A save that was there before is intact. "
            "Look for space, quota and permissions, or save elsewhere."
        ) from error


def tidy_folder(folder):
    """Remove what a killed writer left beside the save in force, unless somebody writes there."""
    if folder.is_dir() and (held := try_to_hold(folder / LOCK)) is not None:
        try:
            _clean(folder)
        finally:
            let_go(held)


def read_folder(folder):
    """Read what write_folder saved, and nothing that its manifest does not vouch for."""
    folder = Path(folder)
    record = _read_manifest(folder)
    while True:
        try:
            files = _read_files(folder, record)
        except ArtifactError:
            # A writer may have replaced the save between our reading of manifest and files.
            latest = _read_manifest(folder)
            if latest == record:
                raise
            record = latest
        else:
            _warn_if_newer(folder, record["versions"])
            return SavedFolder(record["content"], files, record["versions"])


def written_by(folder):
    """Say which other versions than those here wrote a folder; nothing where all are the same."""
    try:
        versions = _read_manifest(Path(folder))["versions"]
    except (ArtifactError, OSError):
        return ""
    here = _versions()
    others = [
        f"{name} {versions[name]} (here {version})"
        for name, version in here.items()
        if versions.get(name, version) != version
    ]
    return f" It was written with {', '.join(others)}." if others else ""


def _warn_if_newer(folder, versions):
    if _major(versions.get("protimb", "0")) > _major(__version__):
        warnings.warn(
            f"{folder} was saved by protimb {versions['protimb']}, and this is {__version__}: what "
            "it means may have changed. Update protimb.",
            ProtimbWarning,
            stacklevel=users_level(),
        )


def _major(version):
    found = _MAJOR.match(version)
    return int(found[0]) if found else 0


def _write_version(folder, writers, manifest):
    token = secrets.token_hex(16)
    data = folder / f"data-{token}"
    try:
        data.mkdir()
        for name, write in writers.items():
            write(data / name)
            sync(data / name)
        sync(data)
        files = {name: _fingerprint((data / name).read_bytes()) for name in writers}
        with whole_file(folder / _MANIFEST) as draft:
            draft.write_text(_manifest_text(manifest, data.name, files), encoding="utf-8")
        sync(folder)
    finally:
        # The previous save after a success, our own drafts after a failure.
        _clean(folder)


def _manifest_text(content, data_name, files):
    record = {
        "schema": SCHEMA,
        "versions": _versions(),
        "content": content,
        "data": data_name,
        "files": files,
    }
    return json.dumps(record, indent=1)


@functools.lru_cache(maxsize=1)
def _versions():
    found = {"protimb": __version__, "python": platform.python_version()}
    for package in _VERSIONED:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def _clean(folder):
    """Remove what no manifest refers to; the lock tells that nobody is writing it."""
    try:
        in_force = _read_manifest(folder)["data"]
    except ArtifactError:  # no save yet, or one that cannot be trusted and may be looked into
        in_force = None
        if (folder / _MANIFEST).exists():
            return
    for path in folder.iterdir():
        if path.name == in_force or not _STALE.fullmatch(path.name):
            continue  # in force, or not written by protimb
        remove(path)


def _fingerprint(content):
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _read_manifest(folder):
    if not folder.is_dir():
        raise ArtifactError(f"{folder} is not a folder; nothing was saved there.")
    path = folder / _MANIFEST
    if not os.path.lexists(path):
        raise ArtifactError(
            f"{folder} has no {_MANIFEST}: protimb did not save it, or was interrupted before its "
            "first save was complete."
        )
    record = read_json(read_regular(path, max_size=_MAX_MANIFEST), path, ArtifactError)
    _check_record(record, path)
    return record


def _check_record(record, path):
    schema = record.get("schema") if isinstance(record, dict) else None
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise ArtifactError(f"{path} is not a manifest of protimb: it states no schema.")
    if schema > SCHEMA:
        raise ArtifactError(
            f"{path} has schema {schema}, and this protimb ({__version__}) reads schemas up to "
            f"{SCHEMA}. Update protimb."
        )
    data, files = record.get("data"), record.get("files")
    if not isinstance(data, str) or not _DATA.fullmatch(data):
        raise ArtifactError(f"{path}: data folder {data!r} is no name that protimb gives.")
    if not isinstance(record.get("content"), dict) or not isinstance(files, dict):
        raise ArtifactError(f"{path} is damaged: 'content' and 'files' must be objects.")
    if not _are_versions(record.setdefault("versions", {})):
        raise ArtifactError(f"{path} is damaged: 'versions' must give packages and their versions.")
    if len(files) > _MAX_FILES:
        raise ArtifactError(f"{path} names {len(files):,} files; no save has so many.")
    for name, facts in files.items():
        _check_name(name, path)
        if not _is_fingerprint(facts):
            raise ArtifactError(f"{path} is damaged: no size and SHA-256 of {name!r}.")


def _check_name(name, where):
    if not _FILE_NAME.fullmatch(name):
        raise ArtifactError(
            f"{where}: file name {name!r} is refused; files of a save lie in one folder, without "
            "'/', '..' or a drive."
        )


def _are_versions(versions):
    """Tell whether these are versions of packages, {name: version}."""
    return isinstance(versions, dict) and all(
        isinstance(version, str) and _VERSION.fullmatch(version) for version in versions.values()
    )


def _is_fingerprint(facts):
    return (
        isinstance(facts, dict)
        and type(facts.get("size")) is int
        and isinstance(facts.get("sha256"), str)
        and _SHA256.fullmatch(facts["sha256"]) is not None
    )


def _read_files(folder, record):
    data = folder / record["data"]
    if data.is_symlink():
        raise ArtifactError(f"{data} is a symbolic link, which could lead out of the folder.")
    return {name: _read_verified(data / name, facts) for name, facts in record["files"].items()}


def _read_verified(path, facts):
    content = read_regular(path, size=facts["size"])
    if _fingerprint(content) != facts:
        raise ArtifactError(
            f"{path} is not what was saved: its SHA-256 differs from the manifest's. Restore it "
            "from a copy, or train again."
        )
    return content


def read_regular(path, *, size=None, max_size=None):
    """Read a plain file after a look at its kind and size; a link or a pipe is refused."""
    try:
        handle = os.open(path, os.O_RDONLY | _NO_LINK | getattr(os, "O_BINARY", 0))
    except OSError as error:
        kind = "is a symbolic link, which is refused" if path.is_symlink() else f"({error})"
        raise ArtifactError(f"{path} cannot be read: it {kind}.") from error
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode) or path.is_symlink():
            raise ArtifactError(f"{path} is not a plain file.")
        if size is not None and facts.st_size != size:
            raise ArtifactError(
                f"{path} has {facts.st_size} bytes, and {size} were saved: it is truncated or was "
                "changed. Restore it from a copy, or train again."
            )
        if max_size is not None and facts.st_size > max_size:
            raise ArtifactError(f"{path} has {facts.st_size} bytes, above the limit {max_size}.")
        _check_room(path, facts)
        return file.read()


def require_plain(path):
    """Refuse what is not itself a file, such as a link or a pipe, where protimb made one."""
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise ArtifactError(f"{path} is not a plain file.")


def _check_room(path, facts):
    """Refuse what does not fit into memory, or is large and mostly a hole in the disk."""
    available = available_memory()
    if available is not None and facts.st_size > available:
        raise ArtifactError(
            f"{path} has {facts.st_size / 2**30:,.1f} GiB, and {available / 2**30:,.1f} GiB of "
            "memory are free."
        )
    on_disk = 512 * getattr(facts, "st_blocks", facts.st_size)
    if facts.st_size > _LARGE and on_disk < facts.st_size / 4:
        raise ArtifactError(
            f"{path} has {facts.st_size / 2**30:,.1f} GiB, of which {on_disk / 2**30:,.1f} are on "
            "the disk: it is a hole, and no weights. Restore it from a copy."
        )


# O_NONBLOCK: a pipe in a file's place would hold us in open() for ever.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
