"""Which real rows train a GAN, how often each is shown, and which are held out to judge it."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from protimb.exceptions import InvalidLabelsError
from protimb.utils._imbalance import irlbl
from protimb.utils._validation import a_few

# A matrix of more bytes than this is cut by batches and never held once more.
IN_MEMORY = 2**28

OUTSIDE_RANGE = "outside term_range"


def is_large(shape, itemsize):
    """Tell whether a matrix is too large to be held once more.

    Parameters
    ----------
    shape : tuple of two int
    itemsize : int
        Bytes a value.

    Returns
    -------
    large : bool
    """
    return shape[0] * shape[1] * itemsize > IN_MEMORY


def rows_in_memory(n_features):
    """Say how many rows a filter may get of vectors that are too large to be copied.

    Parameters
    ----------
    n_features : int

    Returns
    -------
    n_rows : int
        Half of what would be too large, because filters copy what they are fitted on.
    """
    return IN_MEMORY // (2 * 4 * n_features)


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


def terms_in_range(counts, term_range):
    """Tell which terms have a number of members inside a range, both ends included.

    Parameters
    ----------
    counts : ndarray of int, shape (n_terms,)
        Members of each term.
    term_range : tuple of int or None
        Fewest and most members; None takes every term.

    Returns
    -------
    inside : ndarray of bool, shape (n_terms,)
    """
    if term_range is None:
        return np.ones(len(counts), dtype=bool)
    low, high = term_range
    return (counts >= low) & (counts <= high)


def restrict_totals(totals, term_range, terms, strategy):
    """Leave alone the terms that are too rare or too frequent.

    Parameters
    ----------
    totals : Totals
    term_range : tuple of int
        Fewest and most members.
    terms : list of length n_terms
        Names.
    strategy : object
        ``sampling_strategy``; a term that it names must be in the range.

    Returns
    -------
    totals : Totals

    Raises
    ------
    InvalidLabelsError
        If no term is in the range, or the strategy names one that is not.
    """
    inside = terms_in_range(totals.n_before, term_range)
    if not inside.any():
        raise InvalidLabelsError(
            f"No term of y has as many members as term_range={term_range!r} asks for; they have "
            f"{totals.n_before.min()} to {totals.n_before.max()}."
        )
    outside = ~inside & (totals.missing > 0)
    if outside.any() and (isinstance(strategy, Mapping) or callable(strategy)):
        names = a_few(f"{terms[c]}: {totals.n_before[c]}" for c in np.flatnonzero(outside))
        raise InvalidLabelsError(
            f"sampling_strategy names {outside.sum()} term(s) outside term_range={term_range!r} "
            f"(term: members; {names}). Leave them out or widen the range."
        )
    return replace(
        totals,
        n_target=np.where(outside, totals.n_before, totals.n_target),
        notes=np.where(outside, OUTSIDE_RANGE, totals.notes),
    )


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


def rarest_terms(y, counts, terms=None):
    """Name each row's rarest term, the most specific claim that it makes.

    Parameters
    ----------
    y : CSR array of shape (n_rows, n_terms), uint8
        Label rows.
    counts : ndarray of int, shape (n_terms,)
        Members by which terms are compared.
    terms : ndarray of bool, shape (n_terms,), optional
        Terms to look at; all by default.

    Returns
    -------
    rarest : ndarray of int64, shape (n_rows,)
        Column numbers; the first of equals; -1 for rows that carry none.
    """
    looked_at = (counts > 0) if terms is None else (counts > 0) & terms
    by_rarity = np.flatnonzero(looked_at)
    by_rarity = by_rarity[np.argsort(counts[by_rarity], kind="stable")]
    place = np.full(len(counts), len(counts), dtype=np.int32)
    place[by_rarity] = np.arange(len(by_rarity))
    # A sentinel behind the entries makes reduceat safe; empty rows are mended below.
    places = np.append(place[y.indices], place.dtype.type(len(counts)))
    best = np.minimum.reduceat(places, y.indptr[:-1])
    best[np.diff(y.indptr) == 0] = len(counts)
    return np.append(by_rarity, np.full(len(counts) + 1 - len(by_rarity), -1))[best]


def group_positions(values):
    """Find where each value occurs.

    Parameters
    ----------
    values : ndarray of int, shape (n,)

    Returns
    -------
    groups : dict of int to ndarray
        Positions of each distinct value, in ascending order.

    Examples
    --------
    >>> {value: where.tolist() for value, where in group_positions(np.array([5, 3, 5])).items()}
    {3: [1], 5: [0, 2]}
    """
    order = np.argsort(values, kind="stable")
    distinct, starts = np.unique(values[order], return_index=True)
    stops = np.append(starts[1:], len(order))
    return {
        int(value): order[start:stop]
        for value, start, stop in zip(distinct, starts, stops, strict=False)
    }


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
