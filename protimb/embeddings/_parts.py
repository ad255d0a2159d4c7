"""Vectors of a FASTA file in parts, cut alike by every process and made by any, in any order."""

import hashlib
import json
import re
import shutil
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from protimb.datasets._vectors_parts import FORMAT, part_name, read_index
from protimb.embeddings._record import EncoderRecord
from protimb.exceptions import EmbeddingFileError
from protimb.utils._array_files import map_npy
from protimb.utils._locks import hold
from protimb.utils._new_folder import drop_stale, whole_file

# A file is cut into so many parts, unless that makes them smaller or larger than is sensible.
_N_PARTS = 64
_LEAST, _MOST = 2**17, 2**22  # residues a part
_MOST_BYTES = 2**26  # of a part's vectors as float32

_PLAN = "plan.json"
_PART = re.compile(r"part-\d{5,}-[0-9a-f]{16}\.npy")
_PATIENCE = 60  # seconds that processes which start or end together wait for each other


class Plan(NamedTuple):
    """Which proteins are in which part; it follows from what is embedded, in every process."""

    index: dict
    parts: list  # of slices of the proteins

    @property
    def names(self):
        """Names of the files of the parts."""
        return [part["file"] for part in self.index["parts"]]

    @property
    def shape(self):
        """Shape of the whole matrix."""
        return self.parts[-1].stop, self.index["width"]

    def share(self, number, n_shares):
        """Give the numbers of the parts of a share, counted from 1."""
        return range(number - 1, len(self.parts), n_shares)


def plan_parts(sequences, record, dtype):
    """Plan the parts of {protein: residues} that an encoder, by its EncoderRecord, makes."""
    lengths = np.array([len(one) for one in sequences.values()])
    parts = cut_evenly(lengths, _count_parts(lengths, record.n_features))
    heights = [part.stop - part.start for part in parts]
    fasta = _hash_sequences(sequences)
    decides = [fasta, record.encoder["class"], record.facts, record.n_features, dtype, heights]
    fingerprint = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
    index = {
        "format": FORMAT,
        "fingerprint": fingerprint,
        "fasta": fasta,
        "encoder": record.to_dict(),
        "dtype": dtype,
        "width": record.n_features,
        "parts": [
            {"file": part_name(number, fingerprint), "rows": height}
            for number, height in enumerate(heights)
        ],
    }
    return Plan(index, parts)


def cut_evenly(lengths, n_parts):
    """Cut proteins of these lengths into at most so many runs of nearly as many residues."""
    middles = np.cumsum(lengths) - lengths / 2
    part_of = (middles * n_parts / lengths.sum()).astype(int)
    firsts = np.unique(part_of, return_index=True)[1].tolist()
    return [slice(*ends) for ends in zip(firsts, [*firsts[1:], len(lengths)], strict=True)]


def _count_parts(lengths, width):
    """Say how many parts, a power of two, so that shares are equal for 2, 4 or 8 processes."""
    n_residues = int(lengths.sum())
    n_parts = max(
        min(_N_PARTS, n_residues // _LEAST),
        -(-n_residues // _MOST),
        -(-4 * len(lengths) * width // _MOST_BYTES),
    )
    return 1 << max(0, n_parts - 1).bit_length()


def _hash_sequences(sequences):
    digest = hashlib.sha256()
    for protein, residues in sequences.items():
        digest.update(f"{protein}\n{residues}\n".encode())
    return digest.hexdigest()


def _settle(folder, plan):
    """Write the plan into a folder of parts; one that holds those of another run is refused."""
    path = folder / _PLAN
    with hold(folder / ".plan.lock", path, _PATIENCE):
        if path.exists():
            _check_same(read_index(path), plan.index, folder)
        else:
            with whole_file(path) as draft:
                draft.write_text(json.dumps(plan.index, indent=1) + "\n", encoding="utf-8")
    foreign = sorted(set(_parts_in(folder)) - set(plan.names))
    if foreign:
        _refuse(folder, [f"{foreign[0]} is of another FASTA file, encoder or dtype"])


def _parts_in(folder):
    return [path.name for path in folder.iterdir() if _PART.fullmatch(path.name)]


def _check_same(found, own, folder):
    """Refuse a plan of other proteins, another encoder or dtype; say in what it differs."""
    if found["fingerprint"] == own["fingerprint"]:
        return
    records = [EncoderRecord.from_dict(one["encoder"], folder / _PLAN) for one in (own, found)]
    differing = records[0].differences(records[1])
    if found["fasta"] != own["fasta"]:
        differing.append("the FASTA file holds other proteins")
    if found["dtype"] != own["dtype"]:
        differing.append(f"dtype is {found['dtype']}, not {own['dtype']}")
    _refuse(folder, differing or ["they are cut elsewhere, by another version of protimb"])


def _refuse(folder, differing):
    raise EmbeddingFileError(
        f"{folder} holds parts of another run: {'; '.join(differing)}. Go on with that run, remove "
        "the folder to start anew, or name another file to write to."
    )


def make_part(path, encode, dtype):
    """Write the part that ``encode`` gives, (n_rows, width), unless it is there already."""
    if path.exists():
        return
    with whole_file(path) as draft:  # held while vectors are made: nobody makes them twice
        X = _narrow(encode(), dtype)
        with draft.open("wb") as file:
            np.save(file, X, allow_pickle=False)


def _narrow(X, dtype):
    with np.errstate(over="ignore"):  # said below, and in words
        narrow = X.astype(dtype, copy=False)
    if not np.isfinite(narrow).all():
        raise ValueError(f"The vectors do not fit {dtype}: the largest is {np.abs(X).max():.4g}.")
    return narrow


def find_missing(folder, plan):
    """List the names of parts that are not there."""
    return [name for name in plan.names if not (folder / name).exists()]


def map_parts(folder, plan):
    """Yield each part, a memory map (n_rows, width), in order."""
    for name in plan.names:
        yield map_npy(folder / name, EmbeddingFileError, "vectors")


@contextmanager
def kept_in(encoder, folder):
    """Have an encoder keep what it made in a folder, which is removed once all is made."""
    _set_cache(encoder, folder)
    yield
    shutil.rmtree(folder, ignore_errors=True)


def _set_cache(encoder, folder):
    for part in getattr(encoder, "encoders_", ()):
        _set_cache(part, folder)
    if "cache" in encoder.get_params(deep=False):
        encoder.set_params(cache=folder)


def cache_of(path):
    """Name the folder that keeps vectors of a part until it is whole."""
    return path.with_name(f".{path.stem}.cache")


@contextmanager
def working_in(folder, plan, *, keep):
    """Work in a folder of parts of this plan; at the end it goes, unless ``keep`` says otherwise.

    Where the work is cut short, it stays if anything in it is worth going on with.
    """
    is_new = not folder.exists()
    folder.mkdir(exist_ok=True)
    try:
        _settle(folder, plan)
        yield
    except BaseException:
        drop_stale(folder, _PART.pattern)
        if is_new and not any("part-" in path.name for path in folder.iterdir()):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    if keep:
        drop_stale(folder, _PART.pattern)
    else:
        shutil.rmtree(folder, ignore_errors=True)
