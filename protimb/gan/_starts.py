"""What generated vectors start from: nothing, a member of the term, or a protein moved a little."""

import copy
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.preprocessing import normalize
from sklearn.utils import gen_batches

from protimb.gan._lending import find_parents, lend_means
from protimb.gan._rows import cut_rows
from protimb.utils._declared import INDICATORS, Array, Real, read_indicators
from protimb.utils._labelsets import count_members, group_positions, rarest_terms
from protimb.utils._memory import gather_rows, is_large
from protimb.utils._representatives import MEMBERS_A_TERM, members_a_term, representatives

# Pairs of label rows compared at a time.
_PAIRS = 2**23

# Proteins whose relatives are looked for, and differences that a saved model keeps.
N_CANDIDATES = 20_000
N_MOVES = 4096
N_RELATIVES = 3
_BLOCK = 256


@dataclass(frozen=True)
class StartOptions:
    """How far moves reach, the share of rows around lent means, and which terms are above which."""

    move_scale: float
    borrowing: float
    ancestors: sparse.csr_array | None = None


@dataclass(frozen=True)
class Noise:
    """Start from nothing: noise and labels alone make a vector. Base of the other starts."""

    @classmethod
    def learn(cls, data, options, rng):
        """Keep what is started from, of a ``TrainingSet`` and ``StartOptions``."""
        return cls()

    def width(self, n_features):
        """Say how many numbers of a start the generator reads behind the noise."""
        return 0

    def in_training(self, data, vectors, device):
        """Give a function of row positions and torch.Generator: starts (batch, n_features)."""
        return

    def of_held_out(self, data, rng):
        """Give starts (n_held_out, n_features) for the rows that epochs are judged by."""
        return

    def of_rows(self, X, terms, scaling, rng):
        """Give starts like real rows X (n_rows, n_features), each for one of ``terms``."""
        return

    def of_labels(self, y_rows, rng):
        """Give starts (n_rows, n_features) for label rows, csr (n_rows, n_terms)."""
        return

    # What ``state`` gives, for ``check_declared``.
    DECLARED: ClassVar[dict[str, Any]] = {}

    def state(self):
        """Give all that is kept, as arrays."""
        return {}

    @classmethod
    def from_state(cls, state, n_features, n_terms):
        """Undo ``state``, which is as declared."""
        return cls()


@dataclass(frozen=True)
class Member(Noise):
    """Start from a random member of the row's rarest term.

    Keeps some members of each term: scaled vectors X (n_members, n_features), float32, and their
    label rows y, csr of uint8 (n_members, n_terms).
    """

    X: np.ndarray
    y: sparse.csr_array

    @classmethod
    def learn(cls, data, options, rng):
        return cls(*_keep_members(data, rng))

    def width(self, n_features):
        return n_features

    def in_training(self, data, vectors, device):
        from protimb.gan._training_starts import MemberStarts

        by_term = cut_rows(data.y, data.rows).tocsc()
        rarest = data.rarest[data.rows]
        members = {
            term: by_term.indices[by_term.indptr[term] : by_term.indptr[term + 1]]
            if term >= 0
            else without_term
            for term, without_term in group_positions(rarest).items()
        }
        return MemberStarts(vectors, rarest, members, device)

    def of_held_out(self, data, rng):
        return self._of_terms(data.rarest[data.held_out], rng)

    def of_rows(self, X, terms, scaling, rng):
        return self._of_terms(terms, rng)

    def of_labels(self, y_rows, rng):
        # Labelsets are compared by their Jaccard index, so that a label row which no protein has
        # starts from the proteins that share most of it.
        n_rows = max(1, _PAIRS // len(self.X))
        blocks = gen_batches(y_rows.shape[0], n_rows)
        picked = [_most_similar(y_rows[block], self.y, rng) for block in blocks]
        return self.X[np.concatenate(picked)]

    def _of_terms(self, terms, rng):
        """Draw a random member of each term; -1, or a term without member, draws from all."""
        by_term = self.y.tocsc()
        everyone = np.arange(len(self.X))
        picked = np.empty(len(terms), dtype=np.int64)
        for term in np.unique(terms):
            wanted = terms == term
            members = by_term.indices[slice(*by_term.indptr[term : term + 2])] if term >= 0 else []
            pool = members if len(members) else everyone
            picked[wanted] = pool[rng.randint(len(pool), size=wanted.sum())]
        return self.X[picked]

    DECLARED: ClassVar = {"X": Array("f4", "n_members", "n_features"), **INDICATORS}

    def state(self):
        return {"X": self.X, "indices": self.y.indices, "indptr": self.y.indptr}

    @classmethod
    def from_state(cls, state, n_features, n_terms):
        X = state["X"]
        if not len(X):
            raise ValueError("starts.X has no row, and generated rows start from some")
        return cls(X, read_indicators(state, (len(X), n_terms), np.uint8))


@dataclass(frozen=True)
class Relative(Member):
    """Start from the protein whose labels the row carries, moved as two relatives differ.

    Keeps differences between relatives, moves (n_moves, n_features), float32, as long as they are
    added; means of the terms, centres (n_terms + 1, n_features), the last for no term; ``lent``,
    those that take their place in a share ``borrowing`` of rows, see ``lend_means``; and
    ``keeps``, the share of a protein's distance from its term's mean that is left to it. Centres
    and moves spread as the term's members do: the smoothed bootstrap with its variance
    corrected (B. W. Silverman, G. A. Young, "The bootstrap: to smooth or not to smooth?",
    Biometrika 74, 469-479, 1987).
    """

    moves: np.ndarray
    centres: np.ndarray
    lent: np.ndarray
    keeps: float
    borrowing: float

    @classmethod
    def learn(cls, data, options, rng):
        members = Member(*_keep_members(data, rng))
        rows = data.rows
        if len(rows) > N_CANDIDATES:
            rows = np.sort(rng.choice(rows, N_CANDIDATES, replace=False))
        near = data.scaling.transform(gather_rows(data.X, rows))
        moves = find_moves(near, data.rarest[rows], options.move_scale, rng)
        centres = find_centres((near, data.y[rows]), (members.X, members.y))
        lent = centres
        if options.borrowing:
            parents = find_parents(data.labels, options.ancestors)
            lent = lend_means(centres, data.counts, parents, near, data.y[rows])
        keeps = float(np.sqrt(1 - options.move_scale**2))
        return cls(members.X, members.y, moves, centres, lent, keeps, options.borrowing)

    def in_training(self, data, vectors, device):
        from protimb.gan._training_starts import MovedStarts

        rarest = data.rarest[data.rows]
        return MovedStarts(vectors, self, rarest, device)

    def of_held_out(self, data, rng):
        # A held-out row is no start: what ``sample`` starts from is.
        return self.of_labels(data.y[data.held_out], rng)

    def of_rows(self, X, terms, scaling, rng):
        # A protein whose labels are known: they need not be guessed from the term.
        return self._move(scaling.transform(X), terms, rng)

    def of_labels(self, y_rows, rng):
        terms = rarest_terms(y_rows, count_members(self.y))
        return self._move(super().of_labels(y_rows, rng), terms, rng)

    def _move(self, X, terms, rng):
        """Draw rows X (n_rows, n_features) nearer to the means of terms, and add a move to each."""
        # X is nobody else's: in place, because a block of rows is large.
        means = self.centres[terms]
        X -= means
        X *= np.float32(self.keeps)
        borrows = rng.random_sample(len(X)) < self.borrowing
        means[borrows] = self.lent[terms[borrows]]
        X += means
        del means
        return move(X, self.moves, rng)

    DECLARED: ClassVar = {
        **Member.DECLARED,
        "moves": Array("f4", "n_moves", "n_features"),
        "centres": Array("f4", "n_terms_and_none", "n_features"),
        "lent": Array("f4", "n_terms_and_none", "n_features"),
        "keeps": Real(0, 1),
        "borrowing": Real(0, 1),
    }

    def state(self):
        own = ("moves", "centres", "lent", "keeps", "borrowing")
        return super().state() | {name: getattr(self, name) for name in own}

    @classmethod
    def from_state(cls, state, n_features, n_terms):
        members = Member.from_state(state, n_features, n_terms)
        tables = [state[name] for name in ("moves", "centres", "lent")]
        if not len(tables[0]) or len(tables[1]) != n_terms + 1:
            raise ValueError(f"starts have {[len(table) for table in tables]} rows")
        shares = (float(state[name]) for name in ("keeps", "borrowing"))
        return cls(members.X, members.y, *tables, *shares)


STARTS: dict[str, type[Noise]] = {"noise": Noise, "member": Member, "relative": Relative}


def _keep_members(data, rng):
    """Keep a bounded number of random members of each term, and some unlabelled rows."""
    kept = data.rows[representatives(data.y[data.rows], MEMBERS_A_TERM, rng)]
    if is_large(data.X.shape, 4):  # drawn from a copy: what comes after does not depend on the room
        n_a_term = members_a_term(data.X.shape[1], data.y.shape[1])
        kept = kept[representatives(data.y[kept], n_a_term, copy.deepcopy(rng))]
    return data.scaling.transform(gather_rows(data.X, kept)), data.y[kept]


def find_centres(rows, members):
    """Average the rows of each term; those of terms that none carries, among its members.

    Both are X (n_rows, n_features) and y, csr (n_rows, n_terms). Gives (n_terms + 1, n_features);
    the last is the mean of all rows.
    """
    (centres, counts), (others, _) = _means(*rows), _means(*members)
    return np.where(counts[:, None] > 0, centres, others)


def _means(X, y):
    """Give the means (n_terms + 1, n_features), float32, of the rows of each term, and counts."""
    by_term = sparse.vstack([y.T, np.ones((1, len(X)), dtype=y.dtype)], format="csr")
    counts = count_members(by_term.T.tocsr())
    sums = by_term.astype(np.float32) @ X
    return (sums / np.maximum(counts, 1)[:, None]).astype(np.float32), counts


def find_moves(X, rarest, scale, rng):
    """Take differences between scaled rows X and random others with the same rarest term.

    A protein that moves from one to the other has kept its most specific function. Where no two
    rows share their rarest term (-1 for none), between any and the nearest ones. Their squared
    lengths are ``scale`` squared times the variance within terms, in the mean.
    """
    if len(X) < 2:
        return np.zeros_like(X)
    wanted = _variance_within(X, rarest)
    start, end = _related(rarest, rng) if wanted else _nearest(X)
    if len(start) > N_MOVES:
        kept = rng.choice(len(start), N_MOVES, replace=False)
        start, end = start[kept], end[kept]
    moves = X[end] - X[start]
    squared = np.square(moves, dtype=np.float64).sum(axis=1).mean()
    # Two rows differ by twice the variance; those without another of their term tell no more.
    stretch = np.sqrt(wanted / squared) if wanted > 0 < squared else np.sqrt(0.5)
    return np.float32(scale * stretch) * moves


def _related(rarest, rng):
    """Pair rows with others of the same rarest term, ``N_RELATIVES`` each: two of (n_pairs,)."""
    order = np.argsort(rarest, kind="stable")
    _, group, counts = np.unique(rarest[order], return_inverse=True, return_counts=True)
    first, n_alike = (np.cumsum(counts) - counts)[group], counts[group]
    # Drawn row by row: the order of terms does not matter.
    ahead = 1 + rng.random_sample((N_RELATIVES, len(rarest)))[:, order] * (n_alike - 1)
    relatives = np.empty(ahead.shape, dtype=np.int64)
    place = np.arange(len(order)) - first + ahead.astype(np.int64)
    relatives[:, order] = order[first + place % n_alike]
    start = np.flatnonzero((rarest >= 0) & (relatives[0] != np.arange(len(rarest))))
    return np.tile(start, N_RELATIVES), relatives[:, start].ravel()


def _variance_within(X, rarest):
    """Sum the variances of rows X (n_rows, n_features) around the means of their rarest terms."""
    grouped = [rows for term, rows in group_positions(rarest).items() if term >= 0]
    squares = sum(X[rows].var(axis=0, dtype=np.float64).sum() * len(rows) for rows in grouped)
    freedom = sum(len(rows) - 1 for rows in grouped)
    return squares / freedom if freedom else 0.0


def _nearest(X):
    """Pair rows with those nearest by cosine, ``N_RELATIVES`` each: two of (n_pairs,)."""
    directions = normalize(X)
    n_relatives = min(N_RELATIVES, len(X) - 1)
    found = []
    for block in gen_batches(len(X), _BLOCK):
        similarity = directions[block] @ directions.T  # (block, n_rows)
        similarity[np.arange(len(similarity)), np.arange(len(X))[block]] = -np.inf
        nearest = np.argpartition(-similarity, n_relatives - 1, axis=1)[:, :n_relatives]
        found.append(nearest.ravel())  # a copy: a view would keep the numbers of all rows
    return np.repeat(np.arange(len(X)), n_relatives), np.concatenate(found)


def move(starts, moves, rng):
    """Add a random move, forwards or backwards, to each start (n_rows, n_features), in place."""
    picked = moves[rng.randint(len(moves), size=len(starts))]
    picked *= 2 * rng.randint(2, size=(len(starts), 1)).astype(np.float32) - 1
    starts += picked
    return starts


def name_known_relatives(y_rows, seen, term_vectors):
    """Put, in place of terms that no member carries, those that are described most alike.

    y_rows is csr (n_rows, n_terms), seen bool (n_terms,), term_vectors (n_terms, n_dims) with NaN
    rows, or None: then nothing changes.
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


def _most_similar(y_rows, y_members, rng):
    """Pick, for each label row, one of the members with the most similar labelset, at random."""
    shared = (y_rows.astype(np.float32) @ y_members.astype(np.float32).T).toarray()
    n_own, n_theirs = (np.diff(y.indptr).astype(np.float32) for y in (y_rows, y_members))
    union = n_own[:, None] + n_theirs - shared
    shared[union == 0] = 1  # both empty: alike
    similarity = np.divide(shared, np.maximum(union, 1, out=union), out=union)
    rows, ties = np.nonzero(similarity >= similarity.max(axis=1, keepdims=True) * (1 - 1e-6))
    # One of the equals, at random.
    first, n_ties = np.searchsorted(rows, np.arange(len(n_own))), np.bincount(rows)
    return ties[first + (rng.random_sample(len(n_own)) * n_ties).astype(np.int64)]
