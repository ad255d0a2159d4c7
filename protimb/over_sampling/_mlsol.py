"""MLSOL: rows near members whose neighbours lack the term, labels from the nearer of two rows."""

from functools import partial
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

from protimb.budgets._plan import Plan, cycle_fairly
from protimb.budgets._totals import TOTALS_OR_SHARE
from protimb.neighbors._search import NEIGHBORS, search_among
from protimb.over_sampling._closure import close_rows, find_closure
from protimb.over_sampling._interpolation import LIFTED, step_towards
from protimb.over_sampling._local_imbalance import measure, start_weights
from protimb.over_sampling._quality_control import QualityControlled
from protimb.utils._memory import packed
from protimb.utils._sklearn_compat import HasMethods, StrOptions

# How far from a member, as a part of the way to the other row, its label still holds. By kind of
# member, numbered from 1: safe, borderline, rare (always), outlier (never).
REACH = np.array([np.nan, 0.5, 0.75, 1 + 1e-5, -1e-5])

# Attempts that each row gets to carry the term that it is made for.
_MAX_ROUNDS = 20

_BLOCK = 2**14  # rows whose distances are taken at a time


class MLSOL(QualityControlled):
    """Over-sample where a term is locally rare: near members whose neighbours lack it.

    A member amid fellow members is learnt anyway; one whose neighbours all lack the term may be
    an error. New rows start at those in between, the more often the more neighbours lack the
    term [1]_. A new row goes towards a random neighbour and takes each label that the two do not
    share from the nearer one, where labels of members in difficult places reach further.

    Parameters
    ----------
    sampling_strategy : str, int, float, dict or callable, default="auto"
        Terms: a float p in (0, 1] adds p times the rows there are, as published. All other forms
        give a total for each term, as everywhere: ``"auto"`` raises terms whose IRLbl exceeds
        MeanIR up to it; an int n raises every term to n members; ``{term: total}`` by column name
        or number; or a callable that gets y and returns such a dict. Classes, see ``target``:
        imbalanced-learn's meaning.
    k_neighbors : int or object, default=5
        Neighbours of a row among all rows; fewer where there are fewer.
        An object that searches, such as :class:`protimb.neighbors.SampledNeighbors` or
        scikit-learn's ``NearestNeighbors``, is copied, and asked for its own ``n_neighbors``.
    minority : {"present", "rarer"}, default="present"
        Where a term is rare: ``"present"``, at its members, always; ``"rarer"``, as published, at
        the rows that lack it if most rows carry it. New rows then start at those too, and its
        absence reaches as far as the presence of others.
    ontology : GeneOntology, optional
        Then new label rows are closed: each term brings its ancestors along.
    terms : sequence of str, optional
        Term of each column of ``y``, for the ontology; by default the columns of a DataFrame.
    min_members : int, default=1
        Terms with fewer members are left alone and reported; naming one is an error.
    target : {"auto", "multilabel", "classes"}, default="auto"
        What the columns of y are: ``"multilabel"``, terms; ``"classes"``, one-hot classes, and
        ``sampling_strategy`` has imbalanced-learn's meaning. ``"auto"`` takes several columns for
        terms, and warns if each row has exactly one label and both readings differ. Only a
        strategy without a meaning for terms makes such columns classes. One-dimensional y always
        holds classes.
    quality_filter : None, str or BaseFilter, default=None
        Quality control: a key of ``protimb.filters.FILTERS``, an object, or None for none. Its
        ``random_state``, if it has one that is None, is drawn from that of the sampler.
    max_rounds : int, default=10
        Draws that each planned row gets to pass quality control: other rows,
        with labels of their own.
    random_state : int, RandomState or None, default=None
        Seed of every draw.

    Attributes
    ----------
    sampling_strategy_ : dict
        ``{term: rows missing}``; empty where ``sampling_strategy`` is a share of the rows.
    sampling_plan_ : DataFrame of shape (n_terms, 5)
        Indexed by term: ``n_before``, ``n_target``, ``n_drawn`` (rows made for this term),
        ``n_after`` (with the rows that other terms brought), ``note``.
    n_synthetic_ : int
        Number of rows added.
    neighbors_ : object or None
        What ``k_neighbors`` became: the object that was passed, fitted; None for a number.
    n_closed_ : int
        How many of them got ancestors that the vote had left out.
    n_copied_ : int
        How many of them are copies, see Notes.
    terms_ : list of length n_terms
        Column names or numbers of y; the classes where y has one label a row.
    synthetic_mask_ : ndarray of bool, shape (n_rows + n_synthetic,)
        Which rows of the output were generated.
    conditioning_indices_ : ndarray of int, shape (n_synthetic,)
        The row that each synthetic row starts from. Its labels may differ.
    quality_filter_ : BaseFilter or None
        The filter fitted on the real rows.
    quality_report_ : DataFrame of shape (n_terms, 6)
        Indexed by term: ``n_planned`` rows, ``n_drawn`` vectors, ``n_rejected`` by the filter,
        ``n_missing`` planned rows that no draw could fill, ``n_copies`` of real vectors, and
        ``diversity``, the spread of the new rows over that of the rows they start from
        (NaN where there is no spread to compare). Only where there is a filter.

    See Also
    --------
    MLSMOTE : Goes towards fellow members only; its votes never break the true-path rule.

    Notes
    -----
    Labels are taken one by one, so a new row may get a term without its ancestors. Pass
    ``ontology=`` for GO terms.

    Read in the paper as follows. By default a term's members are the minority class also if they
    are most rows: GO terms near the root are on most proteins, and what lacks them is not rare but
    unknown. ``minority="rarer"`` is the published rule; a term on half of the rows is rare where it
    is present. With a total for a term that most rows carry, its members are then drawn alike. As
    in the pseudo-code each feature goes its own random part of the way; in many
    dimensions a new row is then about halfway, where labels of safe members hold by chance and
    those of borderline and rare ones nearly always. A row between two identical ones is halfway.

    Every row is compared with every other: twice the rows take four times as long, and beyond some
    70,000 rows a ``SlowSearchWarning`` says so. ``k_neighbors=SampledNeighbors()`` takes twice as
    long for twice the rows.

    With a total for each term, members are drawn by their weight for this term alone, and rows
    that the term did not reach are made anew. Where all weights are zero, members that are not
    outliers are drawn alike; where all are outliers, no new row would keep the term, so members
    are copied. If y holds classes, a new row has that of its start.

    References
    ----------
    .. [1] B. Liu, K. Blekas, G. Tsoumakas, "Multi-label sampling based on local label imbalance",
       Pattern Recognition 122, 108294, 2022. https://doi.org/10.1016/j.patcog.2021.108294

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.over_sampling import MLSOL
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
    >>> y = np.array([[1, 0], [1, 0], [1, 1], [1, 1], [0, 1], [0, 0]])
    >>> sampler = MLSOL(sampling_strategy={1: 6}, k_neighbors=2, random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> int(y_res[:, 1].sum())
    6
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        **QualityControlled._parameter_constraints,
        "k_neighbors": NEIGHBORS,
        "minority": [StrOptions({"present", "rarer"})],
        "ontology": [HasMethods(["closure"]), None],
        "terms": ["array-like", None],
    }

    votes_on_labels = True
    _or_else = LIFTED
    _mixes_labels = True
    _forms = TOTALS_OR_SHARE

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        k_neighbors=5,
        minority="present",
        ontology=None,
        terms=None,
        min_members=1,
        target="auto",
        quality_filter=None,
        max_rounds=10,
        random_state=None,
    ):
        super().__init__(
            sampling_strategy=sampling_strategy,
            min_members=min_members,
            target=target,
            random_state=random_state,
        )
        self.k_neighbors = k_neighbors
        self.minority = minority
        self.ontology = ontology
        self.terms = terms
        self.quality_filter = quality_filter
        self.max_rounds = max_rounds

    def _make(self, X, y, ledger, control, rng):
        self.n_closed_ = self.n_copied_ = 0
        self.neighbors_ = None
        if ledger.n_rows is None and not len(ledger.lacking()):
            return X[:0], ledger.plan()
        maker = _Maker(X, y.astype(np.int32), self.k_neighbors, rng, self._rare_where_absent(y))
        self.neighbors_ = maker.search
        maker.copies_labels = self._holds_classes
        if not self._holds_classes:
            maker.closure = find_closure(self.ontology, self.terms, self.terms_)
        usable = ledger.n_now >= self.min_members
        weights = start_weights(maker.y, maker.local.opposition, usable)
        make = self._fill_terms if ledger.n_rows is None else self._spend_share
        vectors = make(ledger, maker, weights, control)
        return packed(vectors, X.shape[1], X.dtype), ledger.plan()

    def _rare_where_absent(self, y):
        """Tell which terms are rare at the rows that lack them: bool, (n_terms,)."""
        if self.minority == "present" or self._holds_classes:
            return np.zeros(y.shape[1], dtype=bool)
        return 2 * y.sum(axis=0, dtype=np.int64) > y.shape[0]

    def _fill_terms(self, ledger, maker, weights, control):
        weights = sparse.csr_array((weights, maker.y.indices, maker.y.indptr), shape=maker.y.shape)
        by_term = weights.tocsc()
        kinds = maker.kinds.tocsc()
        for term, members, missing in ledger:
            column = slice(*by_term.indptr[term : term + 2])
            odds = _odds(by_term.data[column], REACH[kinds.data[column]])
            if maker.flipped[term]:  # what is weighed there are rows that lack the term
                odds = np.full(len(members), 1 / len(members))
            make = partial(maker.make_for, term, members, odds)
            X_new = self._keep(np.full(missing, term), make, ledger, control)
            self.n_copied_ += len(X_new) if odds is None else 0
            yield X_new

    def _spend_share(self, ledger, maker, weights, control):
        """Draw labels of rows by their weight: a row is then drawn by the sum of its weights."""
        if not weights.any():
            weights = (ledger.n_now >= self.min_members)[maker.y.indices].astype(float)
        if not weights.any():
            return
        drawn = maker.rng.choice(len(weights), size=ledger.n_rows, p=weights / weights.sum())
        rows = np.repeat(np.arange(maker.y.shape[0]), np.diff(maker.y.indptr))[drawn]
        make = lambda positions: maker.make(rows[positions])  # noqa: E731
        yield self._keep(maker.y.indices[drawn], make, ledger, control)

    def _keep(self, terms, make, ledger, control):
        """Make rows for these terms until they pass, and record them: their vectors."""
        closed = np.zeros(len(terms), dtype=bool)

        def draw(positions):
            made = make(positions)
            positions = positions[: len(made.starts)]
            closed[positions] = made.closed
            return made.X, Plan(made.starts, terms[positions], made.labels)

        positions, X_new, plan = control.draw_until_passed(terms, draw)
        self.n_closed_ += int(closed[positions].sum())
        ledger.record(plan.terms, plan.rows, plan.labels)
        return X_new


class _Made(NamedTuple):
    """New vectors, the rows that they start from, their labels, and which had to be closed."""

    X: np.ndarray
    starts: np.ndarray
    labels: sparse.csr_array
    closed: np.ndarray

    def take(self, index):
        return _Made(*(part[index] for part in self))


class _Maker:
    """Make rows between a start and one of its neighbours, with labels from the nearer one.

    ``y`` is 1 where a label has its minority value: absence in ``flipped`` columns.
    """

    def __init__(self, X, y, k_neighbors, rng, flipped=None):
        self.X, self.rng, self.closure, self.copies_labels = X, rng, None, False
        self.flipped = np.zeros(y.shape[1], dtype=bool) if flipped is None else flipped
        self.y = y = flip(y, self.flipped)
        reference, n_neighbors = search_among(X, k_neighbors, asked=(len(X), "k_neighbors"))
        self.search = reference.search
        self.local = measure(y, reference.nearest(X, n_neighbors, np.arange(len(X)))[1])
        self.kinds = sparse.csr_array((self.local.kinds, y.indices, y.indptr), shape=y.shape)

    def make(self, starts):
        """Go from some rows towards random neighbours."""
        neighbours = self.local.neighbours
        ends = neighbours[starts, self.rng.randint(neighbours.shape[1], size=len(starts))]
        X_new = step_towards(self.X, starts, ends, self.rng)
        if self.copies_labels:
            none = np.zeros(len(starts), dtype=bool)
            return _Made(X_new, starts, self.labels_of(starts), none)
        labels = self.vote(starts, ends, way_from(self.X, starts, ends, X_new))
        return _Made(X_new, starts, *close_rows(labels, self.closure))

    def make_for(self, term, members, odds, positions):
        """Make so many rows for a term from its members, drawn by their odds; None: copy them."""
        if odds is None:
            return self.copy(members, len(positions))
        return self.reach(term, members, odds, len(positions))

    def reach(self, term, members, odds, n_new):
        """Start at members, drawn by their odds, until so many rows carry the term, or give up."""
        made = []
        for _ in range(_MAX_ROUNDS):
            tried = self.make(self.rng.choice(members, size=n_new, p=odds))
            reached = np.flatnonzero(tried.labels[:, [term]].toarray().ravel())
            made.append(tried.take(reached))
            n_new -= len(reached)
            if not n_new:
                break
        return _stack(made)

    def copy(self, members, n_new):
        """Copy members, each about equally often."""
        starts = cycle_fairly(members, n_new, self.rng)
        return _Made(self.X[starts], starts, *close_rows(self.labels_of(starts), self.closure))

    def labels_of(self, rows):
        """Give the labels of real rows: csr_array of uint8, (n_new, n_terms)."""
        return flip(self.y[rows], self.flipped).astype(np.uint8)

    def vote(self, starts, ends, way):
        """Keep what both rows have, and of what one has alone what reaches the new row."""
        start_has, end_has = self.y[starts], self.y[ends]
        common = start_has.multiply(end_has)
        from_start = _reaching(self.kinds[starts], end_has, way)
        from_end = _reaching(self.kinds[ends], start_has, 1 - way)
        labels = flip((common + from_start + from_end).tocsr(), self.flipped)
        labels.sort_indices()
        return labels.astype(np.uint8)


def _stack(made):
    """Put what was made one below the other."""
    if len(made) == 1:
        return made[0]
    vectors, starts, labels, closed = zip(*made, strict=True)
    stacked = sparse.vstack(labels, format="csr")
    return _Made(np.concatenate(vectors), np.concatenate(starts), stacked, np.concatenate(closed))


def flip(y, columns):
    """Swap zeros and ones in some columns, bool, (n_terms,), of a csr_array."""
    if not columns.any():
        return y
    n_rows, flipped = y.shape[0], np.flatnonzero(columns)
    ones = np.ones(n_rows * len(flipped), dtype=y.dtype)
    starts = np.arange(0, len(ones) + 1, len(flipped))
    everywhere = sparse.csr_array((ones, np.tile(flipped, n_rows), starts), shape=y.shape)
    swapped = (y + everywhere - 2 * y.multiply(everywhere)).tocsr()
    swapped.eliminate_zeros()
    swapped.sort_indices()
    return swapped.astype(y.dtype)


def way_from(X, starts, ends, X_new):
    """Say how far new rows are from their starts, as a part of the way over to their ends."""
    way = np.empty(len(starts))
    for block in gen_batches(len(starts), _BLOCK):
        to_start = np.linalg.norm(X_new[block] - X[starts[block]], axis=1).astype(np.float64)
        to_end = np.linalg.norm(X_new[block] - X[ends[block]], axis=1)
        both = to_start + to_end
        way[block] = np.divide(to_start, both, out=np.full(len(both), 0.5), where=both > 0)
    return way


def _reaching(kinds, other_has, way):
    """Give the labels that the other row lacks and that hold so far from their member."""
    alone = (kinds - kinds.multiply(other_has)).tocsr()
    alone.eliminate_zeros()
    row_of = np.repeat(np.arange(alone.shape[0]), np.diff(alone.indptr))
    alone.data = (way[row_of] <= REACH[alone.data]).astype(np.int32)
    alone.eliminate_zeros()
    return alone


def _odds(weights, reach):
    """Give the chance of each member to be a start; None where all are outliers."""
    if not weights.any():
        weights = (reach > 0).astype(float)
    return weights / weights.sum() if weights.any() else None
