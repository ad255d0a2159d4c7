"""MLSMOTE: rows between neighbours of one term, whose labels the neighbourhood votes on."""

import numpy as np
from scipy import sparse

from protimb.budgets._plan import cycle_fairly
from protimb.neighbors._search import NEIGHBORS
from protimb.over_sampling._interpolation import LIFTED, nearest_others, step_towards
from protimb.over_sampling._quality_control import QualityControlled
from protimb.utils._sklearn_compat import StrOptions

# Which labels a new row gets, from the votes for each label and the number of voters.
LABELSETS = {
    "ranking": lambda votes, n_voters: 2 * votes > n_voters,
    "union": lambda votes, n_voters: votes >= 1,
    "intersection": lambda votes, n_voters: votes == n_voters,
}


class MLSMOTE(QualityControlled):
    """Over-sample between neighbours that share a rare term, and let them vote on the labels.

    SMOTE for several labels a row [1]_: each new row starts at a member of the term and goes
    towards one of its ``k_neighbors`` nearest fellow members. The member and all its neighbours
    then vote on the labels, so that one protein's stray annotation is not multiplied.

    Parameters
    ----------
    sampling_strategy : str, int, float, dict or callable, default="auto"
        Terms: ``"auto"`` raises terms whose IRLbl exceeds MeanIR up to it; an int n raises every
        term to n members; ``{term: total}`` by column name or number; or a callable that gets y and
        returns such a dict. Classes, see ``target``: imbalanced-learn's meaning.
    k_neighbors : int or object, default=5
        Neighbours among the members of the term; fewer where the term has fewer.
        An object that searches, such as :class:`protimb.neighbors.SampledNeighbors` or
        scikit-learn's ``NearestNeighbors``, is copied, and asked for its own ``n_neighbors``.
    labelset : {"ranking", "union", "intersection"}, default="ranking"
        Labels of a new row: those of more than half of the voters, of any, or of all.
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
        Draws that each planned row gets to pass quality control: other partners, other
        steps, the same labels.
    random_state : int, RandomState or None, default=None
        Seed of every draw.

    Attributes
    ----------
    sampling_strategy_ : dict
        ``{term: rows missing}``.
    sampling_plan_ : DataFrame of shape (n_terms, 5)
        Indexed by term: ``n_before``, ``n_target``, ``n_drawn`` (rows made for this term),
        ``n_after`` (with the rows that other terms brought), ``note``.
    n_synthetic_ : int
        Number of rows added.
    terms_ : list of length n_terms
        Column names or numbers of y; the classes where y has one label a row.
    synthetic_mask_ : ndarray of bool, shape (n_rows + n_synthetic,)
        Which rows of the output were generated.
    conditioning_indices_ : ndarray of int, shape (n_synthetic,)
        The member that each synthetic row starts from. Its labels may differ from the voted ones.
    quality_filter_ : BaseFilter or None
        The filter fitted on the real rows.
    quality_report_ : DataFrame of shape (n_terms, 6)
        Indexed by term: ``n_planned`` rows, ``n_drawn`` vectors, ``n_rejected`` by the filter,
        ``n_missing`` planned rows that no draw could fill, ``n_copies`` of real vectors, and
        ``diversity``, the spread of the new rows over that of the rows they start from
        (NaN where there is no spread to compare). Only where there is a filter.

    See Also
    --------
    LabelwiseSampler : SMOTE with the labels of one real protein.
    MLSOL : Prefers members whose neighbours lack the term.

    Notes
    -----
    A vote cannot break the true-path rule, so there is no ontology to pass: where every real row
    has a term's ancestors whenever it has the term, an ancestor gets at least as many votes as
    the term. The term that a row is made for is kept under all three rules, because all voters
    are its members.

    Read in the paper as follows. *Majority*: its text keeps labels of half or more of the voters,
    its pseudo-code those of more than half; the latter is taken here, as in the reference
    implementations. *Step*: as in the pseudo-code, each feature goes its own random part of the
    way, so a new row lies in the box between two members, not on the line. *Budget*: the paper
    makes one row for each member of each term with IRLbl above MeanIR; here
    ``sampling_strategy`` says how many, terms are filled from the rarest up, and members start
    about equally many rows each. A term with one member has no neighbour, so it is copied.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "MLSMOTE: Approaching imbalanced
       multilabel learning through synthetic instance generation", Knowledge-Based Systems 89,
       385-397, 2015. https://doi.org/10.1016/j.knosys.2015.07.019

    Examples
    --------
    >>> import numpy as np
    >>> from protimb.over_sampling import MLSMOTE
    >>> X = np.array([[0.0, 0], [0, 1], [1, 0], [9, 9], [9, 8]])
    >>> y = np.array([[1, 1, 0], [1, 1, 0], [1, 1, 1], [1, 0, 0], [0, 0, 1]])
    >>> sampler = MLSMOTE(sampling_strategy={1: 5}, random_state=0)
    >>> X_res, y_res = sampler.fit_resample(X, y)
    >>> y_res[sampler.synthetic_mask_]  # one of three voters has the last term
    array([[1, 1, 0],
           [1, 1, 0]])
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        **QualityControlled._parameter_constraints,
        "k_neighbors": NEIGHBORS,
        "labelset": [StrOptions(set(LABELSETS))],
    }

    votes_on_labels = True
    _or_else = LIFTED

    def __init__(
        self,
        *,
        sampling_strategy="auto",
        k_neighbors=5,
        labelset="ranking",
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
        self.labelset = labelset
        self.quality_filter = quality_filter
        self.max_rounds = max_rounds

    def _make(self, X, y, ledger, control, rng):
        y = y.astype(np.int32)  # votes in uint8 would wrap around at 256
        partners = _Partners(rng)
        for term, members, missing in ledger:
            starts = cycle_fairly(np.arange(len(members)), missing, rng)
            drawn, which = np.unique(starts, return_inverse=True)
            voters = _neighbourhoods(X[members], drawn, self.k_neighbors)
            labels = _elect(voters, y[members], self.labelset)[which]
            partners.add(members[voters], which)
            ledger.record(term, members[starts], labels)
        plan = ledger.plan()

        def draw(positions):
            part = plan.take(positions)
            return step_towards(X, part.rows, partners.draw(positions), rng), part

        _, X_new, plan = control.draw_until_passed(plan.terms, draw)
        return X_new, plan


class _Partners:
    """Whom each planned row goes towards: another one each time that it is drawn."""

    def __init__(self, rng):
        self.rng, self._first, self._n_listed = rng, True, 0
        none = np.empty(0, dtype=np.int64)
        # Partners of all starts in one list; of each planned row where its own begin, how many
        # there are, and which of them was drawn.
        self._listed, self._begins, self._n_own, self._drawn = [none], [none], [none], [none]

    def add(self, voters, which):
        """Draw for new rows, (n_new,), which start at some of the voters, (n_starts, n_voters)."""
        # Any voter other than the start, which comes first; alone it is its own partner.
        partners = voters[:, min(1, voters.shape[1] - 1) :]
        n_own = partners.shape[1]
        self._drawn.append(self.rng.randint(n_own, size=len(which)))
        self._begins.append(self._n_listed + n_own * which)
        self._n_own.append(np.full(len(which), n_own))
        self._listed.append(partners.ravel())
        self._n_listed += partners.size

    def draw(self, positions):
        """Give the partners drawn at first, then others for the rows at these positions."""
        listed, begins = np.concatenate(self._listed), np.concatenate(self._begins)
        if self._first:
            self._first = False
            return listed[begins + np.concatenate(self._drawn)]
        n_own = np.concatenate(self._n_own)[positions]
        return listed[begins[positions] + self.rng.randint(n_own)]


def _neighbourhoods(X, rows, k):
    """Give each row, then its nearest others: shape (n_rows, 1 + n_near)."""
    return np.column_stack([rows, nearest_others(X, rows, k)])


def _elect(voters, y, labelset):
    """Count the votes of each row of voters, and give the labels that won as csr of uint8."""
    n_rows, n_voters = voters.shape
    starts = np.arange(0, voters.size + 1, n_voters)
    ballot = sparse.csr_array(
        (np.ones(voters.size, dtype=np.int32), voters.ravel(), starts), shape=(n_rows, y.shape[0])
    )
    votes = ballot @ y
    won = LABELSETS[labelset](votes.data, n_voters)
    stops = np.concatenate([[0], np.cumsum(won)])[votes.indptr]
    ones = np.ones(won.sum(), dtype=np.uint8)
    return sparse.csr_array((ones, votes.indices[won], stops), shape=votes.shape)
