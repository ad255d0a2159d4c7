"""Inputs that once raised what has no name, crashed, or were accepted in silence, kept small.

Each is (target, what came of it, {file: content} in place of the valid one).
"""

import io
import json
import struct

import numpy as np


def _npy_of(code):
    """Spell twelve ids, the last of which ends in a letter that is none."""
    buffer = io.BytesIO()
    np.save(buffer, np.array([f"P{number:05d}" for number in range(12)]))
    return buffer.getvalue()[:-4] + struct.pack("<I", code)


def _config(**changes):
    settings = {"data": "human_go", "ontology": "mf", "min_proteins": 3, "sampler": {}} | changes
    record = {"settings": settings, "data": {"sha256": "0" * 64}, "environment": {}}
    return {"config.json": json.dumps(record).encode()}


def _words(*words):
    return {"words.json": json.dumps(words).encode()}


_INGEST = ["ingest", "--fasta", "{in}/new.fasta", "--annotations", "{in}/truth.tsv", "--obo"]
_INGEST += ["{in}/cafa/go-basic.obo", "--out", "{work}/out"]
FOUND = [
    ("command ingest", "ValueError of int()", _words(*_INGEST, "--taxon", "9" * 5000)),
    (
        "command resample",
        "RuntimeError of a link to itself",
        _words("resample", "--run", "{in}/run", "--out", "{odd}/loop"),
    ),
    ("vectors npy", "SystemError of CPython", {"x_ids.npy": _npy_of(0x110000)}),
    ("vectors npy", "ArrowException", {"x_ids.npy": _npy_of(0xD800)}),
    ("config of a run", "AttributeError", _config(sampler=[])),
    ("config of a run", "InvalidParameterError", _config(sampler={"n_latent": -1})),
    ("config of a run", "ValueError of set_params", _config(sampler={"n_latent_": 1})),
    ("config of a run", "RecursionError", {"config.json": b"[" * 10**5 + b"]" * 10**5}),
    ("fasta", "accepted in silence: \u00df became SS", {"x.fasta": ">P1\nMK\u00df\n".encode()}),
    ("fasta", "accepted in silence: an empty id", {"x.fasta": b">sp||X\nMKV\n>sp||Y\nMLA\n"}),
    ("annotations", "accepted in silence: no rows", {"x.tsv": b"EntryID\tterm\taspect\n"}),
    (
        "cafa folder",
        "accepted in silence: blank clusters",
        {"clusters.tsv": b"EntryID\tcluster\nP00000\t \n"},
    ),
]
