"""Which real rows train a GAN, how often each is shown, and which are held out to judge it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from protimb.exceptions import InvalidLabelsError, UntrainedTermError
from protimb.gan._scaling import Scaling
from protimb.utils._alignment import align_values
from protimb.utils._imbalance import irlbl
from protimb.utils._labelsets import count_members, rarest_terms
from protimb.utils._memory import is_large
from protimb.utils._validation import a_few, check_vectors, refuse_beyond

# The share of rows that "auto" holds out, and fewer than so many it does not.
AUTO_FRACTION = 0.1
MIN_HELD_OUT = 20

# What can be squared and summed up in double precision.
_LARGEST = 1e150


@dataclass(frozen=True)
class TrainingSet:
    """Real rows X (n_all, n_features) and y, csr of uint8 (n_all, n_terms), parted by use.

    ``towards`` marks the terms to train towards, ``rows`` and ``held_out`` are sorted positions.
    """

    X: np.ndarray
    y: sparse.csr_array
    scaling: Scaling
    towards: np.ndarray
    rows: np.ndarray
    held_out: np.ndarray

    @cached_property
    def labels(self):
        """Label rows to train on, csr of uint8 (n_rows, n_terms)."""
        return cut_rows(self.y, self.rows)

    @cached_property
    def counts(self):
        """Training members of each term, int64 (n_terms,)."""
        return count_members(self.labels)

    @cached_property
    def rarest(self):
        """Rarest term of every row of y, by its training members; -1 for none."""
        return rarest_terms(self.y, self.counts, self.towards)


def split_rows(X, y, scaling, towards, *, validation_fraction, max_held_out, rng):
    """Choose the rows that carry a term to train towards, and hold some of them out."""
    rows = rows_with(y, towards)
    labels = cut_rows(y, rows)
    fraction = _share_to_hold_out(validation_fraction, labels)
    if not fraction:
        return TrainingSet(X, y, scaling, towards, rows, rows[:0])
    kept, apart = hold_out(labels, fraction, rng, at_most=max_held_out)
    return TrainingSet(X, y, scaling, towards, rows[kept], rows[apart])


def _share_to_hold_out(fraction, y):
    """Say which share of label rows y, csr, to hold out; "auto" is none where they are few."""
    if fraction != "auto":
        return fraction
    spared = can_be_spared(y).sum()
    return AUTO_FRACTION if min(spared, AUTO_FRACTION * y.shape[0]) >= MIN_HELD_OUT else 0


def can_be_spared(y):
    """Tell which rows of csr y carry no term that no other row has: bool (n_rows,)."""
    return ~_carries_any(y, count_members(y) == 1)


def read_vectors(X):
    """Read X as finite floats; a large half-precision matrix, often a memory map, is no copy."""
    large = getattr(X, "ndim", 0) == 2 and is_large(X.shape, 4)
    X = check_vectors(X, keep_half=large)
    refuse_beyond(X, _LARGEST, "its square has no room in double precision")
    return X


def check_terms(terms, y):
    """Return names of the columns of y, csr (n_rows, n_terms), as a list, one a column."""
    terms = list(terms)
    if len(terms) != y.shape[1] or len(set(terms)) != len(terms):
        raise InvalidLabelsError(
            f"terms has {len(terms)} names, {len(set(terms))} of them distinct, and y has "
            f"{y.shape[1]} columns. Pass one name for each column."
        )
    return terms


def check_towards(towards, y, terms):
    """Return the mark of terms to train towards, bool (n_terms,), if rows of y carry one."""
    if towards is None:
        return np.ones(len(terms), dtype=bool)
    marks = np.asarray(align_values(towards, terms, "towards"))
    if marks.shape != (len(terms),) or not np.isin(marks, (0, 1)).all():
        raise InvalidLabelsError(
            f"towards must hold True or False for each of the {len(terms)} columns of y; got "
            f"{marks.dtype} of shape {marks.shape}. np.isin(terms, wanted) makes it of names."
        )
    marks = marks.astype(bool)
    if not len(rows_with(y, marks)):
        raise InvalidLabelsError(
            f"towards marks {marks.sum()} of {len(terms)} terms, and no row carries one of them: "
            "there is nothing to train on. Mark terms that have members."
        )
    return marks


def check_columns(terms, n_terms):
    """Return column numbers of terms, int (n_rows,), if each is one of n_terms columns."""
    columns = np.asarray(terms)
    if columns.dtype.kind not in "iu" or not ((columns >= 0) & (columns < n_terms)).all():
        raise InvalidLabelsError(
            f"terms must hold a column number from 0 to {n_terms - 1} for each row; got "
            f"{a_few(np.unique(columns).tolist())}."
        )
    return columns


def check_known(labels, known, terms):
    """Refuse label rows, csr (n_rows, n_terms), with terms that nothing was learned about."""
    unknown = np.setdiff1d(labels.indices, np.flatnonzero(known))
    if len(unknown):
        raise UntrainedTermError(
            f"Label rows carry {len(unknown)} term(s) that no training protein has "
            f"({a_few(terms[column] for column in unknown)}), so the generator knows nothing of "
            "them. Describe terms by vectors (condition='term_vectors' with term_vectors) to "
            "borrow from related ones, or train towards more terms (term_range) if their proteins "
            "were left out."
        )


def cut_rows(y, rows):
    """Cut sorted, distinct rows, without a copy where all are taken."""
    return y if len(rows) == y.shape[0] else y[rows]


def rows_with(y, terms):
    """Find the rows with one of the terms marked; all marked takes rows without labels too."""
    if terms.all():
        return np.arange(y.shape[0])
    return np.flatnonzero(_carries_any(y, terms))


def _carries_any(y, terms):
    """Tell which rows of csr y carry one of the terms marked; no product widens y."""
    return np.diff(y[:, np.flatnonzero(terms)].indptr) > 0


def check_ancestors(ancestors, terms):
    """Check that ancestors say of every term (n_terms, n_terms) which are above it: csr or None."""
    if ancestors is None:
        return None
    ancestors = sparse.csr_array(ancestors)
    if ancestors.shape != (len(terms), len(terms)):
        raise InvalidLabelsError(
            f"ancestors is of shape {ancestors.shape}, and there are {len(terms)} terms. Give a "
            "row and a column for each, in their order."
        )
    return ancestors


def row_weights(y, exponent, terms=None):
    """Weigh rows so that rare terms are seen: IRLbl of the row's rarest term, to a power.

    Gives (n_rows,) floats of at least 1, 1 for rows without a label; of ``terms`` marked, if any.
    """
    counts = count_members(y)
    rarest = rarest_terms(y, counts, terms)
    ratios = np.append(irlbl(counts), 1.0)  # -1, no term, reads the last
    return ratios[rarest] ** exponent


def hold_out(y, fraction, rng, at_most=None):
    """Split off rows, rare terms in proportion, but never a term's last row: kept, held_out."""
    n_rows = y.shape[0]
    left = count_members(y)
    wanted = max(2, round(fraction * n_rows))
    wanted = wanted if at_most is None else min(wanted, at_most)
    chosen: list[int] = []
    for row in _spread_over_terms(y, wanted, rng):
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


def _spread_over_terms(y, n_first, rng):
    """Order rows at random so that the first ones carry each rarest term in proportion."""
    shuffled = rng.permutation(y.shape[0])
    terms = rarest_terms(y, count_members(y))[shuffled]
    _, first, group = np.unique(terms, return_index=True, return_inverse=True)
    by_term = shuffled[np.argsort(first[group], kind="stable")]  # as they come, not by number
    # Every k-th row of the terms laid end to end, from a random one.
    places = (np.arange(n_first) + rng.random_sample()) * (len(by_term) / n_first)
    chosen = by_term[places.astype(np.int64)]
    return np.concatenate([rng.permutation(chosen), shuffled[~np.isin(shuffled, chosen)]])
