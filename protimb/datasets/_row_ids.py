"""Ids of proteins as users and files give them, one a row, read as text."""

import numpy as np

from protimb.datasets._ids import check_protein_ids, normalise_protein_id
from protimb.exceptions import EmbeddingFileError
from protimb.utils._spelling import is_missing, is_name


def as_protein_ids(names):
    """Read ids of rows as text (n_rows,); refuse what is none."""
    # Of a list in which one id is a list, NumPy cannot tell the shape.
    shape = (len(names),) if isinstance(names, list | tuple) else np.shape(names)
    if len(shape) != 1:
        raise EmbeddingFileError(
            f"Protein ids must be one-dimensional, one a row, found shape {shape}."
        )
    # Not by way of an array: it would turn a missing id into the text "nan".
    ids = [_protein_id(name, row) for row, name in enumerate(list(names))]
    where = "Row {}, counted from 0".format
    check_protein_ids(dict.fromkeys(ids), lambda one: where(ids.index(one)), EmbeddingFileError)
    return np.array(ids, dtype=str)


def _protein_id(name, row):
    if isinstance(name, str) and name.isalnum():
        return name
    if is_missing(name):
        raise EmbeddingFileError(
            f"Row {row}, counted from 0, has no protein id (found {name!r}). Name every row."
        )
    if not is_name(name):
        raise EmbeddingFileError(
            f"Row {row}, counted from 0: the protein id {name!r} is {type(name).__name__}, not "
            "text. Read or write the ids as text: 1.0 is no name that other files have."
        )
    return normalise_protein_id(_text_of(name, row))


def _text_of(name, row):
    try:
        return name.decode("utf-8") if isinstance(name, bytes) else str(name)
    except UnicodeDecodeError as error:
        raise EmbeddingFileError(
            f"Row {row}, counted from 0: the protein id {name!r} is not valid UTF-8. Decode the "
            "ids first, such as by np.char.decode(ids, 'latin-1')."
        ) from error
