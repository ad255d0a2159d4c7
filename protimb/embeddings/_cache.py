"""Vectors on disk, found by hashes of sequence and model; an interrupted run goes on from them.

A folder holds one folder a model, in which every writer leaves shards under names of its own::

    cache/
      unirep-64-3f0a.../       named by what the vectors depend on
        shard-5e0c....safetensors      keys (n, 32) and vectors (n, width), with a SHA-256

A shard is written under another name and renamed when it is whole, so that several processes can
share a cache and any of them can be killed at any time.
"""

import hashlib
import re
import secrets
import time
from pathlib import Path
from warnings import warn

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from protimb.exceptions import ArtifactWriteError, EmbeddingWarning
from protimb.utils._new_folder import drop_stale, whole_file
from protimb.utils._warnings import users_level

_SHARD = re.compile(r"shard-[0-9a-f]{32}\.safetensors")
_PATIENCE = 10  # seconds of work that a killed process may lose


def open_cache(folder, name, identity, width):
    """Open the cache of a model of this name and identity, a hash; folder=None keeps nothing."""
    if folder is None:
        return NoCache()
    safe_name = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip(".-")[-60:]
    return Cache(Path(folder) / f"{safe_name}-{identity[:16]}", width)


class NoCache:
    """Keeps nothing."""

    def fill(self, sequences, X):
        """Find none of the sequences."""
        return np.zeros(len(sequences), dtype=bool)

    def add(self, sequence, vector):
        """Forget a vector."""

    def flush(self):
        """Write nothing."""


class Cache:
    """The shards of one model; what is added is written every few seconds."""

    def __init__(self, folder, width):
        self.folder = folder
        self.width = width
        self._waiting = {}
        self._written_at = time.monotonic()

    def fill(self, sequences, X):
        """Copy known vectors into X (n_sequences, width) and tell which rows they are."""
        drop_stale(self.folder, _SHARD.pattern)
        rows = {_key(sequence): row for row, sequence in enumerate(sequences)}
        found = np.zeros(len(sequences), dtype=bool)
        for path in sorted(self.folder.glob("shard-*.safetensors")):
            if _SHARD.fullmatch(path.name):
                self._fill_from(path, rows, X, found)
        return found

    def add(self, sequence, vector):
        """Keep a vector (width,), and write what waits when it is time."""
        self._waiting[_key(sequence)] = vector
        if time.monotonic() - self._written_at > _PATIENCE:
            self.flush()

    def flush(self):
        """Write what waits as one shard."""
        if self._waiting:
            keys = np.frombuffer(b"".join(self._waiting), np.uint8).reshape(-1, 32)
            vectors = np.stack(list(self._waiting.values())).astype(np.float32)
            self._write({"keys": keys, "vectors": vectors})
        self._waiting = {}
        self._written_at = time.monotonic()

    def _fill_from(self, path, rows, X, found):
        shard = _read_shard(path, self.width)
        if shard is None:
            warn(
                f"{path} is damaged: its vectors are made anew.",
                EmbeddingWarning,
                stacklevel=users_level(),
            )
            path.unlink(missing_ok=True)
            return
        for key, vector in zip(shard["keys"], shard["vectors"], strict=True):
            row = rows.get(key.tobytes())
            if row is not None:
                X[row], found[row] = vector, True

    def _write(self, tensors):
        shard = self.folder / f"shard-{secrets.token_hex(16)}.safetensors"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with whole_file(shard) as draft:
                save_file(tensors, draft, metadata={"sha256": _fingerprint(tensors)})
        except (OSError, SafetensorError) as error:
            raise ArtifactWriteError(
                f"The cache {self.folder} could not be written ({error}). Look for space, quota "
                "and permissions, or name another folder."
            ) from error


def _read_shard(path, width):
    """Read keys (n, 32) and vectors (n, width); None where they are not what was written."""
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in ("keys", "vectors")}
    except FileNotFoundError:  # its folder was removed meanwhile
        return {"keys": np.zeros((0, 32), np.uint8), "vectors": np.zeros((0, width), np.float32)}
    except (SafetensorError, OSError):
        return None
    whole = metadata.get("sha256") == _fingerprint(tensors)
    return tensors if whole and tensors["vectors"].shape[1:] == (width,) else None


def _fingerprint(tensors):
    digest = hashlib.sha256()
    for name in ("keys", "vectors"):
        digest.update(np.ascontiguousarray(tensors[name]).tobytes())
    return digest.hexdigest()


def _key(sequence):
    return hashlib.sha256(sequence.encode()).digest()
