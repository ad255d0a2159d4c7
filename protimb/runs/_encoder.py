"""Which encoder made the vectors of a training, found beside them or told and then checked."""

from os import PathLike
from pathlib import Path

import numpy as np

from protimb.datasets._cafa import FILES
from protimb.datasets._folders import find_file
from protimb.datasets._human import HUMAN_GO
from protimb.embeddings import BaseEncoder, EncoderRecord, make_encoder
from protimb.exceptions import EmbeddingFileError

# Vectors kept as float16, or made in half precision, differ by less than this share.
_TOLERANCE = 0.02


def settle_encoder(encoder, data):
    """Return the encoder, if one was given, and its record, or that of the data, or None."""
    found = find_record(data)
    if encoder is None or isinstance(encoder, EncoderRecord):
        made, record = None, encoder or found
    else:
        made = encoder if isinstance(encoder, BaseEncoder) else make_encoder(str(encoder))
        record = EncoderRecord.of(made)
    if record is not None and found is not None:
        found.check_same(record, "encoder", str(data))
    return made, record


def find_record(data):
    """Read the EncoderRecord beside the vectors of a data set by name or folder, if any."""
    if not isinstance(data, str | PathLike):
        return None
    folder = HUMAN_GO if data == "human_go" else Path(data)
    vectors = find_file(folder, FILES["vectors"])
    return None if vectors is None else EncoderRecord.read(vectors)


def check_reproduces(encoder, record, bunch):
    """Refuse a record of another width, or an encoder that makes other vectors than the bunch's."""
    width = bunch.X.shape[1]
    if record is not None and record.n_features != width:
        raise EmbeddingFileError(
            f"The vectors of the data have width {width}, and {record.name} makes vectors of "
            f"width {record.n_features}. Name the encoder that made them."
        )
    row = None if encoder is None else _row_with_sequence(bunch)
    if row is not None:
        _check_row(encoder, bunch, row)


def _row_with_sequence(bunch):
    """Find the row of the shortest protein whose sequence is known."""
    sequences = bunch.get("sequences") or {}
    there = sequences.in_file() if hasattr(sequences, "in_file") else sequences
    rows = [row for row, one in enumerate(bunch.protein_ids) if there.get(str(one))]
    return min(rows, key=lambda row: len(there[str(bunch.protein_ids[row])]), default=None)


def _check_row(encoder, bunch, row):
    name = str(bunch.protein_ids[row])
    expected, found = bunch.X[row], encoder.transform([bunch.sequences[name]])[0]
    error = np.linalg.norm(found - expected) / max(float(np.linalg.norm(expected)), 1e-12)
    if not error <= _TOLERANCE:
        raise EmbeddingFileError(
            f"The encoder does not make the vectors of the data: that of {name!r} is off by "
            f"{error:.0%} of its length. Name the encoder, layer and weights that made them."
        )
