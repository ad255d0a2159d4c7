"""Sequences as users pass them, read as upper-case residues."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from protimb.exceptions import SequenceError
from protimb.utils._validation import refuse_string

# Gaps and inner stops are no residues; every encoder knows X as "any".
_UNREADABLE = str.maketrans("-*.", "XXX")


def read_sequences(sequences):
    """Read a list, array, Series or mapping of sequences as a list of upper-case residues."""
    refuse_string(sequences, "sequences", SequenceError)
    names, values = _named_values(sequences)
    if not len(values):
        raise SequenceError("There is no sequence: sequences is empty.")
    return [_residues(value, number, names) for number, value in enumerate(values)]


def _named_values(sequences):
    """Give ids (or None) and sequences of any container."""
    if isinstance(sequences, Mapping):
        return list(sequences), list(sequences.values())
    if isinstance(sequences, pd.Series):
        return list(sequences.index), sequences.tolist()
    if np.ndim(sequences) == 2 and np.shape(sequences)[1] == 1:  # a frame, or a column, of one
        return None, np.asarray(sequences)[:, 0].tolist()
    if np.ndim(sequences) != 1:
        raise SequenceError(
            f"sequences must be one string a protein; found shape {np.shape(sequences)}. Of a "
            "table, pass the column that holds them."
        )
    return None, list(sequences)


def _residues(value, number, names):
    if not isinstance(value, str):
        raise SequenceError(
            f"{_place(number, names)} is not a string but {value!r}. Leave such proteins out."
        )
    written = value.strip().rstrip("*").translate(_UNREADABLE)
    if not written:
        raise SequenceError(
            f"{_place(number, names)} has no residues, so there is nothing to read. Leave it out."
        )
    # Before upper(), which spells letters of other alphabets as residues: a sharp s is SS.
    if not (written.isalpha() and written.isascii()):
        strange = sorted({one for one in written if not (one.isalpha() and one.isascii())})
        raise SequenceError(
            f"{_place(number, names)} has characters that are no residues: "
            f"{' '.join(map(repr, strange))}."
        )
    return written.upper()


def _place(number, names):
    return f"Sequence {number}, counted from 0," if names is None else f"Protein {names[number]!r}"
