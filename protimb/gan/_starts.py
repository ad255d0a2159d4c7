"""Real members that generated rows start from."""

import copy
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.preprocessing import normalize
from sklearn.utils import gen_batches

from protimb.gan._moves import N_CANDIDATES, moved, relative_moves
from protimb.utils._memory import gather_rows, is_large, rows_in_memory

# Members a term is represented by; more would make a saved sampler a copy of its data.
MEMBERS_A_TERM = 500

# Pairs of label rows compared at a time.
_PAIRS = 2**23


@dataclass(frozen=True)
class MemberBank:
    """Scaled vectors of real rows, found by term or by labelset.

    Attributes
    ----------
    X : ndarray of shape (n_members, n_features), float32
        Scaled.
    y : csr_array of shape (n_members, n_terms), uint8
    moves : ndarray of shape (n_moves, n_features), float32, optional
        Differences between relatives; a seed is moved by one of them.
    """

    X: np.ndarray
    y: sparse.csr_array
    moves: np.ndarray | None = None

    def moved(self, seeds, rng):
        """Move seeds by differences between relatives, where the bank has any."""
        return seeds if self.moves is None else moved(seeds, self.moves, rng)

    def for_terms(self, terms, rng):
        """Draw a random member of each term.

        Parameters
        ----------
        terms : ndarray of int, shape (n_rows,)
            Column numbers; -1, or a term without member here, draws from all.
        rng : numpy.random.RandomState

        Returns
        -------
        seeds : ndarray of shape (n_rows, n_features), float32
        """
        by_term = self.y.tocsc()
        everyone = np.arange(len(self.X))
        picked = np.empty(len(terms), dtype=np.int64)
        for term in np.unique(terms):
            wanted = terms == term
            members = by_term.indices[slice(*by_term.indptr[term : term + 2])] if term >= 0 else []
            pool = members if len(members) else everyone
            picked[wanted] = pool[rng.randint(len(pool), size=wanted.sum())]
        return self.moved(self.X[picked], rng)

    def for_labels(self, y_rows, rng):
        """Draw, for each label row, one of the members with the most similar labelset.

        Labelsets are compared by their Jaccard index, so that a label row which no protein has
        starts from the proteins that share most of it.

        Parameters
        ----------
        y_rows : csr_array of shape (n_rows, n_terms), uint8
        rng : numpy.random.RandomState

        Returns
        -------
        seeds : ndarray of shape (n_rows, n_features), float32
        """
        n_rows = max(1, _PAIRS // len(self.X))
        picked = [
            _most_similar(y_rows[block], self.y, rng)
            for block in gen_batches(y_rows.shape[0], n_rows)
        ]
        return self.moved(self.X[np.concatenate(picked)], rng)


def make_bank(X, y, rows, rarest, scaling, rng, *, move_scale=0.0):
    """Keep a bounded number of random members of each term, and some unlabelled rows.

    Parameters
    ----------
    X : ndarray of shape (n_all, n_features)
    y : csr_array of shape (n_all, n_terms), uint8
    rows : ndarray of int64
        Rows that may be seeds.
    rarest : ndarray of int64, shape (n_all,)
        Rarest term of each row of ``X``, -1 for none.
    scaling : Scaling
    rng : numpy.random.RandomState
    move_scale : float
        Multiple of the differences between relatives by which seeds are moved; 0 for none.

    Returns
    -------
    bank : MemberBank
    """
    kept = rows[representatives(y[rows], MEMBERS_A_TERM, rng)]
    if is_large(X.shape, 4):  # drawn from a copy: what comes after does not depend on the room
        n_a_term = members_a_term(X.shape[1], y.shape[1])
        kept = kept[representatives(y[kept], n_a_term, copy.deepcopy(rng))]
    moves = None
    if move_scale:
        some = rows if len(rows) <= N_CANDIDATES else rng.choice(rows, N_CANDIDATES, replace=False)
        some = np.sort(some)
        near = scaling.transform(gather_rows(X, some))
        moves = relative_moves(near, rarest[some], move_scale, rng)
    return MemberBank(scaling.transform(gather_rows(X, kept)), y[kept], moves)


def members_a_term(n_features, n_terms):
    """Say how many members of each term may be copied from a matrix that is too large to be.

    Parameters
    ----------
    n_features, n_terms : int

    Returns
    -------
    n_members : int
        From one to ``MEMBERS_A_TERM``.
    """
    return min(MEMBERS_A_TERM, max(1, rows_in_memory(n_features) // (n_terms + 1)))


def representatives(y, n_a_term, rng):
    """Choose random rows so that each term keeps all members, or ``n_a_term`` of them.

    Parameters
    ----------
    y : csr_array of shape (n_rows, n_terms)
    n_a_term : int
    rng : numpy.random.RandomState

    Returns
    -------
    rows : ndarray of int64
        Sorted; rows without labels count as one more term.
    """
    by_term = y.tocsc()
    groups = np.split(by_term.indices, by_term.indptr[1:-1])
    groups.append(np.flatnonzero(np.diff(y.indptr) == 0))
    chosen = [
        group if len(group) <= n_a_term else rng.choice(group, n_a_term, replace=False)
        for group in groups
    ]
    return np.unique(np.concatenate(chosen)).astype(np.int64)


def name_known_relatives(y_rows, seen, term_vectors):
    """Put, in place of terms that no member carries, those that are described most alike.

    Parameters
    ----------
    y_rows : csr_array of shape (n_rows, n_terms), uint8
    seen : ndarray of bool, shape (n_terms,)
        Terms that members carry.
    term_vectors : ndarray of shape (n_terms, n_dims) or None
        NaN rows where a term has none.

    Returns
    -------
    y_rows : csr_array of shape (n_rows, n_terms), uint8
        The same where terms have no vectors.
    """
    unseen = np.setdiff1d(y_rows.indices, np.flatnonzero(seen))
    if term_vectors is None or not len(unseen):
        return y_rows
    described = np.flatnonzero(seen & ~np.isnan(term_vectors).any(axis=1))
    if not len(described):
        return y_rows
    centred = normalize(np.nan_to_num(term_vectors - np.nanmean(term_vectors, axis=0)))
    nearest = (centred[unseen] @ centred[described].T).argmax(axis=1)
    stands_for = np.arange(y_rows.shape[1])
    stands_for[unseen] = described[nearest]
    named = (y_rows.data.copy(), stands_for[y_rows.indices], y_rows.indptr.copy())
    relatives = sparse.csr_array(named, shape=y_rows.shape)
    relatives.sum_duplicates()
    relatives.data[:] = 1
    return relatives


def _most_similar(y_rows, y_bank, rng):
    shared = (y_rows.astype(np.float32) @ y_bank.astype(np.float32).T).toarray()
    n_own, n_bank = (np.diff(y.indptr).astype(np.float32) for y in (y_rows, y_bank))
    union = n_own[:, None] + n_bank - shared
    shared[union == 0] = 1  # both empty: alike
    similarity = np.divide(shared, np.maximum(union, 1, out=union), out=union)
    rows, ties = np.nonzero(similarity >= similarity.max(axis=1, keepdims=True) * (1 - 1e-6))
    # One of the equals, at random.
    first, n_ties = np.searchsorted(rows, np.arange(len(n_own))), np.bincount(rows)
    return ties[first + (rng.random_sample(len(n_own)) * n_ties).astype(np.int64)]
