"""Packages that a data set is made of: fetched once, checked by hash, unpacked."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from protimb.exceptions import SourceError
from protimb.utils._files import file_hash
from protimb.utils._new_folder import whole_file

_N_SHOWN = 500  # characters of what a program printed


@dataclass(frozen=True)
class Source:
    """A package at one version, and the program that fetches it into the folder it runs in."""

    name: str
    file: str  # that the program leaves
    sha256: str
    fetch: tuple[str, ...]


def debian(package, version, sha256):
    """Describe a package of Debian, which ``apt-get`` fetches without installing it."""
    words = ("apt-get", "download", f"{package}={version}")
    return Source(package, f"{package}_{version}_all.deb", sha256, words)


def wheel(package, version, sha256):
    """Describe a wheel of PyPI, which ``pip`` fetches without installing it."""
    words = ("pip", "download", "--no-deps", "--only-binary=:all:", f"{package}=={version}")
    return Source(package, f"{package}-{version}-py3-none-any.whl", sha256, words)


def obtain(source, folder):
    """Find a package in a folder or fetch it into that; only one with the right hash is left."""
    path = Path(folder, source.file)
    if not path.is_file():
        _download(source, path)
    found = file_hash(path)
    if found != source.sha256:
        raise SourceError(
            f"{path} has the SHA-256 {found[:16]}..., and {source.sha256[:16]}... is expected: it "
            "is damaged, or was replaced. Remove it, and it is fetched again."
        )
    return path


def _download(source, path):
    """Fetch into a folder of its own, so that what was cut off or is wrong is never taken up."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".fetching-") as draft:
        call(source.fetch, f"{source.name} cannot be fetched", folder=draft)
        fetched = Path(draft, source.file)
        if not fetched.is_file() or file_hash(fetched) != source.sha256:
            raise SourceError(
                f"{' '.join(source.fetch)} did not give {source.file} with the SHA-256 "
                f"{source.sha256[:16]}... Was it cut off, or replaced by another one? Put the "
                f"right file into {path.parent}."
            )
        with whole_file(path) as whole:
            shutil.move(fetched, whole)


def unpack(package, folder):
    """Unpack a package of Debian, once, and return where."""
    folder = Path(folder, package.stem)
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=package.parent, prefix=".unpacking-") as draft:
            call(("dpkg-deb", "-x", str(package), draft), f"{package} cannot be unpacked")
            shutil.copytree(draft, folder)
    return folder


def call(words, problem, folder=None):
    """Run a program, and return what it printed; `problem` says what failed if it did."""
    try:
        done = subprocess.run(  # noqa: S603 - words of this module, and paths
            words, stdin=subprocess.DEVNULL, capture_output=True, check=False, cwd=folder
        )
    except OSError as error:
        raise SourceError(f"{problem}: {words[0]} could not be started ({error}).") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", errors="replace").strip()[-_N_SHOWN:]
        raise SourceError(f"{problem}: {words[0]} failed with code {done.returncode}: {said}")
    return done.stdout.decode("utf-8", errors="replace")
