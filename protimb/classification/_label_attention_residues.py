"""Proteins as their residues: arrays of different length, checked and put into one."""

from dataclasses import dataclass

import numpy as np

from protimb.utils._validation import a_few


@dataclass(frozen=True)
class Residues:
    """Residues of many proteins, one after the other."""

    values: np.ndarray  # (n_residues_in_all, n_features)
    lengths: np.ndarray  # (n_rows,)

    def __len__(self):
        return len(self.lengths)

    def __getitem__(self, seen):
        """Keep the proteins that a mask (n_rows,) names."""
        return Residues(self.values[np.repeat(seen, self.lengths)], self.lengths[seen])

    @property
    def starts(self):
        """Place of each protein's first residue: (n_rows,)."""
        return np.cumsum(self.lengths) - self.lengths


def is_residues(X):
    """Tell proteins given as arrays of residues from a table of vectors."""
    is_array = isinstance(X, np.ndarray) and (X.dtype.kind == "O" or X.ndim == 3)
    is_list = is_array or isinstance(X, list | tuple)
    return is_list and len(X) > 0 and np.ndim(X[0]) == 2


def read_residues(X, max_residues):
    """Check arrays (n_residues, n_features), one a protein, and shorten those that are too long."""
    short = [_shorten(array, max_residues) for array in check_residues(X)]
    lengths = np.array([len(array) for array in short], dtype=np.int64)
    return Residues(np.ascontiguousarray(np.concatenate(short)), lengths)


def check_residues(X):
    """Check arrays (n_residues, n_features), one a protein: a list of them in float32."""
    arrays = [_read_one(row, number) for number, row in enumerate(X)]
    widths = np.array([array.shape[1] for array in arrays])
    odd = np.flatnonzero(widths != widths[0])
    if len(odd):
        raise ValueError(
            f"X[0] has {widths[0]} features a residue, and X[{odd[0]}] has {widths[odd[0]]}. "
            "Vectors of all residues must come from one model."
        )
    return arrays


def _read_one(row, number):
    array = np.asarray(row)
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "fiub":
        raise ValueError(
            f"X[{number}] is {array.dtype} of shape {array.shape}; a protein is given as numbers "
            "of shape (n_residues, n_features), with at least one residue."
        )
    array = array.astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if len(bad):
        raise ValueError(
            f"X[{number}] contains NaN or infinity in {len(bad)} residue(s): {a_few(bad)}. Embed "
            "this protein again, or leave it out."
        )
    return array


def _shorten(array, max_residues):
    """Average runs of neighbours, so that at most max_residues are left: nothing is cut off."""
    n_run = -(-len(array) // max_residues)
    if n_run == 1:
        return array
    starts = np.arange(0, len(array), n_run)
    n_each = np.diff(starts, append=len(array)).astype(np.float32)
    return np.add.reduceat(array, starts) / n_each[:, None]
