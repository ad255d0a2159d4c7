"""Proteins that are kept out of a training, by id."""

from os import PathLike
from warnings import warn

import numpy as np

from protimb.datasets._ids import normalise_protein_id
from protimb.exceptions import AnnotationError, AnnotationWarning
from protimb.utils._files import read_text
from protimb.utils._validation import a_few
from protimb.utils._warnings import users_level


def read_left_out(leave_out):
    """Read a set of ids from a sequence, or a file of one a line; None stays None."""
    if leave_out is None:
        return None
    if isinstance(leave_out, str | PathLike):
        lines = read_text(leave_out, AnnotationError).split("\n")
        leave_out = [line.strip() for line in lines if line.strip()]
        _check_words(leave_out)
    return {normalise_protein_id(str(one)) for one in leave_out}


def leave_out_proteins(bunch, left_out):
    """Take the proteins of a bunch whose ids are not among those left out."""
    if left_out is None:
        return bunch
    ids = [normalise_protein_id(str(one)) for one in bunch.protein_ids]
    stays = np.array([one not in left_out for one in ids], dtype=bool)
    if stays.all() or not stays.any():
        raise ValueError(
            f"leave_out names {'none' if stays.all() else 'all'} of the {len(ids)} proteins, such "
            f"as {a_few(ids)}; it has {a_few(sorted(left_out)) or 'no ids'}."
        )
    _warn_of_unknown(left_out - set(ids))
    return bunch.take(stays)


def _check_words(ids):
    wide = [one for one in ids if "\t" in one]
    if wide:
        raise AnnotationError(
            f"leave_out is a file of one id a line, and {len(wide)} lines have more, such as "
            f"{wide[0]!r}. Keep the column of ids."
        )


def _warn_of_unknown(ids):
    if ids:
        warn(
            f"leave_out names {len(ids)} proteins without an annotation in this namespace, such "
            f"as {a_few(sorted(ids))}.",
            AnnotationWarning,
            stacklevel=users_level(),
        )
