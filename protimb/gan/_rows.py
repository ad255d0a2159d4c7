"""Which real rows train a GAN, how often each is shown, and which are held out to judge it."""

import numpy as np

from protimb.exceptions import InvalidLabelsError
from protimb.utils._imbalance import irlbl
from protimb.utils._labelsets import rarest_terms


def take_rows(y, rows):
    """Cut rows, without a copy where all are taken.

    Parameters
    ----------
    y : CSR array of shape (n_rows, n_terms)
    rows : ndarray of int64
        Sorted and distinct.

    Returns
    -------
    y_rows : CSR array
    """
    return y if len(rows) == y.shape[0] else y[rows]


def rows_with(y, terms):
    """Find the rows that carry at least one of some terms.

    Parameters
    ----------
    y : CSR array of shape (n_rows, n_terms), uint8
        Label rows.
    terms : ndarray of bool, shape (n_terms,)
        If all, rows without any label are taken too.

    Returns
    -------
    rows : ndarray of int64
        Sorted positions.
    """
    if terms.all():
        return np.arange(y.shape[0])
    return np.flatnonzero(y @ terms.astype(np.int64))


def row_weights(y, exponent, terms=None):
    """Weigh rows so that rare terms are seen: IRLbl of the row's rarest term, to a power.

    Parameters
    ----------
    y : CSR array of shape (n_rows, n_terms)
        Label rows.
    exponent : float
        0 draws rows as they come; 1 would show every term about equally often.
    terms : ndarray of bool, shape (n_terms,), optional
        Terms to train towards; all by default.

    Returns
    -------
    weights : ndarray of shape (n_rows,)
        At least 1; rows without a label get 1.
    """
    counts = np.asarray(y.sum(axis=0)).ravel().astype(np.int64)
    rarest = rarest_terms(y, counts, terms)
    ratios = np.append(irlbl(counts), 1.0)  # -1, no term, reads the last
    return ratios[rarest] ** exponent


def hold_out(y, fraction, rng):
    """Split off random rows, but never the last row that a term has left.

    Parameters
    ----------
    y : CSR array of shape (n_rows, n_terms), uint8
        Label rows.
    fraction : float
        Share of rows to hold out; fewer where terms would lose their last row.
    rng : numpy.random.RandomState

    Returns
    -------
    kept, held_out : ndarray of int64
        Sorted positions.

    Raises
    ------
    InvalidLabelsError
        If fewer than two rows can be spared: there would be nothing to compare.
    """
    n_rows = y.shape[0]
    left = np.asarray(y.sum(axis=0)).ravel().astype(np.int64)
    wanted = max(2, round(fraction * n_rows))
    chosen: list[int] = []
    for row in rng.permutation(n_rows):
        if len(chosen) == wanted:
            break
        carried = y.indices[y.indptr[row] : y.indptr[row + 1]]
        if (left[carried] > 1).all():
            left[carried] -= 1
            chosen.append(row)
    if len(chosen) < 2:
        raise InvalidLabelsError(
            f"validation_fraction={fraction} asks for at least two rows to hold out, and only "
            f"{len(chosen)} of {n_rows} training rows can be spared: a term must keep one row to "
            "train on. Set validation_fraction=0, or widen term_range."
        )
    held_out = np.sort(np.array(chosen, dtype=np.int64))
    return np.setdiff1d(np.arange(n_rows), held_out), held_out
